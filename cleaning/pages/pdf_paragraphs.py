"""Lines of a column → paragraphs. A line ends one where its writer ended it: the next word would still have fit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cleaning.pages.pdf_hyphens import HYPHENS, Hyphens
from cleaning.pages.pdf_layout import Block, Table
from cleaning.pages.pdf_lines import Piece

_GAP, _WIDE_GAP = 1.35, 1.9
"""A step of so many usual ones begins a paragraph; behind a comma or an article it must be wider."""
_OTHER_SIZE = 0.09
_INDENT = 0.7
_BULLET = re.compile(r"[•▪●◦‣⁃■□◼▶►➤➢❖\uf0b7]|[-–—*·]\s")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,2}|[a-zA-Z])[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)\s+\S")
_ENDS = (".", ":", ";", "!", "?", "…", "»", "”", ")")
_OPEN = re.compile(r"[a-záéíóúüñ(,;]")
_LEADERS = re.compile(r"(?:\s?\.){4,}\s*(?:\d+|[ivxlc]+)?\s*$|(?:\s?\.){4,}")
_CONTENTS = re.compile(r".*(?:\s?[.…]){4,}\s*(?:\d+|[ivxlc]+)$")
"""A line of a table of contents."""
_RAGGED, _NEARLY_FULL, _SENTENCE_WORDS = 0.5, 0.75, 5
"""Shares of the column's width of lines that were broken by a count of letters, not by their width."""
_ALIKE = 3
_FEW_LINES, _SHORT_LINE = 8, 42
"""So few lines of so few letters are no column of prose."""
_LINKS = frozenset(
    [
        "a",
        "al",
        "con",
        "de",
        "del",
        "e",
        "el",
        "en",
        "entre",
        "es",
        "la",
        "las",
        "lo",
        "los",
        "o",
        "para",
        "por",
        "que",
        "se",
        "sin",
        "sobre",
        "son",
        "su",
        "sus",
        "u",
        "un",
        "una",
        "y",
    ]
)
CELL_BORDER = " | "


@dataclass(slots=True)
class Paragraph:
    """Text that is one line of the document."""

    text: str
    size: float
    is_table: bool = False
    may_go_on: bool = True
    """It fills its last line, so that the next column or page may go on with it."""


def paragraphs_of(block: Block, hyphens: Hyphens) -> list[Paragraph]:
    """The paragraphs of a block: a table's rows one each."""
    if isinstance(block, Table):
        rows = (CELL_BORDER.join(_lines_joined(cell, hyphens) for cell in row) for row in block.rows)
        return [Paragraph(_LEADERS.sub(" ", row).strip(), 0.0, is_table=True) for row in rows]
    lines = [piece for piece in block.pieces if not _CONTENTS.fullmatch(piece.text)]
    groups = list(_grouped(lines))
    return [
        Paragraph(
            _LEADERS.sub(" ", _lines_joined([piece.text for piece in group], hyphens)).strip(),
            median(piece.size for piece in group),
            may_go_on=_is_full(group[-1], max(piece.right for piece in lines)) or group[-1].text[-1:] in HYPHENS,
        )
        for group in groups
    ]


def joined_over_breaks(parts: Iterable[Sequence[Paragraph]], hyphens: Hyphens) -> list[Paragraph]:
    """The paragraphs of columns and pages, one behind the other; what a break cut is joined, notes come behind it."""
    all_of_them: list[Paragraph] = []
    for part in parts:
        paragraphs = list(part)
        if paragraphs and all_of_them:
            open_one = _open_one(all_of_them, paragraphs[0])
            if open_one is not None:
                open_one.text = hyphens.joined(open_one.text, paragraphs[0].text)
                open_one.may_go_on = paragraphs[0].may_go_on
                paragraphs = paragraphs[1:]
        all_of_them += paragraphs
    return all_of_them


def _open_one(before: Sequence[Paragraph], first: Paragraph) -> Paragraph | None:
    """The last paragraph of the same size, behind it but smaller notes, where the next text goes on with it."""
    if first.is_table or _begins_item(first.text):
        return None
    for paragraph in reversed(before[-6:]):
        if paragraph.is_table:
            return None
        if paragraph.size < 0.92 * first.size:
            continue
        if abs(paragraph.size - first.size) > 0.06 * first.size:
            return None
        is_broken = paragraph.text[-1:] in HYPHENS and paragraph.text[-2:-1].isalnum()
        is_sentence = paragraph.may_go_on or paragraph.text.count(" ") >= _SENTENCE_WORDS
        goes_on = is_sentence and paragraph.text[-1:] not in _ENDS and _OPEN.match(first.text) is not None
        return paragraph if is_broken or goes_on or _is_open(paragraph.text) else None
    return None


def _lines_joined(lines: Sequence[str], hyphens: Hyphens) -> str:
    text = ""
    for line in lines:
        text = hyphens.joined(text, line) if text else line
    return text


def _grouped(lines: Sequence[Piece]) -> Iterable[list[Piece]]:
    steps = [a.base - b.base for a, b in pairwise(lines)]
    small = [step for step, piece in zip(steps, lines, strict=False) if 0 < step < 2 * piece.size]
    usual = median(small) if small else 0.0
    group: list[Piece] = []
    for number, piece in enumerate(lines):
        if group and _begins(lines, number, usual):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _begins(lines: Sequence[Piece], number: int, usual: float) -> bool:
    """Whether a line begins a paragraph."""
    above, line = lines[number - 1], lines[number]
    step = above.base - line.base
    if step <= 0 or step > (_WIDE_GAP if _is_open(above.text) else _GAP) * max(usual, 0.95 * above.size):
        return True
    if abs(above.size - line.size) > _OTHER_SIZE * max(above.size, line.size):
        return True
    ends = above.text.endswith(_ENDS)
    is_full = _is_full(above, _edge(lines, number), line)
    if _BULLET.match(line.text):
        return True
    if _NUMBERED.match(line.text) and (ends or not is_full):
        return True
    if above.is_bold != line.is_bold and not is_full:
        return True
    if not is_full and not _goes_on(above, line, _lines_around(lines, number)):
        return True
    if len(lines) <= _FEW_LINES and not _is_open(above.text) and not _OPEN.match(line.text):
        return max(len(piece.text) for piece in lines) < _SHORT_LINE  # an address, names: no column of prose
    indent = line.left - above.left
    if not ends or abs(indent) <= _INDENT * line.size:
        return False
    first = min(piece.left for piece in _lines_around(lines, number))
    return indent < 0 or (not _begins_item(above.text) and above.left - first < _INDENT * line.size)


def _goes_on(above: Piece, line: Piece, near: Sequence[Piece]) -> bool:
    """Whether the words say that a line goes on with the one above, though its first word would have fit there."""
    if above.text[-1:] in HYPHENS and above.text[-2:-1].isalnum():
        return True
    words = above.text.split()
    if above.text.endswith(_ENDS):
        return False
    if _is_open(above.text):
        return True
    left, right = min(piece.left for piece in near), max(piece.right for piece in near)
    filled = (above.right - left) / max(right - left, 1.0)
    is_long = filled >= _NEARLY_FULL or (filled >= _RAGGED and len(words) >= _SENTENCE_WORDS)
    return is_long and _OPEN.match(line.text) is not None


def _is_open(text: str) -> bool:
    """Whether a text ends in a comma or a word that another must follow."""
    return text.endswith(",") or text.rpartition(" ")[2].lower() in _LINKS


def _begins_item(text: str) -> bool:
    return _BULLET.match(text) is not None or _NUMBERED.match(text) is not None


def _lines_around(lines: Sequence[Piece], number: int) -> Sequence[Piece]:
    """Lines around the break before a line."""
    return lines[max(0, number - 4) : number + 4]


def _edge(lines: Sequence[Piece], number: int) -> float:
    """The right edge before a line: the column's, or that of lines nearby which end alike, as beside a picture."""
    near = max(piece.right for piece in _lines_around(lines, number))
    alike = sum(piece.right > near - 1.5 * piece.size for piece in _lines_around(lines, number))
    return near if alike >= _ALIKE else max(piece.right for piece in lines)


def _is_full(line: Piece, edge: float, following: Piece | None = None) -> bool:
    """Whether the first word of the line behind would not have fit."""
    word = following.first_word if following is not None else 0.12 * (edge - line.left)
    return line.right + 0.2 * line.size + word > edge - 0.3 * line.size
