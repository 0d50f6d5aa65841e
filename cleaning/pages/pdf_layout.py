"""Pieces of a page → blocks in reading order: lines of prose, columns one after the other, rows of tables.

A band is a run of rows that a white strip divides from top to bottom. Where its columns are filled by prose they are
columns, else the band is a table and its rows stay together. What no strip divides are lines of one column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from cleaning.pages.pdf_lines import Piece, joined_pieces
from cleaning.pages.pdf_rules import Rules

_STRIP = 0.7
"""Width of a white strip in sizes of the letters; with a drawn line in it any width will do."""
_FEW_LINES = {2: 1.4, 3: 0.9}
"""Where few lines stand on one side it must be wider: blanks of justified lines may fall together."""
_MAX_ROWS = 700
"""A page with more rows is read line by line."""
_PROSE_WORDS = 3.2
_PROSE_FILL = 0.62
_PROSE_LINES = 3
_ALIGNED, _SAME_BASE = 0.4, 1.5
"""Share of lines that two columns of a table have at least on the same baseline; points that count as the same."""
_FULL_ROW = 0.72
"""Share of the page's text width from which a piece ends a band."""
_NEW_ROW = 1.25
"""A step between baselines that is so much larger than the smallest begins another row of a table."""


@dataclass(slots=True)
class Lines:
    """Lines of one column, from top to bottom."""

    pieces: list[Piece]


@dataclass(slots=True)
class Table:
    """Rows of cells of lines."""

    rows: list[list[list[str]]]


Block = Lines | Table
Strip = tuple[float, float]
Row = list[Piece]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a page or a column is divided by."""

    rules: Rules
    is_column: bool = False
    """A column of prose: a few lines with wide blanks are no table."""


def blocks_of(pieces: Sequence[Piece], rules: Rules) -> list[Block]:
    """The page in reading order."""
    return _blocks(pieces, _Layout(rules))


def _blocks(pieces: Sequence[Piece], layout: _Layout) -> list[Block]:
    rows = _rows(pieces)
    if len(rows) > _MAX_ROWS or not rows:
        return [Lines([joined_pieces(row) for row in rows])] if rows else []
    width = max(piece.right for piece in pieces) - min(piece.left for piece in pieces)
    blocks: list[Block] = []
    place = 0
    while place < len(rows):
        band = _band_at(rows, place, width, layout)
        if band is None:
            last = blocks[-1] if blocks else None
            if isinstance(last, Lines):
                last.pieces.append(joined_pieces(rows[place]))
            else:
                blocks.append(Lines([joined_pieces(rows[place])]))
            place += 1
            continue
        blocks += _blocks_of_band(band, layout)
        blocks.append(Lines([]))  # what comes is no line of the last column
        place += len(band.rows)
    return [block for block in blocks if not isinstance(block, Lines) or block.pieces]


def _rows(pieces: Sequence[Piece]) -> list[Row]:
    """Pieces of one baseline, from top to bottom."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.base, piece.left)):
        if rows and abs(rows[-1][0].base - piece.base) <= 0.25 * min(rows[-1][0].size, piece.size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda piece: piece.left)
    return rows


@dataclass(slots=True)
class _Band:
    """Rows that white strips divide from top to bottom."""

    rows: list[Row]
    strips: list[Strip]

    def columns(self) -> list[list[Piece]]:
        """The pieces between the strips, from top to bottom."""
        columns: list[list[Piece]] = [[] for _ in range(len(self.strips) + 1)]
        for row in self.rows:
            for piece in row:
                columns[self.column_of(piece)].append(piece)
        return columns

    def column_of(self, piece: Piece) -> int:
        """The column in which a piece stands."""
        return sum(strip[1] <= piece.left + 0.01 for strip in self.strips)


def _band_at(rows: Sequence[Row], begin: int, width: float, layout: _Layout) -> _Band | None:
    """The longest band that begins at a row, or none where no strip divides what begins there.

    A caption or heading is no row of the band below it where it stands across more of its strips than it leaves.
    """
    band = _longest_band(rows, begin, width, layout)
    if band is None or len(rows[begin]) > 1:
        return band
    first = next((place for place in range(begin, begin + len(band.rows)) if len(rows[place]) > 1), begin)
    below = _longest_band(rows, first, width, layout)
    return None if below is not None and len(below.strips) > len(band.strips) else band


def _longest_band(rows: Sequence[Row], begin: int, width: float, layout: _Layout) -> _Band | None:
    covered: list[Strip] = []
    most, end = 0, None
    for place in range(begin, len(rows)):
        row = rows[place]
        if len(row) == 1 and row[0].width > _FULL_ROW * width:
            break
        for piece in row:
            covered = _add_interval(covered, (piece.left, piece.right))
        strips = len(_strips(covered, row, layout.rules))
        if end is not None and (not strips or (len(row) == 1 and strips < most)):
            break
        if strips:
            most, end = max(most, strips), place + 1
    if end is None or end == begin + 1:
        return None
    band = _checked(_Band(list(rows[begin:end]), _strips_of(rows[begin:end], layout.rules)), layout)
    return _trimmed(band) if band is not None else None


def _checked(band: _Band, layout: _Layout) -> _Band | None:
    """The band with those strips alone that have enough lines on both sides, side by side."""
    size = median(piece.size for row in band.rows for piece in row)
    strips = []
    for strip in band.strips:
        left = {row[0].base for row in band.rows if any(piece.right <= strip[0] + 0.01 for piece in row)}
        right = {row[0].base for row in band.rows if any(piece.left >= strip[1] - 0.01 for piece in row)}
        fewer = min(len(left), len(right))
        width = strip[1] - strip[0]
        is_ruled = any(layout.rules.stands_between(*strip, row[0].base) for row in (band.rows[0], band.rows[-1]))
        is_wide = width >= _FEW_LINES.get(fewer, _STRIP) * size and not (layout.is_column and fewer in _FEW_LINES)
        beside = min(max(left), max(right)) - max(min(left), min(right)) if fewer else -1.0
        if fewer > 1 and beside > 0 and (is_ruled or is_wide):
            strips.append(strip)
    return _Band(band.rows, strips) if strips else None


def _trimmed(band: _Band) -> _Band:
    """The band without rows behind a gap below the shorter column, which belong to what follows."""
    columns = [column for column in band.columns() if len(column) > 1]
    lowest = max(min(piece.base for piece in column) for column in columns)
    steps = [a[0].base - b[0].base for a, b in pairwise(band.rows)]
    usual = median(steps)
    for place in range(2, len(band.rows)):
        row, above = band.rows[place], band.rows[place - 1]
        is_below = len(row) == 1 and row[0].base < lowest
        if is_below and above[0].base - row[0].base > 1.6 * max(usual, row[0].size):
            return _Band(band.rows[:place], band.strips)
    return band


def _add_interval(covered: list[Strip], new: Strip) -> list[Strip]:
    """Covered intervals, in order and apart, with one more."""
    left, right = new
    apart = [strip for strip in covered if strip[1] < left or strip[0] > right]
    for strip in covered:
        if strip[1] >= left and strip[0] <= right:
            left, right = min(left, strip[0]), max(right, strip[1])
    return sorted([*apart, (left, right)])


def _strips(covered: Sequence[Strip], row: Row, rules: Rules) -> list[Strip]:
    """What is uncovered and wide enough, or has a drawn line beside the row."""
    size, base = row[0].size, row[0].base
    return [
        (a[1], b[0])
        for a, b in pairwise(covered)
        if b[0] - a[1] >= _STRIP * size or rules.stands_between(a[1], b[0], base)
    ]


def _strips_of(rows: Sequence[Row], rules: Rules) -> list[Strip]:
    covered: list[Strip] = []
    for row in rows:
        for piece in row:
            covered = _add_interval(covered, (piece.left, piece.right))
    return _strips(covered, rows[len(rows) // 2], rules)


def _blocks_of_band(band: _Band, layout: _Layout) -> Iterable[Block]:
    columns = band.columns()
    if _are_columns([[joined_pieces(row) for row in _rows(column)] for column in columns]):
        for column in columns:
            yield from _blocks(column, _Layout(layout.rules, is_column=True))
    else:
        yield from _table(band, layout.rules)


def _are_columns(columns: Sequence[Sequence[Piece]]) -> bool:
    """Whether each column reads by itself: most of their text is prose that fills its column."""
    filled = [column for column in columns if len(column) > 1]
    prose = [column for column in filled if _is_prose(column)]
    if len(prose) == len(filled):
        return len(filled) > 1
    bases = [sorted(piece.base for piece in column) for column in filled]
    aligned = [_aligned(a, b) for a, b in pairwise(bases)]
    return bool(prose) and bool(aligned) and max(aligned) < _ALIGNED


def _aligned(first: Sequence[float], second: Sequence[float]) -> float:
    """Share of the shorter column's lines that stand on a baseline of the other."""
    few, many = sorted((first, second), key=len)
    return sum(any(abs(base - other) < _SAME_BASE for other in many) for base in few) / len(few)


def _is_prose(column: Sequence[Piece]) -> bool:
    """Lines of several words that fill their column."""
    if len(column) < _PROSE_LINES:
        return False
    width = max(piece.right for piece in column) - min(piece.left for piece in column)
    words = sum(len(piece.text.split()) for piece in column) / len(column)
    filled = median(piece.width for piece in column) / max(width, 1)
    return words >= _PROSE_WORDS and filled >= _PROSE_FILL


def _table(band: _Band, rules: Rules) -> Iterable[Block]:
    """Rows of cells; rows of one piece above the first and below the last row of cells are lines."""
    rows, strips = band.rows, band.strips
    filled = [n for n, row in enumerate(rows) if len({band.column_of(piece) for piece in row}) > 1]
    if len(filled) <= 1:
        yield Lines([joined_pieces(row) for row in rows])
        return
    first, last = filled[0], filled[-1]
    while last + 1 < len(rows) and (
        rows[last][0].base - rows[last + 1][0].base < 1.35 * rows[last][0].size
        and rows[last + 1][0].left > strips[0][0]
    ):
        last += 1  # a last cell of several lines
    if first:
        yield Lines([joined_pieces(row) for row in rows[:first]])
    yield Table(_cells(_Band(rows[first : last + 1], strips), rules))
    if last + 1 < len(rows):
        yield Lines([joined_pieces(row) for row in rows[last + 1 :]])


def _cells(band: _Band, rules: Rules) -> list[list[list[str]]]:
    steps = [a[0].base - b[0].base for a, b in pairwise(band.rows)]
    size = band.rows[0][0].size
    smallest = min((step for step in steps if step > 0.7 * size), default=0.0)
    is_spaced = max(steps) > _NEW_ROW * smallest and smallest < 1.45 * size
    left = min(row[0].left for row in band.rows)
    right = max(row[-1].right for row in band.rows)
    ruled = [
        rules.lies_between(b[0].base + 0.2 * size, a[0].base - 0.05 * size, left, right) for a, b in pairwise(band.rows)
    ]
    is_ruled = sum(ruled) > 1
    cells: list[list[list[str]]] = []
    for number, row in enumerate(band.rows):
        texts = _row_cells(band, row)
        if not number:
            goes_on = False
        elif is_ruled:
            goes_on = not ruled[number - 1]
        else:
            goes_on = steps[number - 1] <= _NEW_ROW * smallest and (is_spaced or not texts[0])
        if goes_on:
            for cell, more in zip(cells[-1], texts, strict=True):
                cell.extend(more)
        else:
            cells.append(texts)
    return cells


def _row_cells(band: _Band, row: Row) -> list[list[str]]:
    cells: list[list[str]] = [[] for _ in range(len(band.strips) + 1)]
    for piece in row:
        cell = cells[band.column_of(piece)]
        cell[-1:] = [f"{cell[-1]} {piece.text}"] if cell else [piece.text]
    return cells
