"""Texts → shingle numbers, a whole batch of texts at once.

A shingle is some words in a row. Its number is a polynomial of its words' numbers, a word's number a mixed polynomial
of its letters', all modulo 2⁶⁴: sums and products over arrays, without a Python object for any word or shingle.
``words_of``, ``word_number`` and ``shingle_number`` say the same one by one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
"""Odd, so that multiplying by it loses nothing modulo 2⁶⁴ (2⁶⁴ over the golden ratio)."""
_INVERSE = pow(_BASE, -1, 1 << 64)
_TABLE = 0x3000
"""Code points whose numbers stand in a table: the alphabets and the punctuation. Those beyond are computed where
they are met."""
_BREAK = "\n"
"""Between two texts: no letter."""
LETTERS_AT_ONCE = 1 << 16
"""Letters whose numbers are held at once: half a MB an array, so that they stay in the processor's cache."""


def words_of(text: str) -> list[str]:
    """The words of a text, each letter in lower case by itself (İ is i, and a final Σ is σ)."""
    return _WORD.findall("".join(map(_lower, text)))


def letter_number(letter: str) -> int:
    """SplitMix64 of a lower-case letter's code point (Steele, Lea, Flood 2014)."""
    value = ((ord(letter) + 1) * _BASE) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def word_number(word: str) -> int:
    """The polynomial of a word's letters, mixed, so that words that share letters have nothing in common."""
    number = 0
    for letter in reversed(word):
        number = (number * _BASE + letter_number(letter)) & _MASK
    number = ((number ^ (number >> 32)) * 0xD6E8FEB86659FD93) & _MASK
    return number ^ (number >> 32)


def shingle_number(shingle: Sequence[str]) -> int:
    """The number of one shingle, a polynomial of its words' numbers."""
    number = 0
    for word in shingle:
        number = (number * _BASE + word_number(word)) & _MASK
    return number


class Shingler:
    """Turns texts into shingle numbers."""

    def __init__(self, words: int) -> None:
        self.words = words
        self._powers = _powers(_BASE, 1)
        self._inverse = _powers(_INVERSE, 1)

    def __call__(self, texts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """Give the shingle numbers of all texts in a row, and where each text's begin.

        Every text has at least one shingle: one of fewer words than a shingle is a single shorter one.
        """
        words, counts = self._words(texts)
        short = np.flatnonzero(counts < self.words)
        if len(short):
            words, counts = self._padded(words, counts, short)
        ends = np.cumsum(counts)
        windows = self._windows(words)
        for number in short:
            windows[ends[number] - self.words] = shingle_number(words_of(texts[int(number)]) or [""])
        inside = np.ones(len(words), np.bool_)
        for back in range(1, self.words):
            inside[ends - back] = False
        shingles = counts - (self.words - 1)
        return windows[inside[: len(windows)]], np.cumsum(shingles) - shingles

    def sets(self, texts: Sequence[str]) -> list[Numbers]:
        """The distinct shingle numbers of each text, in ascending order."""
        numbers, starts = self(texts)
        return [np.unique(one) for one in np.split(numbers, starts[1:])] if texts else []

    def _words(self, texts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """The numbers of all words in a row, and how many each text has."""
        found = [(np.zeros(0, np.uint64), np.zeros(0, np.int64)), *map(self._words_of_some, _some_at_a_time(texts))]
        return np.concatenate([words for words, _ in found]), np.concatenate([counts for _, counts in found])

    def _words_of_some(self, texts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.int64]]:
        joined = _BREAK.join(["", *texts, ""])
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        letters = _of_letters(codes)
        spoken = letters != 0
        edges = np.flatnonzero(spoken[1:] != spoken[:-1]) + 1
        starts = edges[::2]
        self._reach(len(codes))
        letters *= self._powers[: len(codes)]
        # Each word's letters and the silence after it: from its start to that of the next.
        numbers = np.add.reduceat(letters, starts) if len(starts) else np.zeros(0, np.uint64)
        numbers *= self._inverse[starts]
        text_begins = np.cumsum([1, *(len(text) + 1 for text in texts)])
        return _mixed(numbers), np.diff(np.searchsorted(starts, text_begins))

    def _reach(self, length: int) -> None:
        if length > len(self._powers):
            self._powers, self._inverse = _powers(_BASE, length), _powers(_INVERSE, length)

    def _padded(
        self, words: Numbers, counts: npt.NDArray[np.int64], short: npt.NDArray[np.int64]
    ) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """Room for one whole shingle in each text; what stands in it is replaced afterwards."""
        missing = self.words - counts[short]
        at = np.repeat(np.cumsum(counts)[short], missing)
        return np.insert(words, at, np.uint64(0)), np.maximum(counts, self.words)

    def _windows(self, numbers_of_words: Numbers) -> Numbers:
        count = max(0, len(numbers_of_words) - self.words + 1)
        numbers = np.zeros(count, np.uint64)
        for place in range(self.words):
            numbers *= np.uint64(_BASE)
            numbers += numbers_of_words[place : place + count]
        return numbers


def jaccard(first: Numbers, second: Numbers) -> float:
    """Shared shingles over all, of two ascending sets."""
    shared = len(first) + len(second) - len(np.union1d(first, second))
    return shared / (len(first) + len(second) - shared)


def _some_at_a_time(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of texts of so many letters together; a longer text is a run of its own."""
    begins = letters = 0
    for number, text in enumerate(texts):
        if letters and letters + len(text) > LETTERS_AT_ONCE:
            yield texts[begins:number]
            begins, letters = number, 0
        letters += len(text) + 1
    yield texts[begins:]


def _lower(letter: str) -> str:
    return letter.lower()[0]


def _of_letters(codes: npt.NDArray[np.uint32]) -> Numbers:
    """The number of each code point in lower case, 0 for what is no letter of a word."""
    letters = _table()[np.minimum(codes, _TABLE)]
    beyond = np.flatnonzero(codes >= _TABLE)
    if len(beyond):
        met, which = np.unique(codes[beyond], return_inverse=True)
        letters[beyond] = np.array([_number_of(chr(code)) for code in met], np.uint64)[which]
    return letters


@cache
def _table() -> Numbers:
    return np.array([_number_of(chr(code)) for code in range(_TABLE + 1)], np.uint64)


def _number_of(character: str) -> int:
    """The number of a character in lower case; 0 where it is no letter, digit or underscore."""
    letter = _lower(character)
    return letter_number(letter) if _WORD.match(letter) else 0


def _mixed(numbers: Numbers) -> Numbers:
    numbers ^= numbers >> np.uint64(32)
    numbers *= np.uint64(0xD6E8FEB86659FD93)
    numbers ^= numbers >> np.uint64(32)
    return numbers


def _powers(base: int, count: int) -> Numbers:
    """base⁰, base¹ … modulo 2⁶⁴."""
    powers = np.ones(count, np.uint64)
    if count > 1:
        powers[1:] = np.uint64(base)
        np.multiply.accumulate(powers, out=powers)
    return powers
