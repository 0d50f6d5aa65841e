"""Arrays on disk about every text ever met, by its digest: segments that are written once.

A folder holds segments; ``index.json`` names those that count, so a crash leaves at most a folder that nobody names. A
segment has ``digests`` (ascending) and other arrays, read by memory-mapping. Texts that no longer live are skipped
(tombstones) until their segment is merged with others.

A memory of what is costly to work out, keyed by the text alone: with it or without it, what is found is the same.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.shingles import Numbers
from data.errors import CoweseError
from data.files import read_json, sync_file, sync_folder, write_json

MOST_SEGMENTS = 8
"""Small segments before they are merged into one."""
FULL_SEGMENT = 250_000
"""A segment of so many texts is not merged while half of them live."""
MERGED_AT_ONCE = 750_000
"""Texts of the segments that are merged in one go at most, so that they fit memory."""
_INDEX = "index.json"


class DigestSegments:
    """Segments of arrays, addressed by the digest of a text."""

    arrays: tuple[str, ...] = ()
    """Beside ``digests``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = self._listed()

    def __len__(self) -> int:
        return sum(len(self.array(name, "digests")) for name in self.names)

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(path.stat().st_size for name in self.names for path in (self.folder / name).iterdir())

    def array(self, segment: str, name: str) -> npt.NDArray[Any]:
        """One array of a segment, memory-mapped: a search touches a few pages of an index larger than the memory."""
        return np.load(self.folder / segment / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    def missing(self, digests: Numbers) -> Numbers:
        """Those of the ascending ``digests`` that are not held."""
        known = np.zeros(len(digests), np.bool_)
        for name in self.names:
            known |= positions_of(self.array(name, "digests"), digests)[1]
        return digests[~known]

    def write(self, arrays: Mapping[str, npt.NDArray[Any]], instead_of: Sequence[str] = ()) -> None:
        """Write one segment and list it, in the place of others."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        folder = self.folder / f"{max(map(int, self.names), default=-1) + 1:06d}"
        folder.mkdir()
        for array, values in arrays.items():
            np.save(folder / f"{array}.npy", values)
            sync_file(folder / f"{array}.npy")
        sync_folder(folder)
        self.names = [*(name for name in self.names if name not in instead_of), folder.name]
        write_json(self.folder / _INDEX, self.names)
        self._sweep()

    def to_merge(self, living: Numbers) -> list[str]:
        """Segments to be merged into one: the smallest, and those of which less than half lives; none while few are."""
        sizes = {name: len(self.array(name, "digests")) for name in self.names}
        small = [name for name in self.names if sizes[name] < FULL_SEGMENT]
        if len(small) <= MOST_SEGMENTS:
            return []
        dead = [
            name
            for name in self.names
            if name not in small and 2 * int(self.live_mask(name, living).sum()) < sizes[name]
        ]
        chosen: list[str] = []
        for name in [*sorted(small, key=lambda name: (sizes[name], name)), *dead]:
            if len(chosen) < 2 or sum(sizes[one] for one in chosen) + sizes[name] <= MERGED_AT_ONCE:  # noqa: PLR2004
                chosen.append(name)
        return chosen

    def live_mask(self, segment: str, living: Numbers) -> npt.NDArray[np.bool_]:
        """Which texts of a segment are among the ascending ``living``."""
        return positions_of(living, np.asarray(self.array(segment, "digests")))[1]

    def _listed(self) -> list[str]:
        try:
            names = [str(name) for name in read_json(self.folder / _INDEX)]
        except CoweseError:
            names = []
        every = ("digests", *self.arrays)
        if all((self.folder / name / f"{array}.npy").is_file() for name in names for array in every):
            return names
        return []

    def _sweep(self) -> None:
        """Remove what a crash or a merge left; a folder that is no segment belongs to another memory."""
        for left in self.folder.iterdir():
            if left.is_dir() and left.name.isdecimal() and left.name not in self.names:
                shutil.rmtree(left)


def positions_of(ascending: Numbers, wanted: Numbers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each of ``wanted`` stands in ``ascending``, and whether it does at all."""
    if not len(ascending):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    positions = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return positions, ascending[positions] == wanted
