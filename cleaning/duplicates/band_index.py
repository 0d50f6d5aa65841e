"""The band index: for every text ever met its MinHash bands, in sorted arrays on disk.

A folder holds segments, each written once; ``index.json`` names those that count, so a crash leaves at most a
folder that nobody names. A segment of n texts is three arrays that are read by memory-mapping: ``digests``
(n, ascending), ``keys`` (bands × n, each band ascending) and ``rows`` (bands × n, the text of each key):
8 + 12 × bands bytes a text, 392 at 32 bands. Texts that no longer live are passed over (tombstones) until
segments are merged, when they are left out.

The index is a memory of what is costly to work out, keyed by the text alone: with it or without it, the pairs are
the same.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.shingles import Numbers
from data.errors import CoweseError
from data.files import read_json, sync_file, sync_folder, write_json

Rows = npt.NDArray[np.uint32]

MOST_SEGMENTS = 8
"""Segments before they are merged into one."""

_INDEX = "index.json"
_ARRAYS = ("digests", "keys", "rows")


class BandIndex:
    """Segments of sorted bands, addressed by the digest of a text."""

    def __init__(self, folder: Path, bands: int) -> None:
        self.folder = folder
        self.bands = bands
        self._names = self._listed()

    def __len__(self) -> int:
        return sum(len(self._array(name, "digests")) for name in self._names)

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(path.stat().st_size for name in self._names for path in (self.folder / name).iterdir())

    def missing(self, digests: Numbers) -> Numbers:
        """Those of the ascending ``digests`` that the index does not hold."""
        known = np.zeros(len(digests), np.bool_)
        for name in self._names:
            known |= _positions(self._array(name, "digests"), digests)[1]
        return digests[~known]

    def add(self, digests: Numbers, keys: Numbers, living: Numbers) -> None:
        """Add texts: their digests and their band keys (bands × texts); ``living`` are all that count from now on."""
        order = np.argsort(digests)
        self._write(digests[order], keys[:, order])
        if len(self._names) > MOST_SEGMENTS:
            self._merge(living)

    def buckets(
        self, digests: Numbers, bands: Sequence[int]
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """For each of ``bands`` the texts that share a key: positions in the ascending ``digests``; where runs begin.

        Only runs of two and more; within a run, positions ascend.
        """
        segments = []
        for name in self._names:
            positions, known = _positions(digests, self._array(name, "digests"))
            segments.append((self._array(name, "keys"), self._array(name, "rows"), positions, known))
        for band in bands:
            yield _runs([_living_band(keys[band], rows[band], at, known) for keys, rows, at, known in segments])

    def band(self, digests: Numbers, band: int) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """The keys of one band, ascending, and the positions of their texts in the ascending ``digests``."""
        parts = []
        for name in self._names:
            positions, known = _positions(digests, self._array(name, "digests"))
            keys, rows = self._array(name, "keys")[band], self._array(name, "rows")[band]
            parts.append(_living_band(keys, rows, positions, known))
        if not parts:
            return np.zeros(0, np.uint64), np.zeros(0, np.int64)
        found, places = (np.concatenate([part[column] for part in parts]) for column in range(2))
        order = np.lexsort((places, found))
        return found[order], places[order]

    def _listed(self) -> list[str]:
        try:
            names = [str(name) for name in read_json(self.folder / _INDEX)]
        except CoweseError:
            names = []
        if all((self.folder / name / f"{array}.npy").is_file() for name in names for array in _ARRAYS):
            return names
        return []

    def _array(self, name: str, array: str) -> npt.NDArray[Any]:
        return np.load(self.folder / name / f"{array}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def _write(self, digests: Numbers, keys: Numbers, *, instead: bool = False) -> None:
        """Write one segment and list it: after the others, or instead of them. Sorts ``keys`` where they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        number = int(self._names[-1]) + 1 if self._names else 0
        folder = self.folder / f"{number:06d}"
        folder.mkdir()
        rows = np.empty(keys.shape, np.uint32)
        for band, order in zip(keys, rows, strict=True):
            order[:] = np.argsort(band, kind="stable")
            band[:] = band[order]
        arrays: dict[str, npt.NDArray[Any]] = {"digests": digests, "keys": keys, "rows": rows}
        for array, values in arrays.items():
            np.save(folder / f"{array}.npy", values)
            sync_file(folder / f"{array}.npy")
        sync_folder(folder)
        self._names = [*([] if instead else self._names), folder.name]
        write_json(self.folder / _INDEX, self._names)
        self._sweep()

    def _sweep(self) -> None:
        """Remove what a crash or a merge left."""
        for left in self.folder.iterdir():
            if left.is_dir() and left.name not in self._names:
                shutil.rmtree(left)

    def _merge(self, living: Numbers) -> None:
        digests, keys = [], []
        for name in self._names:
            held = np.asarray(self._array(name, "digests"))
            here = _positions(living, held)[1]
            digests.append(held[here])
            keys.append(_unsorted(self._array(name, "keys"), self._array(name, "rows"))[:, here])
        merged = np.concatenate(digests)
        order = np.argsort(merged)
        self._write(merged[order], np.concatenate(keys, axis=1)[:, order], instead=True)


def _positions(ascending: Numbers, wanted: Numbers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each of ``wanted`` stands in ``ascending``, and whether it does at all."""
    if not len(ascending):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    positions = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return positions, ascending[positions] == wanted


def _living_band(
    keys: Numbers, rows: Rows, at: npt.NDArray[np.int64], living: npt.NDArray[np.bool_]
) -> tuple[Numbers, npt.NDArray[np.int64]]:
    """The keys of one segment's band and the positions of their texts, the dead left out."""
    lives = living[rows]
    return keys[lives], at[rows[lives]]


def _runs(
    parts: Sequence[tuple[Numbers, npt.NDArray[np.int64]]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    keys = np.concatenate([part[0] for part in parts])
    positions = np.concatenate([part[1] for part in parts])
    if len(parts) > 1:
        order = np.argsort(keys, kind="stable")
        keys, positions = keys[order], positions[order]
    same = keys[1:] == keys[:-1]
    shared = np.zeros(len(keys), np.bool_)
    shared[1:] |= same
    shared[:-1] |= same
    keys, positions = keys[shared], positions[shared]
    order = np.lexsort((positions, keys))
    keys, positions = keys[order], positions[order]
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    return positions, begins


def _unsorted(keys: Numbers, rows: Rows) -> Numbers:
    """Band keys in the order of the texts."""
    plain = np.empty(keys.shape, np.uint64)
    np.put_along_axis(plain, np.asarray(rows, np.int64), keys, axis=1)
    return plain
