"""An index that is open: what a question finds, how many of each facet, and the page of a number or an id.

Nothing is written. Each question opens SQLite for itself (0.1 ms), so that questions run side by side.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from browse.asked import RELEVANCE, Asked
from browse.facets import FACETS, IN_ORDER
from browse.index_build import CODES, MANIFEST, SEARCH
from browse.labels import Label
from browse.moves_file import FOLDER, numbers_among
from browse.search_words import Search, read_search
from data.errors import InputError, StoreError
from data.files import read_json
from data.takedowns import Takedowns

RANKED = 5_000
"""Hits that are ranked by relevance (BM25); more are shown in the mixed order. Ranking a million takes seconds."""
SHOWN_VALUES = 10
"""Values of a facet beside a list."""
Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counted:
    """A value of a facet with its pages, all other facets of the question as they are."""

    value: str
    pages: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a question found."""

    numbers: list[int]
    """Of the pages that are shown, in their order."""
    total: int
    facets: dict[str, list[Counted]]
    more: dict[str, int]
    """Values of a facet that are not shown."""
    search: Search
    sort: str
    """The order that was taken."""


@dataclass
class Index:
    """The index of one version, without what was taken down since."""

    folder: Path
    takedowns: Takedowns

    @cached_property
    def _described(self) -> dict[str, Any]:
        described: dict[str, Any] = read_json(self.folder / MANIFEST)
        return described

    @cached_property
    def _arrays(self) -> dict[str, Any]:
        try:
            with np.load(self.folder / CODES) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            raise self._damaged(error) from error

    @property
    def pages(self) -> int:
        """Kept and dropped pages of the version."""
        return int(self._described["pages"])

    @property
    def made_from(self) -> str:
        """The digest of what it was made from: pages have the same numbers where it is the same."""
        return str(self._described["made_from"])

    def values(self, facet: str) -> list[str]:
        """All values of a facet."""
        values: list[str] = self._described["values"][facet]
        return values

    @cached_property
    def shown(self) -> Mask | None:
        """Which pages may be shown, the others being taken down; None where all are."""
        if not self.takedowns.targets:
            return None
        shown = np.ones(self.pages, np.bool_)
        concerned = np.array([self.takedowns.concerns(host) for host in self.values("host")], np.bool_)
        numbers = np.flatnonzero(concerned[self._arrays["facet_host"]])
        columns = "SELECT number, url, canonical FROM page WHERE"
        with self.database() as database:
            listed = [row for one in numbers.tolist() for row in database.execute(f"{columns} number = ?", (one,))]
            listed += database.execute(f"{columns} canonical <> url")
        for number, url, canonical in listed:
            shown[number] = not self.takedowns.covers_page(url, canonical)
        return shown

    # Questions

    def find(self, asked: Asked) -> SearchResult:
        """Pages of a question with the counts of every facet."""
        search = read_search(asked.words)
        hits, ranked = self._hits(search, asked.sort)
        hits = self._among(hits, asked)
        masks = {name: self._mask(name, values) for name, values in asked.chosen.items()}
        every = _all(self.pages, hits, *masks.values())
        sort = asked.sort or (RELEVANCE if ranked is not None else "mixed")
        order = ranked if sort == RELEVANCE and ranked is not None else self._order(sort)
        chosen = order[every[order]]
        start = (asked.page - 1) * asked.size
        facets: dict[str, list[Counted]] = {}
        more: dict[str, int] = {}
        for name in FACETS:
            others = [mask for other, mask in masks.items() if other != name]
            mask = every if name not in masks else _all(self.pages, hits, *others)
            counted = self._counted(name, mask, asked.chosen.get(name, ()))
            facets[name], more[name] = _most(name, counted)
        return SearchResult(
            chosen[start : start + asked.size].tolist(), len(chosen), facets, more, search, _taken_sort(sort, ranked)
        )

    def count(self, asked: Asked) -> int:
        """How many pages a question finds."""
        hits = self._among(self._hits(read_search(asked.words), "mixed")[0], asked)
        masks = [self._mask(name, values) for name, values in asked.chosen.items()]
        return int(_all(self.pages, hits, *masks).sum())

    def facet(self, asked: Asked, name: str) -> list[Counted]:
        """All values of one facet that the question finds."""
        hits = self._among(self._hits(read_search(asked.words), "mixed")[0], asked)
        masks = [self._mask(other, values) for other, values in asked.chosen.items() if other != name]
        return self._counted(name, _all(self.pages, hits, *masks), asked.chosen.get(name, ()))

    def sample(self, asked: Asked, size: int, seed: int) -> list[int]:
        """Pages with a text, drawn from what a question finds; the same for the same seed."""
        hits = self._among(self._hits(read_search(asked.words), "mixed")[0], asked)
        masks = [self._mask(name, values) for name, values in asked.chosen.items()]
        every = _all(self.pages, hits, self._with_text, *masks)
        order = self._order("mixed")
        candidates = order[every[order]]
        drawn = np.random.default_rng(seed).permutation(len(candidates))[:size]
        return [int(number) for number in candidates[drawn]]

    @cached_property
    def _with_text(self) -> Mask:
        found = np.zeros(self.pages, np.bool_)
        with self.database() as database:
            numbers = [number for (number,) in database.execute("SELECT number FROM body")]
        found[numbers] = True
        return found

    def _hits(self, search: Search, sort: str) -> tuple[Mask | None, npt.NDArray[np.int32] | None]:
        """Which pages have the words (None: all), and their order by relevance where they are few enough."""
        shown = self.shown
        if not search.match:
            return shown, None
        with self.database() as database:
            found = _numbers(database, search.match)
            hits = np.zeros(self.pages, np.bool_)
            hits[found] = True
            ranked = None
            if len(found) <= RANKED and sort in ("", RELEVANCE):
                statement = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY bm25(words, 4.0, 1.0), rowid"
                best = database.execute(statement, (search.match,)).fetchall()
                ranked = np.fromiter((number for (number,) in best), np.int32, len(best))
        return (hits if shown is None else hits & shown), ranked

    def _among(self, hits: Mask | None, asked: Asked) -> Mask | None:
        """Hits that are among the pages of a comparison, where the question names one.

        Raises:
            InputError: the comparison is not kept.
        """
        if not asked.among:
            return hits
        numbers = numbers_among(self.folder.parent / FOLDER, asked.among, self.made_from)
        if numbers is None:
            raise InputError("This comparison of settings is not kept here. Work it out again under Compare.")
        found = np.zeros(self.pages, np.bool_)
        found[numbers] = True
        return found if hits is None else found & hits

    def _mask(self, facet: str, values: Sequence[str]) -> Mask:
        places = {value: number for number, value in enumerate(self.values(facet))}
        wanted = np.zeros(len(places), np.bool_)
        wanted[[places[value] for value in values if value in places]] = True
        mask: Mask = wanted[self._arrays[f"facet_{facet}"]]
        return mask

    def _order(self, sort: str) -> npt.NDArray[np.int32]:
        order: npt.NDArray[np.int32] = self._arrays[f"sort_{sort if f'sort_{sort}' in self._arrays else 'mixed'}"]
        return order

    def _counted(self, facet: str, mask: Mask | None, chosen: Sequence[str]) -> list[Counted]:
        codes, values = self._arrays[f"facet_{facet}"], self.values(facet)
        counts = np.bincount(codes if mask is None else codes[mask], minlength=len(values))
        picked = {number for number, value in enumerate(values) if value in chosen}
        places = sorted({*np.flatnonzero(counts).tolist(), *picked})
        counted = [Counted(values[place], int(counts[place]), place in picked) for place in places]
        if facet in IN_ORDER:
            return counted if facet not in ("day", "published") else counted[::-1]
        return sorted(counted, key=lambda one: (-one.pages, one.value))

    # Pages

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The SQLite file, read only."""
        address = f"file:{quote(str(self.folder / SEARCH))}?mode=ro&immutable=1"
        try:
            with closing(sqlite3.connect(address, uri=True, check_same_thread=False)) as database:
                yield database
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(f"{self.folder}: this index cannot be read ({error}). Delete it; it is built again.")

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """What is known of some pages, in the order of their numbers given; with their texts."""
        with self.database() as database:
            database.row_factory = sqlite3.Row
            found = [_row(database, number) for number in numbers]
        return [row for row in found if row is not None]

    def number_of(self, identity: str) -> int | None:
        """The number of an id; None where it is not there or is taken down."""
        with self.database() as database:
            row = database.execute("SELECT number FROM page WHERE id = ?", (identity,)).fetchone()
        if row is None or (self.shown is not None and not self.shown[row[0]]):
            return None
        return int(row[0])

    def labelled(self, labels: Mapping[tuple[str, str], Label]) -> dict[int, Label]:
        """By number the pages that have a label of the text that they have here."""
        statement = "SELECT number FROM page JOIN body USING (number) WHERE id = ? AND digest = ?"
        with self.database() as database:
            found = ((database.execute(statement, key).fetchone(), label) for key, label in labels.items())
            return {int(row[0]): label for row, label in found if row is not None}

    def cluster_of(self, identity: str, most: int) -> list[int]:
        """The page that an id's cluster was kept for, and those that lost to it."""
        statement = "SELECT number FROM page WHERE id = ? UNION ALL SELECT number FROM page WHERE lost_to = ? LIMIT ?"
        with self.database() as database:
            found = [number for (number,) in database.execute(statement, (identity, identity, most))]
        return [number for number in found if self.shown is None or self.shown[number]]

    def facet_of(self, number: int, facet: str) -> str:
        """A page's value of a facet."""
        return self.values(facet)[int(self._arrays[f"facet_{facet}"][number])]


def _numbers(database: sqlite3.Connection, match: str) -> Numbers:
    """The pages that have the words. One text of all numbers is read in half the time of a million rows."""
    statement = "SELECT group_concat(rowid, ' ') FROM words WHERE words MATCH ?"
    (listed,) = database.execute(statement, (match,)).fetchone()
    return np.fromstring(listed, np.int64, sep=" ") if listed else np.zeros(0, np.int64)


def _row(database: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    row = database.execute("SELECT * FROM page WHERE number = ?", (number,)).fetchone()
    if row is None:
        return None
    body = database.execute("SELECT digest, size, text FROM body WHERE number = ?", (number,)).fetchone()
    text = pa.Codec("zstd").decompress(body["text"], body["size"], asbytes=True).decode() if body else None
    return {**dict(row), "text": text, "digest": body["digest"] if body else None}


def _all(pages: int, *masks: Mask | None) -> Mask:
    every = np.ones(pages, np.bool_)
    for mask in masks:
        if mask is not None:
            every &= mask
    return every


def _most(name: str, counted: Sequence[Counted]) -> tuple[list[Counted], int]:
    """The values that are shown: the chosen ones, then the first."""
    if name in ("length", "health", "cluster"):
        return list(counted), 0
    first = [one for number, one in enumerate(counted) if number < SHOWN_VALUES or one.chosen]
    return first, len(counted) - len(first)


def _taken_sort(sort: str, ranked: npt.NDArray[np.int32] | None) -> str:
    return "mixed" if sort == RELEVANCE and ranked is None else sort
