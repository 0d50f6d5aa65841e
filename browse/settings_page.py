"""Two sets of settings side by side: what would come, go and change among the texts of a version, with samples.

The address has all that was written, so that it can be shared; the result is kept by a digest of what it follows from.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from browse.building import Building
from browse.compared import Compared, Job, Move, compare
from browse.folding import Piece, snippet
from browse.index import Index
from browse.labels import BAD, DOUBTFUL, GOOD, Label, read_labels
from browse.library import Library
from browse.listing import building
from browse.moves_file import KINDS
from browse.rendering import page
from browse.settings_words import SettingsReport, settings_report
from browse.written_settings import (
    Written,
    differences,
    judging_values,
    lines_between,
    made_with,
    read_written,
    refuse_other_texts,
)
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.progress import Progress, no_progress

SIZES = (10, 25, 50)
MOST_MOVES = 200
"""Rows of the table; the smallest groups beyond are counted in the sums alone."""
_OURS = (None, "none", "same-origin")
"""What a browser says of a request that no other web site caused."""


@dataclass(frozen=True, slots=True)
class Side:
    """One set of settings as it was written."""

    text: str
    written: Written | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of a sample."""

    row: dict[str, Any]
    before: str
    after: str
    beginning: list[Piece]
    label: Label | None


def compare_settings(request: Request) -> Response:
    """The page of two sets of settings; without a choice the version's own and those of this command."""
    library: Library = request.app.state.library
    version = library.version(request.query_params.get("version", "latest"))
    index = library.index(version)
    if isinstance(index, Building):
        return building(request, index, version)
    base = made_with(library.store, version)
    before = _side(request, "a", base, "")
    after = _side(request, "b", base, lines_between(base, library.settings))
    values: dict[str, Any] = {
        "version": version,
        "versions": library.versions(),
        "sides": {"a": before, "b": after},
        "known": judging_values(base),
        "seed": _number(request, "seed", 1),
        "size": size if (size := _number(request, "n", SIZES[0])) in SIZES else SIZES[0],
        "sizes": SIZES,
    }
    if before.written is None or after.written is None:
        return page(request, "settings.jinja", status=400, **values, state="problem")
    changed = differences(before.written.settings, after.written.settings)
    if not changed:
        return page(request, "settings.jinja", **values, state="same")
    found = _result(request, Job(library.store, version, before.written.settings, after.written.settings))
    if isinstance(found, Building):
        return building(request, found, version, "comparison")
    if found is None:
        return page(request, "settings.jinja", **values, state="ask", changed=changed)
    compared = Compared(found, index)
    values |= shown(compared, index, read_labels(library.store), values["size"], values["seed"])
    return page(request, "settings.jinja", **values, state="shown", changed=changed)


def changes_of(
    library: Library, version: str, index: Index, seed: int, progress: Progress = no_progress
) -> SettingsReport:
    """What the settings of this command would change of a version; computed here and now unless it is kept.

    Raises:
        InputError: they are those of the version, or need the pages read again.
    """
    base = made_with(library.store, version)
    refuse_other_texts(base, library.settings)
    if (written := lines_between(base, library.settings)) == "":
        raise InputError(
            f"{version}: it was made with these settings of clean. Give others, as --set clean.min_chars=500."
        )
    job = Job(library.store, version, base, read_written(written, base).settings)
    if not job.path().is_file():
        compare(job, progress)
    compared = Compared(job.path(), index)
    return settings_report(compared, index, read_labels(library.store), written, SIZES[0], seed)


def shown(
    compared: Compared, index: Index, labels: dict[tuple[str, str], Label], size: int, seed: int
) -> dict[str, Any]:
    """What is shown of a comparison: the groups, the sums and samples of each kind."""
    moves = compared.moves(labels)
    return {
        "compared": compared,
        "moves": moves[:MOST_MOVES],
        "sums": {kind: sum(one.pages for one in moves if one.kind == kind) for kind in KINDS},
        "said": {kind: _said(moves, kind) for kind in KINDS},
        "samples": {kind: _sample(compared, index, labels, kind, size, seed) for kind in KINDS},
    }


def _said(moves: list[Move], kind: str) -> dict[str, int]:
    """What readers said of the pages of a kind."""
    return {name: sum(one.labels[name] for one in moves if one.kind == kind) for name in (GOOD, BAD, DOUBTFUL)}


def _sample(
    compared: Compared, index: Index, labels: dict[tuple[str, str], Label], kind: str, size: int, seed: int
) -> list[Shown]:
    drawn = {one.number: one for one in compared.sample(kind, size, seed)}
    return [
        Shown(
            row,
            drawn[row["number"]].before,
            drawn[row["number"]].after,
            snippet((row["text"] or "").removeprefix(row["title"] or "").lstrip(), ()),
            labels.get((row["id"], row["digest"] or "")),
        )
        for row in index.rows(list(drawn))
    ]


def _result(request: Request, job: Job) -> Path | Building | None:
    """The result, how far it is, or None where another web site asks for work that nobody here has begun."""
    if request.headers.get("sec-fetch-site") in _OURS:
        return request.app.state.library.comparisons.wanted(job)  # type: ignore[no-any-return]
    path = job.path()
    return path if path.is_file() else None


def _side(request: Request, name: str, base: CleaningSettings, otherwise: str) -> Side:
    text = request.query_params.get(name, otherwise)
    try:
        return Side(text, read_written(text, base), None)
    except InputError as error:
        return Side(text, None, str(error))


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise  # noqa: PLR2004 - digits
