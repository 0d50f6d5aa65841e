"""Duplicates: exact by digest, near ones by MinHash bands and then exact Jaccard; keepers by a stated key.

Nothing here depends on the order in which documents came.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from datasketch import MinHash, MinHashLSH

from cleaning.publish_settings import PublishSettings
from data.seeds import CATEGORIES

_WORD = re.compile(r"\w+")
_RANKS = {category: rank for rank, category in enumerate(CATEGORIES)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """What deduplication needs of a document."""

    id: str
    text: str
    text_digest: str
    category: str | None
    first_seen_at: datetime

    @property
    def key(self) -> tuple[int, int, datetime, str]:
        """The smallest key of a cluster keeps: category rank, longest, earliest, id."""
        return (_RANKS.get(self.category or "", len(_RANKS)), -len(self.text), self.first_seen_at, self.id)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands in its cluster."""

    keeper: str
    size: int
    reason: str | None
    """``duplicate/exact`` or ``duplicate/near``; None for the keeper."""
    jaccard: float | None = None
    """Of the shingles with the document that a near duplicate was found by."""


def shingles(text: str, words: int) -> frozenset[str]:
    """The runs of so many words in lower case; a shorter text is one shingle."""
    found = _WORD.findall(text.lower())
    if len(found) <= words:
        return frozenset([" ".join(found)])
    return frozenset(" ".join(found[start : start + words]) for start in range(len(found) - words + 1))


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared shingles over all."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def clusters(
    documents: Sequence[Candidate], settings: PublishSettings, tell: Callable[[int], None] = lambda _: None
) -> dict[str, Place]:
    """Place every document in its cluster. ``tell`` hears how many signatures are made."""
    exact: dict[str, list[Candidate]] = defaultdict(list)
    for document in documents:
        exact[document.text_digest].append(document)
    heads = sorted((min(group, key=lambda one: one.key) for group in exact.values()), key=lambda one: one.id)
    edges = _verified_edges(heads, settings, tell)
    return _placed(exact, heads, edges)


def _verified_edges(
    heads: Sequence[Candidate], settings: PublishSettings, tell: Callable[[int], None]
) -> dict[tuple[str, str], float]:
    index = MinHashLSH(num_perm=settings.permutations, params=(settings.bands, settings.rows))
    seen: dict[str, frozenset[str]] = {}
    edges: dict[tuple[str, str], float] = {}
    for number, head in enumerate(heads, start=1):
        grams = shingles(head.text, settings.shingle_words)
        signature = MinHash(num_perm=settings.permutations)
        signature.update_batch([gram.encode() for gram in grams])
        for other in index.query(signature):
            share = jaccard(grams, seen[other])
            if share >= settings.jaccard:
                edges[other, head.id] = share
        index.insert(head.id, signature)
        seen[head.id] = grams
        tell(number)
    return edges


def _placed(
    exact: Mapping[str, Sequence[Candidate]], heads: Sequence[Candidate], edges: Mapping[tuple[str, str], float]
) -> dict[str, Place]:
    roots = {head.id: head.id for head in heads}

    def root(identity: str) -> str:
        while roots[identity] != identity:
            roots[identity] = roots[roots[identity]]
            identity = roots[identity]
        return identity

    best: dict[str, float] = {}
    for (first, second), share in edges.items():
        roots[root(first)] = root(second)
        for identity in (first, second):
            best[identity] = max(best.get(identity, 0.0), share)
    members: dict[str, list[Candidate]] = defaultdict(list)
    for head in heads:
        members[root(head.id)].append(head)
    places: dict[str, Place] = {}
    for cluster in members.values():
        keeper = min(cluster, key=lambda one: one.key)
        size = sum(len(exact[head.text_digest]) for head in cluster)
        for head in cluster:
            for document in exact[head.text_digest]:
                same = head.id == keeper.id
                reason = None if document.id == keeper.id else "duplicate/exact" if same else "duplicate/near"
                found = None if same else best[head.id]
                places[document.id] = Place(keeper.id, size, reason, found)
    return places
