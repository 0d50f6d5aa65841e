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

from cleaning.pages.pdf_accents import ACCENTS, accented_letter
from cleaning.pages.pdf_rules import Bounds, Rules, drawn_bounds, rules_of

MAX_PAGE_CHARACTERS = 60_000
"""A page of a newspaper has 20,000; what is behind is not read."""
_SPACE_GAP = 0.17
"""Widths of a gap in sizes of the letters: a word ends from here on where the file draws no blank …"""
_SPLIT_GAP = 0.7
"""… and another piece of the line begins: a column, a cell, or a wide blank, which is found out later."""
_BACK = 0.5
_HAS_SIZE = 0.5
_SAME_BASE, _SAME_SIZE, _SAME_PLACE = 0.04, 0.06, 0.12
"""Differences in sizes within a run, and of letters that are drawn twice."""
_BOLD = 600
"""Weight of a font from which it is bold."""
_ASKEW = 0.08
"""Tangent of the angle that a scanned page may be askew: 5 degrees."""
_TURN = 5.0
"""Steps of degrees of text that runs aslant."""
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
        self._high = 0
        self._matrix = pdfium.FS_MATRIX()
        self._turn, self._size, self._base = 0, 0.0, 0.0
        self._last = 0.0, 0.0
        self._aslant = (1.0, 0.0)

    def read(self) -> None:
        """Fill ``runs``. A call into pdfium takes a microsecond: what a line shares is asked once for it."""
        box = pdfium.FS_RECTF()
        box_at, raw = ctypes.byref(box), self.raw
        get_box, get_code = pdfium.FPDFText_GetLooseCharBox, pdfium.FPDFText_GetUnicode
        low_x, low_y, high_x, high_y = self.visible
        level, is_level = (0.0, 0.0), False
        for number in range(min(max(self.count, 0), MAX_PAGE_CHARACTERS)):
            code = get_code(raw, number)
            if code in _BLANKS:
                self._blank = True
                self._drawn_blank |= not pdfium.FPDFText_IsGenerated(raw, number)
                continue
            code = self._whole(code)
            if code is None:
                continue
            get_box(raw, number, box_at)
            left, bottom, right, top = box.left, box.bottom, box.right, box.top
            x, y = (left + right) / 2, (bottom + top) / 2
            if not (low_x <= x <= high_x and low_y <= y <= high_y):
                continue
            self.characters += 1
            if code in _UNMAPPED or (code in _PRIVATE and code not in _BULLETS and code not in _SYMBOL):
                self.unmapped += 1
                self._blank = True
                continue
            if not is_level or (bottom, top) != level:
                level, is_level = (bottom, top), self._set_frame(number)
            size = self._size
            if size < _HAS_SIZE or not math.isfinite(x + y + size):
                continue
            key = (code, round(x / size / _SAME_PLACE), round(y / size / _SAME_PLACE))
            if key not in self._seen:  # bold is drawn twice
                self._seen.add(key)
                self._add(_letter(code), number, *self._sides(left, bottom, right, top))

    def _whole(self, code: int) -> int | None:
        """The code point of a UTF-16 unit; None for the first of two."""
        if code in _HIGH_SURROGATES:
            self._high = code
            return None
        if code in _LOW_SURROGATES:
            high, self._high = self._high, 0
            return 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0xFFFD
        return code

    def _set_frame(self, number: int) -> bool:
        """Direction, size and baseline of a character; whether the text is level, so that its line has the same."""
        matrix = self._matrix
        pdfium.FPDFText_GetMatrix(self.raw, number, ctypes.byref(matrix))
        a, b, x, y = matrix.a, matrix.b, matrix.e, matrix.f
        self._size = pdfium.FPDFText_GetFontSize(self.raw, number) * math.hypot(matrix.c, matrix.d)
        if abs(b) <= _ASKEW * abs(a):
            self._turn, self._base = (0, y) if a >= 0 else (180, -y)
            return bool(b == 0)
        if abs(a) <= _ASKEW * abs(b):
            self._turn, self._base = (90, -x) if b > 0 else (270, x)
            return False
        self._turn = round(math.degrees(math.atan2(b, a)) / _TURN) * int(_TURN) % 360
        self._aslant = math.cos(math.radians(self._turn)), math.sin(math.radians(self._turn))
        self._base = y * self._aslant[0] - x * self._aslant[1]
        return False

    def _sides(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float]:
        """Where a character's box begins and ends along the writing direction."""
        if self._turn == 0:
            return left, right
        turned = {90: (bottom, top), 180: (-right, -left), 270: (-top, -bottom)}.get(self._turn)
        if turned is not None:
            return turned
        middle = (left + right) / 2 * self._aslant[0] + (bottom + top) / 2 * self._aslant[1]
        return middle - 0.25 * self._size, middle + 0.25 * self._size

    def _add(self, letter: str, number: int, left: float, right: float) -> None:
        run, size = self._run, self._size
        if (
            run is not None
            and (letter in ACCENTS or run.text[-1] in ACCENTS)
            and self._takes_accent(letter, left, right)
        ):
            return
        self._last = left, right
        if (
            run is not None
            and self._turn == run.turn
            and abs(self._base - run.base) <= _SAME_BASE * run.size
            and abs(size - run.size) <= _SAME_SIZE * run.size
            and -_BACK * size <= left - run.right <= _SPLIT_GAP * size
        ):
            gap = left - run.right
            is_apart = gap > _SPACE_GAP * size or (self._blank and gap > -0.1 * size)
            if is_apart and self._has_rule(self._turn, run.right, left, self._base):
                run = None
            elif is_apart:
                run.text += f" {letter}" if self._drawn_blank else f"{_GAP}{letter}"
                run.first_blank, run.last_blank = run.first_blank or gap, gap
            else:
                run.text += letter
        else:
            run = None
        if run is None:
            is_bold = pdfium.FPDFText_GetFontWeight(self.raw, number) >= _BOLD
            self._run = run = Run(letter, left, right, self._base, size, self._turn, is_bold)
            self.runs.append(run)
        elif right > run.right:
            run.right = right
        self._blank = self._drawn_blank = False

    def _takes_accent(self, letter: str, left: float, right: float) -> bool:
        """Whether a letter and an accent, drawn over each other as TeX does (``acci´on``), became one letter."""
        run, (last_left, last_right) = self._run, self._last
        assert run is not None
        both = run.text[-1] + letter
        middle = (left + right) / 2 if letter in ACCENTS else (last_left + last_right) / 2
        accented = accented_letter(both)
        if not accented or not (last_left <= middle <= last_right and left <= middle <= right):
            return False
        run.text = run.text[:-1] + accented
        run.right = max(run.right, right)
        self._last = min(left, last_left), max(right, last_right)
        self._blank = self._drawn_blank = False
        return True

    def _has_rule(self, turn: int, left: float, right: float, base: float) -> bool:
        if turn not in self._rules:
            self._rules[turn] = rules_of(self._drawn, turn)
        return self._rules[turn].stands_between(left, right, base)


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
    """The box that a reader sees, with a margin of a hundredth; the whole plane where the box is empty."""
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
