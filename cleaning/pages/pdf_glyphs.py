"""A page of a PDF → its runs: pieces of text with a place, a size and a direction.

Coordinates are points in the frame of the reader: ``left`` and ``right`` along the writing direction, ``base`` the
baseline, larger is higher. A page whose text runs upwards is turned by that; /Rotate and the boxes' origins do not
matter.
"""

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from cleaning.pages.pdf_rules import Bounds, Rules, drawn_bounds, rules_of

MAX_PAGE_CHARACTERS = 60_000
"""A page of a newspaper has 20,000; what is behind is not read."""
_SPACE_GAP = 0.17
"""Widths of a gap in sizes of the letters: a word ends from here on where the file draws no blank …"""
_SPLIT_GAP = 0.7
"""… and another piece of the line begins: a column, a cell, or a wide blank, which is found out later."""
_BACK = 0.5
_HAS_SIZE = 0.5
_TURN = 5.0
"""Degrees that a scanned page may be askew."""
_BLANKS = frozenset([32, 13, 10, 9, 0xA0])
_GAP = "\x1f"
"""A blank that the file does not draw."""
_SPACED = 4
_HYPHEN_SIGN = 0x02
_HIGH_SURROGATES, _LOW_SURROGATES, _PRIVATE = range(0xD800, 0xDC00), range(0xDC00, 0xE000), range(0xE000, 0xF900)
_UNMAPPED = frozenset([0, 0xFFFD, 0xFFFE, 0xFFFF])
_BULLETS = {0xF0B7: "•", 0xF0A7: "•", 0xF0D8: "•", 0xF076: "•", 0xF0FC: "•", 0xF0A8: "•", 0xF02D: "-", 0xF0E0: "•"}
"""Signs of Symbol and Wingdings that stand before items."""
_SYMBOL = {
    0xF0B3: "≥",
    0xF0A3: "≤",
    0xF0B1: "±",
    0xF06D: "µ",
    0xF061: "α",
    0xF062: "β",
    0xF067: "γ",
    0xF0B0: "°",
    0xF0B4: "×",
}
"""And those that carry a meaning (encoding of the font Symbol)."""


@dataclass(slots=True)
class Run:
    """Text of one size on one baseline without a large gap."""

    text: str
    left: float
    right: float
    base: float
    size: float
    turn: int
    """Degrees of the writing direction: 0, 90, 180, 270, or another angle in steps of 5."""
    is_bold: bool = False
    first_blank: float = 0.0
    last_blank: float = 0.0
    """Widths of the blanks between words; 0 where there is one word."""


@dataclass(frozen=True, slots=True)
class PageRuns:
    """What stands on a page, in the order of the file."""

    runs: Sequence[Run]
    characters: int
    unmapped: int
    """Characters whose font does not say what they are."""
    has_image: bool
    drawn: Sequence[Bounds]
    """Bounds of the paths."""


def page_runs(page: pypdfium2.PdfPage) -> PageRuns:
    """Read the characters of a page that lie inside its boxes.

    Raises:
        pypdfium2.PdfiumError: the page cannot be read.
    """
    textpage = page.get_textpage()
    try:
        drawn = drawn_bounds(page)
        reader = _Reader(textpage, _visible(page), drawn)
        reader.read()
        _set_blanks(reader.runs)
    finally:
        textpage.close()
    return PageRuns(reader.runs, reader.characters, reader.unmapped, _has_image(page), drawn)


class _Reader:
    """Follows the characters of a page in the order in which the file draws them."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, visible: Bounds, drawn: Sequence[Bounds]) -> None:
        self.raw = textpage.raw
        self.count = pdfium.FPDFText_CountChars(self.raw)
        self.visible = visible
        self.runs: list[Run] = []
        self.characters = self.unmapped = 0
        self._drawn = drawn
        self._rules: dict[int, Rules] = {}
        self._seen: set[tuple[int, int, int]] = set()
        self._run: Run | None = None
        self._blank = self._drawn_blank = False
        self._angle: tuple[float, float] = (1.0, 0.0)
        self._frame = (0, 1.0, 0.0)

    def read(self) -> None:
        """Fill ``runs``."""
        matrix, box = pdfium.FS_MATRIX(), pdfium.FS_RECTF()
        matrix_at, box_at = ctypes.byref(matrix), ctypes.byref(box)
        raw, get_matrix, get_box = self.raw, pdfium.FPDFText_GetMatrix, pdfium.FPDFText_GetLooseCharBox
        get_code, get_size = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetFontSize
        low_x, low_y, high_x, high_y = self.visible
        high_surrogate = 0
        shape, size = (0.0, 0.0, 0.0), 0.0
        for number in range(min(max(self.count, 0), MAX_PAGE_CHARACTERS)):
            code = get_code(raw, number)
            if code in _BLANKS:
                self._blank = True
                self._drawn_blank |= not pdfium.FPDFText_IsGenerated(raw, number)
                continue
            if code in _HIGH_SURROGATES:
                high_surrogate = code
                continue
            if code in _LOW_SURROGATES:
                code = 0x10000 + ((high_surrogate - 0xD800) << 10) + code - 0xDC00 if high_surrogate else 0xFFFD
            get_matrix(raw, number, matrix_at)
            get_box(raw, number, box_at)
            x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
            if not (low_x <= x <= high_x and low_y <= y <= high_y):
                continue
            self.characters += 1
            if code in _UNMAPPED or (code in _PRIVATE and code not in _BULLETS and code not in _SYMBOL):
                self.unmapped += 1
                self._blank = True
                continue
            seen = (matrix.c, matrix.d, box.top - box.bottom)
            if seen != shape:
                shape, size = seen, get_size(raw, number) * math.hypot(matrix.c, matrix.d)
            if size < _HAS_SIZE or not math.isfinite(x + y + size):
                continue
            grid = max(size * 0.12, 0.01)
            key = (code, round(x / grid), round(y / grid))
            if key in self._seen:  # bold that is drawn twice
                continue
            self._seen.add(key)
            self._add(
                code,
                number,
                (matrix.e, matrix.f, size),
                (matrix.a, matrix.b),
                (box.left, box.bottom, box.right, box.top),
            )

    def _add(
        self,
        code: int,
        number: int,
        place: tuple[float, float, float],
        direction: tuple[float, float],
        box: Bounds,
    ) -> None:
        x, y, size = place
        turn, left, right, base = self._framed(x, y, size, direction, box)
        letter = _letter(code)
        run = self._run
        if (
            run is not None
            and turn == run.turn
            and abs(base - run.base) <= 0.04 * run.size
            and abs(size - run.size) <= 0.06 * run.size
            and -_BACK * size <= left - run.right <= _SPLIT_GAP * size
        ):
            gap = left - run.right
            is_apart = gap > _SPACE_GAP * size or (self._blank and gap > -0.1 * size)
            if is_apart and self._has_rule(turn, run.right, left, base):
                run = None
            else:
                blank = " " if self._drawn_blank else _GAP
                run.text += f"{blank}{letter}" if is_apart else letter
                if is_apart:
                    run.first_blank, run.last_blank = run.first_blank or gap, gap
                run.right = max(run.right, right)
        else:
            run = None
        if run is None:
            is_bold = pdfium.FPDFText_GetFontWeight(self.raw, number) >= 600  # noqa: PLR2004 - semi-bold
            self._run = Run(letter, left, right, base, size, turn, is_bold)
            self.runs.append(self._run)
        self._blank = self._drawn_blank = False

    def _has_rule(self, turn: int, left: float, right: float, base: float) -> bool:
        if turn not in self._rules:
            self._rules[turn] = rules_of(self._drawn, turn)
        return self._rules[turn].stands_between(left, right, base)

    def _framed(
        self, x: float, y: float, size: float, direction: tuple[float, float], box: Bounds
    ) -> tuple[int, float, float, float]:
        """Turn, left, right and baseline in the reader's frame."""
        a, b = direction
        if abs(b) <= 0.08 * abs(a):
            return (0, box[0], box[2], y) if a >= 0 else (180, -box[2], -box[0], -y)
        if abs(a) <= 0.08 * abs(b):
            return (90, box[1], box[3], -x) if b > 0 else (270, -box[3], -box[1], x)
        if direction != self._angle:
            turn = round(math.degrees(math.atan2(b, a)) / _TURN) * int(_TURN) % 360
            self._angle, self._frame = direction, (turn, math.cos(math.radians(turn)), math.sin(math.radians(turn)))
        turn, cosine, sine = self._frame
        middle = (box[0] + box[2]) / 2 * cosine + (box[1] + box[3]) / 2 * sine
        return turn, middle - 0.25 * size, middle + 0.25 * size, y * cosine - x * sine


def _set_blanks(runs: Sequence[Run]) -> None:
    """Gaps are blanks, but not between the letters of a line that is spaced: ``C o n s e j o s   d e ...``."""
    spaced = {(run.turn, round(run.base)) for run in runs if _is_spaced(run.text)}
    for run in runs:
        if _GAP in run.text:
            run.text = run.text.replace(_GAP, "" if (run.turn, round(run.base)) in spaced else " ")


def _is_spaced(text: str) -> bool:
    gaps = text.count(_GAP)
    letters = len(text) - gaps - text.count(" ")
    return letters >= _SPACED and gaps > 0.6 * letters


def _letter(code: int) -> str:
    if code == _HYPHEN_SIGN:  # pdfium's sign for a hyphen at a line's end
        return "-"
    return _BULLETS.get(code) or _SYMBOL.get(code) or chr(code)


def _visible(page: pypdfium2.PdfPage) -> Bounds:
    """The box that a reader sees, with a margin of a hundredth; all the plane where it is none."""
    media, crop = page.get_mediabox(), page.get_cropbox()
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    right, top = min(media[2], crop[2]), min(media[3], crop[3])
    if not (right - left > 1 and top - bottom > 1):
        return (-math.inf, -math.inf, math.inf, math.inf)
    margin = 0.01 * max(right - left, top - bottom)
    return left - margin, bottom - margin, right + margin, top + margin


def _has_image(page: pypdfium2.PdfPage) -> bool:
    """Whether one of the first objects is an image, or holds others where one may be."""
    kinds = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
    count = min(pdfium.FPDFPage_CountObjects(page.raw), 200)
    return any(pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page.raw, n)) in kinds for n in range(count))
