"""Bands → pairs of texts that share one, band by band side by side.

Where many texts share a band (pages of one template) their pairs would be too many: such a crowd is handed on, and
``crowds`` compares its texts with those of them that are still keepers.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.shingles import Numbers
from cleaning.stored_texts import Positions
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import Saved, mapped, save

LARGEST_BUCKET = 64
"""Texts that share a band and are compared each with each; more are a crowd."""
KEYS_AT_ONCE = 4_000_000
"""Band keys of a task at most, about: bands, or ranges of the keys of one band."""
PAIRS_AT_ONCE = 4_000_000
"""Pairs that are merged in memory at a time."""


@dataclass(frozen=True, slots=True)
class _Task:
    index: Path
    bands: int
    some: range
    """The bands of this task, of all ``bands``."""
    keys: tuple[int, int]
    """The range of their keys."""
    places: dict[str, Path]
    """For each segment of the index where its texts stand among the living."""
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
    places = {name: save(work / f"places-{name}.npy", at) for name, at in index.places(digests)}
    tasks = [
        _Task(
            index.folder,
            index.bands,
            some,
            keys,
            places,
            target=work / f"pairs-{number:06d}.npy",
            crowds=work / f"crowds-{number:06d}.npy",
        )
        for number, (some, keys) in enumerate(_ranges(index.bands, len(digests)))
    ]
    run_all(engine, _pair, tasks)
    crowds: dict[bytes, Positions] = {}
    for task in tasks:
        crowds |= {crowd.tobytes(): crowd for crowd in _listed(mapped(task.crowds))}
    pairs = merged([Saved(task.target) for task in tasks])
    for path in [*places.values(), *(task.target for task in tasks), *(task.crowds for task in tasks)]:
        path.unlink()
    return Candidates(pairs, [crowds[key] for key in sorted(crowds)])


def merged(files: Sequence[Numbers | Saved]) -> Numbers:
    """The distinct numbers of ascending files, ascending: some of their range at a time."""
    parts = (
        np.unique(np.concatenate([file[some] for file, some in zip(files, slices, strict=True)]))
        for slices in slices_of(files, PAIRS_AT_ONCE)
    )
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def slices_of(files: Sequence[Numbers | Saved], at_once: int) -> Iterator[list[slice]]:
    """Ascending files cut at the same numbers, so that about so many stand between two cuts."""
    total = sum(map(len, files))
    if not total:
        return
    sample = np.sort(np.concatenate([file[:: max(1, total // 10_000)] for file in files]))
    cuts = np.unique(sample[np.linspace(0, len(sample), -(-total // at_once) + 1).astype(np.int64)[1:-1]])
    places = [[0, *_places_of(cuts, file), len(file)] for file in files]
    for number in range(len(cuts) + 1):
        yield [slice(at[number], at[number + 1]) for at in places]


def _places_of(cuts: Numbers, file: Numbers | Saved) -> list[int]:
    places: list[int] = np.searchsorted(file.whole() if isinstance(file, Saved) else file, cuts).tolist()
    return places


def _ranges(bands: int, texts: int) -> Iterator[tuple[range, tuple[int, int]]]:
    """Bands and ranges of keys of about so many keys together."""
    together = max(1, KEYS_AT_ONCE // max(1, texts))
    cuts = max(1, -(-texts // KEYS_AT_ONCE))
    bounds = [(1 << 64) * number // cuts for number in range(cuts + 1)]
    for start in range(0, bands, together):
        for keys in itertools.pairwise(bounds):
            yield range(start, min(start + together, bands)), keys


def _pair(task: _Task, report: Report) -> None:
    places = {name: mapped(path) for name, path in task.places.items()}
    found, crowds = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for positions, begins in BandIndex(task.index, task.bands).buckets_of(places, task.some, task.keys):
        if not len(begins):
            continue
        sizes = np.diff(np.append(begins, len(positions)))
        for size in np.unique(sizes):
            runs = positions[begins[sizes == size][:, None] + np.arange(size)]
            if size > LARGEST_BUCKET:
                crowds += [part for run in runs for part in (np.array([size], np.int64), run)]
                continue
            one, other = np.triu_indices(size, 1)
            found.append(packed(runs[:, one].ravel(), runs[:, other].ravel()))
    save(task.target, np.unique(np.concatenate(found)))
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
