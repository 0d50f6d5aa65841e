"""`cowese forget`: the steps in order. Each may be interrupted anywhere and is then repeated as a whole."""

import contextlib
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
from cleaning.forgetting.rewrite import rewrite_pairs, rewrite_texts
from cleaning.forgetting.runs import ForgottenRuns
from cleaning.forgetting.versions import rewrite_version
from cleaning.recipe import recipe_digest
from crawler.warc.blank import blank
from crawler.warc.recovery import recover
from data.errors import StageError
from data.lineage import mark_forgotten
from data.manifest import MANIFEST_NAME, code_version
from data.progress import Progress, no_progress
from data.store import Store
from data.takedowns import Takedowns
from flows.forgetting.plan import Plan, foreign_paths, make_plan
from flows.forgetting.receipt import (
    RUNS_NAME,
    Receipt,
    read_receipt,
    receipts,
    runs_key,
    salted,
    signing_key,
    write_receipt,
)
from flows.settings import Settings
from training.tokens.texts import texts_of_tokens

STAGES = ("forget", "archive", "crawl", "clean", "publish", "tokenizer", "pack", "export", "browse")
"""Stages whose locks are held: none of them may read or write the data that is being removed."""


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

    Raises:
        InputError, StageError: as ``make_plan``.
    """
    recover(store.warc)
    plan, runs = make_plan(store, settings, asked, copies=copies, foreign=foreign, day=day, progress=progress)
    if keep:
        ForgottenRuns.from_runs(runs, runs_key(signing_key(store))).save(store.forgotten / plan.receipt / RUNS_NAME)
        plan.save(store)
    return plan


def carry_out(store: Store, settings: Settings, plan: Plan, progress: Progress = no_progress) -> Receipt:
    """Do the remaining steps of a plan and write the receipt.

    Raises:
        StageError: the audit after all steps still finds something; the plan stays, so that it can be continued.
        InputError: a file is damaged.
        DiskFullError, StoreError: a file cannot be written.
    """
    steps: dict[str, Callable[[], None]] = {
        "takedown": lambda: _take_down(store, plan),
        "WARC files": lambda: _blank_records(store, plan, progress),
        "texts": lambda: _rewrite(store, plan, progress),
        "versions": lambda: _rewrite_versions(store, plan, progress),
        "memories": lambda: _forget_memories(store, plan),
        "models": lambda: _mark(store, plan),
        "publish": lambda: _publish(store, settings, plan, progress),
    }
    for number, (name, step) in enumerate(steps.items()):
        progress("forget", number, len(steps), {"step": name})
        if name not in plan.done:
            step()
            plan.done.append(name)
            plan.save(store)
    found = audit(store, progress)
    if not found.is_clean:
        places = ", ".join(f"{path} ({count:,})" for path, count in list(found.hits.items())[:5])
        raise StageError(
            f"runs of 13 words of what was forgotten still stand in {places}. Delete these files, or forget the pages "
            "in them, and run `cowese forget --yes` again."
        )
    receipt = _receipt(store, plan, found)
    write_receipt(store.forgotten / plan.receipt, receipt)
    Plan.remove(store)
    return receipt


def audit(store: Store, progress: Progress = no_progress) -> Audit:
    """Check the signatures, then search the whole store for runs of forgotten texts.

    Raises:
        InputError: a receipt was altered, or a file is damaged.
    """
    folders = receipts(store)
    for folder in folders:
        read_receipt(folder)
    paths = sorted(store.forgotten.glob(f"*/{RUNS_NAME}"))
    forgotten = ForgottenRuns.load(paths, runs_key(signing_key(store)) if paths else b"")
    packed = [path.parent for path in sorted(store.tokens.glob(f"*/{MANIFEST_NAME}"))]
    return search_store(
        store,
        forgotten,
        len(folders),
        foreign_paths(store),
        ((f"tokens/{folder.name}: decoded", texts_of_tokens(folder)) for folder in packed),
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
        marked=plan.marked,
        runs=plan.runs,
        shared_runs=plan.shared_runs,
        version=plan.version,
        audit=found.model_dump(mode="json"),
    ).signed(signing_key(store))
