"""One page of a version: its text beside the original, and everything that was measured, said and decided of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from browse.building import Building
from browse.folding import Piece, marked, phrase_pattern
from browse.guard import FRAME_POLICY
from browse.index import Index
from browse.inert_page import STYLE_DIGEST, inert_page
from browse.labels import read_labels
from browse.library import Library
from browse.listing import building
from browse.originals import answer_at
from browse.rendering import page
from browse.rights_facet import lines_about, rights_folder
from browse.rule_bounds import scales_of
from browse.search_words import read_search
from browse.text_lines import KEPT, Line, lines_of
from browse.visits import text_at, text_of_visit, visits_of
from browse.word_diff import likeness, word_diff
from cleaning.corpus.page_history import page_history
from cleaning.corpus.reasons import in_words
from cleaning.pages.figures import Figures
from cleaning.pages.page import Raw
from cleaning.pages.text import SPANISH
from data.errors import CoweseError
from data.parquet import read_parquet

COPIES = 20
"""Pages of a cluster that are shown."""
_PDF = b"%PDF-"
_EXTRACTED = ["text", "figures", "declared_language", "author"]


class RequestedPage:
    """A page of a version that a request names, and where it was found."""

    def __init__(self, request: Request) -> None:
        self.library: Library = request.app.state.library
        self.version = self.library.version(request.path_params["version"])
        index = self.library.index(self.version)
        self.building = index if isinstance(index, Building) else None
        self._index = index
        number = index.number_of(request.path_params["id"]) if isinstance(index, Index) else None
        if number is None and self.building is None:
            raise HTTPException(404)
        self.row: dict[str, Any] = self.index.rows([number])[0] if number is not None else {}
        self.number = number or 0

    @property
    def index(self) -> Index:
        """The index of the version, where it is not being built."""
        assert isinstance(self._index, Index)
        return self._index

    def extracted(self) -> dict[str, Any] | None:
        """What extraction gave."""
        return self.library.extracted().row(self.row["warc_file"], self.row["warc_offset"], _EXTRACTED)

    def lines(self) -> list[Line]:
        """The lines of its text with what became of each."""
        if not self.row["text"]:
            return []
        known = self.extracted()
        text = known["text"] if known else None
        if self.row["reason"] is not None and not self.row["reason"].startswith("duplicate/"):
            text = None  # a refused page was not cut: all of it was judged
        return lines_of(text, self.row["text"], is_spanish=self.row["language"] == SPANISH)


def document(request: Request) -> Response:
    """The page of one document, or of one dropped page."""
    found = RequestedPage(request)
    if found.building is not None:
        return building(request, found.building, found.version)
    words = request.query_params.get("q", "")
    return page(
        request,
        "document.jinja",
        **described(found),
        lines=shown_lines(found.lines(), words),
        has_original=request.query_params.get("original") != "0",
        words=words,
        history=history_lines(found),
        versions=found.library.versions(),
        label=read_labels(found.library.store).get((found.row["id"], found.row["digest"] or "")),
    )


def described(found: RequestedPage) -> dict[str, Any]:
    """What is known of a page beside its text."""
    row, library = found.row, found.library
    past = page_history(library.store, library.settings, row["url"])
    verdict = next((one for one in reversed(past.verdicts) if _place(one) == _place_of(row)), None)
    measured, language = _measures(found)
    extracted = library.extracted()
    folder = rights_folder(library.store, extracted.folder.name if extracted.folder else None)
    return {
        "version": found.version,
        "row": row,
        "reason": in_words(row["reason"], row["figure"]) if row["reason"] else None,
        "verdict": verdict,
        "languages": dict(verdict.verdicts) if verdict and verdict.verdicts else language,
        "scales": scales_of(library.settings, measured, verdict.quality if verdict else {}),
        "cluster": _cluster(found),
        "rights": lines_about(folder, row["url"], _place_of(row), row["detail"]),
        "facets": {name: found.index.facet_of(found.number, name) for name in ("country", "category", "host")},
        "places": past.versions,
        "visits": visits_of(past.verdicts, extracted, _place_of(row)),
    }


def history_lines(found: RequestedPage) -> list[str]:
    """The history of a page, as `cowese why` tells it; its error where a file of it cannot be read."""
    try:
        return found.library.history(found.row["url"])
    except CoweseError as error:
        return [str(error)]


def original(request: Request) -> Response:
    """The page as it was fetched, made inert, its blocks marked; for a frame of ours alone."""
    found = RequestedPage(request)
    if found.building is not None:
        raise HTTPException(404)
    row, settings = found.row, found.library.settings
    try:
        answer = answer_at(found.library.store, row["warc_file"], row["warc_offset"], settings.max_bytes)
    except CoweseError as error:  # said in the frame, where a page of ours would be refused
        return _framed(page(request, "no_original.jinja", status=404, kind=None, problem=str(error)))
    raw = Raw(row["url"], answer.headers.get("content-type", ""), answer.body)
    shown = None
    if not answer.body.startswith(_PDF) and len(answer.body) <= settings.max_bytes:
        # Marks cost a second walk; only pages whose extraction ended well are known to be worth it.
        shown = inert_page(raw, found.lines() if row["text"] else [], settings)
    if shown is None:
        return _framed(page(request, "no_original.jinja", status=404, kind=answer.content_type, problem=None))
    return _framed(HTMLResponse(shown))


def body(request: Request) -> Response:
    """The bytes of the answer, to be saved: never shown by a browser."""
    found = RequestedPage(request)
    if found.building is not None:
        raise HTTPException(404)
    row = found.row
    limit = found.library.settings.max_bytes
    answer = answer_at(found.library.store, row["warc_file"], row["warc_offset"], limit)
    ending = "pdf" if answer.body.startswith(_PDF) else "bin"
    headers = {"content-disposition": f'attachment; filename="{row["id"]}.{ending}"'}
    return Response(answer.body, media_type="application/octet-stream", headers=headers)


def difference(request: Request) -> Response:
    """A page beside another of its cluster (``with=ID``), or beside itself in another version or on another visit.

    Those are named by ``in=VERSION`` and ``visit=RECORD``.
    """
    found = RequestedPage(request)
    if found.building is not None:
        return building(request, found.building, found.version)
    if "visit" in request.query_params:
        return _between_visits(request, found, request.query_params["visit"])
    other_version = found.library.version(request.query_params.get("in", found.version))
    index = found.library.index(other_version)
    if isinstance(index, Building):
        return building(request, index, other_version)
    number = index.number_of(request.query_params.get("with", found.row["id"]))
    if number is None:
        raise HTTPException(404)
    other = index.rows([number])[0]
    return _differing(request, found, other, (other["text"] or "", found.row["text"] or ""), other_version)


def _between_visits(request: Request, found: RequestedPage, place: str) -> Response:
    """As both were extracted, personal data masked: of an earlier visit nothing else is kept."""
    extracted, library = found.library.extracted(), found.library
    past = page_history(library.store, library.settings, found.row["url"])
    verdict, before = text_of_visit(visits_of(past.verdicts, extracted, _place_of(found.row)), place, extracted)
    after = text_at(extracted, *_place_of(found.row)) or found.row["text"] or ""
    other = {**found.row, "reason": verdict.reason, "url": verdict.url, "fetched": int(verdict.fetched_at.timestamp())}
    return _differing(request, found, other, (before, after), found.version, verdict.warc_file)


def _differing(
    request: Request,
    found: RequestedPage,
    other: dict[str, Any],
    texts: tuple[str, str],
    version: str,
    name: str | None = None,
) -> Response:
    parts = word_diff(*texts)
    return page(
        request,
        "difference.jinja",
        version=found.version,
        row=found.row,
        other=other,
        other_version=version,
        other_name=name or version,
        own_name=found.row["warc_file"] if name else found.version,
        parts=parts,
        likeness=likeness(parts),
    )


def shown_lines(lines: list[Line], words: str) -> list[tuple[str, list[Piece]]]:
    """Lines with their states, in pieces: words that were searched for, and masks, are marked."""
    pattern = phrase_pattern(read_search(words).phrases)
    return [
        (line.state, marked(line.text, pattern) if line.state == KEPT else [Piece(line.text, hit=False)])
        for line in lines
    ]


def _measures(found: RequestedPage) -> tuple[Mapping[str, Figures], dict[str, str]]:
    """All figures of a page's rules and the verdicts on its language, where its measures are still there."""
    extracted = found.library.extracted()
    place = extracted.row_number(found.row["warc_file"], found.row["warc_offset"])
    path = extracted.measures_of(place[0]) if place else None
    if place is None or path is None:
        return {}, {}
    table = read_parquet(path, ["figures", "verdicts"])
    if place[1] >= table.num_rows:
        return {}, {}
    row = table.take(pa.array(np.array([place[1]]))).to_pylist()[0]
    figures = {one["rule"]: tuple(one["values"]) for one in row["figures"] or ()}
    return figures, {one["identifier"]: one["answer"] for one in row["verdicts"] or ()}


def _cluster(found: RequestedPage) -> list[dict[str, Any]]:
    """The other pages of a page's cluster: the one that was kept, and those that lost to it."""
    row = found.row
    keeper = row["cluster_id"] if row["reason"] is None else row["lost_to"]
    is_duplicate = row["reason"] is None or row["reason"].startswith("duplicate/")
    if keeper is None or not is_duplicate or (row["reason"] is None and (row["cluster_size"] or 1) < 2):  # noqa: PLR2004
        return []
    numbers = [number for number in found.index.cluster_of(keeper, COPIES) if number != found.number]
    return found.index.rows(numbers)


def _place(verdict: Any) -> tuple[str, int]:
    return verdict.warc_file, verdict.warc_offset


def _place_of(row: Mapping[str, Any]) -> tuple[str, int]:
    return row["warc_file"], row["warc_offset"]


def _framed(response: Response) -> Response:
    response.headers["content-security-policy"] = f"{FRAME_POLICY} 'sha256-{STYLE_DIGEST}'"
    response.headers["x-frame-options"] = "SAMEORIGIN"
    return response
