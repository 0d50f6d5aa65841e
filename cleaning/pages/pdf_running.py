"""Running heads, feet and page numbers: lines at a page's edge that other pages have too, but for their numbers."""

import re
from collections import Counter
from collections.abc import Sequence

from cleaning.pages.pdf_lines import Piece

_DEPTH = 5
"""Rows from the edge that may be running lines."""
_ROMAN = re.compile(r"\b[ivxlc]+\b")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:(?:p[áa]g(?:ina|\.)?|page|hoja|folio|p\.)\s*)?[-–—|·\s]*(?:\d{1,4}|[ivxlc]{1,6})[-–—|·\s]*(?:(?:de|of|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
_SAID = re.compile(r"p[áa]g|page|hoja|folio|\b\d+\s*(?:de|of|/)\s*\d+$", re.IGNORECASE)
_PAGE_DIGITS = 4
_SAME_PLACE = 0.02
"""Of the page's height."""
Row = list[Piece]


def without_running_lines(pages: Sequence[Sequence[Piece]]) -> list[list[Piece]]:
    """The pages' pieces without running lines. A page's pieces come from top to bottom."""
    rows = [_rows(page) for page in pages]
    heights = [max((page[0].base - page[-1].base, 1.0)) if page else 1.0 for page in pages]
    kept = rows
    for from_top in (True, False):
        kept = _without_edge(kept, heights, from_top=from_top)
    return [[piece for row in page for piece in row] for page in kept]


def _rows(page: Sequence[Piece]) -> list[Row]:
    rows: list[Row] = []
    for piece in page:
        if rows and abs(rows[-1][0].base - piece.base) < 0.4 * piece.size:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return rows


def _without_edge(pages: list[list[Row]], heights: Sequence[float], *, from_top: bool) -> list[list[Row]]:
    counts: Counter[tuple[str, int]] = Counter()
    numbered: Counter[tuple[tuple[str, int], int]] = Counter()
    keys: list[list[tuple[str, int]]] = []
    for page_number, (page, height) in enumerate(zip(pages, heights, strict=True)):
        edge = page[:_DEPTH] if from_top else page[::-1][:_DEPTH]
        keys.append([_key(row, height) for row in edge])
        counts.update({near for key in keys[-1] for near in _adjacent_keys(key)})
        steps = {(key, step) for row, key in zip(edge, keys[-1], strict=True) for step in _steps(row, page_number)}
        numbered.update({(near, step) for key, step in steps for near in _adjacent_keys(key)})
    needed = 2 if len(pages) <= 4 else 3  # noqa: PLR2004 - two equal lines of many pages may be chance
    kept = []
    for page_number, (page, own) in enumerate(zip(pages, keys, strict=True)):
        gone = 0
        for number, key in enumerate(own):
            if len(page) - gone <= 1 and len(pages) == 1:
                break
            row = page[number] if from_top else page[-1 - number]
            is_numbered = any(numbered[key, step] > 1 for step in _steps(row, page_number))
            is_repeated = (counts[key] >= needed or is_numbered) and not _is_alone(page)
            if is_repeated or _is_page_number(page, number, from_top=from_top):
                gone = number + 1
            elif number >= gone + 1 or not _text(row):
                break
        kept.append(page[gone:] if from_top else page[: len(page) - gone])
    return kept


def _is_alone(page: Sequence[Row]) -> bool:
    """A page of one row is no page of running lines."""
    return len(page) == 1


def _text(row: Row) -> str:
    return " ".join(piece.text for piece in row)


def _key(row: Row, height: float) -> tuple[str, int]:
    """The row's text without its numbers, and its place in steps of a fiftieth of the page."""
    text = _ROMAN.sub("#", _DIGITS.sub("#", _text(row).lower()))
    return " ".join(text.split()), round(row[0].base / (height * _SAME_PLACE))


def _adjacent_keys(key: tuple[str, int]) -> tuple[tuple[str, int], ...]:
    """The keys of the same text at this place and a step higher and lower."""
    text, place = key
    return (text, place - 1), key, (text, place + 1)


def _steps(row: Row, page_number: int) -> set[int]:
    """The row's numbers less that of the page: the same on two pages of a row that counts them."""
    return {int(digits) - page_number for digits in _DIGITS.findall(_text(row)) if len(digits) <= _PAGE_DIGITS}


def _is_page_number(page: Sequence[Row], number: int, *, from_top: bool) -> bool:
    """A number by itself at the edge, apart from the text, or one that is called a page."""
    row = page[number] if from_top else page[-1 - number]
    text = _text(row).strip()
    if not _PAGE_NUMBER.fullmatch(text):
        return False
    if _SAID.search(text):
        return True
    inner = number + 1
    if number or inner >= len(page):
        return False
    neighbour = page[inner] if from_top else page[-1 - inner]
    return abs(neighbour[0].base - row[0].base) > 2.0 * max(row[0].size, neighbour[0].size)
