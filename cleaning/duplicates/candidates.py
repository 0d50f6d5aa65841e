"""Bands → pairs of texts that share one, band by band side by side.

Where many texts share a band (pages of one template) their pairs would be too many: such a crowd is handed on, and
``crowds`` compares its texts with those of them that are still keepers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.shingles import Numbers
from cleaning.engines.engine import Engine, Report, run_all
from cleaning.engines.scratch import mapped, save
from cleaning.stored_texts import Positions

LARGEST_BUCKET = 64
"""Texts that share a band and are compared each with each; more are a crowd."""
KEYS_AT_ONCE = 4_000_000
"""Band keys of a task at least."""


@dataclass(frozen=True, slots=True)
class _Task:
    index: Path
    bands: int
    some: range
    """The bands of this task, of all ``bands``."""
    digests: Path
    target: Path
    """Pairs, packed, ascending."""
    crowds: Path
    """Texts of the crowds in a row, each crowd after its size."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What may be alike."""

    pairs: Numbers
    """Packed, ascending."""
    crowds: list[Positions]
    """Texts that share a band in larger numbers, each set once, its positions ascending."""


def candidates(index: BandIndex, digests: Numbers, engine: Engine, work: Path) -> Candidates:
    """Pairs of positions that share a band, each once, and the crowds."""
    together = max(1, KEYS_AT_ONCE // max(1, len(digests)))
    saved = save(work / "digests.npy", digests)
    tasks = [
        _Task(
            index.folder,
            index.bands,
            range(start, min(start + together, index.bands)),
            saved,
            target=work / f"pairs-{start:04d}.npy",
            crowds=work / f"crowds-{start:04d}.npy",
        )
        for start in range(0, index.bands, together)
    ]
    run_all(engine, _pair, tasks)
    pairs = np.zeros(0, np.uint64)
    crowds: dict[bytes, Positions] = {}
    for task in tasks:
        pairs = np.union1d(pairs, mapped(task.target))
        crowds |= {crowd.tobytes(): crowd for crowd in _listed(mapped(task.crowds))}
    return Candidates(pairs, [crowds[key] for key in sorted(crowds)])


def _pair(task: _Task, report: Report) -> None:
    digests = mapped(task.digests)
    pairs, crowds = np.zeros(0, np.uint64), [np.zeros(0, np.int64)]
    for positions, begins in BandIndex(task.index, task.bands).buckets(digests, task.some):
        if not len(begins):
            continue
        sizes = np.diff(np.append(begins, len(positions)))
        for size in np.unique(sizes):
            runs = positions[begins[sizes == size][:, None] + np.arange(size)]
            if size > LARGEST_BUCKET:
                crowds += [part for run in runs for part in (np.array([size], np.int64), run)]
                continue
            one, other = np.triu_indices(size, 1)
            pairs = np.union1d(pairs, packed(runs[:, one].ravel(), runs[:, other].ravel()))
    save(task.target, pairs)
    save(task.crowds, np.concatenate(crowds))
    report([len(task.some)])


def _listed(row: Positions) -> Iterator[Positions]:
    at = 0
    while at < len(row):
        size = int(row[at])
        yield np.asarray(row[at + 1 : at + 1 + size])
        at += 1 + size


def unpacked(pairs: Numbers) -> tuple[Positions, Positions]:
    """The two positions of each pair."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def packed(one: Positions, other: Positions) -> Numbers:
    """A number for each unordered pair of positions."""
    low, high = np.minimum(one, other).astype(np.uint64), np.maximum(one, other).astype(np.uint64)
    return (low << np.uint64(32)) | high
