"""Duplicates: exact by digest; near ones by MinHash bands and then exact Jaccard; keepers by a stated key.

The rule: documents are taken in the order of their key (category rank, longest, earliest, id). One whose text is that
of a document before it, whose shingles are similar to ``jaccard`` with those of a keeper before it, or of whose
shingles such a keeper holds ``containment``, loses to that keeper, the first such; any other is a keeper. So a document
never loses to one that it is neither similar to nor contained in, and the order in which documents came decides
nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.duplicates import minhash, shingles, sketches
from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.candidates import candidates, unpacked
from cleaning.duplicates.containment import Containment
from cleaning.duplicates.crowds import Elected, settle_crowds
from cleaning.duplicates.shingles import Numbers
from cleaning.duplicates.signing import sign_missing
from cleaning.duplicates.sketches import Sketches
from cleaning.duplicates.verified import Alike, VerifiedPairs
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Positions, StoredTexts
from data.engines.engine import Engine
from data.engines.scratch import scratch
from data.files import code_digest, value_digest
from data.seeds import CATEGORIES

_EDGES_AT_ONCE = 100_000
"""Edges that are held as Python numbers."""
_RANKS = {category: rank for rank, category in enumerate(CATEGORIES)}


@dataclass(frozen=True, slots=True)
class Clusters:
    """Where each document stands, by its position."""

    keeper: Positions
    """The position of the document that it lost to; its own for a keeper."""
    near: npt.NDArray[np.bool_]
    """Lost though the text is not the keeper's."""
    contained: npt.NDArray[np.bool_]
    """Of those that are ``near`` the ones that are not similar to the keeper, which holds nearly all of them."""
    share: npt.NDArray[np.float64]
    """Of those that are ``near`` the Jaccard with the keeper, of contained ones the share of their shingles that it
    holds; NaN else."""
    size: npt.NDArray[np.int64]
    """Documents of the cluster, the keeper counted."""
    uncompared: int = 0
    """Keepers of crowds that were not compared with all others of theirs: 0 but for hundreds of thousands of pages of
    one template."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Texts that may lose to another; a row for each direction."""

    one: Positions
    """Loses where it does not come first."""
    other: Positions
    share: npt.NDArray[np.float64]
    contained: npt.NDArray[np.bool_]


def deduplicate(
    documents: pa.Table,
    texts: StoredTexts,
    memory: Path,
    settings: PublishSettings,
    engine: Engine,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Clusters:
    """Find the duplicates among ``documents`` (columns id, text_digest, category, n_words, first_seen_at, by id).

    ``memory`` is the folder where signatures and verified pairs are kept; ``engine`` runs what can be done side by
    side; ``on_progress`` hears how many of how many new texts have their signature.
    """
    digests, rank, heads, group = _distinct(documents)
    with scratch(memory / "work") as work:
        elected, uncompared = _near_duplicates(
            digests,
            rank,
            texts.at(heads),
            memory_folder(memory, settings),
            settings,
            engine,
            work,
            on_progress,
        )
    keeper = heads[elected.lost_to[group]]
    near = elected.lost_to[group] != group
    size = np.bincount(keeper, minlength=len(group))[keeper]
    share = np.where(near, elected.share[group], np.nan)
    return Clusters(keeper, near, elected.contained[group], share, size, uncompared)


def _distinct(documents: pa.Table) -> tuple[Numbers, Positions, Positions, npt.NDArray[np.int32]]:
    """Of each distinct text its digest, rank and best document; for each document the number of its text."""
    rank = keeper_ranks(documents)
    digests = text_numbers(documents["text_digest"])
    # Equal texts become adjacent, the best rank first: the first of each group is its canonical document.
    by_rank = np.lexsort((rank, digests))
    first = np.ones(len(digests), np.bool_)
    first[1:] = digests[by_rank][1:] != digests[by_rank][:-1]
    group = np.empty(len(digests), np.int32)  # as in packed pairs, positions have 32 bits
    group[by_rank] = np.cumsum(first) - 1
    heads = by_rank[first]
    return digests[heads], rank[heads], heads, group


def memory_folder(memory: Path, settings: PublishSettings) -> Path:
    """What is remembered holds for one way of making shingles and bands."""
    shaping = settings.model_dump(include={"permutations", "bands", "rows", "shingle_words"})
    code = code_digest(*(Path(module.__file__ or "") for module in (minhash, shingles, sketches)))
    return memory / value_digest({"settings": shaping, "code": code})


def keeper_ranks(documents: pa.Table) -> Positions:
    """The place of each document in the order of the keys (columns category, n_words, first_seen_at, by id)."""
    names = documents["category"].combine_chunks()
    names = names if pa.types.is_dictionary(names.type) else names.dictionary_encode()
    ranks = np.array([*(_RANKS.get(name or "", len(_RANKS)) for name in names.dictionary.to_pylist()), len(_RANKS)])
    categories = ranks[names.indices.fill_null(len(ranks) - 1).to_numpy()]
    words = documents["n_words"].to_numpy().astype(np.int64)
    seen = documents["first_seen_at"].cast(pa.int64()).to_numpy()
    order = np.lexsort((seen, -words, categories))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank


def text_numbers(digests: pa.ChunkedArray) -> Numbers:
    """64 bits of each text's digest, of which a table may hold just these."""
    if digests.type == pa.uint64():
        numbers: Numbers = digests.to_numpy()
        return numbers
    parts = [np.zeros(0, np.uint64)]
    for chunk in digests.chunks:
        first = "".join(pc.utf8_slice_codeunits(chunk, 0, 16).to_pylist())
        parts.append(np.frombuffer(bytes.fromhex(first), ">u8").astype(np.uint64))
    return np.concatenate(parts)


def _near_duplicates(
    digests: Numbers,
    rank: Positions,
    texts: StoredTexts,
    folder: Path,
    settings: PublishSettings,
    engine: Engine,
    work: Path,
    on_progress: Callable[[int, int], None],
) -> tuple[Elected, int]:
    """For each distinct text, by digest, the text that it loses to (itself for a keeper).

    Second, the keepers of crowds that were not compared with all others.
    """
    index = BandIndex(folder, settings.bands)
    sign_missing(index, digests, texts, settings, engine, work, on_progress)
    found = candidates(index, digests, engine, work)
    verified = VerifiedPairs(folder, settings.shingle_words)

    def elected(pairs: Numbers) -> Elected:
        first, second = unpacked(pairs)
        figures = verified.pair_figures(digests, first, second, texts, engine, work)
        return elect(rank, _edges(first, second, figures, settings))

    pairs, result, uncompared = settle_crowds(found.pairs, found.crowds, rank, elected)
    if settings.containment is not None:
        sketches = Sketches(folder / "sketches")
        sketches.add_missing(digests, texts, settings.shingle_words, engine, work)
        containment = Containment(sketches, digests, work)
        while True:
            keeps = result.lost_to == np.arange(len(rank))
            more = np.setdiff1d(containment.pairs(keeps, settings.containment, engine), pairs)
            if not len(more):
                break
            pairs = np.union1d(pairs, more)
            result = elected(pairs)
    verified.forget_others(digests, *unpacked(pairs))
    return result, uncompared


def _edges(first: Positions, second: Positions, figures: Alike, settings: PublishSettings) -> Edges:
    """Who may lose to whom: of texts that are alike either to the other, of others the contained to what holds it."""
    alike = figures["jaccard"] >= settings.jaccard
    parts = [
        (first[alike], second[alike], figures["jaccard"][alike], False),
        (second[alike], first[alike], figures["jaccard"][alike], False),
    ]
    if settings.containment is not None:
        for name, one, other in (("of_first", first, second), ("of_second", second, first)):
            held = ~alike & (figures[name] >= settings.containment)
            parts.append((one[held], other[held], figures[name][held], True))
    contained = [np.full(len(one), flag) for one, _, _, flag in parts]
    one, other, share = (np.concatenate([part[column] for part in parts]) for column in range(3))
    return Edges(one, other, share, np.concatenate(contained))


def elect(rank: Positions, edges: Edges) -> Elected:
    """In the order of rank: lose to the first keeper that an edge leads to, or be a keeper."""
    result = Elected(np.arange(len(rank)), np.full(len(rank), np.nan), np.zeros(len(rank), np.bool_))
    ahead = rank[edges.other] < rank[edges.one]
    order = np.flatnonzero(ahead)
    # In the order of rank: taken as they were found, edges would elect keepers that a better document then beats.
    order = order[np.lexsort((rank[edges.other[order]], rank[edges.one[order]]))]
    columns = (edges.one, edges.other, edges.share, edges.contained)
    for start in range(0, len(order), _EDGES_AT_ONCE):
        some = order[start : start + _EDGES_AT_ONCE]
        for one, other, share, contained in zip(*(column[some].tolist() for column in columns), strict=True):
            if result.lost_to[one] == one and result.lost_to[other] == other:
                result.lost_to[one], result.share[one], result.contained[one] = other, share, contained
    return result
