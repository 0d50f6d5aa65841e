"""A block of a page's text, and the marks by which an extractor's result is told block by block.

A block is what a reader sees as one: a heading, a paragraph, an item of a list, a row of a table (``page_walk``).
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

FIRST_MARK, MARKS_A_PLANE = 0xF0000, 0xFFFE
MARK = re.compile("[\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
"""Private signs of Unicode's last two planes: 131,068 texts of a page can be marked."""
MAX_MARKS = 2 * MARKS_A_PLANE


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    TERM = "term"
    MEANING = "meaning"
    ROW = "row"
    CAPTION = "caption"
    QUOTE = "quote"
    PREFORMATTED = "preformatted"


@dataclass(slots=True)
class Block:
    """A block of text as the page has it."""

    text: str
    """A line, or several where the page breaks them (``br``, ``pre``)."""
    kind: Kind
    place: int
    parent: int
    """The number of the block element that it stands in, in the page's order; of a row that of its table."""
    first_node: int
    end_node: int
    """Its texts among the page's marked texts."""
    site_part: int = 0
    """The innermost block element around it that is one of the site's own parts (``SITE_PARTS``); 0: none."""
    level: int = 0
    """Of a heading 1 to 7 (7: the heading of a panel), of an item how deep its list is nested, from 1."""
    marker: str = ""
    """Of an item: ``-``, or its number as the page shows it; spaces for its later paragraphs."""
    link_characters: int = 0
    is_bold: bool = False
    """Whether all of a paragraph is bold: often a heading."""
    cells: tuple[str, ...] = ()
    """Of a row."""
    is_header: bool = False
    """Of a row: whether its cells are headers."""

    def link_share(self) -> float:
        """Share of the characters that stand in links."""
        return self.link_characters / len(self.text)


@dataclass(slots=True)
class PageBlocks:
    """The blocks of a page, and the lengths of its marked texts."""

    blocks: list[Block] = field(default_factory=list)
    node_lengths: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=lambda: [0])
    """By the number of a block element: that of the one around it."""


def mark(number: int) -> str:
    """The sign of a marked text."""
    return chr(FIRST_MARK + number + (number // MARKS_A_PLANE) * 2)


def marked_number(sign: str) -> int:
    """The number of the text that a sign marks."""
    plane, place = divmod(ord(sign) - FIRST_MARK, 0x10000)
    return plane * MARKS_A_PLANE + place
