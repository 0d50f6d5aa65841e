"""Counts of a version for manifest and card; the same documents always give the same counts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.site_lines import Taken
from cleaning.corpus.splits import SPLITS
from cleaning.pages.page import OPTED_OUT

NAMELESS = "another, at an address"
"""The label of licences that have only an address."""
LARGEST_HOSTS = 25
"""Hosts in the card; the report lists all of them."""


@dataclass(slots=True)
class FigureCounts:
    """Counts of some documents and dropped pages; those of several shards add up."""

    documents: int = 0
    words: int = 0
    clusters: int = 0
    fetched: list[datetime] = field(default_factory=list)
    """The first and the last fetch."""
    hosts: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    side: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    dropped_words: Counter[str] = field(default_factory=Counter)
    opted_out: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)

    def add_kept(self, kept: pa.Table) -> None:
        """Count documents of the main corpus (all columns but the long ones)."""
        if not kept.num_rows:
            return
        self.documents += kept.num_rows
        self.words += pc.sum(kept["n_words"]).as_py()
        self.clusters += pc.sum(pc.greater(kept["cluster_size"], 1)).as_py() or 0
        seen = pc.min_max(kept["fetched_at"]).as_py()
        self.fetched = [min([*self.fetched, seen["min"]]), max([*self.fetched, seen["max"]])]
        for counts, name in (
            (self.hosts, "host"),
            (self.countries, "country"),
            (self.categories, "category"),
            (self.languages, "language"),
        ):
            counts.update(counted(kept[name]))
        self.sources.update(counted(kept["source"]) if "source" in kept.schema.names else {})
        self.licences.update(_licences(kept))
        for kinds in kept["masked"].filter(pc.greater(pc.list_value_length(kept["masked"]), 0)).to_pylist():
            for entry in kinds:
                self.masked[entry["kind"]] += entry["count"]

    def add_side(self, side: pa.Table) -> None:
        """Count documents of side corpora (column language)."""
        self.side.update(counted(side["language"]))

    def add_dropped(self, dropped: pa.Table) -> None:
        """Count dropped pages (columns of DROPPED_SCHEMA)."""
        self.dropped.update(counted(dropped["reason"]))
        self.dropped_words.update(_words(dropped))
        self.opted_out.update(_carriers(dropped))

    def add(self, other: "FigureCounts") -> None:
        """Add the counts of another object."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, int):
                setattr(self, one.name, mine + theirs)
        both = [*self.fetched, *other.fetched]
        self.fetched = [min(both), max(both)] if both else []

    def figures(self, splits: Mapping[str, int], urls: int, taken: Taken) -> dict[str, Any]:
        """The figures of a version; all but ``side``, ``urls`` and ``dropped`` are of the main corpus.

        ``site_lines`` counts live documents, before duplicates are dropped.
        """
        return {
            "documents": self.documents,
            "words": self.words,
            "hosts": len(self.hosts),
            "largest_hosts": dict(list(ranked(self.hosts).items())[:LARGEST_HOSTS]),
            "first_fetched": self.fetched[0].date().isoformat() if self.fetched else None,
            "last_fetched": self.fetched[1].date().isoformat() if self.fetched else None,
            "splits": {split: splits.get(split, 0) for split in SPLITS},
            "side": ranked(self.side),
            "urls": urls,
            "dropped": ranked(self.dropped),
            "dropped_words": ranked(self.dropped_words),
            "opted_out": ranked(self.opted_out),
            "licences": ranked(self.licences),
            "sources": ranked(self.sources),
            "site_lines": asdict(taken),
            "countries": ranked(self.countries),
            "categories": ranked(self.categories),
            "languages": ranked(self.languages),
            "clusters": self.clusters,
            "masked": ranked(self.masked),
        }


def _carriers(dropped: pa.Table) -> dict[str, int]:
    """Reserved pages by the carrier of the signal that decided."""
    if "detail" not in dropped.schema.names:
        return {}
    details = dropped.filter(pc.equal(dropped["reason"], OPTED_OUT))["detail"].to_pylist()
    return Counter((detail or "unknown").partition(":")[0] for detail in details)


def _licences(kept: pa.Table) -> dict[str, int]:
    """Documents by the licence of their page or host, without those that have none."""
    if "license" not in kept.schema.names:
        return {}
    stated = kept.filter(pc.or_(pc.is_valid(kept["license"]), pc.is_valid(kept["license_url"])))
    pairs = zip(stated["license"].to_pylist(), stated["license_url"].to_pylist(), strict=True)
    return Counter(name or NAMELESS for name, url in pairs if name or url)


def _words(dropped: pa.Table) -> dict[str, int]:
    """Words of dropped pages by reason, for pages with an extracted text."""
    if "n_words" not in dropped.schema.names:
        return {}
    sums = dropped.group_by("reason").aggregate([("n_words", "sum")]).to_pylist()
    return {row["reason"]: row["n_words_sum"] for row in sums if row["n_words_sum"]}


def counted(column: pa.ChunkedArray) -> dict[str, int]:
    """Occurrences of each value, most frequent first, ties by name."""
    found = pc.value_counts(column.combine_chunks())
    return ranked({one["values"].as_py() or "unknown": one["counts"].as_py() for one in found})


def worst(reasons: Mapping[str, int]) -> str:
    """The three most frequent reasons, as text."""
    return ", ".join(f"{reason} {count:,}" for reason, count in list(reasons.items())[:3])


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Sort counts, largest first, ties by name; JSON with sorted keys loses the order."""
    items: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(items)
