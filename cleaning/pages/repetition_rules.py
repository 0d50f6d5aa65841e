"""Rules about repetition, on the page itself (Rae et al. 2021, Gopher, table A1; FineWeb-2's Spanish numbers)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaning.pages.ngrams import repeated_characters
from cleaning.pages.text import Text

OFTEN = 6
"""A phrase that comes up to five times is the subject of a text and no repetition."""


@dataclass(frozen=True, slots=True)
class DuplicateLines:
    """The same line again and again (Gopher; FineWeb-2, Spanish)."""

    most: float
    name: str = "duplicate_lines"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of lines that were there before."""
        share = 1 - len(set(text.lines)) / max(len(text.lines), 1)
        return share, share > self.most


@dataclass(frozen=True, slots=True)
class TopNgrams:
    """One phrase fills the page (Gopher; FineWeb-2, Spanish)."""

    most: Sequence[float]
    name: str = "top_ngram"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of the characters in the 2-, 3- or 4-gram that fills most of the page, of those that come six times."""
        worst, dropped = 0.0, False
        for size, bound in enumerate(self.most, start=2):
            grams = text.repeats.get(size)
            if grams is None:
                break
            counts = np.bincount(grams.numbers)[grams.numbers]
            share = int((grams.characters * counts)[counts >= OFTEN].max(initial=0)) / text.letters
            worst, dropped = max(worst, share), dropped or share > bound
        return worst, dropped


@dataclass(frozen=True, slots=True)
class DuplicateNgrams:
    """Whole phrases come again (Gopher; FineWeb-2, Spanish). If no 5-gram repeats, no longer one does."""

    most: Sequence[float]
    name: str = "duplicate_ngrams"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of the characters in repeated 5-grams; dropped where any of the 5- to 10-grams is over its bound."""
        first, dropped = 0.0, False
        for size, bound in enumerate(self.most, start=5):
            share = repeated_characters(text.repeats.get(size), size) / text.letters
            first = share if size == 5 else first  # noqa: PLR2004 - the first size
            dropped = dropped or share > bound
            if share == 0:
                break
        return first, dropped
