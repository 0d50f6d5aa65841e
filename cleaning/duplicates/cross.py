"""Pairs of texts of two indexes that share a band."""

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.candidates import packed, unpacked
from cleaning.duplicates.shingles import Numbers
from cleaning.stored_texts import Positions

MOST_MATCHES = 64
"""Texts of the other index that one text is compared with for a band; more are pages of one template, alike anyway."""


def cross_candidates(
    own: BandIndex, own_digests: Numbers, other: BandIndex, other_digests: Numbers
) -> tuple[Positions, Positions]:
    """Positions in the ascending digests of both sides; each pair once."""
    pairs = np.zeros(0, np.uint64)
    for band in range(own.bands):
        keys, places = own.band(own_digests, band)
        their_keys, their_places = other.band(other_digests, band)
        begins = np.searchsorted(their_keys, keys, side="left")
        counts = np.minimum(np.searchsorted(their_keys, keys, side="right") - begins, MOST_MATCHES)
        ends = np.cumsum(counts)
        inside = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - (ends - counts), counts)
        shifted = their_places[inside] + len(own_digests)
        pairs = np.union1d(pairs, packed(np.repeat(places, counts), shifted))
    one, shifted = unpacked(pairs)
    return one, shifted - len(own_digests)
