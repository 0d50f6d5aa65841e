"""The texts of a version judged under two sets of settings: what would come, go, or be dropped for another reason.

Nothing is extracted again and nothing is written: the measures beside the texts are held against both settings by the
code that cleaning decides with. A text of which too little was measured is measured now, in a process that it may end.
Duplicates and the lines of a site are settled by publishing, after all this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from browse.extracted import Extracted
from browse.index import Index
from browse.moves_file import CHANGES, COMES, COPIES, GOES
from cleaning.in_order import in_order
from cleaning.measures_file import MeasuresFile
from cleaning.pages.measures import Measures, NotMeasuredError, RememberedText
from cleaning.pages.page import Drop, Page
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.page_work import Result, Step, Unmeasured, Work
from cleaning.pages.quality import rules_of
from cleaning.pages.verdict import verdict_of
from cleaning.settings import CleaningSettings
from data.parquet import read_batches, row_count
from data.progress import Progress, no_progress

BATCH_ROWS = 200
KEPT = "kept"
_JUDGED = ("quality/", "language/", "judging/")
"""Reasons that judging gives; ``quality/site_lines`` is publishing's."""
_DUPLICATE = "duplicate/"
_NO_PAGE = Page("")


@dataclass(slots=True)
class Moves:
    """What differs, page by page, and how much does not."""

    rows: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Number, kind, what the first settings say, what the second say."""
    judged: int = 0
    """Pages whose texts judging decides on; none that is a duplicate, reserved or taken down."""
    kept_before: int = 0
    kept_after: int = 0
    otherwise: int = 0
    """Pages of which today's code, under the first settings, does not say what the version did."""


@dataclass(slots=True)
class _Row:
    """A page with its text and measures, and what both settings say of it."""

    number: int
    id: str
    reason: str | None
    lost_to: str | None
    text: str
    figures: dict[str, float]
    known: Measures
    said: list[str] = field(default_factory=list)


def judged_twice(
    index: Index,
    extracted: Extracted,
    before: CleaningSettings,
    after: CleaningSettings,
    progress: Progress = no_progress,
) -> Moves:
    """Judge every text of a version twice.

    Raises:
        InputError: a file is damaged.
        StageError: a process that measures texts cannot start.
    """
    moves = Moves()
    gone: dict[str, str] = {}
    copies: list[_Row] = []
    with PageProcesses(before, 1, Step.JUDGING) as first, PageProcesses(after, 1, Step.JUDGING) as second:
        rows = _settled(_settled(_rows(index, extracted, progress), before, first), after, second)
        for row in rows:
            if row.reason is not None and row.reason.startswith(_DUPLICATE):
                if _is_kept(row.said[1]):
                    copies.append(row)
                continue
            _note(moves, row)
            if _is_kept(row.said[0]) and not _is_kept(row.said[1]):
                gone[row.id] = row.said[1]
    for row in copies:
        if row.lost_to in gone:
            moves.rows.append((row.number, COPIES, row.reason or KEPT, row.said[1]))
    return moves


def _note(moves: Moves, row: _Row) -> None:
    before, after = row.said
    was, will = _is_kept(before), _is_kept(after)
    moves.judged += 1
    moves.kept_before += was
    moves.kept_after += will
    moves.otherwise += was != (row.reason is None)
    if before != after:
        moves.rows.append((row.number, CHANGES if was == will else COMES if will else GOES, before, after))


def _is_kept(said: str) -> bool:
    return said == KEPT or said.startswith(f"{KEPT}/")


def _settled(rows: Iterator[_Row], settings: CleaningSettings, processes: PageProcesses) -> Iterator[_Row]:
    """The rows with what some settings say of each."""
    rules = rules_of(settings)

    def verdict(known: Measures) -> Page | Drop:
        return verdict_of(_NO_PAGE, RememberedText(known), settings, rules)

    def work() -> Iterator[tuple[_Row, Work | Result]]:
        for row in rows:
            try:
                yield row, verdict(row.known)
            except NotMeasuredError:
                yield row, Unmeasured(row.text, row.figures, row.known)

    for row, found in in_order(work(), processes):
        if isinstance(found, Measures):
            row.known = found
        outcome = verdict(found) if isinstance(found, Measures) else found
        row.said.append(outcome.reason if isinstance(outcome, Drop) else _place_of(outcome, settings.languages))
        yield row


def _place_of(kept: Page, languages: Sequence[str]) -> str:
    """``kept``, or ``kept/ca`` in the side corpus of another language."""
    return KEPT if kept.language == languages[0] else f"{KEPT}/{kept.language}"


def _rows(index: Index, extracted: Extracted, progress: Progress) -> Iterator[_Row]:
    """Every page of the version that judging decides on, by WARC file."""
    with index.database() as database:
        names = [name for (name,) in database.execute("SELECT DISTINCT warc_file FROM page ORDER BY warc_file")]
    files = [(name, extracted.files[name]) for name in names if name in extracted.files]
    total, done = sum(row_count(path) for _, path in files), 0
    progress("compare", 0, total, {})
    for name, path in files:
        listed = _listed(index, name)
        measures = extracted.measures_of(path) or path.with_suffix(".none")
        with MeasuresFile(measures, path, BATCH_ROWS) as file:
            for offset, text, figures, known in _texts(path, file):
                done += 1
                if done % BATCH_ROWS == 0:
                    progress("compare", done, total, {})
                if text is not None and offset in listed:
                    yield _Row(*listed[offset], text, figures, known)
    progress("compare", total, total, {})


def _listed(index: Index, warc_file: str) -> dict[int, tuple[int, str, str | None, str | None]]:
    """By offset the pages of a WARC file that are in the version, refused by judging, or duplicates."""
    statement = "SELECT warc_offset, number, id, reason, lost_to FROM page WHERE warc_file = ?"
    with index.database() as database:
        rows = database.execute(statement, (warc_file,)).fetchall()
    return {offset: (number, one, reason, lost) for offset, number, one, reason, lost in rows if _is_judged(reason)}


def _is_judged(reason: str | None) -> bool:
    return reason is None or (reason.startswith((*_JUDGED, _DUPLICATE)) and reason != "quality/site_lines")


def _texts(path: Path, file: MeasuresFile) -> Iterator[tuple[int, str | None, dict[str, float], Measures]]:
    columns = ["warc_offset", "text", "figures"]
    for batch in read_batches(path, BATCH_ROWS, columns):
        _, known = file.next(batch.num_rows)
        offsets, texts, figures = (batch.column(name).to_pylist() for name in columns)
        for offset, text, listed, one in zip(offsets, texts, figures, known, strict=True):
            yield offset, text, _figures(listed), one


def _figures(listed: Sequence[dict[str, Any]]) -> dict[str, float]:
    return {one["name"]: one["figure"] for one in listed}
