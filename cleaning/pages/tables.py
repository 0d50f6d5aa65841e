"""Tables: which are of values and which of layout, and the rows of the former as lines.

A row is one line, its cells joined by `` | ``; an empty cell keeps its place. What stands in a cell over several lines
(items, paragraphs, ``br``) is joined by ``; ``, or by a space where the next line goes on with the sentence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml.html import HtmlElement

CELL = "\x05"
PART = "\x06"
LINE_BREAK = "\x07"
"""Signs of the walk through a page that no text of a parsed page can hold."""
CELL_BORDER = " | "
LONG_CELL = 500
"""Characters a cell, on the mean, from which a table is taken for layout."""
LONG_ROW_CELL = 150
"""The same for a table of one row."""
REPEATED = 80
"""A cell that spans rows is said again in each of them up to this many characters."""
MAX_SPAN = 50
_ENDS = tuple(".;:,!?…")
_PARTS = re.compile(f"[{PART}{LINE_BREAK}]")


def is_data_table(table: HtmlElement) -> bool:
    """Whether a table holds values in rows and columns; linear, and never looks into a nested table."""
    if table.get("role") in {"presentation", "none"}:
        return False
    rows = cells = widest = in_row = characters = paragraphs = 0
    for element in table.iter():
        tag = element.tag
        if tag == "tr":
            rows, in_row = rows + 1, 0
        elif tag in {"td", "th"}:
            cells, in_row = cells + 1, in_row + 1
            widest = max(widest, in_row)
        elif (tag == "table" and element is not table) or tag in {"h1", "h2", "article", "section", "form", "nav"}:
            return False
        elif tag == "p":
            paragraphs += 1
        elif not isinstance(tag, str) or tag in {"script", "style"}:
            continue
        characters += len(element.text or "") + len(element.tail or "")
    if widest <= 1:
        return False
    if rows == 1:
        return characters < LONG_ROW_CELL * cells
    return characters < LONG_CELL * cells


def cell_text(raw: str) -> str:
    """A cell's lines as one."""
    lines = [line for line in (" ".join(part.split()) for part in _PARTS.split(raw)) if line]
    if len(lines) <= 1:
        return lines[0] if lines else ""
    text = lines[0]
    for line in lines[1:]:
        goes_on = text.endswith(_ENDS) or text.endswith(("(", "-", "–")) or line[0].islower() or line[0] in "(,;."
        text += f" {line}" if goes_on else f"; {line}"
    return text


@dataclass(slots=True)
class Rows:
    """The rows of one table, in order, with what cells of earlier rows reach into later ones."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    """Rows and columns that each cell of the open row spans."""
    _from_above: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By column: how many rows more a cell of an earlier row reaches, and what it says."""

    def row(self, raw: str) -> list[str]:
        """The cells of the row whose text the walk has gathered, ``CELL`` before each."""
        texts = [cell_text(part) for part in raw.split(CELL)[1:]]
        cells: list[str] = []
        for text, (down, across) in zip(texts, self.spans, strict=False):
            self._fill(cells)
            if down > 1:
                for column in range(len(cells), len(cells) + across):
                    first = column == len(cells)
                    self._from_above[column] = (down - 1, text if first and len(text) <= REPEATED else "")
            cells += [text, *[""] * (across - 1)]
        self._fill(cells)
        self.spans = []
        return cells

    def _fill(self, cells: list[str]) -> None:
        while len(cells) in self._from_above:
            column = len(cells)
            rows, text = self._from_above.pop(column)
            if rows > 1:
                self._from_above[column] = rows - 1, text
            cells.append(text)


def span(value: str | None) -> int:
    """Rows or columns of a cell, 1 where it says none, within bounds."""
    return min(max(int(value), 1), MAX_SPAN) if value and value.isascii() and value.isdecimal() else 1


def plain_row(cells: Sequence[str]) -> str:
    """A row as a line: ``Osteopenia | -1 a -2,5``; empty cells at its end go."""
    last = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    shown = list(cells[:last])
    return CELL_BORDER.join(shown).strip() if any(shown) else ""
