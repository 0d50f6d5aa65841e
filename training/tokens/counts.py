"""How often tokens, and pairs of neighbours, occur in a packed stream: exact integers, merged from any parts.

    <tokens>/train.single.npy         (V,) uint64: occurrences of each id
             train.pairs.keys.npy     (P,) uint32, rising: left × V + right of each pair that occurs
             train.pairs.counts.npy   (P,) uint32: its occurrences

A document's first token follows [SEP], as it does in the stream, so that counts of parts add up to those of the whole
whatever the parts are. V vocabulary, P distinct pairs, T tokens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.files import atomic_file

FILES = {"single": "{}.single.npy", "keys": "{}.pairs.keys.npy", "counts": "{}.pairs.counts.npy"}
BLOCK = 1 << 24
"""Keys that are added up at once: 128 MB of sums, whatever the vocabulary."""
CHUNK = 1 << 23
"""Tokens of a stream that are counted at once."""
MOST_HELD = 1 << 26
"""Pairs of chunks that wait to be added up: 512 MB beside those of the whole."""
MOST = int(np.iinfo(np.uint32).max)


@dataclass(frozen=True, slots=True)
class Counts:
    """Occurrences in a stream or a part of one; the arrays may be memory maps."""

    single_V: NDArray[np.uint64]
    keys_P: NDArray[np.uint32]
    counts_P: NDArray[np.uint32]

    @property
    def vocabulary(self) -> int:
        """Entries of the tokenizer."""
        return len(self.single_V)

    def row(self, left: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The ids that follow ``left``, and how often."""
        low, high = np.searchsorted(self.keys_P, [left * self.vocabulary, (left + 1) * self.vocabulary])
        return self.keys_P[low:high].astype(np.int64) % self.vocabulary, self.counts_P[low:high].astype(np.float64)


def count(ids_T: NDArray[np.uint16], vocabulary: int, *, before: int) -> Counts:
    """Count one stretch of a stream; ``before`` is the id in front of it ([SEP] at a stream's beginning).

    >>> counted = count(np.array([2, 1, 3], np.uint16), 4, before=3)
    >>> counted.keys_P.tolist(), counted.counts_P.tolist()
    ([7, 9, 14], [1, 1, 1])
    """
    single_V = np.bincount(ids_T, minlength=vocabulary).astype(np.uint64)
    left_T = np.concatenate([np.array([before], np.uint32), ids_T[:-1].astype(np.uint32)])
    keys_T = left_T[: len(ids_T)] * np.uint32(vocabulary) + ids_T
    keys_P, counts_P = np.unique(keys_T, return_counts=True)
    return Counts(single_V, keys_P, counts_P.astype(np.uint32))


def count_stream(tokens_T: NDArray[np.uint16], vocabulary: int, sep: int) -> Counts:
    """Count a whole stream, some tokens at a time; the same as merging the counts of its parts."""
    parts = [Counts(np.zeros(vocabulary, np.uint64), np.empty(0, np.uint32), np.empty(0, np.uint32))]
    for at in range(0, len(tokens_T), CHUNK):
        before = int(tokens_T[at - 1]) if at else sep
        parts.append(count(np.asarray(tokens_T[at : at + CHUNK]), vocabulary, before=before))
        if sum(len(part.keys_P) for part in parts[1:]) > MOST_HELD:
            parts = [_added(parts, vocabulary)]
    return _added(parts, vocabulary)


def _added(parts: Sequence[Counts], vocabulary: int) -> Counts:
    """The sum of parts, in memory."""
    blocks = list(_merged(parts, vocabulary))
    return Counts(
        _single(parts, vocabulary),
        np.concatenate([np.empty(0, np.uint32), *(keys for keys, _ in blocks)]),
        np.concatenate([np.empty(0, np.uint32), *(counts for _, counts in blocks)]),
    )


def write_counts(folder: Path, name: str, counted: Counts) -> None:
    """Write a stretch's counts; the keys come last, so that a part that has them is whole."""
    for kind, array in (("single", counted.single_V), ("counts", counted.counts_P), ("keys", counted.keys_P)):
        with atomic_file(folder / FILES[kind].format(name)) as path, path.open("wb") as file:
            np.save(file, array)


def read_counts(folder: Path, name: str) -> Counts | None:
    """Map counts into memory; None where there are none."""
    paths = {kind: folder / file.format(name) for kind, file in FILES.items()}
    if not all(path.is_file() for path in paths.values()):
        return None
    # Mapped where large: all processes of a run share the kernel's copy instead of holding gigabytes each.
    single_V, keys_P, counts_P = (
        np.load(paths[kind], mmap_mode="r" if paths[kind].stat().st_size > CHUNK else None, allow_pickle=False)
        for kind in FILES
    )
    return Counts(single_V, keys_P, counts_P)


def merge_counts(folder: Path, name: str, parts: Sequence[Counts], vocabulary: int) -> None:
    """Write the sum of parts. It is made block by block: memory depends neither on the parts nor on the pairs."""
    total = 0
    raw = {kind: folder / f".{name}.{kind}.raw" for kind in ("keys", "counts")}
    with raw["keys"].open("wb") as keys, raw["counts"].open("wb") as counts:
        for keys_P, counts_P in _merged(parts, vocabulary):
            keys.write(keys_P.tobytes())
            counts.write(counts_P.tobytes())
            total += len(keys_P)
    arrays = {kind: np.memmap(path, np.uint32, "r") if total else np.empty(0, np.uint32) for kind, path in raw.items()}
    write_counts(folder, name, Counts(_single(parts, vocabulary), arrays["keys"], arrays["counts"]))
    for path in raw.values():
        path.unlink()


def _single(parts: Sequence[Counts], vocabulary: int) -> NDArray[np.uint64]:
    return sum((part.single_V for part in parts), np.zeros(vocabulary, np.uint64))


def _merged(parts: Sequence[Counts], vocabulary: int) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32]]]:
    """The pairs of all parts and their sums, in rising order of their keys."""
    for start in range(0, vocabulary * vocabulary, BLOCK):
        sums = np.zeros(min(BLOCK, vocabulary * vocabulary - start), np.uint64)
        for part in parts:
            low, high = np.searchsorted(part.keys_P, np.array([start, min(start + BLOCK, MOST)], np.uint32))
            high = len(part.keys_P) if start + BLOCK > MOST else high
            sums[part.keys_P[low:high] - np.uint32(start)] += part.counts_P[low:high]
        found = np.flatnonzero(sums)
        yield (found + start).astype(np.uint32), sums[found].clip(max=MOST).astype(np.uint32)
