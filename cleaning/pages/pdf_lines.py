"""Runs → pieces of lines: exponents joined to what they stand behind, runs of one baseline joined up to a large gap."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cleaning.pages.pdf_glyphs import Run
from cleaning.pages.pdf_initials import with_initials
from cleaning.pages.pdf_rules import Rules
from cleaning.pages.superscripts import subscript, superscript

_SAME_BASE = 0.22
"""Difference of two baselines in sizes up to which they are one line."""
_RAISED, _LOWERED = (0.12, 0.75), (-0.45, -0.06)
"""Shifts of exponents and indices in sizes of the letters beside them."""
_SPLIT_GAP = 0.7
_SPACE_GAP = 0.17
_ALIKE, _WIDEST_BLANK = 0.13, 2.2
"""In sizes: the blanks of a justified line are alike, and seldom wider than this."""
_MARK = re.compile(r"(?:[•▪●◦·‣⁃■□◼▶►➤➢❖*–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)$")
"""What stands before an item: it belongs to the text behind it, however far away."""
_MARK_REACH = 5.0


@dataclass(slots=True)
class Piece:
    """A line, or the part of a line that stands in one column or cell."""

    text: str
    left: float
    right: float
    base: float
    size: float
    is_bold: bool
    first_word: float = 0.0
    """Width of the first word."""

    @property
    def width(self) -> float:
        """In points."""
        return self.right - self.left


def pieces_of(runs: Sequence[Run], rules: Rules) -> list[Piece]:
    """The pieces of a page's runs of one direction, from top to bottom and left to right."""
    plain = _without_scripts(with_initials(runs))
    rows: list[list[Run]] = []
    for run in sorted(plain, key=lambda run: (-run.base, run.left)):
        if rows and abs(rows[-1][0].base - run.base) <= _SAME_BASE * min(max(rows[-1][0].size, 1), run.size):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [piece for row in rows for piece in _joined(sorted(row, key=lambda run: run.left), rules)]


def _without_scripts(runs: Sequence[Run]) -> list[Run]:
    """Superscripts and subscripts put, as text, behind the run that they stand at."""
    kept: list[Run] = []
    for place, run in enumerate(runs):
        before = kept[-1] if kept else None
        if before is not None and _stands_at(run, before):
            raised = run.base > before.base
            before.text = with_script(before.text, run.text.strip(), raised=raised)
            before.right = max(before.right, run.right)
            continue
        after = runs[place + 1] if place + 1 < len(runs) else None
        if after is not None and run.right <= after.left + 0.5 * after.size and _stands_at(run, after, before=True):
            # the mark of a footnote, or a numerator, before its text
            run.base, run.size = after.base, after.size
        kept.append(run)
    return kept


def _stands_at(run: Run, other: Run, *, before: bool = False) -> bool:
    """Whether a run is smaller than its neighbour, touches it, and is raised or lowered."""
    if run.size > 0.85 * other.size or len(run.text) > 12:  # noqa: PLR2004 - exponents are short
        return False
    gap = other.left - run.right if before else run.left - other.right
    shift = (run.base - other.base) / other.size
    return -0.3 * other.size <= gap <= 0.35 * other.size and (
        _RAISED[0] <= shift <= _RAISED[1] or _LOWERED[0] <= shift <= _LOWERED[1]
    )


def joined_pieces(row: Sequence[Piece]) -> Piece:
    """The pieces of one line of one column as one."""
    first = row[0]
    if len(row) == 1:
        return first
    size = max(row, key=lambda piece: len(piece.text)).size
    text = " ".join(piece.text for piece in row)
    right = max(piece.right for piece in row)
    is_bold = all(piece.is_bold for piece in row)
    return _finished(Piece(text, first.left, right, first.base, size, is_bold))


def _are_blanks(row: Sequence[Run]) -> list[bool]:
    """Of each run of a line whether the gap before it is but a blank of a justified line: as wide as one beside it."""
    gaps = [b.left - a.right for a, b in pairwise(row)]
    blanks = [False]
    for number, gap in enumerate(gaps):
        left, right = row[number], row[number + 1]
        beside = (
            left.last_blank or (gaps[number - 1] if number else 0.0),
            right.first_blank or (gaps[number + 1] if number + 1 < len(gaps) else 0.0),
        )
        is_alike = any(abs(gap - other) <= _ALIKE * right.size for other in beside if other)
        blanks.append(is_alike and gap <= _WIDEST_BLANK * right.size)
    return blanks


def _joined(row: Sequence[Run], rules: Rules) -> Iterable[Piece]:
    piece: Piece | None = None
    for run, is_blank in zip(row, _are_blanks(row), strict=True):
        text = run.text.strip()
        if not text:
            continue
        if piece is not None:
            gap = run.left - piece.right
            size = max(piece.size, run.size)
            is_mark = _MARK.match(piece.text) is not None and gap < _MARK_REACH * size
            has_rule = gap > _SPACE_GAP * size and rules.stands_between(piece.right, run.left, run.base)
            if (gap <= _SPLIT_GAP * size or is_mark or is_blank) and not has_rule:
                is_apart = gap > _SPACE_GAP * size or (run.text[0] == " " and gap > 0) or is_mark
                piece.text += f" {text}" if is_apart else text
                piece.size = piece.size if len(piece.text) > 2 * len(text) else size
                piece.right = max(piece.right, run.right)
                piece.is_bold = piece.is_bold and run.is_bold
                continue
            yield _finished(piece)
        piece = Piece(text, run.left, run.right, run.base, run.size, run.is_bold)
    if piece is not None:
        yield _finished(piece)


def _finished(piece: Piece) -> Piece:
    first = piece.text.find(" ")
    piece.first_word = piece.width * (first if first > 0 else len(piece.text)) / max(len(piece.text), 1)
    return piece


def with_script(before: str, script: str, *, raised: bool) -> str:
    """A text with what stands raised or lowered behind it; the mark of a note goes.

    >>> with_script("400 x 10", "9", raised=True), with_script("kg/m", "2", raised=True)
    ('400 x 10⁹', 'kg/m²')
    >>> with_script("H", "2", raised=False), with_script("según la guía.", "12,13", raised=True)
    ('H₂', 'según la guía.')
    """
    return before + (superscript(script, before) if raised else subscript(script, before))
