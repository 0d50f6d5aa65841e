"""Sketches of texts: one shingle in eight of each, kept on disk by the text's digest.

The shingles whose mixed number is below a bound are in the sketch (FracMinHash: Hera, Pierce-Ward, Koslicki 2023), so
that a text which lies in another has its sketch there too. A sketch follows from its text alone.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.digest_segments import DigestSegments
from cleaning.duplicates.shingles import Numbers, Shingler
from cleaning.duplicates.signing import at_once
from cleaning.stored_texts import LaidOut, Positions, StoredTexts
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, save

SAMPLED = 8
"""One shingle in so many is in the sketch."""
BOUND = (1 << 64) // SAMPLED
"""Mixed numbers of a sketch are below it."""
TEXTS_AT_ONCE = 20_000
"""Texts of a task at least."""
SEGMENT_TEXTS = 250_000
"""Texts whose sketches become a segment together: about 30 MB for texts of 100 words."""


class Sketches(DigestSegments):
    """Segments of sketches: ``begins`` (one more than texts) says where each begins in ``numbers``, ascending in it."""

    arrays = ("begins", "numbers")

    def add_missing(self, digests: Numbers, texts: StoredTexts, words: int, engine: Engine, work: Path) -> None:
        """Work out those of the ascending ``digests`` that are not held, from shingles of so many words."""
        missing = np.searchsorted(digests, self.missing(digests))
        if not len(missing):
            return
        for some in at_once(texts.at(missing).lay_out(work / "to-sketch.arrow", TEXTS_AT_ONCE), SEGMENT_TEXTS):
            tasks = [
                _Task(task, words, work / f"begins-{task.start:09d}.npy", work / f"numbers-{task.start:09d}.npy")
                for task in some
            ]
            run_all(engine, _sketch, tasks)
            positions = np.concatenate([task.positions for task in some])
            lengths = np.concatenate([np.diff(mapped(task.begins)) for task in tasks])
            numbers = np.concatenate([mapped(task.numbers) for task in tasks])
            self._add(digests[missing[positions]], lengths, numbers)
            for task in tasks:
                task.begins.unlink()
                task.numbers.unlink()
        self._merge(digests)

    def _add(self, digests: Numbers, lengths: Positions, numbers: Numbers, instead_of: tuple[str, ...] = ()) -> None:
        order = np.argsort(digests)
        starts = np.cumsum(lengths) - lengths
        held = numbers[ranges(starts[order], lengths[order])]
        begins = np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.int64)
        self.write({"digests": digests[order], "begins": begins, "numbers": held}, instead_of)

    def _merge(self, living: Numbers) -> None:
        names = self.to_merge(living)
        if not names:
            return
        digests, lengths, numbers = [], [], []
        for name in names:
            here = self.live_mask(name, living)
            begins = np.asarray(self.array(name, "begins"))
            digests.append(np.asarray(self.array(name, "digests"))[here])
            lengths.append(np.diff(begins)[here])
            numbers.append(self.array(name, "numbers")[ranges(begins[:-1][here], lengths[-1])])
        self._add(np.concatenate(digests), np.concatenate(lengths), np.concatenate(numbers), tuple(names))


@dataclass(frozen=True, slots=True)
class _Task:
    texts: LaidOut
    words: int
    begins: Path
    numbers: Path


def _sketch(task: _Task, report: Report) -> None:
    shingler = Shingler(task.words)
    sketches: list[Numbers] = [np.zeros(0, np.uint64)] * len(task.texts)
    for places, batch in task.texts.every():
        for place, found in zip(places, shingler.sets(batch), strict=True):
            mixed = _mixed(found)
            sketches[place] = np.sort(mixed[mixed < np.uint64(BOUND)])
        report([len(batch)])
    save(task.begins, np.concatenate([[0], np.cumsum([len(one) for one in sketches])]).astype(np.int64))
    save(task.numbers, np.concatenate([np.zeros(0, np.uint64), *sketches]))


def _mixed(numbers: Numbers) -> Numbers:
    """MurmurHash3's 64-bit finalizer, so that numbers are even over their range."""
    values = numbers.copy()
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


def ranges(starts: Positions, counts: Positions) -> Positions:
    """start, start + 1, … for each start, as many as its count, one after the other."""
    ends = np.cumsum(counts)
    places: Positions = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return places
