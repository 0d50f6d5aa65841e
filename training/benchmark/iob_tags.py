"""Mentions ↔ IOB2 tags of words: one tag a word, so nested and discontinuous mentions need a rule.

To train on: of continuous mentions that share a word the longest stays (then the first, then by type's name), the
others are left out. A discontinuous mention is left out too, and words that no other mention has are not trained on at
all: they are neither in nor outside. A mention that cuts a word is trained on as the whole words that it touches.

To score: nothing is left out. Gold is as annotated, so a mention that tags cannot express counts as missed; ``ceiling``
in a result says what a perfect tagger would reach.
"""

import bisect
from collections.abc import Sequence

from training.benchmark.documents import Fragment, Mention

IGNORED = -100
"""The tag of a word that is not trained on, as torch's cross entropy has it."""
OUTSIDE = "O"


def tags_of(types: Sequence[str]) -> tuple[str, ...]:
    """Every tag; a tag's place is its number."""
    return (OUTSIDE, *(f"{prefix}-{label}" for label in types for prefix in "BI"))


def encode(words: Sequence[Fragment], mentions: Sequence[Mention], tags: Sequence[str]) -> list[int]:
    """The number of each word's tag, ``IGNORED`` where only mentions that were left out cover it."""
    number = {tag: place for place, tag in enumerate(tags)}
    taken: list[int | None] = [None] * len(words)
    for mention in sorted((one for one in mentions if one.continuous), key=_rank):
        inside = _touched(words, mention.fragments[0])
        if any(taken[word] is not None for word in inside):
            continue
        for place, word in enumerate(inside):
            taken[word] = number[f"{'I' if place else 'B'}-{mention.label}"]
    for mention in mentions:
        if not mention.continuous:
            for fragment in mention.fragments:
                for word in _touched(words, fragment):
                    if taken[word] is None:
                        taken[word] = IGNORED
    return [0 if tag is None else tag for tag in taken]


def decode(words: Sequence[Fragment], tags: Sequence[str]) -> list[Mention]:
    """The mentions that tags say, from the first word's start to the last one's end."""
    mentions: list[Mention] = []
    for (start, end), tag in zip(words, repaired(tags), strict=True):
        prefix, _, label = tag.partition("-")
        if prefix == "I":
            mentions[-1] = Mention(((mentions[-1].start, end),), label)
        elif prefix == "B":
            mentions.append(Mention(((start, end),), label))
    return mentions


def repaired(tags: Sequence[str]) -> list[str]:
    """IOB2: an I that continues nothing of its type begins a mention."""
    valid: list[str] = []
    before = OUTSIDE
    for tag in tags:
        prefix, _, label = tag.partition("-")
        valid.append(f"B-{label}" if prefix == "I" and before.partition("-")[2] != label else tag)
        before = tag
    return valid


def _rank(mention: Mention) -> tuple[int, int, str]:
    return -(mention.end - mention.start), mention.start, mention.label


def _touched(words: Sequence[Fragment], fragment: Fragment) -> list[int]:
    """Words that share a character with the fragment; words are in order and apart."""
    first = bisect.bisect_right(words, fragment[0], key=lambda word: word[1])
    behind = bisect.bisect_left(words, fragment[1], key=lambda word: word[0])
    return list(range(first, behind))
