"""MinHash signatures of whole batches in numpy, the same bits as ``datasketch.MinHash`` gives one by one."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.shingles import Numbers, Shingler, shingle_number

Values = npt.NDArray[np.uint32]

BATCH = 256
"""Texts in a batch: large enough to spare calls, small enough for the processor's cache."""


def hash_of(shingle: bytes) -> int:
    """The 32-bit hash of a shingle (its words joined by spaces): datasketch's ``hashfunc`` for the same signatures."""
    return shingle_number(shingle.decode("utf-8", "surrogatepass").split(" ")) >> 32


class Signer:
    """Makes signatures and band keys.

    The permutations are those of ``datasketch.MinHash`` in its default scheme of 2.0, affine32:
    min(a · mix(h) + b mod 2³²) over the shingles, where mix is MurmurHash3's 32-bit finalizer.
    """

    def __init__(self, *, permutations: int, bands: int, rows: int, shingle_words: int) -> None:
        from datasketch import MinHash  # noqa: PLC0415 - loads scipy, which a run that finds nothing new needs not

        self.bands = bands
        self.rows = rows
        self.shingler = Shingler(shingle_words)
        self._a, self._b = MinHash(num_perm=permutations).permutations
        self._odd = np.random.RandomState(2).randint(0, 1 << 63, rows, dtype=np.uint64) * 2 + 1

    def signatures(self, texts: Sequence[str]) -> Values:
        """One row of uint32 values for each text."""
        numbers, starts = self.shingler(texts)
        return self._signatures(numbers, starts)

    def band_keys(self, texts: Sequence[str]) -> Numbers:
        """One 64-bit number for each band (first axis) and text (second axis): equal where the band's values are."""
        signatures = self.signatures(texts)[:, : self.bands * self.rows]
        values = signatures.reshape(len(texts), self.bands, self.rows).astype(np.uint64)
        keys = (values + np.uint64(1)) * self._odd
        keys ^= keys >> np.uint64(29)
        return np.ascontiguousarray(_mixed((keys * self._odd[::-1]).sum(axis=2)).T)

    def _signatures(self, numbers: Numbers, starts: npt.NDArray[np.int64]) -> Values:
        mixed = _finalized((numbers >> np.uint64(32)).astype(np.uint32))
        values = np.empty((len(self._a), len(starts)), np.uint32)
        permuted = np.empty_like(mixed)
        for number, (a, b) in enumerate(zip(self._a, self._b, strict=True)):
            np.multiply(mixed, a, out=permuted)
            np.add(permuted, b, out=permuted)
            np.minimum.reduceat(permuted, starts, out=values[number])
        return np.ascontiguousarray(values.T)


def _finalized(values: Values) -> Values:
    """MurmurHash3's 32-bit finalizer (Austin Appleby, public domain)."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def _mixed(values: Numbers) -> Numbers:
    """MurmurHash3's 64-bit finalizer."""
    values ^= values >> np.uint64(33)
    values *= np.uint64(0xFF51AFD7ED558CCD)
    values ^= values >> np.uint64(33)
    return values
