"""The runs of the pages to be forgotten, and the pages that also have some: copies and excerpts."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from cleaning.duplicates.shingles import Numbers
from cleaning.foreign_warcs import members
from cleaning.forgetting.bodies import bodies_of
from cleaning.forgetting.pages import Held, extract_again, other_texts, texts_of_pages
from cleaning.forgetting.runs import RunSearch, runs_of
from data.errors import InputError
from data.progress import Progress
from data.store import Store
from data.urls import canonical_url
from flows.settings import Settings

COPY_SHARE = 0.5
"""A page with at least this share of a forgotten page's runs is a copy of it; with less, it has an excerpt."""


class OtherPages:
    """Runs that other pages also have."""

    def __init__(self, pages: Sequence[Numbers]) -> None:
        self._runs = all_runs(pages)
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


def runs_of_held(store: Store, settings: Settings, held: Held, progress: Progress) -> tuple[list[Numbers], OtherPages]:
    """The runs of each page that has a text, and those that other pages also have."""
    texts: dict[str, list[str]] = {}
    for identity, text in texts_of_pages(store, held.urls):
        texts.setdefault(identity, []).append(text)
    for identity, text in _texts_never_extracted(store, settings, held, texts):
        texts.setdefault(identity, []).append(text)
    pages = [runs_of(some) for some in texts.values()]
    others = OtherPages(pages)
    for url, some in texts_of_others(store, held, progress):
        others.look(url, some)
    return pages, others


def all_runs(pages: Sequence[Numbers]) -> Numbers:
    """The distinct runs of some pages, ascending."""
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *pages]))


def _texts_never_extracted(
    store: Store, settings: Settings, held: Held, known: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The texts of pages that stand in WARC files alone: without them an audit would search for nothing."""
    for member in members(store):
        wanted = {at: one for at, one in held.records.get(member.stem, {}).items() if one not in known}
        if wanted:
            yield from extract_again(member.path, wanted, settings.clean)


def texts_of_others(store: Store, held: Held, progress: Progress) -> Iterator[tuple[str, list[str]]]:
    """What every other page says, in tables and in WARC files, with its URL."""
    yield from ((url, [text]) for url, text in other_texts(store, held.urls))
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
