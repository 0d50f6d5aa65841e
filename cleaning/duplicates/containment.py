"""Containment candidates: a page whose text stands whole in a longer one, however much longer that is.

MinHash bands find texts of like size alone. Here of each text its sampled shingles (``sketches``) are looked up; who
shares enough of them is a candidate, and what is found is verified exactly. A text of 46 shingles (50 words) has none
of them sampled once in 500 times, one of 96 once in 370,000; shingles that more than ``MOST_SHARING`` keepers have are
skipped (lines of a site, formulas).

The numbers are cut into ``RANGES`` ranges, a file each, so that a part of them is in memory at a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.candidates import PAIRS_AT_ONCE, packed, slices_of, unpacked
from cleaning.duplicates.shingles import Numbers
from cleaning.duplicates.sketches import BOUND, Sketches, ranges
from cleaning.stored_texts import Positions
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import Saved, mapped, save

MOST_SHARING = 32
"""Keepers that may share a shingle for it to be looked up."""
LOOKED_UP = 1
"""Of each text's sampled shingles in one range of the numbers those that are looked up, the rarest first."""
RANGES = 64
"""Ranges of the numbers. What is found depends on it: it is a rule, not a measure of memory."""
SHARED = 0.5
"""Share of the shingles that were looked up for a text which another must have too to be a candidate."""
NUMBERS_AT_ONCE = 4_000_000
"""Sampled shingles of a task, at least one range of them."""
COMPARED_AT_ONCE = 100_000
"""Pairs whose sketches are compared together: some 100 MB for texts of a hundred words."""
PAIRS_OF_A_TASK = 500_000
"""Pairs of a task that compares sketches: seconds of work."""
_PREFILTER = 0.25
"""A pair whose sketches say less than the bound by this much is not verified."""
_OWNED = np.dtype([("value", np.uint64), ("owner", np.uint32)])


class Containment:
    """The sketches of all texts, by range of their numbers, in files of a folder."""

    def __init__(self, sketches: Sketches, digests: Numbers, work: Path) -> None:
        """``digests`` are the ascending digests of the texts that count."""
        self._sketches = sketches
        self._work = work
        self._texts = len(digests)
        self._files = [work / f"sketched-{number:02d}.bin" for number in range(RANGES)]
        self._where = work / "sketch-places.npy"
        """For each text the segment of its sketch, and its row there."""
        where = np.empty((len(digests), 2), np.int32)
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in self._files]
            for number, name in enumerate(sketches.names):
                self._scatter(number, name, digests, where, files)
        save(self._where, where)

    def pairs(self, keepers: npt.NDArray[np.bool_], least: float, engine: Engine) -> Numbers:
        """Pairs of keepers, packed, of which one may hold a share of at least ``least`` of the other's shingles."""
        saved = save(self._work / "keepers.npy", keepers)
        numbers = sum(path.stat().st_size for path in self._files) // _OWNED.itemsize
        together = max(1, min(RANGES, RANGES * NUMBERS_AT_ONCE // max(1, numbers)))
        tasks = [
            _Task(
                self._files[start : start + together],
                saved,
                *(self._work / f"{name}-{start:02d}.npy" for name in ("met", "counts", "looked-up")),
            )
            for start in range(0, RANGES, together)
        ]
        run_all(engine, _look_up, tasks)
        looked_up = np.zeros(self._texts, np.int32)
        for task in tasks:
            looked_up += np.bincount(mapped(task.looked_up), minlength=self._texts).astype(np.int32)
        compared = list(self._to_compare(tasks, looked_up, least))
        run_all(engine, _compare, compared)
        found = [np.asarray(mapped(task.likely)) for task in compared]
        for path in [path for task in tasks for path in (task.met, task.counts, task.looked_up)]:
            path.unlink()
        for path in {path for task in compared for path in (task.pairs, task.likely)}:
            path.unlink()
        return np.unique(np.concatenate([np.zeros(0, np.uint64), *found]))

    def _to_compare(
        self, tasks: Sequence["_Task"], looked_up: npt.NDArray[np.int32], least: float
    ) -> Iterator["_Comparing"]:
        """Lay the pairs that share enough of what was looked up into files, and cut them into tasks."""
        met, times = [Saved(task.met) for task in tasks], [Saved(task.counts) for task in tasks]
        for number, (directed, counts) in enumerate(_summed(met, times)):
            one, other = unpacked(directed)
            enough = counts >= SHARED * looked_up[one]
            pairs = np.unique(packed(one[enough], other[enough]))
            saved = save(self._work / f"to-compare-{number:05d}.npy", pairs)
            for start in range(0, max(1, len(pairs)), PAIRS_OF_A_TASK):
                likely = self._work / f"likely-{number:05d}-{start:010d}.npy"
                yield _Comparing(
                    self._sketches, self._where, saved, start, min(start + PAIRS_OF_A_TASK, len(pairs)), least, likely
                )

    def _scatter(
        self, number: int, name: str, digests: Numbers, where: npt.NDArray[np.int32], files: Sequence[BinaryIO]
    ) -> None:
        held = np.asarray(self._sketches.array(name, "digests"))
        at = np.searchsorted(digests, held)
        lives = np.flatnonzero(digests[np.minimum(at, len(digests) - 1)] == held)
        where[at[lives]] = np.stack([np.full(len(lives), number), lives], axis=1)
        begins = np.asarray(self._sketches.array(name, "begins"))
        lengths = np.diff(begins)[lives]
        owned = np.empty(int(lengths.sum()), _OWNED)
        owned["value"] = self._sketches.array(name, "numbers")[ranges(begins[:-1][lives], lengths)]
        owned["owner"] = np.repeat(at[lives], lengths)
        range_of = (owned["value"] // np.uint64(BOUND // RANGES + 1)).astype(np.uint8)
        order = np.argsort(range_of, kind="stable")
        bounds = np.searchsorted(range_of[order], np.arange(RANGES + 1))
        for one, file in enumerate(files):
            owned[order[bounds[one] : bounds[one + 1]]].tofile(file)


@dataclass(frozen=True, slots=True)
class _Task:
    files: Sequence[Path]
    keepers: Path
    met: Path
    """(owner, other) packed in this order, ascending."""
    counts: Path
    """How many of the shingles that were looked up for the owner the other has too."""
    looked_up: Path
    """The owner of each shingle that was looked up."""


@dataclass(frozen=True, slots=True)
class _Comparing:
    sketches: Sketches
    where: Path
    """Texts × 2: the segment of each sketch, and its row there."""
    pairs: Path
    start: int
    stop: int
    least: float
    likely: Path
    """Those of the pairs whose sketches share enough of the smaller one."""


def _compare(task: _Comparing, report: Report) -> None:
    pairs, where = mapped(task.pairs), mapped(task.where)
    found = [np.zeros(0, np.uint64)]
    for start in range(task.start, task.stop, COMPARED_AT_ONCE):
        some = np.asarray(pairs[start : min(start + COMPARED_AT_ONCE, task.stop)])
        one, other = unpacked(some)
        sizes, values = zip(
            _sketches_of(task.sketches, where[one]), _sketches_of(task.sketches, where[other]), strict=True
        )
        pair = np.concatenate([np.repeat(np.arange(len(one)), size) for size in sizes])
        numbers = np.concatenate(values)
        # A sketch has each number once, so that equal neighbours are shared.
        order = np.lexsort((numbers, pair))
        pair, numbers = pair[order], numbers[order]
        equal = (pair[1:] == pair[:-1]) & (numbers[1:] == numbers[:-1])
        shared = np.bincount(pair[1:][equal], minlength=len(one))
        found.append(some[shared >= (task.least - _PREFILTER) * np.minimum(*sizes)])
    save(task.likely, np.concatenate(found))
    report([task.stop - task.start])


def _sketches_of(sketches: Sketches, where: Positions) -> tuple[Positions, Numbers]:
    """How many numbers each of some sketches has, and the numbers of all in a row."""
    segment, row = np.asarray(where).T
    starts, sizes = np.empty(len(where), np.int64), np.empty(len(where), np.int64)
    used = [(np.flatnonzero(segment == number), sketches.names[number]) for number in np.unique(segment)]
    for here, name in used:
        begins = sketches.array(name, "begins")
        starts[here] = begins[row[here]]
        sizes[here] = begins[row[here] + 1] - starts[here]
    places = np.cumsum(sizes) - sizes
    values = np.empty(int(sizes.sum()), np.uint64)
    for here, name in used:
        held = sketches.array(name, "numbers")
        values[ranges(places[here], sizes[here])] = held[ranges(starts[here], sizes[here])]
    return sizes, values


def _look_up(task: _Task, report: Report) -> None:
    keepers = mapped(task.keepers)
    met, counts, looked_up = [], [], [np.zeros(0, np.uint32)]
    for path in task.files:
        owned = np.fromfile(path, _OWNED)
        owned = owned[keepers[owned["owner"]]]
        found, times, owners = _sharing(owned["value"], owned["owner"].astype(np.int64))
        met.append(found)
        counts.append(times)
        looked_up.append(owners.astype(np.uint32))
    parts = list(_summed(met, counts))
    save(task.met, np.concatenate([np.zeros(0, np.uint64), *(found for found, _ in parts)]))
    save(task.counts, np.concatenate([np.zeros(0, np.int32), *(times for _, times in parts)]))
    save(task.looked_up, np.concatenate(looked_up))
    report([len(task.files)])


def _sharing(values: Numbers, owners: Positions) -> tuple[Numbers, npt.NDArray[np.int32], Positions]:
    """For the rarest values of each owner the others that have them: each (owner, other) as one number, and how often.

    Third, the owner of each value that was looked up.
    """
    # Grouped by value: a hash table of all values would hold them in memory several times over.
    order = np.lexsort((owners, values))
    values, owners = values[order], owners[order]
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])[: len(values)])
    sizes = np.diff(np.append(first, len(values)))
    size_of, first_of = np.repeat(sizes, sizes), np.repeat(first, sizes)
    some = np.flatnonzero((size_of > 1) & (size_of <= MOST_SHARING))
    # Grouped by owner, rarest values first; the value breaks ties, or the choice would depend on the input's order.
    some = some[np.lexsort((values[some], size_of[some], owners[some]))]
    begins = np.concatenate([[True], owners[some][1:] != owners[some][:-1]])[: len(some)]
    place = np.arange(len(some)) - np.maximum.accumulate(np.where(begins, np.arange(len(some)), 0))
    some = some[place < LOOKED_UP]
    one = np.repeat(owners[some], size_of[some])
    other = owners[ranges(first_of[some], size_of[some])]
    directed = (one[one != other].astype(np.uint64) << np.uint64(32)) | other[one != other].astype(np.uint64)
    met, counts = np.unique(directed, return_counts=True)
    return met, counts.astype(np.int32), owners[some]


def _summed(
    files: Sequence[Numbers | Saved], counts: Sequence[npt.NDArray[np.int32] | Saved]
) -> Iterator[tuple[Numbers, npt.NDArray[np.int32]]]:
    """The distinct numbers of ascending files and the sums of their counts, a range of the numbers at a time."""
    for slices in slices_of(files, PAIRS_AT_ONCE):
        met = np.concatenate([file[some] for file, some in zip(files, slices, strict=True)])
        times = np.concatenate([file[some] for file, some in zip(counts, slices, strict=True)])
        found, place = np.unique(met, return_inverse=True)
        yield found, np.bincount(place, times, len(found)).astype(np.int32)
