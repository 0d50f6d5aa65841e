"""The rules of a version on a page, and their report wherever it is asked for."""

from starlette.requests import Request
from starlette.responses import Response

from browse.building import Building
from browse.index import Index
from browse.judged import judged_pages
from browse.labels import read_labels
from browse.library import Library
from browse.listing import building
from browse.rendering import page
from browse.rules import RulesReport, rules_report

PRECISION = 0.95
MOST_PAGES = 100_000
"""Pages of a version up to which the report is computed while the reader waits (some 10 s); beyond: the command."""


def report_of(library: Library, version: str, index: Index, precision: float) -> RulesReport:
    """The report of a version under the library's settings.

    Raises:
        InputError: labels or measures are damaged.
    """
    labels = read_labels(library.store)
    pages = judged_pages(index, library.extracted(), labels)
    return rules_report(version, pages, len(labels), library.settings, precision)


def rules(request: Request) -> Response:
    """The table of rules."""
    library: Library = request.app.state.library
    version = library.version(request.path_params["version"])
    index = library.index(version)
    if isinstance(index, Building):
        return building(request, index, version)
    precision = _precision(request.query_params.get("precision", ""))
    report = _report(library, version, index, precision) if index.pages <= MOST_PAGES else None
    if isinstance(report, Building):
        return building(request, report, version, "rules")
    return page(
        request, "rules.jinja", version=version, versions=library.versions(), report=report, precision=precision
    )


def _report(library: Library, version: str, index: Index, precision: float) -> RulesReport | Building:
    labels, extracted = library.store.labels, library.extracted()
    said = labels.stat().st_mtime_ns if labels.is_file() else None
    key = version, index.made_from, precision, said, extracted.folder, extracted.measures
    return library.reports.get(key, lambda: report_of(library, version, index, precision))


def _precision(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return PRECISION
    return value if 0 < value <= 1 else PRECISION
