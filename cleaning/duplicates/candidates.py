"""Bands → pairs of texts that share one, band by band side by side."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.shingles import Numbers
from cleaning.engines.engine import Engine, Report, run_all
from cleaning.engines.scratch import mapped, save
from cleaning.stored_texts import Positions

LARGEST_BUCKET = 64
"""Texts that share a band and are compared each with each; of more, each is compared with the first PIVOTS."""
PIVOTS = 16
KEYS_AT_ONCE = 4_000_000
"""Band keys of a task at least."""


@dataclass(frozen=True, slots=True)
class _Task:
    index: Path
    bands: int
    some: range
    """The bands of this task, of all ``bands``."""
    digests: Path
    rank: Path
    target: Path
    """Pairs, packed, ascending."""


def candidates(
    index: BandIndex, digests: Numbers, rank: Positions, engine: Engine, work: Path
) -> tuple[Positions, Positions]:
    """Pairs of positions that share a band, each once."""
    together = max(1, KEYS_AT_ONCE // max(1, len(digests)))
    saved = save(work / "digests.npy", digests), save(work / "rank.npy", rank)
    tasks = [
        _Task(
            index.folder,
            index.bands,
            range(start, min(start + together, index.bands)),
            *saved,
            target=work / f"pairs-{start:04d}.npy",
        )
        for start in range(0, index.bands, together)
    ]
    run_all(engine, _pair, tasks)
    pairs = np.zeros(0, np.uint64)
    for task in tasks:
        pairs = np.union1d(pairs, mapped(task.target))
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _pair(task: _Task, report: Report) -> None:
    digests, rank = mapped(task.digests), mapped(task.rank)
    pairs = np.zeros(0, np.uint64)
    for positions, begins in BandIndex(task.index, task.bands).buckets(digests, task.some):
        if len(begins):
            pairs = np.union1d(pairs, _pairs(positions, begins, rank))
    save(task.target, pairs)
    report([len(task.some)])


def _pairs(positions: Positions, begins: Positions, rank: Positions) -> Numbers:
    sizes = np.diff(np.append(begins, len(positions)))
    found = []
    for size in np.unique(sizes):
        runs = positions[begins[sizes == size][:, None] + np.arange(size)]
        if size <= LARGEST_BUCKET:
            one, other = np.triu_indices(size, 1)
            found.append(_packed(runs[:, one].ravel(), runs[:, other].ravel()))
            continue
        for run in runs:
            ranked = run[np.argsort(rank[run])]
            one, other = np.meshgrid(ranked[:PIVOTS], ranked)
            found.append(_packed(one[one != other], other[one != other]))
    return np.unique(np.concatenate(found))


def _packed(one: Positions, other: Positions) -> Numbers:
    low, high = np.minimum(one, other).astype(np.uint64), np.maximum(one, other).astype(np.uint64)
    return (low << np.uint64(32)) | high
