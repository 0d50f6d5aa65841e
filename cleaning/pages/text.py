"""A text as the rules see it: its words and lines, counted once."""

import re
from collections.abc import Mapping
from functools import cached_property

from cleaning.pages.ngrams import Repeats, repeated_ngrams

SPANISH = "es"
STOP_WORDS = {
    SPANISH: "de la en el y a que del los se por un con una las su",
    "ca": "de la a i el en per les que els un una del amb és no com",
    "gl": "de a e o para que se da do na no en un unha os as ao",
    "eu": "eta da bat ez ere du izan edo dira dute bere den zen baina hau dago",
    "ast": "de la y que a los les del l en el pa al un una por con ye nun",
}
"""FineWeb-2's for Spanish; for the side corpora the commonest words of the lines that docs/cleaning.md names."""
WORD = re.compile(r"\w+(?:[-'’]\w+)*")
CELL_BORDER = " | "
"""Between the cells of a row of a table."""
_MARKDOWN = re.compile(r"(?:#{1,6}|[-+*>:]|\d+\.|\|) +")

_STOP_WORDS = {language: frozenset(words.split()) for language, words in STOP_WORDS.items()}


class Text:
    """A text with what several rules count, counted once."""

    def __init__(self, text: str, language: str = SPANISH, figures: Mapping[str, float] | None = None) -> None:
        self.text = text
        self.language = language
        self.figures = figures or {}
        """What extraction measured of the page (``block_figures``); empty where it could not."""

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @cached_property
    def words(self) -> list[str]:
        """Words in lower case."""
        return WORD.findall(self.lower)

    @cached_property
    def letters(self) -> int:
        """Characters of the words; at least 1."""
        return sum(map(len, self.words)) or 1

    @cached_property
    def repeats(self) -> dict[int, Repeats]:
        """The n-grams of words that come again, by size."""
        return repeated_ngrams(self.words)

    @cached_property
    def lines(self) -> list[str]:
        """Paragraphs."""
        return self.text.split("\n")

    @cached_property
    def bare_lines(self) -> list[str]:
        """Those that are no rows of a table, without marks of Markdown at their beginning."""
        lines = [line for line in self.lines if CELL_BORDER not in line]
        return [line if line[:1].isalpha() else line[_mark_length(line) :] for line in lines]

    @cached_property
    def set_apart(self) -> str:
        """What the bare lines leave out: rows of tables and marks, a line each."""
        marked = (line for line in self.lines if CELL_BORDER in line or not line[:1].isalpha())
        return "\n".join(line if CELL_BORDER in line else line[: _mark_length(line)] for line in marked)

    @cached_property
    def mixed_words(self) -> list[str]:
        """Words that are not made of letters alone."""
        return [word for word in self.words if not word.isalpha()]

    @cached_property
    def values(self) -> float:
        """Share of the words with a digit: doses, ages, laboratory values."""
        return sum(any(map(str.isdigit, word)) for word in self.mixed_words) / max(len(self.words), 1)

    @cached_property
    def stop_words(self) -> int:
        """Different stop words of the text's language; Spanish ones where we have none of it."""
        return len(_STOP_WORDS.get(self.language, _STOP_WORDS[SPANISH]).intersection(self.words))


def _mark_length(line: str) -> int:
    """Characters of a mark of Markdown at a line's beginning."""
    mark = _MARKDOWN.match(line)
    return 0 if mark is None else mark.end()


def count_words(text: str) -> int:
    """Words of a text, as the rules count them."""
    return len(WORD.findall(text))
