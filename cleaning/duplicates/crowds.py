"""Crowds: many texts that share a band. Only those of a crowd that are still keepers are compared with one another.

Keepers of a crowd are taken in the order of their rank, some at a time, and compared with all its other keepers; then
keepers are elected again. Most of a template's pages lose to the first ones, so the pairs stay far below all pairs. In
the end no two keepers that share a band are alike, whatever the crowd's size, but for what ``MOST_PAIRS`` leaves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cleaning.duplicates.candidates import packed
from cleaning.duplicates.shingles import Numbers
from cleaning.stored_texts import Positions

TOGETHER = 256
"""Keepers of a crowd that are compared with the others in one round."""
MOST_PAIRS = 20_000_000
"""Pairs of crowds that are compared at most, so that one template ends no publish. What is left over is counted."""


@dataclass(frozen=True, slots=True)
class Elected:
    """For each text where it stands."""

    lost_to: Positions
    """The text that it loses to; itself for a keeper."""
    share: npt.NDArray[np.float64]
    """How alike they are; NaN for a keeper."""
    contained: npt.NDArray[np.bool_]
    """It is not similar to the keeper, but stands in it."""


def settle_crowds(
    pairs: Numbers, crowds: Sequence[Positions], rank: Positions, elect: Callable[[Numbers], Elected]
) -> tuple[Numbers, Elected, int]:
    """All pairs to be compared, the election over them, and how many keepers of crowds were not compared with all.

    ``elect`` compares pairs and says for each text to whom it loses.
    """
    elected = elect(pairs)
    compared = [np.zeros(len(crowd), np.bool_) for crowd in crowds]
    left = MOST_PAIRS
    while True:
        keeps = elected.lost_to == np.arange(len(rank))
        found = [_round(crowd, done, keeps, rank) for crowd, done in zip(crowds, compared, strict=True)]
        more = np.setdiff1d(np.concatenate([np.zeros(0, np.uint64), *found]), pairs)
        if not any(map(len, found)):
            return pairs, elected, 0
        if len(more) > left:
            waiting = np.unique(np.concatenate([crowd[keeps[crowd]] for crowd in crowds]))
            return pairs, elected, len(waiting)
        left -= len(more)
        if len(more):
            pairs = np.union1d(pairs, more)
            elected = elect(pairs)


def _round(crowd: Positions, done: npt.NDArray[np.bool_], keeps: npt.NDArray[np.bool_], rank: Positions) -> Numbers:
    """The pairs of the crowd's next keepers with its other keepers; marks them in ``done``."""
    keepers = np.flatnonzero(keeps[crowd])
    fresh = keepers[~done[keepers]]
    if len(keepers) < 2 or not len(fresh):  # noqa: PLR2004 - a pair
        return np.zeros(0, np.uint64)
    chosen = fresh[np.argsort(rank[crowd[fresh]])][:TOGETHER]
    done[chosen] = True
    one, other = np.meshgrid(crowd[chosen], crowd[keepers])
    return np.unique(packed(one[one != other], other[one != other]))
