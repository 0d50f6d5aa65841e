"""Verified pairs: how alike two texts are, worked out once and remembered.

A memory keyed by the two texts alone: with it or without it, the figures are the same.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.shingles import Numbers, Shingler, jaccard
from data.files import whole_file

Positions = npt.NDArray[np.int64]
Texts = Callable[[Positions], Iterator[tuple[Positions, Sequence[str]]]]
"""Gives the texts at ascending positions, in batches and in any order."""

_PAIR = np.dtype([("pair", np.uint64), ("jaccard", np.float64)])


class VerifiedPairs:
    """The file ``pairs.npy``: a number for each unordered pair of text digests, and their Jaccard."""

    def __init__(self, folder: Path, shingle_words: int) -> None:
        self.path = folder / "pairs.npy"
        self._shingler = Shingler(shingle_words)

    def of(self, digests: Numbers, first: Positions, second: Positions, texts: Texts) -> npt.NDArray[np.float64]:
        """The Jaccard of each pair of positions; only those not remembered are worked out. Forgets all others."""
        pairs = _pair_numbers(digests[first], digests[second])
        remembered = self._load()
        figures = np.full(len(pairs), np.nan)
        if len(remembered):
            at = np.minimum(np.searchsorted(remembered["pair"], pairs), len(remembered) - 1)
            known = remembered["pair"][at] == pairs
            figures[known] = remembered["jaccard"][at[known]]
        new = np.flatnonzero(np.isnan(figures))
        if len(new):
            figures[new] = self._verify(first[new], second[new], texts)
        if len(new) or len(remembered) != len(pairs):
            self._save(pairs, figures)
        return figures

    def _verify(self, first: Positions, second: Positions, texts: Texts) -> npt.NDArray[np.float64]:
        """Lay the shingle sets of all texts concerned in a nameless file, then compare pair by pair."""
        wanted = np.union1d(first, second)
        begins = np.zeros(len(wanted), np.int64)
        lengths = np.zeros(len(wanted), np.int64)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.path.parent) as file:
            written = 0
            for positions, batch in texts(wanted):
                slots = np.searchsorted(wanted, positions)
                for slot, numbers in zip(slots, self._shingler.sets(batch), strict=True):
                    begins[slot], lengths[slot] = written, len(numbers)
                    file.write(numbers.tobytes())
                    written += len(numbers)
            file.flush()
            numbers = np.memmap(file, np.uint64, mode="r")

            def numbers_of(slot: int) -> Numbers:
                return np.asarray(numbers[begins[slot] : begins[slot] + lengths[slot]])

            compared = zip(np.searchsorted(wanted, first), np.searchsorted(wanted, second), strict=True)
            return np.array([jaccard(numbers_of(one), numbers_of(other)) for one, other in compared])

    def _load(self) -> npt.NDArray[np.void]:
        try:
            return np.asarray(np.load(self.path))
        except (OSError, ValueError):
            return np.zeros(0, _PAIR)

    def _save(self, pairs: Numbers, figures: npt.NDArray[np.float64]) -> None:
        order = np.argsort(pairs)
        rows = np.empty(len(pairs), _PAIR)
        rows["pair"], rows["jaccard"] = pairs[order], figures[order]
        with whole_file(self.path) as temporary, temporary.open("wb") as file:
            np.save(file, rows)


def _pair_numbers(first: Numbers, second: Numbers) -> Numbers:
    """One 64-bit number for an unordered pair of digests."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    mixed = low * np.uint64(0x9E3779B97F4A7C15) ^ ((high << np.uint64(31)) | (high >> np.uint64(33)))
    return mixed * np.uint64(0xD1B54A32D192ED03)
