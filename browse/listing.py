"""The list of pages that a question finds, and all values of one of its facets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from browse.asked import PAGE_SIZES, RELEVANCE, Asked
from browse.building import Building
from browse.facets import FACETS, NONE
from browse.folding import Piece, folded, marked, phrase_pattern, snippet
from browse.index import Counted, Index, SearchResult
from browse.index_build import SORTS
from browse.library import Library
from browse.rendering import page

MOST_PAGES = 10_000
"""Result pages that can be reached; what lies beyond is reached by narrowing the question."""
MOST_COUNTED, LARGEST_COUNTED = 5, 200_000
"""Other versions in which a question is counted too, and the pages up to which each is."""
MOST_SHOWN = 500
"""Values of a facet on a page of their own."""


@dataclass(frozen=True, slots=True)
class Line:
    """A page in a list."""

    row: dict[str, Any]
    title: list[Piece]
    snippet: list[Piece]


def results(request: Request) -> Response:
    """What a question finds."""
    library: Library = request.app.state.library
    version = library.version(request.path_params["version"])
    index = library.index(version)
    if isinstance(index, Building):
        return building(request, index, version)
    asked = Asked.read(request.query_params.multi_items())
    asked = asked.at(min(asked.page, MOST_PAGES))
    found = index.find(asked)
    return page(
        request,
        "list.jinja",
        version=version,
        versions=library.versions(),
        counts=_in_versions(library, version, index, found.total, asked),
        asked=asked,
        found=found,
        lines=lines_of(index, found),
        facets=[name for name in FACETS if has_choice(found.facets, name)],
        sorts=([RELEVANCE] if found.search.match else []) + list(SORTS),
        sizes=PAGE_SIZES,
        first=(asked.page - 1) * asked.size + 1,
        pages=min(-(-found.total // asked.size), MOST_PAGES),
    )


def _in_versions(library: Library, version: str, index: Index, total: int, asked: Asked) -> dict[str, int | None]:
    """How many pages the question finds in each version; None where counting would keep the reader waiting."""
    counts: dict[str, int | None] = dict.fromkeys(library.versions())
    counts[version] = total
    others = [name for name in counts if name != version][:MOST_COUNTED]
    for name in others if index.pages <= LARGEST_COUNTED and not asked.among else ():
        other = library.index_if_there(name)
        counts[name] = other.count(asked) if other is not None and other.pages <= LARGEST_COUNTED else None
    return counts


def values(request: Request) -> Response:
    """All values of a facet."""
    library: Library = request.app.state.library
    version = library.version(request.path_params["version"])
    facet = request.path_params["facet"]
    if facet not in FACETS:
        raise HTTPException(404)
    index = library.index(version)
    if isinstance(index, Building):
        return building(request, index, version)
    asked = Asked.read(request.query_params.multi_items())
    wanted = folded(request.query_params.get("find", "")).strip()
    every: list[Counted] = [one for one in index.facet(asked, facet) if wanted in folded(one.value)]
    return page(
        request,
        "values.jinja",
        version=version,
        versions=library.versions(),
        asked=asked,
        facet=facet,
        wanted=wanted,
        values=every[:MOST_SHOWN],
        total=len(every),
    )


def lines_of(index: Index, found: SearchResult) -> list[Line]:
    """The pages of a list with the words that were searched for marked."""
    pattern = phrase_pattern(found.search.phrases)
    return [
        Line(
            row,
            marked(row["title"] or row["url"], pattern if row["title"] else None),
            snippet(row["text"], found.search.phrases) if row["text"] else [],
        )
        for row in index.rows(found.numbers)
    ]


def has_choice(counted: Mapping[str, Sequence[Counted]], name: str) -> bool:
    """Whether a facet tells pages apart: it has two values, or one that is chosen."""
    values = counted[name]
    return len(values) > 1 or any(one.chosen or one.value != NONE for one in values)


def building(request: Request, state: Building, version: str, what: str = "index") -> Response:
    """A page that asks again until the index, or the comparison, is there."""
    response = page(request, "building.jinja", status=503, state=state, version=version, what=what)
    if state.problem is None:
        response.headers["refresh"] = "2"
    response.headers["retry-after"] = "2"
    return response
