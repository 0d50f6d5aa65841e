"""Long texts as overlapping windows of tokens, no longer than the model was trained at.

A text is encoded once, whole, and cut here: what a tokenizer library gives of an overflowing text differs by version
(tokenizers 0.23.1 and 0.23.2 give the first window alone). A word's tag sits on its first token (the token that holds
its first character). In the overlap a word is in two windows: its prediction is taken from the one where it stands
farther from the window's edges.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.errors import InputError
from training.benchmark.documents import Fragment
from training.benchmark.iob_tags import IGNORED

Feature = dict[str, Any]
"""What a model is given of one window: lists of integers by name."""
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True, slots=True)
class Window:
    """Some hundred tokens of a document."""

    inputs: dict[str, list[int]]
    places: dict[int, int]
    """Word → position of its first token in the window."""
    margin: dict[int, int]
    """Word → tokens between its first token and the nearer edge of the window."""
    groups: list[int]
    """Position → which of the window's words its token belongs to, counted from 1; 0 for special tokens and for the
    rest of a word that begins before the window. Words that share a token are one."""

    def labelled(self, tags: Sequence[Sequence[int]], heads: int = 1) -> Feature:
        """The window with each word's tags, one a head, on its first token, ``IGNORED`` elsewhere."""
        labels: list[Sequence[int]] = [[IGNORED] * heads] * len(self.inputs["input_ids"])
        for word, place in reversed(self.places.items()):  # of words that share a token the first decides
            labels[place] = tags[word]
        return {**self.inputs, "groups": self.groups, "labels": labels}


@dataclass(frozen=True, slots=True)
class Frame:
    """The special tokens that a tokenizer puts around one text or a pair, as it puts them around two words."""

    inputs: dict[str, list[int]]
    """Of the pattern: input ids, and segments where the model has them."""
    slots: tuple[int, ...]
    """Where the tokens of each text stand in it; one token a text."""

    @classmethod
    def from_tokenizer(cls, tokenizer: Any, texts: int) -> "Frame":
        """Read it off an encoded pattern of one-letter words."""
        encoded = tokenizer(*["a"] * texts, return_special_tokens_mask=True)
        inner = [place for place, special in enumerate(encoded["special_tokens_mask"]) if not special]
        sides = [encoded.sequence_ids(0)[place] for place in inner]
        slots = tuple(inner[sides.index(side)] for side in range(texts))
        # a letter of two tokens (SentencePiece's blank apart) leaves one slot
        kept = [place for place in range(len(encoded["input_ids"])) if place in slots or place not in inner]
        inputs = {name: [encoded[name][place] for place in kept] for name in INPUTS if name in encoded}
        return cls(inputs, tuple(kept.index(slot) for slot in slots))

    @property
    def special(self) -> int:
        """How many special tokens there are."""
        return len(self.inputs["input_ids"]) - len(self.slots)

    def filled(self, *ids: Sequence[int]) -> dict[str, list[int]]:
        """What a model is given of these token ids, one sequence a text."""
        found: dict[str, list[int]] = {}
        for name, pattern in self.inputs.items():
            row: list[int] = []
            for place, value in enumerate(pattern):
                if place not in self.slots:
                    row.append(value)
                    continue
                tokens = ids[self.slots.index(place)]
                row += tokens if name == "input_ids" else [value] * len(tokens)
            found[name] = row
        return found


def spans_of(tokens: int, room: int, overlap: int) -> Iterator[tuple[int, int]]:
    """(start, end) of windows of ``room`` tokens that share ``overlap``; the last one ends with the text."""
    if overlap >= room:
        raise InputError(
            f"windows of {room} tokens cannot share {overlap}: lower benchmark.overlap or raise the length."
        )
    start = 0
    while True:
        end = min(start + room, tokens)
        yield start, end
        if end >= tokens:
            return
        start = end - overlap


def windows_of(tokenizer: Any, text: str, words: Sequence[Fragment], *, length: int, overlap: int) -> list[Window]:
    """Cut a text into windows of ``length`` tokens, special ones included, that share ``overlap`` tokens.

    Raises:
        InputError: the tokenizer has no token for a word that can be seen, or gives no places of its tokens.
    """
    frame = Frame.from_tokenizer(tokenizer, 1)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    windows = []
    for start, end in spans_of(len(ids), length - frame.special, overlap):
        first = frame.slots[0]
        found = _first_tokens(words, offsets[start:end])
        places = {word: place + first for word, place in found.items()}
        margin = {word: min(place, end - start - 1 - place) for word, place in found.items()}
        inputs = frame.filled(ids[start:end])
        groups = _groups(len(inputs["input_ids"]), places, range(first, first + end - start))
        windows.append(Window(inputs, places, margin, groups))
    _refuse_lost(text, words, windows)
    return windows


def _refuse_lost(text: str, words: Sequence[Fragment], windows: Sequence[Window]) -> None:
    """A word without a token would count as outside for good; only what cannot be seen may have none."""
    found = {word for window in windows for word in window.places}
    for number, (start, end) in enumerate(words):
        if number not in found and any(unicodedata.category(letter)[0] not in "CM" for letter in text[start:end]):
            raise InputError(
                f"the tokenizer gives no token for {text[start:end]!r} at {start:,} of a text of {len(text):,} "
                "characters. Use another tokenizer, or take the sign out of the text."
            )


def best_windows(windows: Sequence[Window]) -> dict[int, tuple[int, int]]:
    """For each word the window, and the position in it, that its prediction is taken from."""
    chosen: dict[int, tuple[int, int]] = {}
    for number, window in enumerate(windows):
        for word, place in window.places.items():
            if word not in chosen or window.margin[word] > windows[chosen[word][0]].margin[word]:
                chosen[word] = (number, place)
    return chosen


def _groups(size: int, places: Mapping[int, int], inner: range) -> list[int]:
    """The word of each position: that of the last place at or before it."""
    begins = np.zeros(size, np.int64)
    begins[list(places.values())] = 1
    groups = np.cumsum(begins)
    groups[: inner.start] = groups[inner.stop :] = 0
    return [int(group) for group in groups]


def _first_tokens(words: Sequence[Fragment], offsets: Sequence[Fragment]) -> dict[int, int]:
    """Words whose first character lies in one of these tokens, and the first such token."""
    found: dict[int, int] = {}
    word = 0
    for place, (start, end) in enumerate(offsets):
        while word < len(words) and words[word][0] < start:
            word += 1
        while word < len(words) and start <= words[word][0] < end:
            found[word] = place
            word += 1
    return found
