"""langdetect's detector, several times as fast and with the same answers to the last bit.

langdetect walks through a text letter by letter and through 55 languages one by one, in Python. What it finds in a word
depends on the word alone, on whether a space follows, and on nothing before it; and the words of texts repeat: their
n-grams are remembered, and so is what a seed draws. The profiles are one array, a row an n-gram: as langdetect keeps
them they are five million numbers in lists, through which Python's garbage collector goes again and again.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from random import Random

import numpy as np
from langdetect import DetectorFactory, LangDetectException
from langdetect.detector import Detector
from langdetect.detector_factory import PROFILES_DIRECTORY
from langdetect.lang_detect_exception import ErrorCode
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

REMEMBERED = 16_384
"""Words whose n-grams are remembered: some 10 MB."""
REMEMBERED_ENDS = 65_536
"""Threes of letters whose n-grams are remembered, some 15 MB; then it begins again."""
SEED = 0
ALPHA: float = Detector.ALPHA_DEFAULT + Random(SEED).gauss(0.0, 1.0) * Detector.ALPHA_WIDTH  # noqa: S311 - as it draws
"""What langdetect smooths with, drawn with this seed."""
NORMALIZED = 5
"""Draws after which the probabilities are normalized; the first time after one."""

_SPACES = re.compile(" {2,}")
_NOT_LATIN = re.compile("[\u0300-\U0010ffff]")


class QuickDetector(Detector):  # type: ignore[misc] # langdetect has no types
    """One draw instead of seven (99.1 % the same answer), seeded: the same text gives the same answer."""

    def __init__(self) -> None:
        super().__init__(profiles().factory)
        self.n_trial = 1

    def append(self, text: str) -> None:
        """Without addresses, one space where there are several; once, with a text that is no longer than the limit."""
        if "http" in text:
            text = self.URL_RE.sub(" ", text)
        if "@" in text:
            text = self.MAIL_RE.sub(" ", text)
        text = NGram.normalize_vi(text)
        self.text = _SPACES.sub(" ", text[: self.max_text_length])

    def cleaning_text(self) -> None:
        """Latin letters and others are counted; where there are no others it changes nothing."""
        if _NOT_LATIN.search(self.text):
            super().cleaning_text()

    def _detect_block(self) -> None:
        """Draw n-grams until one language is sure, as langdetect does: a seed gives the same draws each time."""
        self.cleaning_text()
        grams = self.gram_rows()
        if not grams:
            raise LangDetectException(ErrorCode.CantDetectError, "No features in text.")
        factors = profiles().factors
        prob = np.array(self._init_probability())
        for number, place in enumerate(_draws(len(grams))):
            prob *= factors[grams[place]]
            if number % NORMALIZED == 0:
                each = prob.tolist()
                whole = sum(each)  # in order, as langdetect adds: numpy's sum differs in the last bit
                prob /= whole
                if max(each) / whole > self.CONV_THRESHOLD or number >= self.ITERATION_LIMIT:
                    break
        self.langprob = prob.tolist()

    def gram_rows(self) -> list[int]:
        """The rows of the text's n-grams that some profile knows, in langdetect's order."""
        *ended, last = "".join(map(_NORMAL.__getitem__, self.text)).split(" ")
        found: list[int] = []
        for word in ended:
            found += _rows_of(f"{word} ")
        return found + list(_rows_of(last))


@dataclass(frozen=True, slots=True)
class Profiles:
    """langdetect's profiles of all languages."""

    factory: DetectorFactory
    """With the languages, without what follows."""
    rows: dict[str, int]
    """By n-gram its row in ``factors``."""
    factors: NDArray[np.float64]
    """(n-grams, languages in langdetect's order): what an n-gram makes of each language's probability."""


@functools.cache
def profiles() -> Profiles:
    """Read the profiles, once."""
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(SEED)
    known: dict[str, list[float]] = factory.word_lang_prob_map
    factory.word_lang_prob_map = {}
    factors = np.array(list(known.values()))
    factors += ALPHA / Detector.BASE_FREQ
    return Profiles(factory, {gram: row for row, gram in enumerate(known)}, factors)


class _Normal(dict[str, str]):
    """langdetect's normal form of each letter."""

    def __missing__(self, letter: str) -> str:
        normal: str = NGram.normalize(letter)
        self[letter] = normal
        return normal


class _Ends(dict[tuple[str, str, str], tuple[int, ...]]):
    """By three letters, the rows of the n-grams of one, two and three letters that end with the last of them.

    Where two capitals meet, langdetect skips what ends in the second: abbreviations tell no language. It passes
    over a space alone too.
    """

    def __missing__(self, letters: tuple[str, str, str]) -> tuple[int, ...]:
        if len(self) >= REMEMBERED_ENDS:
            self.clear()
        rows = profiles().rows
        first, second, last = letters
        if last.isupper() and second.isupper():
            found: tuple[int, ...] = ()
        else:
            grams = (last, second + last, first + second + last)
            found = tuple(rows[gram] for gram in grams if gram != " " and gram in rows)
        self[letters] = found
        return found


_NORMAL = _Normal()
_ENDS = _Ends()


@functools.lru_cache(maxsize=REMEMBERED)
def _rows_of(word: str) -> tuple[int, ...]:
    """The rows of a word's n-grams, by their ends; a space stands before the word."""
    if word in ("", " "):
        return ()
    padded = f"\0 {word}"  # no profile knows what begins before the space
    threes = zip(padded, padded[1:], padded[2:], strict=False)
    return tuple(chain.from_iterable(map(_ENDS.__getitem__, threes)))


def _draws(grams: int) -> Iterator[int]:
    """The places of the n-grams that langdetect draws of so many, with its seed; without an end.

    ``Random.choice`` takes the next number of so many bits that is small enough; they are the same for all texts.
    """
    random, numbers = _numbers(grams.bit_length())
    for place in count():
        if place == len(numbers):
            numbers.append(random.getrandbits(grams.bit_length()))
        if numbers[place] < grams:
            yield numbers[place]


@functools.cache
def _numbers(_bits: int) -> tuple[Random, list[int]]:
    """The seeded source of numbers of so many bits, after langdetect's first draw, and the numbers drawn of it."""
    random = Random(SEED)  # noqa: S311 - as langdetect draws
    random.gauss(0.0, 1.0)
    return random, []
