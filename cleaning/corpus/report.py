"""The report of a version: one self-contained HTML page, its charts drawn without a script."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined

from cleaning.corpus.diff import diff_folders
from cleaning.corpus.figures import counted, ranked
from cleaning.corpus.splits import SPLITS
from data.errors import InputError
from data.files import write_text
from data.manifest import Manifest
from data.parquet import read_all
from data.store import Store
from data.takedowns import Takedowns
from data.urls import document_id

_KEPT = ["url", "host", "site", "country", "category", "n_words", "published", "fetched_at", "title", "cluster_size"]
_LOST = ["host", "site", "reason", "url", "lost_to", "figure"]
_LENGTHS = (0, 50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000)
CLUSTERS = 12
COPIES = 5
SITES = 5_000
"""Rows of the table of sites at most; the largest."""
YEARS = 25
SPANISH_STEP = "in Spanish"
"""Where the funnel leaves other languages and the side corpora."""
_STEPS = (
    ("answered, and still there", ("http/", "revisit/", "refusal")),
    ("pages and PDFs", ("kind/",)),
    ("with a text", ("extraction/", "judging/")),
    ("free to be used", ("policy/", "takedown", "forgotten")),
    (SPANISH_STEP, ("language/",)),
    ("of enough quality", ("quality/",)),
    ("not of a benchmark", ("decontaminated/",)),
    ("documents: no duplicates", ("duplicate/",)),
)
"""The funnel: what is left after each step, and the reasons for which pages leave there."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    name: str
    value: int
    share: float
    """Of the longest bar."""


def report(store: Store, version: str = "latest") -> Path:
    """Write ``report.html`` of a version anew and give its path.

    Raises:
        InputError: there is no such version.
    """
    folder = store.corpus_version(version)
    manifest = Manifest.read(folder)
    earlier = f"v{int(folder.name[1:]) - 1:04d}"
    before = store.corpus / earlier
    earlier_folder = before if (before / "manifest.json").is_file() else None
    write_report(folder, manifest.name, manifest.figures, earlier_folder, Takedowns.load(store))
    return folder / "report.html"


def write_report(
    folder: Path, name: str, figures: Mapping[str, Any], before: Path | None, takedowns: Takedowns
) -> None:
    """Write ``report.html`` into a version's folder from its part files; ``before`` is what it is compared with.

    No page that was taken down is shown among the changes.
    """
    kept, lost = _read(folder / "data", _KEPT), _read(folder / "dropped", _LOST)
    environment = Environment(
        loader=PackageLoader("cleaning.corpus"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = "{:,}".format
    page = environment.get_template("report.html.jinja").render(
        name=name,
        figures=figures,
        splits={split: figures["splits"][split] for split in SPLITS},
        funnel=funnel(figures),
        words=words_left_out(figures),
        reasons=bars(ranked(figures["dropped"]), 30),
        families=bars(ranked(_families(figures["dropped"]))),
        languages=bars(ranked(_languages(figures))),
        countries=bars(ranked(figures["countries"]), 30),
        categories=bars(ranked(figures["categories"])),
        lengths=_lengths(kept["n_words"]),
        years=_years(kept["published"]),
        clusters=_clusters(kept, lost),
        sites=_sites(kept, lost),
        changes=_changes(before, folder, takedowns) if before else None,
        before=before.name if before else None,
    )
    write_text(folder / "report.html", page)


def sites(folder: Path) -> list[dict[str, Any]]:
    """The hosts of a version's folder, the largest first: host, country, documents, words, dropped."""
    return _sites(_read(folder / "data", _KEPT), _read(folder / "dropped", _LOST))


def bars(counts: Mapping[str, int], most: int = 100) -> list[Bar]:
    """Bars of counts in their order; what is beyond ``most`` is one bar."""
    items = list(counts.items())
    rest = sum(value for _, value in items[most:])
    items = [*items[:most], *([("other", rest)] if rest else [])]
    longest = max((value for _, value in items), default=1) or 1
    return [Bar(name, value, value / longest) for name, value in items]


def _read(folder: Path, columns: list[str]) -> pa.Table:
    return read_all(sorted(folder.rglob("*.parquet")), columns)


def funnel(figures: Mapping[str, Any]) -> list[Bar]:
    """From URLs to documents, each step the one before less what left it."""
    dropped, left = figures["dropped"], figures["urls"]
    steps = {"URLs, each at its latest": left}
    for label, prefixes in _STEPS:
        left -= sum(count for reason, count in dropped.items() if reason.startswith(prefixes))
        left -= sum(figures["side"].values()) if label == SPANISH_STEP else 0
        steps[label] = left
    return bars(steps)


def words_left_out(figures: Mapping[str, Any]) -> dict[str, int]:
    """Words of the texts that each step of the funnel left out; steps that left none out are not there.

    Empty for a version that was cut before words of dropped pages were counted.
    """
    words = figures.get("dropped_words", {})
    found = {
        label: sum(count for reason, count in words.items() if reason.startswith(prefixes))
        for label, prefixes in _STEPS
    }
    if words:
        found["lines that sites repeat"] = figures["site_lines"]["words"]
    return {label: count for label, count in found.items() if count}


def _families(dropped: Mapping[str, int]) -> dict[str, int]:
    families: dict[str, int] = {}
    for reason, count in dropped.items():
        family = reason.partition("/")[0]
        families[family] = families.get(family, 0) + count
    return families


def _languages(figures: Mapping[str, Any]) -> dict[str, int]:
    """Languages of the kept, and of those dropped for it."""
    other = {
        f"{reason.partition('/')[2]} (dropped)": count
        for reason, count in figures["dropped"].items()
        if reason.startswith("language/")
    }
    return {**figures["languages"], **other}


def _lengths(words: pa.ChunkedArray) -> list[Bar]:
    values = words.to_numpy()
    counts = {}
    for low, high in zip(_LENGTHS, [*_LENGTHS[1:], None], strict=True):
        inside = values >= low if high is None else (values >= low) & (values < high)
        counts[f"{low:,}–{high - 1:,}" if high else f"{low:,} and more"] = int(inside.sum())
    return bars(counts)


def _years(published: pa.ChunkedArray) -> list[Bar]:
    years = counted(pc.cast(pc.year(published.drop_null()), pa.string()))
    found = dict(sorted(years.items())[-YEARS:])
    return bars({**found, **({"no date": published.null_count} if published.null_count else {})})


def _clusters(kept: pa.Table, lost: pa.Table) -> list[dict[str, Any]]:
    """The largest clusters, with some of the documents that lost."""
    large = kept.filter(pc.greater(kept["cluster_size"], 1))
    large = large.sort_by([("cluster_size", "descending"), ("url", "ascending")]).slice(0, CLUSTERS)
    duplicates = lost.filter(pc.starts_with(lost["reason"], "duplicate/"))
    found = []
    for row in large.select(["url", "title", "cluster_size"]).to_pylist():
        copies = duplicates.filter(pc.equal(duplicates["lost_to"], document_id(row["url"])))
        found.append({**row, "copies": copies.sort_by("url").slice(0, COPIES).to_pylist()})
    return found


def _sites(kept: pa.Table, lost: pa.Table) -> list[dict[str, Any]]:
    grouped = kept.group_by("host").aggregate([("n_words", "sum"), ("host", "count"), ("country", "min")])
    pages = {row["host"]: row for row in grouped.to_pylist()}
    dropped = counted(lost["host"])
    sites = [
        {
            "host": host,
            "country": pages[host]["country_min"] if host in pages else None,
            "documents": pages[host]["host_count"] if host in pages else 0,
            "words": pages[host]["n_words_sum"] if host in pages else 0,
            "dropped": dropped.get(host, 0),
        }
        for host in {*pages, *dropped}
    ]
    return sorted(sites, key=lambda site: (-site["documents"], -site["dropped"], site["host"]))[:SITES]


def _changes(before: Path, after: Path, takedowns: Takedowns) -> dict[str, Any] | None:
    """What the page says of them; None where the version before is damaged, which must not hold up this one."""
    try:
        found = diff_folders(before, after, takedowns)
    except InputError:
        return None
    kinds = ("added", "changed", "removed", "moved", "elected", "deposed")
    return {"unchanged": found.unchanged, "kinds": {kind: getattr(found, kind) for kind in kinds}}
