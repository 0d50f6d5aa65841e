"""Rules about repetition, on the page itself (Rae et al. 2021, Gopher, table A1), for the genres of this corpus.

Gopher's and FineWeb-2's bounds are the same for every length and every kind of text. A share of repeated phrases
grows with the length of a text, and leaflets, menus, tables in words, questions and answers repeat themselves for a
reason: their values differ. So the bounds here follow from the number of words and the share of words with a digit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaning.pages.figures import Figures
from cleaning.pages.ngrams import repeated_characters
from cleaning.pages.text import WORD, Text

TOP_SIZES = (2, 3, 4)
"""Words of an n-gram of which one alone fills a page."""
OFTEN = 6
"""A phrase that comes up to five times is the subject of a text and no repetition."""
SHORT, LONG = 1_200, 4_000
"""Words. Between them the bound of repeated 5-grams is the setting; below it rises as 1 / words, since a few frames
make up much of a short text, above as the fourth root, as the share itself does in 78 official leaflets."""
FOR_VALUES = 2.0
"""What a share of words with a digit adds to the bound: of leaflets 0.02 to 0.13 of the words have one, of menus 0.05
to 0.13, of 340 lessons made from sentence frames at most 0.02."""
HIGHEST = 0.6
"""Nothing may repeat more of itself."""
FRAME = 6
"""Words of a frame."""
FRAMED_SENTENCES = 5
"""Sentences that share it."""
SENTENCE_WORDS = 12
"""A shorter sentence is an item of a list."""
MOST_VALUES = 0.035
"""From this share of words with a digit on a frame is a table in words: doses, ages, menus."""
MIN_FRAMES = 2
"""Fewer different phrases of six words are the name of the subject (síndrome de las piernas inquietas)."""
MOST_QUESTIONS = 0.15
"""From this share of lines with a question on a frame is that of questions and answers. Lessons have 0.06 at most."""
MENU = 0.3
"""A text in which this share of the lines names a day or a meal is the menu of a week: its food comes again."""
_DAY_OR_MEAL = re.compile(
    r"\W*(?:(?:el )?(?:lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo)"
    r"|d[íi]a \d|(?:primer|segundo|tercer) d[íi]a"
    r"|(?:el )?(?:desayuno|almuerzo|comida|merienda|cena|colaci[óo]n|postre)|(?:a )?media (?:mañana|tarde)|ayunas)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")


@dataclass(frozen=True, slots=True)
class DuplicateLines:
    """The same lines again and again (Gopher, of the characters and not of the lines: items of lists are short)."""

    most: float
    name: str = "duplicate_lines"

    def measure(self, text: Text) -> Figures:
        """Share of the characters in lines that were there before."""
        seen: set[str] = set()
        repeated = 0
        for line in text.lines:
            if line in seen:
                repeated += len(line)
            seen.add(line)
        return (repeated / max(len(text.text), 1),)

    def refuses(self, figures: Figures) -> bool:
        """Whether too many characters do."""
        return figures[0] > self.most


@dataclass(frozen=True, slots=True)
class TopNgrams:
    """One phrase fills the page (Gopher)."""

    most: Sequence[float]
    name: str = "top_ngram"

    def measure(self, text: Text) -> Figures:
        """Share of the characters in the n-gram that fills most of the page, of those that come six times.

        The greatest of the three first, then the share of words with a digit, then that of each size.
        """
        shares = []
        for size in TOP_SIZES:
            grams = text.repeats.get(size)
            if grams is None:
                break
            counts = np.bincount(grams.numbers)[grams.numbers]
            shares.append(int((grams.characters * counts)[counts >= OFTEN].max(initial=0)) / text.letters)
        return max(shares, default=0.0), text.values, *shares

    def refuses(self, figures: Figures) -> bool:
        """Whether one is over the bound of its size, which is higher where values differ."""
        _, values, *shares = figures
        return any(share > bound + FOR_VALUES * values for share, bound in zip(shares, self.most, strict=False))


@dataclass(frozen=True, slots=True)
class DuplicateNgrams:
    """Whole phrases come again, more than the text's length and its values account for."""

    most: float
    name: str = "duplicate_ngrams"

    def measure(self, text: Text) -> Figures:
        """Share of the characters in repeated 5-grams, each line read once; words; share of the words with a digit.

        Then the share of the lines that name a day or a meal.

        Lines that stand there twice are what ``duplicate_lines`` counts: an author's name under each quotation, a
        recipe that prints its list again.
        """
        once = "\n".join(dict.fromkeys(text.lines))
        said = text if len(once) == len(text.text) else Text(once, text.language)
        meals = sum(_DAY_OR_MEAL.match(line) is not None for line in text.bare_lines) / len(text.lines)
        return repeated_characters(said.repeats.get(5), 5) / said.letters, len(said.words), said.values, meals

    def refuses(self, figures: Figures) -> bool:
        """Whether too many of them repeat for the length and the values of the text."""
        share, words, values, meals = figures
        if share <= self.most or meals >= MENU:
            return False
        for_length: float = max(1.0, SHORT / words, (words / LONG) ** 0.25)
        return share > min((self.most + FOR_VALUES * values) * for_length, HIGHEST)


@dataclass(frozen=True, slots=True)
class SentenceFrames:
    """Sentence after sentence filled into one frame: *Integrar … para resolver un caso de … con evidencia, controles…*.

    Our number: of 4,600 texts of 15 sources without values (leaflets, cases, exams, news, guides) 0.08 is the most, and
    of 140 pages made from frames 0.109 the least.
    """

    most: float
    name: str = "sentence_frames"

    def measure(self, text: Text) -> Figures:
        """Share of the letters in phrases of six words that five long sentences share.

        Then the share of words with a digit, and of lines that are questions.
        """
        repeats = text.repeats.get(FRAME)
        often = repeats and repeats.often(FRAMED_SENTENCES)
        if not often:
            return 0.0, text.values, 0.0
        questions = sum("¿" in line or line.endswith("?") for line in text.lines) / len(text.lines)
        return _framed(text, often) / text.letters, text.values, questions

    def refuses(self, figures: Figures) -> bool:
        """Whether too many do, in a text of few values and few questions."""
        share, values, questions = figures
        return share > self.most and values < MOST_VALUES and questions < MOST_QUESTIONS


def _framed(text: Text, often: Sequence[tuple[int, int]]) -> int:
    """Letters of the long sentences that stand in a frame, of the phrases of six words that come as often."""
    if len({number for _, number in often}) < MIN_FRAMES:
        return 0
    sentence_of = _long_sentences(text)
    users: dict[int, set[int]] = {}
    places = []
    for position, number in often:
        sentence = sentence_of[position]
        if sentence and sentence == sentence_of[position + FRAME - 1]:
            users.setdefault(number, set()).add(sentence)
            places.append((position, number))
    frames = {number for number, sentences in users.items() if len(sentences) >= FRAMED_SENTENCES}
    letters = end = 0
    if len(frames) < MIN_FRAMES:
        return letters
    for position, number in places:
        if number in frames:
            letters += sum(map(len, text.words[max(position, end) : position + FRAME]))
            end = position + FRAME
    return letters


def _long_sentences(text: Text) -> list[int]:
    """For each word the number of its sentence, from 1; 0 in a short one."""
    found: list[int] = []
    for number, sentence in enumerate(_SENTENCE.split(text.lower), 1):
        words = len(WORD.findall(sentence))
        found += [number if words >= SENTENCE_WORDS else 0] * words
    return found
