"""The report of a version: one self-contained HTML page with charts, without scripts."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined

from cleaning.corpus.diff import diff_folders
from cleaning.corpus.figures import counted, ranked
from cleaning.corpus.splits import SPLITS
from cleaning.corpus.versions import predecessor
from cleaning.duplicates.cross import MOST_MATCHES
from data.errors import InputError
from data.files import write_text
from data.manifest import Manifest
from data.parquet import read_wide
from data.store import Store
from data.takedowns import Takedowns
from data.urls import document_id

_KEPT = ["url", "host", "country", "n_words", "published", "title", "cluster_size"]
_LOST = ["host", "site", "reason", "url", "lost_to", "figure"]
_LENGTHS = (0, 50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000)
REPORT_NAME = "report.html"
CLUSTERS = 12
COPIES = 5
SITES = 5_000
"""Rows of the table of sites, at most: the largest sites."""
YEARS = 25
SPANISH_STEP = "in Spanish"
"""The step of the funnel at which other languages and the side corpora leave."""
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
"""The funnel: each step with the reasons of pages that leave there."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    name: str
    value: int
    share: float
    """Length relative to the longest bar."""


def report(store: Store, version: str = "latest") -> Path:
    """Write ``report.html`` of a version again and return its path.

    Raises:
        InputError: there is no such version.
    """
    folder = store.corpus_version(version)
    manifest = Manifest.read(folder)
    earlier = predecessor(store, folder.name)
    write_report(folder, manifest.name, manifest.figures, earlier, Takedowns.load(store))
    return folder / REPORT_NAME


def write_report(
    folder: Path, name: str, figures: Mapping[str, Any], before: Path | None, takedowns: Takedowns
) -> None:
    """Write ``report.html`` into a version's folder from its part files; ``before`` is the version for the comparison.

    Pages that were taken down are not shown among the changes.
    """
    seen = _Seen.count(folder)
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
        lengths=seen.bars_of_lengths(),
        years=seen.bars_of_years(),
        clusters=_clusters(seen.clusters, folder),
        sites=seen.sites(),
        most_matches=MOST_MATCHES,
        changes=_changes(before, folder, takedowns) if before else None,
        before=before.name if before else None,
    )
    write_text(folder / REPORT_NAME, page)


def sites(folder: Path) -> list[dict[str, Any]]:
    """The hosts of a version's folder, the largest first: host, country, documents, words, dropped."""
    return _Seen.count(folder).sites()


def bars(counts: Mapping[str, int], most: int = 100) -> list[Bar]:
    """Bars of counts in their order; counts beyond ``most`` are merged into one bar."""
    items = list(counts.items())
    rest = sum(value for _, value in items[most:])
    items = [*items[:most], *([("other", rest)] if rest else [])]
    longest = max((value for _, value in items), default=1) or 1
    return [Bar(name, value, value / longest) for name, value in items]


def funnel(figures: Mapping[str, Any]) -> list[Bar]:
    """The bars from URLs to documents, after each step."""
    dropped, left = figures["dropped"], figures["urls"]
    steps = {"URLs, each at its latest": left}
    for label, prefixes in _STEPS:
        left -= sum(count for reason, count in dropped.items() if reason.startswith(prefixes))
        left -= sum(figures["side"].values()) if label == SPANISH_STEP else 0
        steps[label] = left
    return bars(steps)


def words_left_out(figures: Mapping[str, Any]) -> dict[str, int]:
    """Words of the pages that leave at each step of the funnel, without steps that drop none.

    Empty for versions older than the count of dropped words.
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
    """Languages of kept documents and of pages dropped for their language."""
    other = {
        f"{reason.partition('/')[2]} (dropped)": count
        for reason, count in figures["dropped"].items()
        if reason.startswith("language/")
    }
    return {**figures["languages"], **other}


@dataclass(slots=True)
class _Seen:
    """Counts over the part files of a version."""

    lengths: Counter[str] = field(default_factory=Counter)
    years: Counter[str] = field(default_factory=Counter)
    undated: int = 0
    clusters: list[dict[str, Any]] = field(default_factory=list)
    """The largest."""
    hosts: dict[str, list[Any]] = field(default_factory=dict)
    """Documents, words and the first country of each."""
    dropped: Counter[str] = field(default_factory=Counter)
    """By host."""

    @classmethod
    def count(cls, folder: Path) -> "_Seen":
        """Read them."""
        found = cls()
        for path in sorted((folder / "data").rglob("*.parquet")):
            found._add(read_wide(path, _KEPT))
        for path in sorted((folder / "dropped").rglob("*.parquet")):
            found.dropped.update(counted(read_wide(path, ["host"])["host"]))
        return found

    def bars_of_lengths(self) -> list[Bar]:
        """Documents by words."""
        return bars({label: self.lengths[label] for label, _, _ in _lengths()})

    def bars_of_years(self) -> list[Bar]:
        """Documents by the year of publication."""
        found = dict(sorted(self.years.items())[-YEARS:])
        return bars({**found, **({"no date": self.undated} if self.undated else {})})

    def sites(self) -> list[dict[str, Any]]:
        """A row for each host, the largest first."""
        rows = []
        for host in {*self.hosts, *self.dropped}:
            documents, words, country = self.hosts.get(host, [0, 0, None])
            lost = self.dropped[host]
            rows.append({"host": host, "country": country, "documents": documents, "words": words, "dropped": lost})
        return sorted(rows, key=lambda site: (-site["documents"], -site["dropped"], site["host"]))[:SITES]

    def _add(self, kept: pa.Table) -> None:
        words = kept["n_words"].to_numpy()
        for label, low, high in _lengths():
            self.lengths[label] += int(((words >= low) & (words < high)).sum())
        self.years.update(counted(pc.cast(pc.year(kept["published"].drop_null()), pa.string())))
        self.undated += kept["published"].null_count
        large = kept.filter(pc.greater(kept["cluster_size"], 1)).select(["url", "title", "cluster_size"])
        large = large.sort_by([("cluster_size", "descending"), ("url", "ascending")]).slice(0, CLUSTERS)
        both = [*self.clusters, *large.to_pylist()]
        self.clusters = sorted(both, key=lambda row: (-row["cluster_size"], row["url"]))[:CLUSTERS]
        grouped = kept.group_by("host").aggregate([("n_words", "sum"), ("host", "count"), ("country", "min")])
        for row in grouped.to_pylist():
            of = self.hosts.setdefault(row["host"], [0, 0, None])
            of[0] += row["host_count"]
            of[1] += row["n_words_sum"]
            of[2] = min((one for one in (of[2], row["country_min"]) if one), default=None)


def _lengths() -> Iterator[tuple[str, float, float]]:
    for low, high in zip(_LENGTHS, [*_LENGTHS[1:], None], strict=True):
        yield (f"{low:,}–{high - 1:,}", low, high) if high else (f"{low:,} and more", low, math.inf)


def _clusters(large: Sequence[Mapping[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """The largest clusters, with some of their duplicates."""
    keepers = pa.array([document_id(row["url"]) for row in large], pa.large_string())
    lost = []
    for path in sorted((folder / "dropped").rglob("*.parquet")):
        table = read_wide(path, _LOST)
        table = table.filter(pc.is_in(table["lost_to"], keepers))
        lost.append(table.filter(pc.starts_with(table["reason"], "duplicate/")))
    duplicates = pa.concat_tables(lost)
    found = []
    for row in large:
        copies = duplicates.filter(pc.equal(duplicates["lost_to"], document_id(row["url"])))
        found.append({**row, "copies": copies.sort_by("url").slice(0, COPIES).to_pylist()})
    return found


def _changes(before: Path, after: Path, takedowns: Takedowns) -> dict[str, Any] | None:
    """The changes for the page; None if the version before is damaged, which must not stop this one."""
    try:
        found = diff_folders(before, after, takedowns)
    except InputError:
        return None
    kinds = ("added", "changed", "removed", "moved", "elected", "deposed", "resplit")
    return {"unchanged": found.unchanged, "kinds": {kind: getattr(found, kind) for kind in kinds}}
