"""Rules about repetition, on the page itself (Rae et al. 2021, Gopher, table A1; FineWeb-2's Spanish numbers)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaning.pages.figures import Figures
from cleaning.pages.ngrams import repeated_characters
from cleaning.pages.text import Text

TOP_SIZES = (2, 3, 4)
"""Words of an n-gram of which one alone fills a page."""
REPEATED_SIZES = (5, 6, 7, 8, 9, 10)
"""Words of an n-gram that comes again."""
OFTEN = 6
"""A phrase that comes up to five times is the subject of a text and no repetition."""


@dataclass(frozen=True, slots=True)
class DuplicateLines:
    """The same line again and again (Gopher; FineWeb-2, Spanish)."""

    most: float
    name: str = "duplicate_lines"

    def measure(self, text: Text) -> Figures:
        """Share of lines that were there before."""
        return (1 - len(set(text.lines)) / max(len(text.lines), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether too many lines were."""
        return figures[0] > self.most


@dataclass(frozen=True, slots=True)
class TopNgrams:
    """One phrase fills the page (Gopher; FineWeb-2, Spanish)."""

    most: Sequence[float]
    name: str = "top_ngram"

    def measure(self, text: Text) -> Figures:
        """Share of the characters in the n-gram that fills most of the page, of those that come six times.

        The greatest of the three first, then that of each size.
        """
        shares = []
        for size in TOP_SIZES:
            grams = text.repeats.get(size)
            if grams is None:
                break
            counts = np.bincount(grams.numbers)[grams.numbers]
            shares.append(int((grams.characters * counts)[counts >= OFTEN].max(initial=0)) / text.letters)
        return max(shares, default=0.0), *shares

    def refuses(self, figures: Figures) -> bool:
        """Whether one is over the bound of its size."""
        return any(share > bound for share, bound in zip(figures[1:], self.most, strict=False))


@dataclass(frozen=True, slots=True)
class DuplicateNgrams:
    """Whole phrases come again (Gopher; FineWeb-2, Spanish). If no 5-gram repeats, no longer one does."""

    most: Sequence[float]
    name: str = "duplicate_ngrams"

    def measure(self, text: Text) -> Figures:
        """Share of the characters in repeated n-grams of each size, until there are none."""
        shares: list[float] = []
        for size in REPEATED_SIZES:
            shares.append(repeated_characters(text.repeats.get(size), size) / text.letters)
            if shares[-1] == 0:
                break
        return tuple(shares)

    def refuses(self, figures: Figures) -> bool:
        """Whether one is over the bound of its size."""
        return any(share > bound for share, bound in zip(figures, self.most, strict=False))
