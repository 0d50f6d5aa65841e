"""The public summary of training content: a version under the headings of the EU AI Act's template.

The template (C(2025) 8311, for Article 53(1)(d) of Regulation (EU) 2024/1689) is for providers of models. This page
gives a provider the facts about this corpus under the template's numbers, and says what is unknown. All facts come from
the manifest's figures and the version's part files.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from cleaning.corpus.splits import domain_of
from cleaning.corpus.summary_sections import Section, sections
from data.files import write_text
from data.parquet import read_wide
from data.sources import FILES, source_of

SUMMARY_NAMES = ("public_summary.md", "public_summary.html")
_KEPT = ["host", "n_words", "warc_file", "fetched_at", "language", "mime"]
_LOST = ["fetched_at", "warc_file"]
_TOP, _TOP_SMALL, _MOST_SMALL = 0.1, 0.05, 1_000
"""Shares of the domain names that the template (2.3) asks for: of all, and of small and medium-sized enterprises."""


@dataclass(frozen=True, slots=True)
class Source:
    """Counts of one source in a version."""

    name: str
    documents: int
    words: int
    visited: int
    """URLs, kept or dropped."""
    first: datetime
    last: datetime
    """First and last fetch."""


@dataclass(frozen=True, slots=True)
class Content:
    """Counts over a version's part files for the summary."""

    sources: Sequence[Source]
    domains: Sequence[tuple[str, int, int]]
    """The largest: domain, documents, words; a tenth of all."""
    n_domains: int
    n_small: int
    """How many of them a small or medium-sized enterprise names."""
    languages: Mapping[str, tuple[int, int]]
    """Documents and words, side corpora too."""
    forms: Mapping[str, int]
    """Documents by media type."""


def write_summary(folder: Path, version: str, figures: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Write the summary of a version's folder in Markdown and in HTML."""
    found = sections(content_of(folder), figures, settings)
    for name in SUMMARY_NAMES:
        write_text(folder / name, render(name, version, found))


def render(name: str, version: str, found: Sequence[Section]) -> str:
    """The page in the format of its file name."""
    environment = Environment(
        loader=PackageLoader("cleaning.corpus"),
        undefined=StrictUndefined,
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    return environment.get_template(f"{name}.jinja").render(version=version, sections=found)


def content_of(folder: Path) -> Content:
    """Count the part files of a version's folder, one after the other."""
    words_of: Counter[str] = Counter()
    documents_of: Counter[str] = Counter()
    sources: dict[str, Source] = {}
    languages: dict[str, tuple[int, int]] = {}
    forms: dict[str, tuple[int, int]] = {}
    for path in [*sorted((folder / "data").rglob("*.parquet")), *sorted((folder / "side").rglob("*.parquet"))]:
        kept = read_wide(path, _KEPT)
        for host, (documents, words) in _by(kept, "host").items():
            domain = domain_of(host)
            words_of[domain] += words
            documents_of[domain] += documents
        for found, column in ((languages, "language"), (forms, "mime")):
            for name, (documents, words) in _by(kept, column).items():
                before = found.get(name, (0, 0))
                found[name] = before[0] + documents, before[1] + words
        _add_sources(sources, kept, living=True)
    for path in sorted((folder / "dropped").glob("*.parquet")):
        _add_sources(sources, read_wide(path, _LOST), living=False)
    largest = sorted(words_of, key=lambda domain: (-words_of[domain], domain))[: ceil(_TOP * len(words_of))]
    return Content(
        sources=sorted(sources.values(), key=lambda one: (-one.words, one.name == FILES, one.name)),
        domains=[(domain, documents_of[domain], words_of[domain]) for domain in largest],
        n_domains=len(words_of),
        n_small=min(ceil(_TOP_SMALL * len(words_of)), _MOST_SMALL),
        languages=_ranked(languages),
        forms={name: documents for name, (documents, _) in _ranked(forms).items()},
    )


def _add_sources(found: dict[str, Source], table: pa.Table, *, living: bool) -> None:
    """Count by source, which the folder of the WARC file tells for kept and dropped pages."""
    words = table["n_words"] if living else pa.chunked_array([pa.nulls(table.num_rows, pa.int32())])
    grouped = (
        table.select(["warc_file", "fetched_at"])
        .append_column("n_words", words)
        .unify_dictionaries()
        .group_by("warc_file")
        .aggregate([("n_words", "sum"), ("fetched_at", "count"), ("fetched_at", "min"), ("fetched_at", "max")])
    )
    for row in grouped.to_pylist():
        one = Source(
            source_of(row["warc_file"]),
            row["fetched_at_count"] if living else 0,
            row["n_words_sum"] or 0,
            row["fetched_at_count"],
            row["fetched_at_min"],
            row["fetched_at_max"],
        )
        found[one.name] = _added(found[one.name], one) if one.name in found else one


def _added(one: Source, other: Source) -> Source:
    return Source(
        one.name,
        one.documents + other.documents,
        one.words + other.words,
        one.visited + other.visited,
        min(one.first, other.first),
        max(one.last, other.last),
    )


def _by(kept: pa.Table, column: str) -> dict[str, tuple[int, int]]:
    """Documents and words by the values of a column."""
    grouped = kept.group_by(column).aggregate([("n_words", "count"), ("n_words", "sum")]).to_pylist()
    return {row[column] or "unknown": (row["n_words_count"], row["n_words_sum"]) for row in grouped}


def _ranked(found: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return dict(sorted(found.items(), key=lambda item: (-item[1][0], item[0])))
