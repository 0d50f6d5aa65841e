"""Rules about repetition, on the page itself (Rae et al. 2021, Gopher, table A1; FineWeb-2's Spanish numbers)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

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
        """Share of the characters in the commonest 2-, 3- or 4-gram, the largest against its bound."""
        total = sum(map(len, text.words)) or 1
        worst, dropped = 0.0, False
        for size, bound in enumerate(self.most, start=2):
            grams = Counter(zip(*(text.words[start:] for start in range(size)), strict=False))
            if not grams:
                break
            if max(grams.values()) < OFTEN:
                continue
            gram, count = min(grams.items(), key=lambda item: (-item[1] * sum(map(len, item[0])), item[0]))
            share = count * sum(map(len, gram)) / total if count >= OFTEN else 0.0
            worst, dropped = max(worst, share), dropped or share > bound
        return worst, dropped


@dataclass(frozen=True, slots=True)
class DuplicateNgrams:
    """Whole phrases come again (Gopher; FineWeb-2, Spanish). If no 5-gram repeats, no longer one does."""

    most: Sequence[float]
    name: str = "duplicate_ngrams"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of the characters in repeated 5-grams; dropped where any of the 5- to 10-grams is over its bound."""
        total = sum(map(len, text.words)) or 1
        first, dropped = 0.0, False
        for size, bound in enumerate(self.most, start=5):
            share = repeated_characters(text.words, size) / total
            first = share if size == 5 else first  # noqa: PLR2004 - the first size
            dropped = dropped or share > bound
            if share == 0:
                break
        return first, dropped


def repeated_characters(words: list[str], size: int) -> int:
    """Characters of n-grams that were seen before; an n-gram inside one that was counted is not counted again."""
    seen: set[tuple[str, ...]] = set()
    repeated, position = 0, 0
    while position + size <= len(words):
        gram = tuple(words[position : position + size])
        if gram in seen:
            repeated += sum(map(len, gram))
            position += size
        else:
            seen.add(gram)
            position += 1
    return repeated
