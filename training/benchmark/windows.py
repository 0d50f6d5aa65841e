"""Long texts as overlapping windows of tokens, no longer than the model was trained at.

A word's tag sits on its first token (the token that holds its first character). In the overlap a word is in two
windows: its prediction is taken from the one where it stands farther from the window's edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.benchmark.documents import Fragment
from training.benchmark.flat import IGNORED

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

    def labelled(self, tags: Sequence[int]) -> Feature:
        """The window with the tag of each word on its first token, ``IGNORED`` elsewhere."""
        labels = [IGNORED] * len(self.inputs["input_ids"])
        for word, place in reversed(self.places.items()):  # of words that share a token the first decides
            labels[place] = tags[word]
        return {**self.inputs, "labels": labels}


def windows_of(tokenizer: Any, text: str, words: Sequence[Fragment], *, length: int, overlap: int) -> list[Window]:
    """Cut a text into windows of ``length`` tokens, special ones included, that share ``overlap`` tokens."""
    encoded = tokenizer(
        text,
        truncation=True,
        max_length=length,
        stride=overlap,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    windows = []
    for number, offsets in enumerate(encoded["offset_mapping"]):
        special = encoded["special_tokens_mask"][number]
        inner = [place for place, is_special in enumerate(special) if not is_special]
        inputs = {name: list(encoded[name][number]) for name in INPUTS if name in encoded}
        places = _first_tokens(words, offsets, inner)
        margin = {word: min(place - inner[0], inner[-1] - place) for word, place in places.items()}
        windows.append(Window(inputs, places, margin))
    return windows


def best_windows(windows: Sequence[Window]) -> dict[int, tuple[int, int]]:
    """For each word the window, and the position in it, that its prediction is taken from."""
    chosen: dict[int, tuple[int, int]] = {}
    for number, window in enumerate(windows):
        for word, place in window.places.items():
            if word not in chosen or window.margin[word] > windows[chosen[word][0]].margin[word]:
                chosen[word] = (number, place)
    return chosen


def _first_tokens(words: Sequence[Fragment], offsets: Sequence[Fragment], inner: Sequence[int]) -> dict[int, int]:
    """Words whose first character lies in a token of the window, and the first such token."""
    found: dict[int, int] = {}
    word = 0
    for place in inner:
        start, end = offsets[place]
        while word < len(words) and words[word][0] < start:
            word += 1
        while word < len(words) and start <= words[word][0] < end:
            found[word] = place
            word += 1
    return found
