"""One line of the log for each stage; ``flows/prefect_pages/model.py`` adds those of training."""

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any

from cleaning.clean import CleanSummary
from cleaning.corpus.publish import PublishSummary
from crawler.process.summary import CrawlSummary

MOST_REASONS = 3
PUBLISHING = {
    "duplicate/": "duplicates",
    "decontaminated/": "of a benchmark",
    "quality/site_lines": "too short without the lines of their site",
    "takedown": "taken down",
    "forgotten": "forgotten",
}
"""Families of reasons of publishing, with their names after a count."""


@singledispatch
def in_one_line(summary: Any) -> str:
    """The summary of a stage in one line."""
    return str(summary)


@in_one_line.register
def _(summary: CrawlSummary) -> str:
    if summary.warc is None:
        return f"round {summary.round} is over and no page is due yet"
    pages = ("new", "changed", "not_modified", "same", "gone", "moved")
    found = ", ".join(
        f"{getattr(summary, name):,} {name.replace('_', ' ')}" for name in pages if getattr(summary, name)
    )
    rest = "" if summary.finished else f"; {summary.queued:,} URLs are left for the next run"
    return f"round {summary.round}: {found or 'no page'}, {summary.megabytes:,} MB{rest}"


@in_one_line.register
def _(summary: CleanSummary) -> str:
    cut = f"; cut short: {', '.join(summary.cut_short)}" if summary.cut_short else ""
    cut += _gone(summary.missing)
    if not summary.segments:
        return f"nothing new in {summary.already:,} WARC files{cut}"
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in list(summary.dropped.items())[:MOST_REASONS])
    dropped = f"; dropped: {reasons}" if reasons else ""
    return f"{summary.kept:,} of {summary.records:,} new records kept{dropped}{cut}"


@in_one_line.register
def _(summary: PublishSummary) -> str:
    if not summary.changed:
        return f"nothing has changed since {summary.version}; no new version{_gone(summary.missing)}"
    left_out = ", ".join(f"{count:,} {family}" for family, count in left_out_by_publishing(summary.dropped).items())
    aside = ", ".join(f"{count:,} in {language}" for language, count in summary.side.items())
    more = (f"; left out: {left_out}" if left_out else "") + (f"; side corpora: {aside}" if aside else "")
    return f"{summary.version}: {summary.documents:,} documents, {summary.words:,} words{more}{_gone(summary.missing)}"


def _gone(warcs: Sequence[str]) -> str:
    rest = f" and {len(warcs) - 1:,} more" if len(warcs) > 1 else ""
    return f"; gone: {warcs[0]}{rest}" if warcs else ""


def left_out_by_publishing(dropped: Mapping[str, int]) -> dict[str, int]:
    """Pages that cleaning kept and publishing dropped, by family of reasons."""
    counts = {
        words: sum(count for reason, count in dropped.items() if reason.startswith(prefix))
        for prefix, words in PUBLISHING.items()
    }
    return {words: count for words, count in counts.items() if count}
