"""What a tagger's outputs mean: one group of tags for all types, or a group a type where mentions are nested.

With one group a word has one tag, so of nested mentions the longest alone can be said (``flat``). With a group a type
each type has its own outside, begin and inside, so mentions of different types may nest and cross; of one type they
still may not. The labels of a group a type are O-TYPE, B-TYPE, I-TYPE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.benchmark import flat
from training.benchmark.documents import Fragment, Mention

_TAGS = 3
"""Of a group a type: outside, begin, inside."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The tags of each group, and their labels in the model's order."""

    types: tuple[str, ...]
    by_type: bool

    @classmethod
    def of_labels(cls, labels: Sequence[str]) -> "Heads | None":
        """Read off a model's labels; None where they are of neither kind."""
        types = tuple(dict.fromkeys(label[2:] for label in labels if label != flat.OUTSIDE))
        for by_type in (False, True):
            heads = cls(types, by_type)
            if set(labels) == set(heads.labels) if not by_type else tuple(labels) == heads.labels:
                return heads
        return None

    @property
    def labels(self) -> tuple[str, ...]:
        """Every output's name."""
        if not self.by_type:
            return flat.tags_of(self.types)
        return tuple(f"{prefix}-{label}" for label in self.types for prefix in "OBI")

    @property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """First output and end of each group."""
        if not self.by_type:
            return ((0, len(self.labels)),)
        return tuple((start, start + _TAGS) for start in range(0, len(self.labels), _TAGS))

    def encode(self, words: Sequence[Fragment], mentions: Sequence[Mention]) -> list[Any]:
        """The number of each word's tag within its group, ``IGNORED`` where it is not trained on; a list a group."""
        if not self.by_type:
            return flat.encode(words, mentions, self.labels)
        columns = [
            flat.encode(words, [one for one in mentions if one.label == label], flat.tags_of((label,)))
            for label in self.types
        ]
        return [list(row) for row in zip(*columns, strict=True)]

    def tags(self, logits: Any, labels: Sequence[str]) -> list[str]:
        """The tag of each group that a token's logits say."""
        best = (labels[low + int(np.argmax(logits[low:high]))] for low, high in self.groups)
        return [flat.OUTSIDE if tag.startswith("O-") else tag for tag in best]

    def possible(self, words: Sequence[Fragment], mentions: Sequence[Mention]) -> list[Mention]:
        """Of these mentions, as whole words, those that the tags can say."""
        found = []
        for label in self.types if self.by_type else (None,):
            types = (label,) if label is not None else self.types
            tags = flat.tags_of(types)
            numbers = flat.encode(words, [one for one in mentions if one.label in types], tags)
            told = [tags[number] if number != flat.IGNORED else flat.OUTSIDE for number in numbers]
            found += flat.decode(words, told)
        return found
