"""Rules about prose: text that is too short, glued together, cut to pieces, or no sentences at all."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from cleaning.pages.figures import Figures
from cleaning.pages.text import SPANISH, WORD, Text

SENTENCE_END = tuple(".!?…:;»”\"')")
_ACCENTED = "áéíóúüñ"
FEW_ACCENTS = 0.01
"""Share of letters with an accent above which it is not asked where they stand."""
MANY_LETTERS = 1_000
"""So many letters without one accent are not chance: the other lines of the text are written without accents."""
_SENTENCE_BORDER = re.compile(r"[.!?…][)\"”»]? +[A-ZÁÉÍÓÚÑ¿¡«“\"]")
MIN_OUTSIDE = 50
SHORT_LINE_WORDS = 8
MIN_LINES = 5
LINKED = 0.15
"""Share of a text's characters in links."""
_CAPITALS = re.compile(r"[A-ZÁÉÍÓÚÜÑ](?<=\b[A-ZÁÉÍÓÚÜÑ])[A-ZÁÉÍÓÚÜÑ]+\b")
"""With the class of letters first: before ``\\b`` an expression tries every letter."""
MIN_LETTERS = 200
"""In so few letters of Spanish without capitals an accent may be missing by chance."""


@dataclass(frozen=True, slots=True)
class LongEnough:
    """Menus and stubs rarely reach 300 characters."""

    min_chars: int
    name: str = "too_short"

    def measure(self, text: Text) -> Figures:
        """Characters."""
        return (len(text.text),)

    def refuses(self, figures: Figures) -> bool:
        """Whether they are too few."""
        return figures[0] < self.min_chars


@dataclass(frozen=True, slots=True)
class StopWords:
    """Running text has stop words; lists of links and names have none (Gopher, Rae et al. 2021, A1.1)."""

    least: int
    name: str = "stop_words"

    def measure(self, text: Text) -> Figures:
        """Different stop words."""
        return (text.stop_words,)

    def refuses(self, figures: Figures) -> bool:
        """Whether they are too few."""
        return figures[0] < self.least


@dataclass(frozen=True, slots=True)
class WordLength:
    """Text glued together or cut to pieces (FineWeb-2, Spanish)."""

    bounds: tuple[float, float]
    name: str = "word_length"

    def measure(self, text: Text) -> Figures:
        """Mean characters of the words with a letter first."""
        others = [word for word in text.mixed_words if not word[0].isalpha()]
        count, letters = len(text.words) - len(others), sum(map(len, text.words)) - sum(map(len, others))
        return (letters / max(count, 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether the mean is out of bounds."""
        return not self.bounds[0] <= figures[0] <= self.bounds[1]


@dataclass(frozen=True, slots=True)
class Alphabetic:
    """Listings of quotations, results, codes (Gopher). Tables of values are text, and so are doses: see the number."""

    least: float
    name: str = "non_alphabetic"

    def measure(self, text: Text) -> Figures:
        """Share of words with a letter, outside of tables where at least 50 words stand there."""
        words, bare = len(text.words), _without_letter(text.mixed_words)
        if text.bare_lines != text.lines:
            set_apart = WORD.findall(text.set_apart)
            if words - len(set_apart) >= MIN_OUTSIDE:
                words, bare = words - len(set_apart), bare - _without_letter(set_apart)
        return ((words - bare) / max(words, 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether too few words have one."""
        return figures[0] < self.least


def _without_letter(words: Iterable[str]) -> int:
    """How many words have none."""
    return sum(not any(map(str.isalpha, word)) for word in words)


@dataclass(frozen=True, slots=True)
class LinePunctuation:
    """Lines of prose hold an end of a sentence; what was cut to pieces does not (C4; FineWeb-2).

    A glossary, a table or a list has few stops as well. Where the page's links are known, lines without stops that are
    no links are such; where they are not, short lines do not count. A line that the next one continues in lower case
    was cut by its author's editor, and does not count either.
    """

    least: float
    name: str = "line_punctuation"

    def measure(self, text: Text) -> Figures:
        """Share of the longer lines with an end of a sentence at their end or within; lines; share of links."""
        lines = [
            line
            for line, after in pairwise((*text.bare_lines, ""))
            if line.count(" ") >= SHORT_LINE_WORDS - 1 and not line[0].islower() and not after[:1].islower()
        ]
        ended = sum(line.endswith(SENTENCE_END) or _SENTENCE_BORDER.search(line) is not None for line in lines)
        return ended / len(lines) if lines else 1.0, len(lines), text.figures.get("links", 1.0)

    def refuses(self, figures: Figures) -> bool:
        """Whether too few of enough lines do, and links are among them."""
        share, lines, links = figures
        return share < self.least and lines >= MIN_LINES and links >= LINKED


@dataclass(frozen=True, slots=True)
class NewLines:
    """Too many lines for so few words: lists of links, forms (FineWeb-2, Spanish)."""

    most: float
    name: str = "list"

    def measure(self, text: Text) -> Figures:
        """Line breaks for each word."""
        return ((len(text.bare_lines) - 1) / max(len(text.words), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether there are too many of them."""
        return figures[0] > self.most


@dataclass(frozen=True, slots=True)
class Accents:
    """Spanish without a single accent is spelled wrong throughout: carelessly made, often by machines.

    Our number: of 20 sources of Spanish prose the lowest 1 % of texts have 0.003 to 0.017, on 2,000 health pages
    0.006 is the least; every page of the machine-written site among them has 0. One paragraph with accents, a notice
    that the site adds to its pages, makes no accented text of one that has none elsewhere.
    """

    least: float
    name: str = "unaccented"

    def measure(self, text: Text) -> Figures:
        """Share of letters with an accent, a tilde or a diaeresis; letters of a Spanish text, without capitals.

        Then both of the text without the line that has most of them.
        """
        if text.language != SPANISH:
            return 0.0, 0, 0.0, 0
        letters = text.letters - sum(map(len, _CAPITALS.findall(text.text)))
        accents = sum(map(text.lower.count, _ACCENTED))
        if accents > FEW_ACCENTS * letters:
            return accents / max(letters, 1), letters, accents / max(letters, 1), letters
        most, line = max((sum(map(line.lower().count, _ACCENTED)), line) for line in text.lines)
        others = letters - sum(map(str.isalpha, line))
        return accents / max(letters, 1), letters, (accents - most) / max(others, 1), others

    def refuses(self, figures: Figures) -> bool:
        """Whether a Spanish text has too few of them, or has them in one paragraph alone."""
        share, letters, elsewhere, others = figures
        if letters < MIN_LETTERS:
            return False
        return share < self.least or (elsewhere < self.least / 10 and others >= MANY_LETTERS)
