"""The band index: for every text ever met its MinHash bands, in sorted arrays on disk.

A segment of n texts (``digest_segments``) is three arrays: ``digests`` (n, ascending), ``keys`` (bands × n, each band
ascending) and ``rows`` (bands × n, the text of each key): 8 + 12 × bands bytes a text, 392 at 32 bands.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.digest_segments import MOST_SEGMENTS, DigestSegments, positions_of
from cleaning.duplicates.shingles import Numbers

__all__ = ["MOST_SEGMENTS", "BandIndex"]

Rows = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
EVERY_KEY = (0, 1 << 64)


class BandIndex(DigestSegments):
    """Segments of sorted bands, addressed by the digest of a text."""

    arrays = ("keys", "rows")

    def __init__(self, folder: Path, bands: int) -> None:
        super().__init__(folder)
        self.bands = bands

    def add(self, digests: Numbers, keys: Numbers, living: Numbers) -> None:
        """Add texts: their digests and their band keys (bands × texts); ``living`` are all that count from now on."""
        order = np.argsort(digests)
        self._write(digests[order], keys[:, order])
        merged = self.to_merge(living)
        if merged:
            self._merge(merged, living)

    def places(self, digests: Numbers) -> Iterator[tuple[str, Places]]:
        """For each segment where its texts stand in the ascending ``digests``; −1 for those that do not."""
        for name in self.names:
            positions, known = positions_of(digests, self.array(name, "digests"))
            yield name, np.where(known, positions, -1)

    def buckets(
        self, digests: Numbers, bands: Sequence[int], keys: tuple[int, int] = EVERY_KEY
    ) -> Iterator[tuple[Places, Places]]:
        """As ``buckets_of``, of texts by their positions in the ascending ``digests``."""
        return self.buckets_of(dict(self.places(digests)), bands, keys)

    def buckets_of(
        self, places: dict[str, Places], bands: Sequence[int], keys: tuple[int, int]
    ) -> Iterator[tuple[Places, Places]]:
        """For each of ``bands`` the texts that share a key of a range: positions, and where runs begin.

        ``places`` are those of the segments. Only runs of two and more; within a run, positions ascend.
        """
        for band in bands:
            yield _runs([self._range(name, band, at, keys) for name, at in places.items()])

    def band(self, digests: Numbers, band: int) -> tuple[Numbers, Places]:
        """The keys of one band, ascending, and the positions of their texts in the ascending ``digests``."""
        parts = [self._range(name, band, at, EVERY_KEY) for name, at in self.places(digests)]
        if not parts:
            return np.zeros(0, np.uint64), np.zeros(0, np.int64)
        found, places = (np.concatenate([part[column] for part in parts]) for column in range(2))
        # Equal keys become adjacent; among them positions ascend, so that the order of segments never shows.
        order = np.lexsort((places, found))
        return found[order], places[order]

    def _range(self, name: str, band: int, at: Places, keys: tuple[int, int]) -> tuple[Numbers, Places]:
        """The keys of one segment's band in a range and the positions of their texts, the dead left out."""
        held = self.array(name, "keys")[band]
        low = 0 if keys[0] <= 0 else int(np.searchsorted(held, np.uint64(keys[0])))
        high = len(held) if keys[1] >= 1 << 64 else int(np.searchsorted(held, np.uint64(keys[1])))
        positions = at[self.array(name, "rows")[band, low:high]]
        lives = positions >= 0
        return held[low:high][lives], positions[lives]

    def _write(self, digests: Numbers, keys: Numbers, instead_of: Sequence[str] = ()) -> None:
        """Sorts ``keys`` where they are."""
        rows = np.empty(keys.shape, np.uint32)
        for band, order in zip(keys, rows, strict=True):
            order[:] = np.argsort(band, kind="stable")
            band[:] = band[order]
        self.write({"digests": digests, "keys": keys, "rows": rows}, instead_of)

    def _merge(self, names: Sequence[str], living: Numbers) -> None:
        digests, keys = [], []
        for name in names:
            here = self.live_mask(name, living)
            digests.append(np.asarray(self.array(name, "digests"))[here])
            keys.append(_unsorted(self.array(name, "keys"), self.array(name, "rows"))[:, here])
        merged = np.concatenate(digests)
        order = np.argsort(merged)
        self._write(merged[order], np.concatenate(keys, axis=1)[:, order], names)


def _runs(parts: Sequence[tuple[Numbers, Places]]) -> tuple[Places, Places]:
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
    # Equal keys become adjacent groups with ascending positions: the pairs never depend on how segments were read.
    order = np.lexsort((positions, keys))
    keys, positions = keys[order], positions[order]
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    return positions, begins


def _unsorted(keys: Numbers, rows: Rows) -> Numbers:
    """Band keys in the order of the texts."""
    plain = np.empty(keys.shape, np.uint64)
    np.put_along_axis(plain, np.asarray(rows, np.int64), keys, axis=1)
    return plain
