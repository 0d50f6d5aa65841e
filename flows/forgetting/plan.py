"""The plan of a forgetting: every place that holds the pages, found before the first byte is changed.

The plan is saved in the store while its steps run, so that an interrupted run continues with the same plan. It contains
URLs, and is deleted in the last step.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from cleaning.duplicates.shingles import Numbers
from cleaning.foreign_warcs import ForeignWarcs, members
from cleaning.forgetting.bodies import bodies_of
from cleaning.forgetting.pages import Held, find_pages, other_texts, texts_of_pages
from cleaning.forgetting.runs import RunSearch, runs_of
from cleaning.recipe import extraction_digest
from crawler.warc.blank import Blank, blanks_of
from data.errors import InputError, StageError
from data.files import read_json, write_json
from data.lineage import artifacts_of_versions
from data.progress import Progress
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url, document_id
from data.warc_fields import FORGOTTEN_URL
from flows.forgetting.receipt import new_salt, receipts, salted
from flows.settings import Settings

COPY_SHARE = 0.5
"""A page with at least this share of a forgotten page's runs is a copy of it; with less, it has an excerpt."""
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
    deleted: list[str]
    """Packed tokens, by their path in the store."""
    marked: list[str]
    """Tokenizers, runs, models and benchmarks (they keep fine-tuned models), by their path in the store."""
    runs: int
    shared_runs: int
    copies: list[str]
    """Other pages that hold at least half of a page's runs."""
    excerpts: list[str]
    """Other pages that hold some of its runs."""
    texts: int = 0
    pairs: int = 0
    version: str | None = None
    done: list[str] = []

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


def make_plan(
    store: Store,
    settings: Settings,
    asked: Sequence[str],
    *,
    copies: bool,
    foreign: bool,
    day: date,
    progress: Progress,
) -> tuple[Plan, Numbers]:
    """Find every place that holds the pages, and the runs that nothing else in the store has.

    Raises:
        InputError: nothing in the store matches, or a file is damaged.
        StageError: a WARC file of others holds such pages and ``foreign`` does not allow to change it, or a record
            cannot be blanked in place.
    """
    plan, runs = _plan(store, settings, asked, asked, day, progress)
    if copies and plan.copies:
        plan, runs = _plan(store, settings, asked, [*asked, *plan.copies], day, progress)
    outside = [one for one in plan.blanks if Path(one).is_absolute()]
    if outside and not foreign:
        more = f" (and {len(outside) - 1} more files)" if len(outside) > 1 else ""
        raise StageError(
            f"{outside[0]}: is outside the store and holds {len(plan.blanks[outside[0]]):,} of these records{more}. "
            "Give --foreign to blank them in it, or take the file out with `cowese publish --without`."
        )
    return plan, runs


def _plan(
    store: Store, settings: Settings, asked: Sequence[str], targets: Sequence[str], day: date, progress: Progress
) -> tuple[Plan, Numbers]:
    salt = new_salt()
    reached = Takedowns(store).only(targets)
    held = find_pages(store, reached)
    number = f"f{len(receipts(store)) + 1:04d}"
    blanks = dict(_blanks(store, held, reached, salt, number, progress))
    if not held.urls:
        raise InputError(
            f"the store holds nothing of {', '.join(asked[:5])}. `cowese takedown` keeps it out of later versions."
        )
    records = {
        stem: {offset: _new_url(salt, held.urls[one]) for offset, one in found.items()}
        for stem, found in held.records.items()
    }
    runs, others = _runs(store, settings, held, progress)
    derived = [path.relative_to(store.root) for path in artifacts_of_versions(store, held.versions)]
    own = [url for url in held.urls.values() if not reached.covers(url)]
    plan = Plan(
        receipt=number,
        day=day.isoformat(),
        salt=salt.hex(),
        asked=list(asked),
        targets=list(dict.fromkeys([*targets, *own])),
        urls=held.urls,
        blanks=blanks,
        records=records,
        versions=held.versions,
        deleted=[str(path) for path in derived if path.parts[0] == store.tokens.name],
        marked=[str(path) for path in derived if path.parts[0] != store.tokens.name],
        runs=len(runs) - len(others.shared),
        shared_runs=len(others.shared),
        copies=sorted(others.copies),
        excerpts=sorted(others.excerpts - others.copies),
    )
    return plan, np.setdiff1d(runs, others.shared)


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


class _Others:
    """Runs that other pages also have."""

    def __init__(self, pages: Sequence[Numbers]) -> None:
        self._runs = np.unique(np.concatenate([np.zeros(0, np.uint64), *pages]))
        self._sizes = np.array([max(1, len(page)) for page in pages])
        self._owner = np.zeros(len(self._runs), np.int64)
        for number, page in enumerate(pages):
            self._owner[np.searchsorted(self._runs, page)] = number
        self._search = RunSearch(self._runs)
        self.shared = np.zeros(0, np.uint64)
        self.copies: set[str] = set()
        self.excerpts: set[str] = set()

    def look(self, url: str, texts: Sequence[str]) -> None:
        """Note the runs in the texts of one page."""
        found = self._search.found(texts)
        if not len(found):
            return
        self.shared = np.union1d(self.shared, found)
        shares = np.bincount(self._owner[np.searchsorted(self._runs, found)], minlength=len(self._sizes)) / self._sizes
        (self.copies if shares.max() >= COPY_SHARE else self.excerpts).add(url)


def _runs(store: Store, settings: Settings, held: Held, progress: Progress) -> tuple[Numbers, _Others]:
    """All runs of the pages, and those that other pages also have."""
    texts: dict[str, list[str]] = {}
    for identity, text in texts_of_pages(store, held.urls):
        texts.setdefault(identity, []).append(text)
    pages = [runs_of(some) for some in texts.values()]
    others = _Others(pages)
    for url, some in _of_others(store, settings, held, progress):
        others.look(url, some)
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *pages])), others


def _of_others(store: Store, settings: Settings, held: Held, progress: Progress) -> Iterable[tuple[str, list[str]]]:
    yield from ((url, [text]) for url, text in other_texts(store, extraction_digest(settings.clean), held.urls))
    files = members(store)
    for done, member in enumerate(files):
        progress("forget", done, len(files), {"step": "looking for copies"})
        known = held.records.get(member.stem, {})
        yield from ((_spelled(body.url), body.texts) for body in bodies_of(member.path) if body.offset not in known)


def _spelled(url: str) -> str:
    try:
        return canonical_url(url)
    except InputError:
        return url


def foreign_paths(store: Store) -> list[Path]:
    """WARC files of others that belong to the store and are there."""
    return [one.path for one in ForeignWarcs.load(store).by_name.values() if one.is_there]
