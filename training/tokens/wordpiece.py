"""Fit a WordPiece vocabulary from word counts: the same counts always give the same vocabulary.

Merges the commonest pair of adjacent pieces, as byte-pair encoding does (Sennrich et al. 2016), with the pieces
inside a word marked by ``##``; ties go to the pair that sorts first. tokenizers' own trainer breaks ties by the
order of a hash table and gives another vocabulary at each run.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

PREFIX = "##"
MAX_ALPHABET = 1_000
"""Commonest characters that get an entry, or two: at the start of a word and inside; words with rarer ones are left
out of the count. In a small vocabulary characters take half of it at most."""
MAX_WORD = 100
"""Characters; longer words become [UNK] in WordPiece (BERT)."""
MIN_PAIR = 2
"""Occurrences of a pair that is merged."""

Pair = tuple[int, int]


def fit_wordpiece(
    counts: Mapping[str, int],
    size: int,
    special: Sequence[str],
    on_progress: Callable[[int], None] = lambda _: None,
) -> list[str]:
    """The vocabulary in the order of its ids: special tokens, characters, then merges. At most ``size`` entries."""
    alphabet = _alphabet(counts, min(MAX_ALPHABET, (size - len(special)) // 4))
    pieces = [*special, *sorted({character for character, _ in alphabet})]
    pieces += [PREFIX + character for character in sorted({character for character, inside in alphabet if inside})]
    ids = {piece: number for number, piece in enumerate(pieces)}
    words, weights = _split(counts, ids)
    merger = _Merger(pieces, ids, words, weights)
    while len(pieces) < size and merger.merge():
        on_progress(len(pieces))
    return pieces


def _alphabet(counts: Mapping[str, int], limit: int) -> set[tuple[str, bool]]:
    """The commonest characters, ``limit`` at most, with whether they stand inside a word."""
    by_character: Counter[str] = Counter()
    for word, count in counts.items():
        for character in word:
            by_character[character] += count
    kept = {c for c, _ in sorted(by_character.items(), key=lambda item: (-item[1], item[0]))[:limit]}
    return {(character, place > 0) for word in counts for place, character in enumerate(word) if character in kept}


def _split(counts: Mapping[str, int], ids: Mapping[str, int]) -> tuple[list[list[int]], list[int]]:
    words, weights = [], []
    for word, count in sorted(counts.items()):
        pieces = [ids.get(character if place == 0 else PREFIX + character, -1) for place, character in enumerate(word)]
        if 1 < len(pieces) <= MAX_WORD and -1 not in pieces:
            words.append(pieces)
            weights.append(count)
    return words, weights


class _Merger:
    """Pair counts over all words, kept up to date merge by merge."""

    def __init__(self, pieces: list[str], ids: dict[str, int], words: list[list[int]], weights: list[int]) -> None:
        self._pieces = pieces
        self._ids = ids
        self._words = words
        self._weights = weights
        self._counts: dict[Pair, int] = defaultdict(int)
        self._places: dict[Pair, set[int]] = defaultdict(set)
        for number, word in enumerate(words):
            for pair in pairwise(word):
                self._counts[pair] += weights[number]
                self._places[pair].add(number)
        self._heap = [self._entry(pair) for pair in self._counts]
        heapq.heapify(self._heap)

    def merge(self) -> bool:
        """Merge the commonest pair; False where none occurs often enough."""
        while self._heap:
            count, _, _, pair = heapq.heappop(self._heap)
            current = self._counts.get(pair, 0)
            if current < MIN_PAIR:
                continue
            if current != -count:
                heapq.heappush(self._heap, self._entry(pair))
                continue
            self._apply(pair)
            return True
        return False

    def _entry(self, pair: Pair) -> tuple[int, str, str, Pair]:
        return (-self._counts[pair], self._pieces[pair[0]], self._pieces[pair[1]], pair)

    def _apply(self, pair: Pair) -> None:
        merged = self._pieces[pair[0]] + self._pieces[pair[1]].removeprefix(PREFIX)
        number = self._ids.setdefault(merged, len(self._pieces))
        if number == len(self._pieces):
            self._pieces.append(merged)
        grown: set[Pair] = set()
        for place in self._places.pop(pair):
            self._join(place, pair, number, grown)
        del self._counts[pair]
        for one in grown:  # what became rarer is noticed when its turn comes
            if self._counts[one] >= MIN_PAIR:
                heapq.heappush(self._heap, self._entry(one))

    def _join(self, place: int, pair: Pair, number: int, grown: set[Pair]) -> None:
        """Join the pair wherever it stands in a word; only the neighbours' counts change."""
        word, weight, counts = self._words[place], self._weights[place], self._counts
        first, second = pair
        at = 0
        while at + 1 < len(word):
            if word[at] == first and word[at + 1] == second:
                if at:
                    counts[word[at - 1], first] -= weight
                    self._grow((word[at - 1], number), place, grown)
                if at + 2 < len(word):
                    counts[second, word[at + 2]] -= weight
                    self._grow((number, word[at + 2]), place, grown)
                word[at : at + 2] = [number]
            at += 1

    def _grow(self, pair: Pair, place: int, grown: set[Pair]) -> None:
        self._counts[pair] += self._weights[place]
        self._places[pair].add(place)
        grown.add(pair)
