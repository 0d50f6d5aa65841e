"""Rules about prose: text that is too short, glued together, cut to pieces, or no sentences at all."""

from dataclasses import dataclass

from cleaning.pages.figures import Figures
from cleaning.pages.text import SPANISH, Text

SENTENCE_END = tuple(".!?…:;»”\"')")
_ACCENTED = "áéíóúüñ"


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
        """Mean characters a word."""
        return (sum(map(len, text.words)) / max(len(text.words), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether the mean is out of bounds."""
        return not self.bounds[0] <= figures[0] <= self.bounds[1]


@dataclass(frozen=True, slots=True)
class Alphabetic:
    """Tables of numbers and price lists (Gopher; FineWeb-2's Spanish share)."""

    least: float
    name: str = "non_alphabetic"

    def measure(self, text: Text) -> Figures:
        """Share of words with a letter."""
        others = [word for word in text.words if not word.isalpha()]
        lettered = len(text.words) - len(others) + sum(any(map(str.isalpha, word)) for word in others)
        return (lettered / max(len(text.words), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether too few words have one."""
        return figures[0] < self.least


@dataclass(frozen=True, slots=True)
class LinePunctuation:
    """Lines of prose end in a stop; menus and lists of links do not (C4; FineWeb-2)."""

    least: float
    name: str = "line_punctuation"

    def measure(self, text: Text) -> Figures:
        """Share of lines that end a sentence."""
        return (sum(line.endswith(SENTENCE_END) for line in text.lines) / max(len(text.lines), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether too few lines do."""
        return figures[0] < self.least


@dataclass(frozen=True, slots=True)
class NewLines:
    """Too many lines for so few words: lists of links, forms (FineWeb-2, Spanish)."""

    most: float
    name: str = "list"

    def measure(self, text: Text) -> Figures:
        """Line breaks for each word."""
        return ((len(text.lines) - 1) / max(len(text.words), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether there are too many of them."""
        return figures[0] > self.most


@dataclass(frozen=True, slots=True)
class Accents:
    """Spanish without a single accent is spelled wrong throughout: carelessly made, often by machines.

    Our number: of 20 sources of Spanish prose the lowest 1 % of texts have 0.003 to 0.017, on 2,000 health pages
    0.006 is the least; every page of the machine-written site among them has 0.
    """

    least: float
    name: str = "unaccented"

    def measure(self, text: Text) -> Figures:
        """Share of letters with an accent, a tilde or a diaeresis; 1 where the text is Spanish."""
        if text.language != SPANISH:
            return 0.0, 0
        return sum(map(text.lower.count, _ACCENTED)) / text.letters, 1

    def refuses(self, figures: Figures) -> bool:
        """Whether a Spanish text has too few of them."""
        share, is_spanish = figures
        return is_spanish > 0 and share < self.least
