"""Lines that a page draws between the columns and rows of its tables."""

import ctypes
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

_MAX_OBJECTS = 4000
_THIN = 3.0
"""Points up to which a path is a line."""
_LONG = 6.0
Bounds = tuple[float, float, float, float]
"""Left, bottom, right, top."""


@dataclass(slots=True)
class Rules:
    """Drawn lines in the frame of one writing direction."""

    upright: list[tuple[float, float, float]] = field(default_factory=list)
    """Place, lower end, upper end; sorted."""
    level: list[tuple[float, float, float]] = field(default_factory=list)
    """Height, left end, right end; sorted."""

    def stands_between(self, left: float, right: float, base: float) -> bool:
        """Whether an upright line stands between two places of a text line."""
        begin = bisect_left(self.upright, (left - 0.5,))
        for place, low, high in self.upright[begin : begin + 200]:
            if place > right + 0.5:
                break
            if low <= base + 2 and high >= base:
                return True
        return False

    def lies_between(self, low: float, high: float, left: float, right: float) -> bool:
        """Whether a level line of half the given width lies between two heights."""
        begin = bisect_left(self.level, (low,))
        covered = 0.0
        for height, begins, ends in self.level[begin : begin + 400]:
            if height > high:
                break
            covered += max(0.0, min(ends, right) - max(begins, left))
        return covered > 0.5 * (right - left)


def drawn_bounds(page: pypdfium2.PdfPage) -> list[Bounds]:
    """The bounds of a page's first paths."""
    bounds: list[Bounds] = []
    sides = [ctypes.c_float() for _ in range(4)]
    places = [ctypes.byref(side) for side in sides]
    for number in range(min(pdfium.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        drawn = pdfium.FPDFPage_GetObject(page.raw, number)
        if pdfium.FPDFPageObj_GetType(drawn) == pdfium.FPDF_PAGEOBJ_PATH and pdfium.FPDFPageObj_GetBounds(
            drawn, *places
        ):
            left, bottom, right, top = (side.value for side in sides)
            bounds.append((left, bottom, right, top))
    return bounds


def rules_of(bounds: Iterable[Bounds], turn: int) -> Rules:
    """Lines, and the edges of boxes, as text of a direction sees them."""
    rules = Rules()
    for one in bounds:
        left, bottom, right, top = _turned(one, turn)
        is_narrow, is_flat = right - left <= _THIN, top - bottom <= _THIN
        if is_narrow and top - bottom >= _LONG:
            rules.upright.append(((left + right) / 2, bottom, top))
        elif is_flat and right - left >= _LONG:
            rules.level.append(((bottom + top) / 2, left, right))
        elif not is_narrow and not is_flat:
            rules.upright += [(left, bottom, top), (right, bottom, top)]
            rules.level += [(bottom, left, right), (top, left, right)]
    rules.upright.sort()
    rules.level.sort()
    return rules


def _turned(bounds: Bounds, turn: int) -> Sequence[float]:
    left, bottom, right, top = bounds
    turned = {90: (bottom, -right, top, -left), 180: (-right, -top, -left, -bottom), 270: (-top, left, -bottom, right)}
    return turned.get(turn, bounds)
