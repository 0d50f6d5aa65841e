"""The n-grams of words that come more than once in a text, size by size.

An n-gram that repeats is made of two shorter ones that do: each size looks only at where the size before it repeated,
so that the cost of a text falls with what it repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORTEST = 2
LONGEST = 6
"""The longest that a rule asks about: the frame of a sentence."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The places of a text where an n-gram stands that stands elsewhere too."""

    positions: NDArray[np.int64]
    """Of their first words, ascending."""
    numbers: NDArray[np.int64]
    """Which n-gram stands there: the same number, the same n-gram."""
    characters: NDArray[np.int64]
    """Letters of the n-gram there, spaces not counted."""

    def often(self, least: int) -> list[tuple[int, int]]:
        """Position and number of the n-grams that occur ``least`` times or more, in order."""
        chosen = np.bincount(self.numbers)[self.numbers] >= least
        return list(zip(self.positions[chosen].tolist(), self.numbers[chosen].tolist(), strict=True))


def repeated_ngrams(words: Sequence[str]) -> dict[int, Repeats]:
    """By size, from 2 to 6; a size of which none repeats is left out, as are all above it."""
    known = {word: number for number, word in enumerate(dict.fromkeys(words))}
    grams = np.fromiter(map(known.__getitem__, words), np.int64, len(words))
    positions = np.flatnonzero(np.bincount(grams)[grams] > 1)
    grams = grams[positions]
    ends = np.concatenate(([0], np.cumsum(np.fromiter(map(len, words), np.int64, len(words)))))
    found: dict[int, Repeats] = {}
    for size in range(SHORTEST, LONGEST + 1):
        overlaps = np.flatnonzero(positions[1:] - positions[:-1] == 1)
        if not len(overlaps):
            break
        numbers, again = _numbered(grams[overlaps] * len(words) + grams[overlaps + 1])
        positions, grams = positions[overlaps[again]], numbers[again]
        if not len(positions):
            break
        found[size] = Repeats(positions, grams, ends[positions + size] - ends[positions])
    return found


def _numbered(pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The number of each pair, and whether it comes again, in half the time of ``numpy.unique``."""
    order = pairs.argsort()
    ascending = pairs[order]
    places = np.concatenate(([0], np.cumsum(ascending[1:] != ascending[:-1])))
    numbers = np.empty_like(places)
    numbers[order] = places
    return numbers, np.bincount(places)[numbers] > 1


def repeated_characters(repeats: Repeats | None, size: int) -> int:
    """Characters of n-grams that were seen before; one that overlaps one that was counted is not counted again."""
    if repeats is None:
        return 0
    seen: set[int] = set()
    repeated = free = 0
    places = zip(repeats.positions.tolist(), repeats.numbers.tolist(), repeats.characters.tolist(), strict=True)
    for position, number, characters in places:
        if position < free:
            continue
        if number in seen:
            repeated += characters
            free = position + size
        else:
            seen.add(number)
    return repeated
