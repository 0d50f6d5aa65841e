"""What became of each line of an extracted text on its way to the document: kept, masked, or cut and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from browse.alignment import equal_runs
from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.foreign import without_foreign_paragraphs
from cleaning.pages.privacy import masked

KEPT, FURNITURE, FOREIGN, SITE_LINE = "kept", "furniture", "foreign", "site_line"
"""A line of the site by what it says; a paragraph of another language; a line that many pages of the site have."""
MASK = re.compile(r"\[[A-Z][A-Z_]{1,30}\]")
MOST_LINES = 20_000
"""Lines of a page beyond which nothing is aligned."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text."""

    text: str
    """As the document has it; as extraction gave it where it was cut."""
    state: str
    extracted: str
    """As extraction gave it."""


def lines_of(extracted: str | None, final: str, *, is_spanish: bool) -> list[Line]:
    """The lines of a page's text with their states; where the extracted text is gone, all that are left are kept."""
    if extracted is None:
        return [Line(one, KEPT, one) for one in final.split("\n")]
    lines = extracted.split("\n")
    states = [KEPT] * len(lines)
    left = list(range(len(lines)))
    for state, after in _steps(extracted, is_spanish=is_spanish):
        left = _cut(lines, left, after.split("\n"), states, state)
    shown = _masked([lines[place] for place in left])
    found = dict(zip(left, shown, strict=True))
    stays = matched(shown, final.split("\n"))
    for number, place in enumerate(left):
        if number not in stays:
            states[place] = SITE_LINE
    return [
        Line(found[place] if states[place] == KEPT else line, states[place], line) for place, line in enumerate(lines)
    ]


def _steps(extracted: str, *, is_spanish: bool) -> Iterator[tuple[str, str]]:
    trimmed = without_site_lines(extracted)
    yield FURNITURE, trimmed
    if is_spanish:
        yield FOREIGN, without_foreign_paragraphs(trimmed)[0]


def _cut(lines: Sequence[str], left: list[int], after: list[str], states: list[str], state: str) -> list[int]:
    stays = matched([lines[place] for place in left], after)
    for number, place in enumerate(left):
        if number not in stays:
            states[place] = state
    return [place for number, place in enumerate(left) if number in stays]


def _masked(lines: list[str]) -> list[str]:
    """Lines with personal data masked, as the whole text is; line by line where masking joined some."""
    whole = masked("\n".join(lines))[0].split("\n")
    return whole if len(whole) == len(lines) else [masked(line)[0] for line in lines]


def matched(before: Sequence[str], after: Sequence[str]) -> dict[int, int]:
    """Which lines of ``before`` stand in ``after``, in order, and where."""
    found: dict[int, int] = {}
    at = 0
    for number, line in enumerate(before):
        if at < len(after) and line == after[at]:
            found[number] = at
            at += 1
    if at == len(after) or len(before) > MOST_LINES:
        return found
    return {run.first + step: run.second + step for run in equal_runs(before, after) for step in range(run.size)}
