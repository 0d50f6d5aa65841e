"""The visits to a page, round by round, and the text that each gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from browse.extracted import Extracted
from cleaning.corpus.page_history import Verdict
from cleaning.pages.privacy import masked


@dataclass(frozen=True, slots=True)
class Visit:
    """One answer."""

    verdict: Verdict
    place: str
    """Its WARC record, as an address names it."""
    is_shown: bool
    """Whether the page that is shown comes from it."""
    has_text: bool


def visits_of(verdicts: Sequence[Verdict], extracted: Extracted, shown: tuple[str, int]) -> list[Visit]:
    """The visits, the latest first."""
    return [
        Visit(
            one,
            f"{one.warc_file}@{one.warc_offset}",
            (one.warc_file, one.warc_offset) == shown,
            one.n_words is not None and one.warc_file in extracted.files,
        )
        for one in reversed(verdicts)
    ]


def text_of_visit(visits: Sequence[Visit], place: str, extracted: Extracted) -> tuple[Verdict, str]:
    """A visit and its extracted text, personal data masked. The place is looked up in the list, never in a file.

    Raises:
        HTTPException: 404, there is no such visit or none of its text.
    """
    visit = next((one for one in visits if one.place == place), None)
    if visit is None:
        raise HTTPException(404)
    text = text_at(extracted, visit.verdict.warc_file, visit.verdict.warc_offset)
    if text is None:
        raise HTTPException(404)
    return visit.verdict, text


def text_at(extracted: Extracted, warc_file: str, warc_offset: int) -> str | None:
    """The extracted text of a record, personal data masked."""
    row: dict[str, Any] | None = extracted.row(warc_file, warc_offset, ["text"])
    return masked(row["text"])[0] if row and row["text"] else None
