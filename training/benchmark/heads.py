"""What a tagger's outputs mean: one head for all types, or a head a type where mentions are nested.

One head gives a word one tag, so of mentions that share a word the longest alone can be said (``flat``). With a head a
type each type has outside, begin and inside of its own: mentions of different types may nest and cross, of one type
they still may not. The heads share the network; they are the rows of one linear layer, whose labels are O-TYPE,
B-TYPE, I-TYPE. In 720 training documents of CT-EBM-SP one head can say 85.8 % of the mentions, a head a type 99.8 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from training.benchmark import iob_tags
from training.benchmark.documents import Document, Fragment, Mention, types_of
from training.benchmark.word_split import split_words

HeadsName = Literal["one", "type"]
NESTED = 0.02
"""A head a type is the default where it can say this share of the training mentions more: CT-EBM-SP 14 %, NUBes 23 %,
PharmaCoNER and MEDDOCAN 0. Elsewhere one head is better, since a word's types exclude each other in it."""
_OF_TYPE = 3
"""Outputs of a head for one type."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The tags of each head, in the order of the network's outputs; all heads have as many."""

    tags: tuple[tuple[str, ...], ...]

    @classmethod
    def of_types(cls, types: Sequence[str], name: HeadsName) -> "Heads":
        """One head, or a head a type."""
        return cls(
            tuple(iob_tags.tags_of([label]) for label in types) if name == "type" else (iob_tags.tags_of(types),)
        )

    @classmethod
    def of_labels(cls, labels: Sequence[str]) -> "Heads | None":
        """Read off a model's labels, or None where they are neither IOB2 tags nor those of a head a type.

        >>> Heads.of_labels(["O-ANAT", "B-ANAT", "I-ANAT", "O-DISO", "B-DISO", "I-DISO"]).tags
        (('O', 'B-ANAT', 'I-ANAT'), ('O', 'B-DISO', 'I-DISO'))
        """
        if iob_tags.OUTSIDE in labels:
            is_tagged = all(label == iob_tags.OUTSIDE or label[:2] in ("B-", "I-") for label in labels)
            return cls((tuple(labels),)) if is_tagged else None
        heads = cls.of_types([label[2:] for label in labels[::_OF_TYPE]], "type")
        return heads if heads.labels == tuple(labels) else None

    @property
    def labels(self) -> tuple[str, ...]:
        """Every output's name, each another."""
        if len(self.tags) == 1:
            return self.tags[0]
        return tuple(f"O{tags[1][1:]}" if tag == iob_tags.OUTSIDE else tag for tags in self.tags for tag in tags)

    @property
    def types(self) -> tuple[str, ...]:
        """What is found."""
        return tuple(sorted({tag[2:] for tags in self.tags for tag in tags if tag != iob_tags.OUTSIDE}))

    def encode(self, words: Sequence[Fragment], mentions: Sequence[Mention]) -> list[list[int]]:
        """For each word the number of its tag in each head, ``IGNORED`` where the head does not learn from it."""
        rows = [iob_tags.encode(words, _of(tags, mentions), tags) for tags in self.tags]
        return [list(of_word) for of_word in zip(*rows, strict=True)]

    def possible(self, words: Sequence[Fragment], mentions: Sequence[Mention]) -> list[Mention]:
        """Of these mentions, as whole words, those that the tags can say: what a perfect tagger finds."""
        found = []
        for tags in self.tags:
            numbers = iob_tags.encode(words, _of(tags, mentions), tags)
            found += iob_tags.decode(
                words, [tags[one] if one != iob_tags.IGNORED else iob_tags.OUTSIDE for one in numbers]
            )
        return sorted(found)


def usual_heads(documents: Sequence[Document]) -> HeadsName:
    """What suits the training documents, where settings name none."""
    types = types_of(documents)
    texts = [(split_words(document.text), document.mentions) for document in documents]
    one, a_type = (
        sum(len(heads.possible(words, mentions)) for words, mentions in texts)
        for heads in (Heads.of_types(types, "one"), Heads.of_types(types, "type"))
    )
    due = sum(len(set(mentions)) for _, mentions in texts)
    return "type" if a_type - one >= NESTED * due else "one"


def _of(tags: Sequence[str], mentions: Sequence[Mention]) -> list[Mention]:
    types = {tag[2:] for tag in tags if tag != iob_tags.OUTSIDE}
    return [one for one in mentions if one.label in types]
