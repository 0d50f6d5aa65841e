"""Reading a sample page by page, and saying what is good, bad or doubtful."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from browse.asked import Asked
from browse.building import Building
from browse.document import shown_lines
from browse.index import Index
from browse.labels import Given, Label, add_label, read_labels
from browse.library import Library
from browse.listing import building
from browse.rendering import page
from browse.text_lines import KEPT, Line
from cleaning.corpus.reasons import in_words
from data.errors import CoweseError

MOST = 1_000
"""Pages of a sample."""
LARGEST = 8_192
"""Bytes of a label."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample and where a reader is in it."""

    asked: Asked
    size: int
    seed: int
    numbers: list[int]
    at: int
    """From 1."""

    def query(self, at: int) -> str:
        """The address of a place in it."""
        return self.asked.query(n=self.size, seed=self.seed, at=at)


def read_sample(request: Request) -> Response:
    """One page of a sample."""
    library: Library = request.app.state.library
    version = library.version(request.path_params["version"])
    index = library.index(version)
    if isinstance(index, Building):
        return building(request, index, version)
    sample = _sample(request, index)
    labels = read_labels(library.store)
    values: dict[str, Any] = {"version": version, "versions": library.versions(), "sample": sample}
    if not sample.numbers:
        return page(request, "reading.jinja", **values, row=None, given=0)
    rows = index.rows(sample.numbers)
    row = rows[sample.at - 1]
    return page(
        request,
        "reading.jinja",
        **values,
        row=row,
        reason=in_words(row["reason"], row["figure"]) if row["reason"] else None,
        lines=shown_lines([Line(one, KEPT, one) for one in row["text"].split("\n")], sample.asked.words),
        label=labels.get((row["id"], row["digest"])),
        given=sum((one["id"], one["digest"]) in labels for one in rows),
    )


async def label(request: Request) -> Response:
    """Take a label; ``browse.guard`` has seen that it comes from our own page."""
    library: Library = request.app.state.library
    version = library.version(request.path_params["version"])
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return PlainTextResponse("Send JSON.\n", 415)
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > LARGEST:
            return PlainTextResponse("Too long.\n", 413)
    try:
        given = Given.model_validate_json(bytes(received))
    except ValidationError as error:
        problem = error.errors()[0]
        return PlainTextResponse(f"{'.'.join(map(str, problem['loc'])) or 'label'}: {problem['msg']}\n", 400)
    try:
        written = await run_in_threadpool(_write, library, version, given)
    except CoweseError as error:
        return PlainTextResponse(f"{error}\n", 503)
    return JSONResponse({"label": written.label, "time": written.time})


def _write(library: Library, version: str, given: Given) -> Label:
    index = library.index(version)
    number = None if isinstance(index, Building) else index.number_of(given.id)
    if number is None or isinstance(index, Building):
        raise HTTPException(404)
    row = index.rows([number])[0]
    if row["digest"] != given.digest:
        raise HTTPException(409, "The text has changed since it was shown.")
    return add_label(library.store, given.model_copy(update={"rule": row["reason"] or KEPT}))


def _sample(request: Request, index: Index) -> Sample:
    asked = Asked.read(request.query_params.multi_items())
    size = min(max(_number(request, "n", 20), 1), MOST)
    seed = _number(request, "seed", 1)
    numbers = index.sample(asked, size, seed)
    return Sample(asked, size, seed, numbers, min(max(_number(request, "at", 1), 1), max(len(numbers), 1)))


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise  # noqa: PLR2004 - digits
