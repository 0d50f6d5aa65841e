"""The impact of a takedown on the newest version: documents, dropped pages, and copies that would replace them."""

import itertools
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.versions import versions
from data.parquet import read_all
from data.store import Store
from data.takedowns import Takedowns

_KEPT = ["id", "url", "canonical"]
_DROPPED = ["url", "reason", "lost_to"]


@dataclass(frozen=True, slots=True)
class TakedownImpact:
    """What targets match in the newest version; empty if there is no version."""

    documents: Counter[str] = field(default_factory=Counter)
    """Number of documents by target."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Number of dropped pages by target."""
    copies: tuple[str, ...] = ()
    """URLs with the same or nearly the same text that are not taken down: one of them would replace the page."""


def takedown_impact(store: Store, takedowns: Takedowns, targets: Collection[str]) -> TakedownImpact:
    """Find what ``targets``, which are in ``takedowns``, match in the newest version.

    Raises:
        InputError: a file of the version is damaged.
    """
    names = versions(store)
    if not names:
        return TakedownImpact()
    folder, asked = store.corpus / names[-1], takedowns.only(targets)
    kept = read_all([*folder.glob("data/*/*.parquet"), *folder.glob("side/*/*.parquet")], _KEPT)
    dropped = read_all(folder.glob("dropped/*.parquet"), _DROPPED)
    duplicates = dropped.filter(pc.starts_with(dropped["reason"], "duplicate/"))
    gone, lost = _covered(kept, asked), _covered(dropped, asked)
    lost_duplicates = lost.filter(pc.starts_with(lost["reason"], "duplicate/"))
    clusters = pa.array([*gone["id"].to_pylist(), *lost_duplicates["lost_to"].to_pylist()], pa.large_string())
    alike = [
        *kept.filter(pc.is_in(kept["id"], clusters))["url"].to_pylist(),
        *duplicates.filter(pc.is_in(duplicates["lost_to"], clusters))["url"].to_pylist(),
    ]
    return TakedownImpact(
        documents=_counted(gone, asked),
        dropped=_counted(lost, asked),
        copies=tuple(sorted(url for url in alike if not takedowns.covers(url))),
    )


def _addresses(table: pa.Table) -> Iterator[tuple[str, str | None]]:
    """URL and declared canonical URL of each page; the latter is unknown for dropped pages."""
    own = table["canonical"].to_pylist() if "canonical" in table.schema.names else itertools.repeat(None)
    return zip(table["url"].to_pylist(), own, strict=False)


def _covered(table: pa.Table, takedowns: Takedowns) -> pa.Table:
    return table.filter(pa.array([takedowns.covers_page(*addresses) for addresses in _addresses(table)], pa.bool_()))


def _counted(table: pa.Table, takedowns: Takedowns) -> Counter[str]:
    return Counter(target for addresses in _addresses(table) for target in takedowns.covering_page(*addresses))
