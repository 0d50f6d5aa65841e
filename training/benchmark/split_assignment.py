"""Splits that a corpus does not bring: its items are dealt out by a hash of their names.

Items of one text of 13 words or more (a document that is there twice, questions about one paragraph) go together, by
the first of their names: what is learnt is not asked for.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from training.benchmark.leaks import is_long, text_of

_SHARES = {"dev": (0, 100), "test": (100, 200)}
"""Thousandths of the documents of a task without splits."""
_SET_ASIDE = 100
"""Thousandths of the training documents that stand in for a missing development split."""


def assign_splits(items: Sequence[Any]) -> dict[str, list[Any]]:
    """train, dev and test of items that come without: 80, 10 and 10 %."""
    splits: dict[str, list[Any]] = {"train": [], "dev": [], "test": []}
    for item, name in zip(items, _names(items), strict=True):
        here = _hash(name) % 1_000
        splits[next((split for split, (low, high) in _SHARES.items() if low <= here < high), "train")].append(item)
    return splits


def hold_out_dev(items: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The training items that stay, and the tenth that becomes the development split; at least one text in each.

    A text that more than half of the items share stays. Of a single text nothing can be set aside, and the development
    split is empty.
    """
    names = _names(items)
    sizes = Counter(names)
    ranked = sorted(
        (name for name, size in sizes.items() if 2 * size <= len(items)), key=lambda name: (_hash(name) % 1_000, name)
    )
    tenth = sum(_hash(name) % 1_000 < _SET_ASIDE for name in ranked)
    aside = set(ranked[: max(1, min(tenth, len(sizes) - 1))])
    pairs = list(zip(items, names, strict=True))
    return [item for item, name in pairs if name not in aside], [item for item, name in pairs if name in aside]


def at_most(items: list[Any], most: int | None) -> list[Any]:
    """``most`` items at most, in the order in which they stand."""
    if most is None or len(items) <= most:
        return items
    chosen = sorted(items, key=lambda item: (_hash(item.name), item.name))[:most]
    kept = {id(item) for item in chosen}
    return [item for item in items if id(item) in kept]


def _names(items: Sequence[Any]) -> list[str]:
    """The name that each is dealt by: of those of one text the first."""
    texts = [text_of(item) for item in items]
    first: dict[str, str] = {}
    for item, text in zip(items, texts, strict=True):
        if is_long(text):
            first[text] = min(item.name, first.get(text, item.name))
    return [first.get(text, item.name) for item, text in zip(items, texts, strict=True)]


def _hash(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
