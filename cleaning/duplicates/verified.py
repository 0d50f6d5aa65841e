"""Verified pairs: how alike two texts are, and how much of each the other holds; computed once and remembered.

A memory keyed by the two texts alone: with it or without it, the figures are the same.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.shingles import Numbers, Shingler
from cleaning.stored_texts import LaidOut, Positions, StoredTexts
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, renamed, save
from data.files import atomic_file

TEXTS_AT_ONCE = 20_000
"""Texts of a task that makes shingle sets, at least."""
PAIRS_AT_ONCE = 50_000
"""Pairs of a task that compares them."""
MOST_OPEN = 256
"""Files that a task has open at a time; the usual limit of a process is 1,024."""

ALIKE = np.dtype([("jaccard", np.float64), ("of_first", np.float64), ("of_second", np.float64)])
"""Of a pair of texts: shared shingles over all, over those of the first, over those of the second."""
Alike = npt.NDArray[np.void]
_PAIR = np.dtype([("pair", np.uint64), *((name, ALIKE[name]) for name in ALIKE.names or ())])
"""``first`` is the text of the lower digest."""


class VerifiedPairs:
    """The file ``pairs.npy``: a number for each unordered pair of text digests, and how alike they are."""

    def __init__(self, folder: Path, shingle_words: int) -> None:
        self.path = folder / "pairs.npy"
        self._shingle_words = shingle_words

    def pair_figures(
        self, digests: Numbers, first: Positions, second: Positions, texts: StoredTexts, engine: Engine, work: Path
    ) -> Alike:
        """How alike the texts at each pair of positions are; only pairs that are not remembered are computed."""
        pairs = _pair_numbers(digests[first], digests[second])
        swapped = digests[first] > digests[second]
        remembered = self._load()
        figures = np.full(len(pairs), np.nan, ALIKE)
        if len(remembered):
            at = np.minimum(np.searchsorted(remembered["pair"], pairs), len(remembered) - 1)
            known = remembered["pair"][at] == pairs
            figures[known] = remembered[list(ALIKE.names or ())][at[known]].astype(ALIKE)
        new = np.flatnonzero(np.isnan(figures["jaccard"]))
        if len(new):
            low, high = (
                np.where(swapped[new], *ends) for ends in ((second[new], first[new]), (first[new], second[new]))
            )
            figures[new] = _verify(low, high, texts, self._shingle_words, engine, work)
            rows = np.empty(len(new), _PAIR)
            rows["pair"] = pairs[new]
            for name in ALIKE.names or ():
                rows[name] = figures[name][new]
            self._save(np.concatenate([remembered, rows]))
        turned = figures.copy()
        turned["of_first"], turned["of_second"] = figures["of_second"], figures["of_first"]
        oriented: Alike = np.where(swapped, turned, figures)
        return oriented

    def forget_others(self, digests: Numbers, first: Positions, second: Positions) -> None:
        """Keep these pairs alone: those of texts that no longer live are not met again."""
        remembered = self._load()
        kept = np.isin(remembered["pair"], _pair_numbers(digests[first], digests[second]))
        if not kept.all():
            self._save(remembered[kept])

    def _load(self) -> npt.NDArray[np.void]:
        try:
            remembered = np.asarray(np.load(self.path))
        except (OSError, ValueError):
            return np.zeros(0, _PAIR)
        return remembered if remembered.dtype == _PAIR else np.zeros(0, _PAIR)

    def _save(self, rows: npt.NDArray[np.void]) -> None:
        with atomic_file(self.path) as temporary, temporary.open("wb") as file:
            np.save(file, rows[np.argsort(rows["pair"])])


@dataclass(frozen=True, slots=True)
class _Shingling:
    texts: LaidOut
    words: int
    numbers: Path
    """The shingle sets of all texts in a row, raw 64-bit numbers."""
    places: Path
    """Texts × 2: where the set of each begins in ``numbers``, and its length."""


@dataclass(frozen=True, slots=True)
class _Comparing:
    numbers: tuple[Path, ...]
    places: Path
    """Texts × 3: which of the files ``numbers``, begin, length."""
    pairs: Path
    """Pairs × 2: rows of ``places``."""
    start: int
    stop: int


def _verify(first: Positions, second: Positions, texts: StoredTexts, words: int, engine: Engine, work: Path) -> Alike:
    """Lay the shingle sets of all texts concerned into files, then compare pair by pair."""
    wanted = np.union1d(first, second)
    made = [
        _Shingling(task, words, work / f"shingles-{n:06d}.bin", work / f"shingles-{n:06d}.npy")
        for n, task in enumerate(texts.at(wanted).lay_out(work / "to-compare.arrow", TEXTS_AT_ONCE))
    ]
    run_all(engine, _shingle, made)
    places = np.empty((len(wanted), 3), np.int64)
    for number, task in enumerate(made):
        at = task.texts.positions
        places[at, 0] = number
        places[at, 1:] = mapped(task.places)
    pairs = np.stack([np.searchsorted(wanted, first), np.searchsorted(wanted, second)], axis=1)
    saved = save(work / "places.npy", places), save(work / "compared.npy", pairs)
    files = tuple(task.numbers for task in made)
    compared = [
        _Comparing(files, *saved, start, min(start + PAIRS_AT_ONCE, len(pairs)))
        for start in range(0, len(pairs), PAIRS_AT_ONCE)
    ]
    figures = np.empty(len(pairs), ALIKE)
    for start, found in run_all(engine, _compare, compared):
        figures[start : start + len(found)] = found
    for path in [*files, *saved, *(task.places for task in made)]:
        path.unlink()
    return figures


def _shingle(task: _Shingling, report: Report) -> None:
    shingler = Shingler(task.words)
    places = np.empty((len(task.texts), 2), np.int64)
    written = 0
    with renamed(task.numbers) as temporary, temporary.open("wb") as file:
        for positions, batch in task.texts.every():
            for position, numbers in zip(positions, shingler.sets(batch), strict=True):
                places[position] = written, len(numbers)
                file.write(numbers.tobytes())
                written += len(numbers)
            report([len(batch)])
    save(task.places, places)


def _compare(task: _Comparing, report: Report) -> tuple[int, Alike]:
    places, pairs = mapped(task.places), mapped(task.pairs)[task.start : task.stop]
    with closing(_NumberFiles(task.numbers)) as files:
        figures = np.array(
            [alike(files.read(*places[one].tolist()), files.read(*places[other].tolist())) for one, other in pairs],
            ALIKE,
        )
    report([len(figures)])
    return task.start, figures


class _NumberFiles:
    """Files of 64-bit numbers, of which short ranges are read.

    Not mapped: a pair touches two short ranges, but all pages that a task has touched would stay in its memory.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: OrderedDict[int, int] = OrderedDict()
        """Descriptors by number of the file, those used longest ago first."""

    def read(self, file: int, begin: int, length: int) -> Numbers:
        """A range of one file's numbers."""
        if file not in self._open:
            if len(self._open) >= MOST_OPEN:
                os.close(self._open.popitem(last=False)[1])
            self._open[file] = os.open(self._paths[file], os.O_RDONLY)
        self._open.move_to_end(file)
        return np.frombuffer(os.pread(self._open[file], 8 * length, 8 * begin), np.uint64)

    def close(self) -> None:
        """Close all."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()


def alike(first: Numbers, second: Numbers) -> tuple[float, float, float]:
    """The row of ALIKE for two ascending sets of shingles.

    >>> alike(np.array([1, 2, 3, 4], np.uint64), np.array([1, 2], np.uint64))
    (0.5, 0.5, 1.0)
    """
    shared = len(first) + len(second) - len(np.union1d(first, second))
    return shared / (len(first) + len(second) - shared), shared / len(first), shared / len(second)


def _pair_numbers(first: Numbers, second: Numbers) -> Numbers:
    """One 64-bit number for an unordered pair of digests."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    mixed = low * np.uint64(0x9E3779B97F4A7C15) ^ ((high << np.uint64(31)) | (high >> np.uint64(33)))
    return mixed * np.uint64(0xD1B54A32D192ED03)
