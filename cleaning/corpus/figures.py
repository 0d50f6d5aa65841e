"""The counts of a version that a person would ask for; the same documents always give the same."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.site_lines import Taken
from cleaning.corpus.splits import SPLITS
from cleaning.pages.triage import OPTED_OUT

NAMELESS = "another, at an address"
"""Licences of which only the address is stated."""
LARGEST_HOSTS = 25
"""Hosts that a card names; the report's table has them all."""


def figures_of(
    kept: pa.Table, split_of: Mapping[str, str], side: pa.Table, dropped: pa.Table, urls: int, taken: Taken
) -> dict[str, Any]:
    """Figures of a version, for its manifest and its card: of the corpus, except ``side``, ``urls`` and ``dropped``.

    ``site_lines`` are of the living documents, before duplicates are dropped.
    """
    masked: Counter[str] = Counter()
    for kinds in kept["masked"].to_pylist():
        for entry in kinds:
            masked[entry["kind"]] += entry["count"]
    splits = Counter(split_of.values())
    sizes = kept["cluster_size"]
    hosts = counted(kept["host"])
    return {
        "documents": kept.num_rows,
        "words": pc.sum(kept["n_words"]).as_py(),
        "hosts": len(hosts),
        "largest_hosts": dict(list(hosts.items())[:LARGEST_HOSTS]),
        "first_fetched": pc.min(kept["fetched_at"]).as_py().date().isoformat(),
        "last_fetched": pc.max(kept["fetched_at"]).as_py().date().isoformat(),
        "splits": {split: splits[split] for split in SPLITS},
        "side": counted(side["language"]),
        "urls": urls,
        "dropped": counted(dropped["reason"]),
        "dropped_words": _words(dropped),
        "opted_out": _carriers(dropped),
        "licences": _licences(kept),
        "sources": counted(kept["source"]) if "source" in kept.schema.names else {},
        "site_lines": asdict(taken),
        "countries": counted(kept["country"]),
        "categories": counted(kept["category"]),
        "languages": counted(kept["language"]),
        "clusters": pc.sum(pc.greater(sizes, 1)).as_py() or 0,
        "masked": ranked(masked),
    }


def _carriers(dropped: pa.Table) -> dict[str, int]:
    """Pages that are left out for what a page or its host says, by the carrier of the word that decided."""
    if "detail" not in dropped.schema.names:
        return {}
    details = dropped.filter(pc.equal(dropped["reason"], OPTED_OUT))["detail"].to_pylist()
    return ranked(Counter((detail or "unknown").partition(":")[0] for detail in details))


def _licences(kept: pa.Table) -> dict[str, int]:
    """Documents by the licence that their page or host states; those without one are not counted."""
    if "license" not in kept.schema.names:
        return {}
    stated = zip(kept["license"].to_pylist(), kept["license_url"].to_pylist(), strict=True)
    return ranked(Counter(name or NAMELESS for name, url in stated if name or url))


def _words(dropped: pa.Table) -> dict[str, int]:
    """Words of the texts of dropped pages by reason, as far as a text was extracted."""
    if "n_words" not in dropped.schema.names:
        return {}
    sums = dropped.group_by("reason").aggregate([("n_words", "sum")]).to_pylist()
    return ranked({row["reason"]: row["n_words_sum"] for row in sums if row["n_words_sum"]})


def counted(column: pa.ChunkedArray) -> dict[str, int]:
    """How often each value is there, the most frequent first, equal ones by name."""
    found = pc.value_counts(column.combine_chunks())
    return ranked({one["values"].as_py() or "unknown": one["counts"].as_py() for one in found})


def worst(reasons: Mapping[str, int]) -> str:
    """The three most frequent reasons, to be shown."""
    return ", ".join(f"{reason} {count:,}" for reason, count in list(reasons.items())[:3])


def ranked(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts, the largest first, equal ones by name (JSON with sorted keys forgets an order)."""
    items: Iterable[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(items)
