"""The quality rules: one small class a rule, the source of its numbers beside it.

A rule gives the figure it measured and whether it drops the page; the figures are kept in the document.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cleaning.page import Drop
from cleaning.settings import CleaningSettings

_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_SENTENCE_END = tuple(".!?…:;»”\"')")
STOP_WORDS = frozenset("de la en el y a que del los se por un con una las su".split())  # noqa: SIM905 - a list of words reads so
"""FineWeb-2's for Spanish."""
_ERROR_PAGE = re.compile(
    r"(?:error|p[áa]gina|documento|contenido|archivo)\W+(?:\w+\W+){0,4}?"
    r"(?:404|no (?:se )?(?:ha )?(?:existe|encontrad[oa]|disponible|ha podido))"
    r"|\b404\b.{0,40}(?:not found|no encontrad)"
    r"|no hemos (?:podido encontrar|encontrado)|la p[áa]gina que (?:busca|buscas|intenta)",
    re.IGNORECASE,
)


class Text:
    """A text with what several rules count, counted once."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def words(self) -> list[str]:
        """Words in lower case."""
        return _WORD.findall(self.text.lower())

    @cached_property
    def lines(self) -> list[str]:
        """Paragraphs."""
        return self.text.split("\n")


class Rule(Protocol):
    """A quality rule."""

    @property
    def name(self) -> str:
        """What the figure and the reason are called."""

    def __call__(self, text: Text) -> tuple[float, bool]:
        """The figure measured, and whether the page is dropped for it."""


@dataclass(frozen=True, slots=True)
class LongEnough:
    """Menus and stubs rarely reach 300 characters."""

    min_chars: int
    name: str = "too_short"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Characters."""
        return len(text.text), len(text.text) < self.min_chars


@dataclass(frozen=True, slots=True)
class NoErrorPage:
    """An error page that answers 200 says so in its first lines and says little else."""

    max_words: int = 200
    name: str = "error_page"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """1 where the first 300 characters tell of an error."""
        says_so = _ERROR_PAGE.search(text.text[:300]) is not None
        return float(says_so), says_so and len(text.words) < self.max_words


@dataclass(frozen=True, slots=True)
class StopWords:
    """Running text has stop words; lists of links and names have none (Gopher, Rae et al. 2021, A1.1)."""

    least: int
    name: str = "stop_words"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Different stop words."""
        count = len(STOP_WORDS.intersection(text.words))
        return count, count < self.least


@dataclass(frozen=True, slots=True)
class WordLength:
    """Text glued together or cut to pieces (FineWeb-2, Spanish)."""

    bounds: tuple[float, float]
    name: str = "word_length"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Mean characters a word."""
        mean = sum(map(len, text.words)) / max(len(text.words), 1)
        return mean, not self.bounds[0] <= mean <= self.bounds[1]


@dataclass(frozen=True, slots=True)
class Alphabetic:
    """Tables of numbers and price lists (Gopher; FineWeb-2's Spanish share)."""

    least: float
    name: str = "non_alphabetic"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of words with a letter."""
        share = sum(any(c.isalpha() for c in word) for word in text.words) / max(len(text.words), 1)
        return share, share < self.least


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
class LinePunctuation:
    """Lines of prose end in a stop; menus and lists of links do not (C4; FineWeb-2)."""

    least: float
    name: str = "line_punctuation"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Share of lines that end a sentence."""
        share = sum(line.endswith(_SENTENCE_END) for line in text.lines) / max(len(text.lines), 1)
        return share, share < self.least


@dataclass(frozen=True, slots=True)
class NewLines:
    """Too many lines for so few words: lists of links, forms (FineWeb-2, Spanish)."""

    most: float
    name: str = "list"

    def __call__(self, text: Text) -> tuple[float, bool]:
        """Line breaks for each word."""
        ratio = (len(text.lines) - 1) / max(len(text.words), 1)
        return ratio, ratio > self.most


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
            gram, count = min(grams.items(), key=lambda item: (-item[1] * sum(map(len, item[0])), item[0]))
            share = count * sum(map(len, gram)) / total if count > 1 else 0.0
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
            share = _repeated_characters(text.words, size) / total
            first = share if size == 5 else first  # noqa: PLR2004 - the first size
            dropped = dropped or share > bound
            if share == 0:
                break
        return first, dropped


def _repeated_characters(words: list[str], size: int) -> int:
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


def rules_of(settings: CleaningSettings) -> tuple[Rule, ...]:
    """The rules in the order in which they are asked: cheap and telling ones first."""
    return (
        LongEnough(settings.min_chars),
        NoErrorPage(),
        StopWords(settings.min_stop_words),
        WordLength(settings.mean_word_length),
        Alphabetic(settings.max_non_alphabetic),
        DuplicateLines(settings.max_duplicate_lines),
        LinePunctuation(settings.min_line_punctuation),
        NewLines(settings.max_newline_ratio),
        TopNgrams(settings.max_top_ngrams),
        DuplicateNgrams(settings.max_duplicate_ngrams),
    )


def judge(text: str, rules: Sequence[Rule]) -> tuple[dict[str, float], Drop | None]:
    """Ask the rules in turn; the figures measured, and the refusal of the first that refuses."""
    counted = Text(text)
    figures: dict[str, float] = {}
    for rule in rules:
        figure, dropped = rule(counted)
        figures[rule.name] = round(figure, 4)
        if dropped:
            return figures, Drop(f"quality/{rule.name}", figure)
    return figures, None


def count_words(text: str) -> int:
    """Words of a text, as the rules count them."""
    return len(_WORD.findall(text))
