"""Shingles: the runs of words by which texts are compared, as 64-bit numbers, a whole batch of texts at once."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
"""Odd, so that multiplying by it loses nothing modulo 2⁶⁴ (2⁶⁴ over the golden ratio)."""
MOST_WORDS = 1_000_000
"""Distinct words whose numbers are remembered, about 150 MB."""


def words_of(text: str) -> list[str]:
    """The words of a text in lower case."""
    return _WORD.findall(text.lower())


def word_number(word: str) -> int:
    """64 bits of BLAKE2b of the word's UTF-8."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def shingle_number(shingle: Sequence[str]) -> int:
    """The number of one shingle, a polynomial of its words' numbers modulo 2⁶⁴: what ``Shingler`` makes in batches."""
    number = 0
    for word in shingle:
        number = (number * _BASE + word_number(word)) & _MASK
    return number


class _Numbers(dict[str, int]):
    """Each word's number, worked out once."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_WORDS:
            self.clear()
        number = self[word] = word_number(word)
        return number


class Shingler:
    """Turns texts into shingle numbers; remembers the words that it met."""

    def __init__(self, words: int) -> None:
        self.words = words
        self._numbers = _Numbers()

    def __call__(self, texts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """Give the shingle numbers of all texts in a row, and where each text's begin.

        Every text has at least one shingle: one of fewer words than a shingle is a single shorter one.
        """
        found = [words_of(text) for text in texts]
        short = [number for number, words in enumerate(found) if len(words) < self.words]
        lengths = np.array([max(len(words), self.words) for words in found], np.int64)
        ends = np.cumsum(lengths)
        known = self._numbers
        numbers_of_words = np.zeros(int(ends[-1]) if len(texts) else 0, np.uint64)
        for words, end, length in zip(found, ends, lengths, strict=True):
            if len(words) >= self.words:
                numbers_of_words[end - length : end] = np.fromiter(map(known.__getitem__, words), np.uint64, len(words))
        windows = self._windows(numbers_of_words)
        for number in short:
            windows[ends[number] - self.words] = shingle_number(found[number] or [""])
        counts = lengths - (self.words - 1)
        inside = np.ones(len(numbers_of_words), np.bool_)
        for back in range(1, self.words):
            inside[ends - back] = False
        return windows[inside[: len(windows)]], np.cumsum(counts) - counts

    def sets(self, texts: Sequence[str]) -> list[Numbers]:
        """The distinct shingle numbers of each text, in ascending order."""
        numbers, starts = self(texts)
        return [np.unique(one) for one in np.split(numbers, starts[1:])] if texts else []

    def _windows(self, numbers_of_words: Numbers) -> Numbers:
        count = max(0, len(numbers_of_words) - self.words + 1)
        numbers = np.zeros(count, np.uint64)
        for place in range(self.words):
            numbers = numbers * np.uint64(_BASE) + numbers_of_words[place : place + count]
        return numbers


def jaccard(first: Numbers, second: Numbers) -> float:
    """Shared shingles over all, of two ascending sets."""
    shared = len(first) + len(second) - len(np.union1d(first, second))
    return shared / (len(first) + len(second) - shared)
