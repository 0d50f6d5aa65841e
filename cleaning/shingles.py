"""Shingles: the runs of words by which texts are compared, as 64-bit numbers, a whole batch of texts at once."""

import hashlib
import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_MASK = (1 << 64) - 1
_BASE = 0x9E3779B97F4A7C15
"""Odd, so that multiplying by it loses nothing modulo 2⁶⁴ (2⁶⁴ over the golden ratio)."""
MOST_PIECES = 1_000_000
"""Distinct pieces between white space whose words are remembered, about 200 MB."""


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


class _Numbers(dict[str, tuple[int, ...]]):
    """The numbers of the words in each piece between white space, worked out once: `y/o` holds two, a dash none."""

    def __missing__(self, piece: str) -> tuple[int, ...]:
        if len(self) >= MOST_PIECES:
            self.clear()
        numbers = self[piece] = tuple(word_number(word) for word in words_of(piece))
        return numbers


class Shingler:
    """Turns texts into shingle numbers; remembers the words that it met."""

    def __init__(self, words: int) -> None:
        self.words = words
        self._numbers = _Numbers()

    def __call__(self, texts: Sequence[str]) -> tuple[Numbers, npt.NDArray[np.int64]]:
        """Give the shingle numbers of all texts in a row, and where each text's begin.

        Every text has at least one shingle: one of fewer words than a shingle is a single shorter one.
        """
        found = [self._words(text) for text in texts]
        lengths = np.array([max(len(words), self.words) for words in found], np.int64)
        ends = np.cumsum(lengths)
        short = [number for number, words in enumerate(found) if len(words) < self.words]
        for number in short:
            found[number] = np.zeros(self.words, np.uint64)
        windows = self._windows(np.concatenate(found) if found else np.zeros(0, np.uint64))
        for number in short:
            windows[ends[number] - self.words] = shingle_number(words_of(texts[number]) or [""])
        inside = np.ones(int(lengths.sum()), np.bool_)
        for back in range(1, self.words):
            inside[ends - back] = False
        counts = lengths - (self.words - 1)
        return windows[inside[: len(windows)]], np.cumsum(counts) - counts

    def _words(self, text: str) -> Numbers:
        pieces = map(self._numbers.__getitem__, text.split())
        return np.fromiter(chain.from_iterable(pieces), np.uint64)

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
