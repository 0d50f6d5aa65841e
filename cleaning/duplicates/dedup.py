"""Duplicates: exact by digest; near ones by MinHash bands and then exact Jaccard; keepers by a stated key.

The rule: documents are taken in the order of their key (category rank, longest, earliest, id). One whose text is
that of a document before it, or whose shingles are alike to ``jaccard`` with those of a keeper before it, loses to
that keeper, the first such; any other is a keeper. So a document never loses to one that it is not itself alike to,
and the order in which documents came decides nothing.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.duplicates import minhash, shingles
from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.candidates import candidates, unpacked
from cleaning.duplicates.crowds import settle_crowds
from cleaning.duplicates.shingles import Numbers
from cleaning.duplicates.signing import sign_missing
from cleaning.duplicates.verified import VerifiedPairs
from cleaning.engines.engine import Engine
from cleaning.engines.scratch import scratch
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Positions, StoredTexts
from data.files import code_digest, value_digest
from data.seeds import CATEGORIES

_RANKS = {category: rank for rank, category in enumerate(CATEGORIES)}


@dataclass(frozen=True, slots=True)
class Clusters:
    """Where each document stands, by its position."""

    keeper: Positions
    """The position of the document that it lost to; its own for a keeper."""
    near: npt.NDArray[np.bool_]
    """Lost though the text is not the keeper's."""
    jaccard: npt.NDArray[np.float64]
    """With the keeper, for those that are ``near``; NaN else."""
    size: npt.NDArray[np.int64]
    """Documents of the cluster, the keeper counted."""
    uncompared: int = 0
    """Keepers of crowds that were not compared with all others of theirs: 0 but for hundreds of thousands of pages of
    one template."""


def deduplicate(
    documents: pa.Table,
    texts: StoredTexts,
    memory: Path,
    settings: PublishSettings,
    engine: Engine,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Clusters:
    """Find the duplicates among ``documents`` (columns id, text_digest, category, n_words, first_seen_at, by id).

    ``memory`` is the folder where signatures and verified pairs are kept; ``engine`` runs what can be done side by
    side; ``tell`` hears how many of how many new texts have their signature.
    """
    rank = keeper_ranks(documents)
    digests = np.array([int(digest[:16], 16) for digest in documents["text_digest"].to_pylist()], np.uint64)
    by_rank = np.lexsort((rank, digests))
    first = np.ones(len(digests), np.bool_)
    first[1:] = digests[by_rank][1:] != digests[by_rank][:-1]
    heads = by_rank[first]
    group = np.empty(len(digests), np.int64)
    group[by_rank] = np.cumsum(first) - 1

    with scratch(memory / "work") as work:
        lost_to, figures, uncompared = _near(
            digests[heads], rank[heads], texts.at(heads), _folder(memory, settings), settings, engine, work, tell
        )
    keeper = heads[lost_to[group]]
    near = lost_to[group] != group
    size = np.bincount(keeper, minlength=len(digests))[keeper]
    return Clusters(keeper, near, np.where(near, figures[group], np.nan), size, uncompared)


def _folder(memory: Path, settings: PublishSettings) -> Path:
    """What is remembered holds for one way of making shingles and bands."""
    shaping = settings.model_dump(include={"permutations", "bands", "rows", "shingle_words"})
    code = code_digest(Path(minhash.__file__), Path(shingles.__file__))
    return memory / value_digest({"settings": shaping, "code": code})


def keeper_ranks(documents: pa.Table) -> Positions:
    """The place of each document in the order of the keys (columns category, n_words, first_seen_at, by id)."""
    categories = np.array([_RANKS.get(name or "", len(_RANKS)) for name in documents["category"].to_pylist()], np.int64)
    words = documents["n_words"].to_numpy().astype(np.int64)
    seen = documents["first_seen_at"].cast(pa.int64()).to_numpy()
    order = np.lexsort((np.arange(documents.num_rows), seen, -words, categories))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def _near(
    digests: Numbers,
    rank: Positions,
    texts: StoredTexts,
    folder: Path,
    settings: PublishSettings,
    engine: Engine,
    work: Path,
    tell: Callable[[int, int], None],
) -> tuple[Positions, npt.NDArray[np.float64], int]:
    """For each distinct text, by digest, the text that it loses to (itself for a keeper) and their Jaccard.

    Third, the keepers of crowds that were not compared with all others.
    """
    index = BandIndex(folder, settings.bands)
    sign_missing(index, digests, texts, settings, engine, work, tell)
    found = candidates(index, digests, engine, work)
    verified = VerifiedPairs(folder, settings.shingle_words)

    def elected(pairs: Numbers) -> tuple[Positions, npt.NDArray[np.float64]]:
        first, second = unpacked(pairs)
        figures = verified.of(digests, first, second, texts, engine, work)
        alike = figures >= settings.jaccard
        return elect(rank, first[alike], second[alike], figures[alike])

    pairs, (lost_to, share), uncompared = settle_crowds(found.pairs, found.crowds, rank, elected)
    verified.forget_others(digests, *unpacked(pairs))
    return lost_to, share, uncompared


def elect(
    rank: Positions, first: Positions, second: Positions, figures: npt.NDArray[np.float64]
) -> tuple[Positions, npt.NDArray[np.float64]]:
    """In the order of rank: lose to the first keeper that one is alike to, or be a keeper."""
    lost_to = np.arange(len(rank))
    share = np.full(len(rank), np.nan)
    alike: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for one, other, figure in zip(first.tolist(), second.tolist(), figures.tolist(), strict=True):
        alike[one].append((int(rank[other]), other, figure))
        alike[other].append((int(rank[one]), one, figure))
    for one in sorted(alike, key=lambda position: int(rank[position])):
        better = min(
            (found for found in alike[one] if found[0] < rank[one] and lost_to[found[1]] == found[1]), default=None
        )
        if better is not None:
            lost_to[one], share[one] = better[1], better[2]
    return lost_to, share
