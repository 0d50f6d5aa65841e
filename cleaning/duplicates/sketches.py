"""Containment candidates: a page whose text stands whole in a longer one, however much longer that is.

MinHash bands find texts of like size alone. Here every text has a sketch: its shingles whose mixed number is below a
bound, one in eight (FracMinHash: Hera, Pierce-Ward, Koslicki 2023). A text that lies in another has its sketch there
too. Of each text some of its rarest sampled shingles are looked up; who shares one is a candidate, and what is found is
verified exactly. A text of 46 shingles (50 words) has none of them sampled once in 500 times, one of 96 once in
370,000; shingles that more than ``MOST_SHARING`` keepers have are passed over (lines of a site, formulas).

A sketch follows from its text alone, and is remembered by its digest.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.candidates import packed, unpacked
from cleaning.duplicates.shingles import Numbers, Shingler
from cleaning.engines.engine import Engine, Report, run_all
from cleaning.engines.scratch import mapped, save
from cleaning.stored_texts import Positions, StoredTexts
from data.files import whole_file

SAMPLED = 8
"""One shingle in so many is in the sketch."""
MOST_SHARING = 32
"""Keepers that may share a shingle for it to be looked up."""
LOOKED_UP = 2
"""Of each text's sampled shingles in one share of the numbers those that are looked up, the rarest first."""
SHARES = 4
"""Shares of the numbers, worked through one after the other, so that a quarter is in memory at a time."""
SHARED = 0.5
"""Share of the shingles that were looked up for a text which another must have too to be a candidate."""
_TEXTS_AT_ONCE = 20_000
_PREFILTER = 0.25
"""A pair whose sketches say less than the bound by this much is not verified."""


class Sketches:
    """The files ``sketches-*.npy`` of a memory: digests, where each sketch begins, the numbers."""

    def __init__(self, folder: Path, shingle_words: int) -> None:
        self._folder = folder
        self._shingle_words = shingle_words

    def of(self, digests: Numbers, texts: StoredTexts, engine: Engine, work: Path) -> tuple[Positions, Numbers]:
        """Where the sketch of each of the ascending ``digests`` begins (one more), and all numbers, ascending in each.

        Only those not remembered are worked out; all others are forgotten.
        """
        known, begins, numbers = self._load()
        at = np.minimum(np.searchsorted(known, digests), max(0, len(known) - 1))
        there = known[at] == digests if len(known) else np.zeros(len(digests), np.bool_)
        lengths = np.zeros(len(digests), np.int64)
        lengths[there] = np.diff(begins)[at[there]]
        missing = np.flatnonzero(~there)
        if not len(missing) and len(known) == len(digests):
            return begins, numbers
        made = _worked_out(texts.at(missing), self._shingle_words, engine, work) if len(missing) else []
        for chunk, new_begins, _ in made:
            lengths[missing[chunk]] = np.diff(new_begins)
        new = np.concatenate([[0], np.cumsum(lengths)])
        held = np.empty(new[-1], np.uint64)
        held[_ranges(new[:-1][there], lengths[there])] = numbers[_ranges(begins[:-1][at[there]], lengths[there])]
        for chunk, _, values in made:
            held[_ranges(new[:-1][missing[chunk]], lengths[missing[chunk]])] = values
        self._save(digests, new, held)
        return new, held

    def _load(self) -> tuple[Numbers, Positions, Numbers]:
        try:
            with np.load(self._folder / "sketches.npz", allow_pickle=False) as saved:
                return saved["digests"], saved["begins"], saved["numbers"]
        except (OSError, ValueError, KeyError):
            return np.zeros(0, np.uint64), np.zeros(1, np.int64), np.zeros(0, np.uint64)

    def _save(self, digests: Numbers, begins: Positions, numbers: Numbers) -> None:
        with whole_file(self._folder / "sketches.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, digests=digests, begins=begins, numbers=numbers)


def contained_pairs(begins: Positions, numbers: Numbers, keepers: Positions, least: float) -> Numbers:
    """Pairs of keepers, packed, of which one may hold a share of at least ``least`` of the other's shingles."""
    lengths = np.diff(begins)[keepers]
    places = _ranges(begins[:-1][keepers], lengths)
    owners = np.repeat(keepers, lengths)
    values = numbers[places]
    share_of = values // np.uint64(_bound() // SHARES + 1)
    looked_up = np.zeros(len(begins) - 1, np.int64)
    found, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    for share in range(SHARES):
        here = share_of == share
        met, met_counts, ones = _sharing(values[here], owners[here])
        looked_up += np.bincount(ones, minlength=len(looked_up))
        found, place = np.unique(np.concatenate([found, met]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([counts, met_counts]), len(found)).astype(np.int64)
    one, other = unpacked(found)
    enough = counts >= SHARED * looked_up[one]
    pairs = np.unique(packed(one[enough], other[enough]))
    return pairs[_likely(pairs, begins, numbers, least)]


def _sharing(values: Numbers, owners: Positions) -> tuple[Numbers, npt.NDArray[np.int64], Positions]:
    """For the rarest values of each owner the others that have them: each (owner, other) as one number, and how often.

    Third, the owner of each value that was looked up.
    """
    order = np.argsort(values, kind="stable")
    values, owners = values[order], owners[order]
    first = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])[: len(values)])
    sizes = np.diff(np.append(first, len(values)))
    size_of, first_of = np.repeat(sizes, sizes), np.repeat(first, sizes)
    some = np.flatnonzero((size_of > 1) & (size_of <= MOST_SHARING))
    some = some[np.lexsort((size_of[some], owners[some]))]
    begins = np.concatenate([[True], owners[some][1:] != owners[some][:-1]])[: len(some)]
    place = np.arange(len(some)) - np.maximum.accumulate(np.where(begins, np.arange(len(some)), 0))
    some = some[place < LOOKED_UP]
    one = np.repeat(owners[some], size_of[some])
    other = owners[_ranges(first_of[some], size_of[some])]
    directed = (one[one != other].astype(np.uint64) << np.uint64(32)) | other[one != other].astype(np.uint64)
    met, counts = np.unique(directed, return_counts=True)
    return met, counts, owners[some]


def _likely(pairs: Numbers, begins: Positions, numbers: Numbers, least: float) -> npt.NDArray[np.bool_]:
    """Which pairs' sketches share enough of the smaller one."""
    likely = np.zeros(len(pairs), np.bool_)
    for place, pair in enumerate(pairs.tolist()):
        one, other = pair >> 32, pair & 0xFFFFFFFF
        a, b = numbers[begins[one] : begins[one + 1]], numbers[begins[other] : begins[other + 1]]
        shared = len(np.intersect1d(a, b, assume_unique=True))
        likely[place] = shared >= (least - _PREFILTER) * min(len(a), len(b))
    return likely


@dataclass(frozen=True, slots=True)
class _Task:
    texts: StoredTexts
    words: int
    begins: Path
    numbers: Path


def _worked_out(
    texts: StoredTexts, words: int, engine: Engine, work: Path
) -> list[tuple[Positions, Positions, Numbers]]:
    chunks = list(texts.chunks(_TEXTS_AT_ONCE))
    tasks = [
        _Task(texts.at(chunk), words, work / f"sketch-begins-{n:06d}.npy", work / f"sketches-{n:06d}.npy")
        for n, chunk in enumerate(chunks)
    ]
    run_all(engine, _sketch, tasks)
    return [(chunk, mapped(task.begins), mapped(task.numbers)) for chunk, task in zip(chunks, tasks, strict=True)]


def _sketch(task: _Task, report: Report) -> None:
    shingler = Shingler(task.words)
    sketches: list[Numbers] = [np.zeros(0, np.uint64)] * len(task.texts)
    for positions, batch in task.texts.every():
        for position, found in zip(positions, shingler.sets(batch), strict=True):
            mixed = _mixed(found)
            sketches[position] = np.sort(mixed[mixed < np.uint64(_bound())])
        report([len(batch)])
    save(task.begins, np.concatenate([[0], np.cumsum([len(one) for one in sketches])]).astype(np.int64))
    save(task.numbers, np.concatenate([np.zeros(0, np.uint64), *sketches]))


def _bound() -> int:
    return (1 << 64) // SAMPLED


def _mixed(numbers: Numbers) -> Numbers:
    """MurmurHash3's 64-bit finalizer, so that numbers are even over their range."""
    values = numbers.copy()
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def _ranges(starts: Positions, counts: Positions) -> Positions:
    """start, start + 1, … for each start, as many as its count, one after the other."""
    ends = np.cumsum(counts)
    places: Positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return places
