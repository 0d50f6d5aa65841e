"""The plan of a forgetting: every place that holds the pages, found before the first byte is changed.

The plan is saved in the store while its steps run, so that an interrupted run continues with the same plan. It contains
URLs, and is deleted in the last step.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from cleaning.corpus.versions import versions
from cleaning.duplicates.shingles import Numbers
from cleaning.foreign_warcs import ForeignWarcs, members
from cleaning.forgetting.audit import Search, files_of
from cleaning.forgetting.file_texts import kind_of, texts_of_file
from cleaning.forgetting.pages import Held, find_pages
from cleaning.forgetting.runs import RunSearch
from crawler.warc.blank import Blank, blanks_of
from data.errors import InputError, StageError
from data.files import read_json, write_json
from data.lineage import artifacts_of_versions
from data.progress import Progress
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url, document_id
from data.warc_fields import FORGOTTEN_URL
from flows.forgetting.other_pages import all_runs, runs_of_held
from flows.forgetting.receipt import RUNS_NAME, new_salt, receipts, salted
from flows.forgetting.tokens import PackedTokens, half_packed, packed_from
from flows.settings import Settings

STEPS = ("takedown", "WARC files", "texts", "versions", "memories", "models", "tokens", "publish")
"""The steps in order; the audit and the receipt follow."""
_PLAN = "plan.json"


class Plan(BaseModel):
    """One forgetting, from its targets to its receipt."""

    receipt: str
    day: str
    salt: str
    asked: list[str]
    targets: list[str]
    """The given targets, copies that are included, and pages that declared such a URL as their own."""
    urls: dict[str, str]
    """A URL by the id of each page."""
    blanks: dict[str, list[Blank]]
    """Path of the WARC file (in the store, or absolute) → records to blank."""
    records: dict[str, dict[int, str]]
    """Stem of the WARC file → offset → new target."""
    versions: dict[str, int]
    tokens: list[PackedTokens] = []
    """Packed tokens that are deleted and packed again."""
    packed: list[str] = []
    """Those that were packed again."""
    not_packed: dict[str, str] = {}
    """Those that were not, with the reason."""
    deleted: list[str]
    """Packed tokens of these versions, by their path in the store."""
    marked: list[str]
    """Tokenizers, other tokens made with them, runs, models and benchmarks (they keep fine-tuned models), by path."""
    runs: int
    shared_runs: int
    without_runs: int = 0
    """Pages without a run of their own (no text, or all of it stands on other pages): no audit proves them gone."""
    runs_file: str = RUNS_NAME
    """Name of the file of hashed runs. A plan that is extended gets another one, so that both are whole at any time."""
    by_hand: list[str] = []
    """Files of the store that no step rewrites and that hold such texts: exports, logs."""
    not_searched: dict[str, str] = {}
    """Such files that cannot be read, with the reason."""
    text_rows: dict[str, int] = {}
    """Rows of extracted texts, by recipe."""
    pair_rows: dict[str, int] = {}
    """Rows of documents and dropped pages, by recipe."""
    memories: list[str] = []
    """Folders of what is computed again."""
    copies: list[str]
    """Other pages that hold at least half of a page's runs."""
    excerpts: list[str]
    """Other pages that hold some of its runs."""
    texts: int = 0
    pairs: int = 0
    version: str | None = None
    done: list[str] = []

    @property
    def is_carried_out(self) -> bool:
        """Whether only the audit and the receipt are left."""
        return set(STEPS) <= set(self.done)

    def runs_path(self, store: Store) -> Path:
        """The file of hashed runs."""
        named = store.forgotten / self.receipt / self.runs_file
        return named if named.is_file() else named.with_name(RUNS_NAME)

    def extending(self, before: "Plan") -> "Plan":
        """This plan together with one whose steps were done: all steps are to be done, what was done stays."""
        blanks = {path: [*before.blanks.get(path, []), *found] for path, found in (before.blanks | self.blanks).items()}
        blanks = {path: list({one.offset: one for one in found}.values()) for path, found in blanks.items()}
        records = {
            stem: before.records.get(stem, {}) | found for stem, found in (before.records | self.records).items()
        }
        rows = Counter(before.versions) + Counter(self.versions)
        return self.model_copy(
            update={
                "asked": _union(before.asked, self.asked),
                "targets": _union(before.targets, self.targets),
                "urls": before.urls | self.urls,
                "blanks": blanks,
                "records": records,
                "versions": dict(sorted(rows.items())),
                "tokens": [*{one.folder: one for one in (*before.tokens, *self.tokens)}.values()],
                "deleted": _union(before.deleted, self.deleted),
                "marked": _union(before.marked, self.marked),
                "runs": before.runs + self.runs,
                "shared_runs": before.shared_runs + self.shared_runs,
                "without_runs": before.without_runs + self.without_runs,
                "runs_file": f"runs-{before.runs_number + 1}.npy",
            }
        )

    @property
    def runs_number(self) -> int:
        """1, and one more each time that the plan was extended."""
        return int(self.runs_file.removesuffix(".npy").partition("-")[2] or 1)

    def save(self, store: Store) -> None:
        """Save the plan; from then on it must be finished."""
        write_json(store.forgotten / _PLAN, self.model_dump(mode="json"))

    @classmethod
    def unfinished(cls, store: Store) -> "Plan | None":
        """The plan of an interrupted run; None if there is none."""
        path = store.forgotten / _PLAN
        return cls.model_validate(read_json(path)) if path.is_file() else None

    @staticmethod
    def remove(store: Store) -> None:
        """Delete the plan, in the last step."""
        (store.forgotten / _PLAN).unlink(missing_ok=True)


def _union(one: Sequence[str], other: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def make_plan(
    store: Store,
    settings: Settings,
    asked: Sequence[str],
    *,
    copies: bool,
    foreign: bool,
    day: date,
    progress: Progress,
    after: Plan | None = None,
) -> tuple[Plan, Numbers]:
    """Find every place that holds the pages, and the runs that nothing else in the store has.

    ``after`` is a plan that the new one extends: it has the same receipt, salt and day.

    Raises:
        InputError: nothing in the store matches, or a file is damaged.
        StageError: a WARC file of others holds such pages and ``foreign`` does not allow to change it, or a record
            cannot be blanked in place.
    """
    number = after.receipt if after else f"f{len(receipts(store)) + 1:04d}"
    salt = bytes.fromhex(after.salt) if after else new_salt()
    about = _About(number, after.day if after else day.isoformat(), salt, list(asked))
    plan, runs = _plan(store, settings, about, asked, progress)
    if copies and plan.copies:
        plan, runs = _plan(store, settings, about, [*asked, *plan.copies], progress)
    outside = [one for one in plan.blanks if Path(one).is_absolute()]
    if outside and not foreign:
        more = f" (and {len(outside) - 1} more files)" if len(outside) > 1 else ""
        raise StageError(
            f"{outside[0]}: is outside the store and holds {len(plan.blanks[outside[0]]):,} of these records{more}. "
            "Give --foreign to blank them in it, or take the file out with `cowese publish --without`."
        )
    return plan, runs


@dataclass(frozen=True, slots=True)
class _About:
    receipt: str
    day: str
    salt: bytes
    asked: list[str]


def _plan(
    store: Store, settings: Settings, about: _About, targets: Sequence[str], progress: Progress
) -> tuple[Plan, Numbers]:
    reached = Takedowns(store).only(targets)
    held = find_pages(store, reached)
    blanks = dict(_blanks(store, held, reached, about.salt, about.receipt, progress))
    if not held.urls:
        raise InputError(
            f"the store holds nothing of {', '.join(about.asked[:5])}. "
            "`cowese takedown` keeps it out of later versions."
        )
    records = {
        stem: {offset: _new_url(about.salt, held.urls[one]) for offset, one in found.items()}
        for stem, found in held.records.items()
    }
    pages, others = runs_of_held(store, settings, held, progress)
    own = np.setdiff1d(all_runs(pages), others.shared)
    beside = _search_beside(store, own, progress)
    derived = artifacts_of_versions(store, held.versions)
    tokens = list(packed_from(store, derived, held.versions))
    deleted = [one.folder for one in tokens]
    declared = [url for url in held.urls.values() if not reached.covers(url)]
    proved = sum(1 for page in pages if len(np.setdiff1d(page, others.shared)))
    plan = Plan(
        receipt=about.receipt,
        day=about.day,
        salt=about.salt.hex(),
        asked=about.asked,
        targets=list(dict.fromkeys([*targets, *declared])),
        urls=held.urls,
        blanks=blanks,
        records=records,
        versions=held.versions,
        tokens=tokens,
        deleted=[*deleted, *half_packed(store, held.versions)],
        marked=[name for path in derived if (name := path.relative_to(store.root).as_posix()) not in deleted],
        runs=len(own),
        shared_runs=len(others.shared),
        without_runs=len(held.urls) - proved,
        by_hand=sorted(beside.hits),
        not_searched=beside.not_searched,
        text_rows=dict(held.texts),
        pair_rows=dict(held.pairs),
        memories=[folder.name for folder in (store.signatures, store.browse) if folder.is_dir()],
        copies=sorted(others.copies),
        excerpts=sorted(others.excerpts - others.copies),
    )
    return plan, own


def _search_beside(store: Store, runs: Numbers, progress: Progress) -> Search:
    """Search the files that no step of a forgetting rewrites or deletes."""
    ours = (store.warc, store.texts, store.documents, store.rights, store.signatures, store.browse, store.tokens)
    folders = [*ours, store.forgotten, *(store.corpus / version for version in versions(store))]
    names = tuple(f"{folder.relative_to(store.root).as_posix()}/" for folder in folders)
    search = RunSearch(runs)
    found = Search(lambda texts: len(search.found(texts)))
    for name, path in files_of(store):
        if not name.startswith(names):
            progress("forget", found.read.total(), None, {"step": "looking through other files"})
            kind = kind_of(path)
            found.search(name, kind, texts_of_file(path, kind))
    return found


def _new_url(salt: bytes, url: str) -> str:
    return FORGOTTEN_URL + salted(salt, url)[:16]


def _blanks(
    store: Store, held: Held, reached: Takedowns, salt: bytes, receipt: str, progress: Progress
) -> Iterator[tuple[str, list[Blank]]]:
    """The records of each WARC file, including pages that were never cleaned, which are added to ``held``."""
    files = members(store)
    for done, member in enumerate(files):
        progress("forget", done, len(files), {"step": "looking through WARC files"})
        known = held.records.get(member.stem, {})

        def wanted(target: str, offset: int, known: dict[int, str] = known, stem: str = member.stem) -> str | None:
            identity = known.get(offset) or _identity(target, held, reached)
            if identity is None:
                return None
            held.records[stem][offset] = identity
            return _new_url(salt, held.urls[identity])

        found = list(blanks_of(member.path, wanted, receipt))
        if found:
            inside = member.path.is_relative_to(store.root)
            yield str(member.path.relative_to(store.root) if inside else member.path), found


def _identity(target: str, held: Held, reached: Takedowns) -> str | None:
    """The id of a record's page if it is to be forgotten."""
    try:
        url = canonical_url(target)
    except InputError:
        return None
    identity = document_id(url)
    if identity not in held.urls and not reached.covers(url):
        return None
    held.urls.setdefault(identity, url)
    return identity


def foreign_paths(store: Store) -> list[Path]:
    """WARC files of others that belong to the store and are there."""
    return [one.path for one in ForeignWarcs.load(store).by_name.values() if one.is_there]
