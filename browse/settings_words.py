"""A comparison of two sets of settings as Markdown, for a terminal and for a document; and as JSON, for a script."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from browse.compared import Compared, Move
from browse.index import Index
from browse.labels import Label
from browse.moves_file import KINDS

_HEADING = ("what", "before", "after", "pages", "labelled")


class SampledPage(BaseModel):
    """A page of a sample."""

    model_config = ConfigDict(frozen=True)

    kind: str
    url: str
    before: str
    after: str


class SettingsReport(BaseModel):
    """What a second set of settings would do to a version."""

    model_config = ConfigDict(frozen=True)

    version: str
    settings: dict[str, tuple[Any, Any]]
    """Those that differ: before and after."""
    judged: int
    kept_before: int
    kept_after: int
    otherwise: int
    """Pages of which today's code does not say what the version did, settings unchanged."""
    moves: list[Move]
    samples: list[SampledPage]
    page: str
    """The same on the page of `cowese browse`, behind its address."""


def settings_report(
    compared: Compared, index: Index, labels: Mapping[tuple[str, str], Label], written: str, size: int, seed: int
) -> SettingsReport:
    """The report of a comparison; ``written`` are the settings that differ, as the page reads them."""
    about = compared.about
    address = urlencode({"version": about["version"], "b": written, "seed": seed})
    return SettingsReport(
        version=about["version"],
        settings={name: (before, after) for name, before, after in about["settings"]},
        judged=about["judged"],
        kept_before=about["kept_before"],
        kept_after=about["kept_after"],
        otherwise=about["otherwise"],
        moves=compared.moves(labels),
        samples=[page for kind in KINDS for page in _sampled(compared, index, kind, size, seed)],
        page=f"compare/settings?{address}",
    )


def _sampled(compared: Compared, index: Index, kind: str, size: int, seed: int) -> Iterator[SampledPage]:
    drawn = {one.number: one for one in compared.sample(kind, size, seed)}
    for row in index.rows(list(drawn)):
        one = drawn[row["number"]]
        yield SampledPage(kind=kind, url=row["url"], before=one.before, after=one.after)


def settings_lines(report: SettingsReport) -> Iterator[str]:
    """What differs, a table by rule, and samples."""
    yield (
        f"{report.version}: {report.judged:,} texts judged under both; "
        f"{report.kept_before:,} kept before, {report.kept_after:,} after"
    )
    for name, (before, after) in report.settings.items():
        yield f"{name}: {before} → {after}"
    yield ""
    yield _row(_HEADING)
    yield _row(["---"] * len(_HEADING))
    for one in report.moves:
        labelled = ", ".join(f"{one.labels[name]} {name}" for name in sorted(one.labels))
        yield _row([one.kind, one.before, one.after, f"{one.pages:,}", labelled])
    for kind in dict.fromkeys(one.kind for one in report.samples):
        yield ""
        yield f"{kind}, for example:"
        for page in report.samples:
            if page.kind == kind:
                yield f"  {page.before} → {page.after}  {page.url}"
    yield ""
    if report.otherwise:
        yield f"Of {report.otherwise:,} pages today's code does not say what the version did, settings unchanged."
    yield f"On the page of `cowese browse`: {report.page}"


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
