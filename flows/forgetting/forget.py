"""`cowese forget`: the steps in order. Each may be interrupted anywhere and is then repeated as a whole."""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from browse.labels import drop_labels
from cleaning.corpus.publish import publish
from cleaning.corpus.versions import newest
from cleaning.foreign_warcs import ForeignWarcs
from cleaning.forgetting.audit import Audit
from cleaning.forgetting.audit import audit as search_store
from cleaning.forgetting.pages import Held
from cleaning.forgetting.rewrite import rewrite_pairs, rewrite_texts
from cleaning.forgetting.runs import Auditor, ForgottenRuns
from cleaning.forgetting.versions import rewrite_version
from cleaning.recipe import recipe_digest
from crawler.warc.blank import blank
from crawler.warc.recovery import recover
from data.errors import InputError, StageError
from data.lineage import mark_forgotten
from data.manifest import MANIFEST_NAME, code_version
from data.progress import Progress, no_progress
from data.store import Store
from data.takedowns import Takedowns
from flows.forgetting.other_pages import texts_of_others
from flows.forgetting.plan import STEPS, Plan, foreign_paths, make_plan
from flows.forgetting.receipt import (
    RECEIPT_NAME,
    RUNS_NAME,
    Receipt,
    read_receipt,
    receipts,
    runs_key,
    salted,
    signing_key,
    write_receipt,
)
from flows.forgetting.tokens import pack_again
from flows.settings import Settings
from training.tokens.texts import texts_of_tokens

STAGES = ("forget", "archive", "crawl", "clean", "publish", "tokenizer", "pack", "export", "browse")
"""Stages whose locks are held: none of them may read or write the data that is being removed."""
_SHOWN = 5


@contextlib.contextmanager
def lock_every_stage(store: Store) -> Iterator[None]:
    """Hold the locks of all stages.

    Raises:
        StoreError: one of them runs.
    """
    with contextlib.ExitStack() as stack:
        for stage in STAGES:
            stack.enter_context(store.exclusive(stage))
        yield


def prepare(
    store: Store,
    settings: Settings,
    asked: Sequence[str],
    *,
    copies: bool = False,
    foreign: bool = False,
    day: date,
    keep: bool,
    progress: Progress = no_progress,
) -> Plan:
    """Make the plan; with ``keep`` it is saved, and must be finished.

    Where the steps of an earlier plan were done and its audit found something, the new plan extends it.

    Raises:
        InputError: as ``make_plan``; or an earlier plan has steps left.
        StageError: as ``make_plan``.
    """
    before = _plan_to_extend(store)
    recover(store.warc)
    plan, runs = make_plan(
        store, settings, asked, copies=copies, foreign=foreign, day=day, progress=progress, after=before
    )
    plan = plan.extending(before) if before else plan
    if keep:
        key = runs_key(signing_key(store))
        found = ForgottenRuns.from_runs(runs, key)
        if before:
            found = found.joined(ForgottenRuns.load([before.runs_path(store)], key))
        progress("forget", 0, None, {"step": "saving the runs"})
        found.save(store.forgotten / plan.receipt / plan.runs_file)
        progress("forget", 0, None, {"step": "saving the plan"})
        plan.save(store)  # last: runs without a plan are of no forgetting, and no audit looks for them
    return plan


def _plan_to_extend(store: Store) -> Plan | None:
    """The unfinished plan if all its steps are done; one whose receipt is written is removed.

    Raises:
        InputError: it has steps left.
    """
    plan = Plan.unfinished(store)
    if plan is not None and (store.forgotten / plan.receipt / RECEIPT_NAME).is_file():
        Plan.remove(store)
        return None
    if plan is not None and not plan.is_carried_out:
        raise InputError(f"receipt {plan.receipt} is not finished. First run `cowese forget --yes` without a target.")
    return plan


def carry_out(store: Store, settings: Settings, plan: Plan, progress: Progress = no_progress) -> Receipt:
    """Do the remaining steps of a plan and write the receipt.

    Raises:
        StageError: the audit after all steps still finds something; the plan stays, so that it can be continued.
        InputError: a file is damaged.
        DiskFullError, StoreError: a file cannot be written.
    """
    steps: tuple[Callable[[], None], ...] = (
        lambda: _take_down(store, plan),
        lambda: _blank_records(store, plan, progress),
        lambda: _rewrite(store, plan, progress),
        lambda: _rewrite_versions(store, plan, progress),
        lambda: _forget_memories(store, plan),
        lambda: _mark(store, plan),
        lambda: _pack_tokens(store, plan, progress),
        lambda: _publish(store, settings, plan, progress),
    )
    for number, (name, step) in enumerate(zip(STEPS, steps, strict=True)):
        progress("forget", number, len(steps), {"step": name})
        if name not in plan.done:
            step()
            plan.done.append(name)
            plan.save(store)
    found = audit(store, progress)
    if not found.is_clean:
        raise StageError(_way_on(store, plan, found, progress))
    receipt = _receipt(store, plan, found)
    _name_runs(store, plan)
    write_receipt(store.forgotten / plan.receipt, receipt)
    Plan.remove(store)
    return receipt


def _name_runs(store: Store, plan: Plan) -> None:
    """Give the runs of an extended plan their final name; delete those of extensions that never began."""
    path = plan.runs_path(store)
    path.replace(path.with_name(RUNS_NAME))
    for other in path.parent.glob("runs-*.npy"):
        other.unlink()


def _way_on(store: Store, plan: Plan, found: Audit, progress: Progress) -> str:
    """What an audit found after all steps, and the commands that end the forgetting."""
    said = []
    if found.hits:
        places = ", ".join(f"{path} ({count:,})" for path, count in list(found.hits.items())[:_SHOWN])
        said.append(f"runs of 13 words of what was forgotten still stand in {places}.")
    if found.not_searched:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(found.not_searched.items())[:_SHOWN])
        said.append(f"not searched: {reasons}.")
    urls = _pages_that_hold(store, progress) if found.hits else []
    if urls:
        said.append(
            f"Pages that hold them: `cowese forget {' '.join(urls)} --yes` forgets them too, under {plan.receipt}."
        )
    which = "Delete files of other kinds" if urls else "Delete these files"
    said.append(f"{which} or move them out of the store; then `cowese forget --yes` goes on.")
    return " ".join(said)


def _pages_that_hold(store: Store, progress: Progress) -> list[str]:
    """Some pages that hold forgotten runs."""
    auditor = Auditor(_forgotten_runs(store))
    found = (url for url, texts in texts_of_others(store, Held(), progress) if auditor.held(texts))
    return list(dict.fromkeys(itertools.islice((url for url in found if "://" in url), _SHOWN)))


def _forgotten_runs(store: Store) -> ForgottenRuns:
    """The hashed runs of every receipt, and of a forgetting that has begun."""
    paths = {folder / RUNS_NAME for folder in receipts(store)}
    plan = Plan.unfinished(store)
    if plan is not None:
        paths.add(plan.runs_path(store))
    return ForgottenRuns.load(sorted(paths), runs_key(signing_key(store)) if paths else b"")


def audit(store: Store, progress: Progress = no_progress) -> Audit:
    """Check the signatures, then search the whole store for runs of forgotten texts.

    Raises:
        InputError: a receipt was altered, or its runs are gone.
    """
    folders = receipts(store)
    unproved = {folder.name: read_receipt(folder).unproved for folder in folders}
    plan = Plan.unfinished(store)
    if plan is not None:
        unproved[plan.receipt] = plan.without_runs
    packed = [path.parent for path in sorted(store.tokens.glob(f"*/{MANIFEST_NAME}"))]
    return search_store(
        store,
        _forgotten_runs(store),
        len(folders),
        foreign_paths(store),
        ((f"tokens/{folder.name}: decoded", texts_of_tokens(folder)) for folder in packed),
        {name: pages for name, pages in unproved.items() if pages},
        lambda files: progress("audit", files, None, {}),
    )


def _take_down(store: Store, plan: Plan) -> None:
    Takedowns.load(store).add(plan.targets, date.fromisoformat(plan.day))


def _blank_records(store: Store, plan: Plan, progress: Progress) -> None:
    for done, (path, blanks) in enumerate(plan.blanks.items()):
        progress("forget", done, len(plan.blanks), {"step": "WARC files"})
        if (store.root / path).is_file():
            blank(store.root / path, blanks)
            ForeignWarcs.load(store).refresh(store.root / path)


def _rewrite(store: Store, plan: Plan, progress: Progress) -> None:
    plan.texts = plan.pairs = 0
    for done, (stem, blanked) in enumerate(plan.records.items()):
        progress("forget", done, len(plan.records), {"step": "texts"})
        plan.texts += rewrite_texts(store, stem, blanked, plan.receipt)
        progress("forget", done, len(plan.records), {"step": "pairs"})
        plan.pairs += rewrite_pairs(store, stem, blanked, plan.receipt)


def _rewrite_versions(store: Store, plan: Plan, progress: Progress) -> None:
    takedowns = Takedowns(store).only(plan.targets)
    for done, version in enumerate(plan.versions):
        progress("forget", done, len(plan.versions), {"step": "versions"})
        rewrite_version(store, version, plan.urls, takedowns, plan.receipt)


def _forget_memories(store: Store, plan: Plan) -> None:
    """Delete caches derived from texts, and labels of the pages."""
    for folder in (store.signatures, store.browse):
        shutil.rmtree(folder, ignore_errors=True)
    drop_labels(store, set(plan.urls))


def _mark(store: Store, plan: Plan) -> None:
    for folder in plan.marked:
        mark_forgotten(store.root / folder, plan.receipt)
    for folder in plan.deleted:
        shutil.rmtree(store.root / folder, ignore_errors=True)


def _pack_tokens(store: Store, plan: Plan, progress: Progress) -> None:
    plan.not_packed = pack_again(store, plan.tokens, progress)
    plan.packed = [one.folder for one in plan.tokens if one.folder not in plan.not_packed]


def _publish(store: Store, settings: Settings, plan: Plan, progress: Progress) -> None:
    """Publish a version without the pages, if there was a version and there are documents of these settings."""
    before = newest(store)
    if before is None or not (store.documents / recipe_digest(settings.clean)).is_dir():
        return
    try:
        done = publish(
            store,
            settings.clean,
            settings.publish,
            rights=settings.rights,
            engine=settings.engine,
            progress=progress,
        )
    except StageError:  # nothing is left to publish, or a WARC file of others is gone: `cowese publish` reports it
        return
    plan.version = done.version


def _receipt(store: Store, plan: Plan, found: Audit) -> Receipt:
    salt = bytes.fromhex(plan.salt)
    return Receipt(
        receipt=plan.receipt,
        day=plan.day,
        code=code_version(),
        salt=plan.salt,
        targets=[salted(salt, target) for target in plan.asked],
        pages=sorted({salted(salt, url) for url in plan.urls.values()}),
        records={Path(path).name: len(blanks) for path, blanks in plan.blanks.items()},
        texts=plan.texts,
        pairs=plan.pairs,
        versions=plan.versions,
        deleted=plan.deleted,
        packed=plan.packed,
        marked=plan.marked,
        runs=plan.runs,
        shared_runs=plan.shared_runs,
        without_runs=plan.without_runs,
        version=plan.version,
        audit=found.model_dump(mode="json"),
    ).signed(signing_key(store))
