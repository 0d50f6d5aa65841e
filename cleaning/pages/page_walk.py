"""A parsed page → its blocks of text in the page's order: one walk, each text read once, for all extractors.

The walk marks each text of the tree, so that what any extractor keeps of it can be told block by block
(``selection.py``). What it has read and not ended is ``open_text``; the elements around that are ``block_frames``.
"""

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.pages.block_frames import CELLS, FLAT, LISTS, OTHERS, Frame, framed, own_place
from cleaning.pages.blocks import Block, Kind, PageBlocks
from cleaning.pages.element_kinds import BLOCKS, UNREAD, Place, is_struck_by_style, opens_a_panel
from cleaning.pages.inline_elements import InlineElements
from cleaning.pages.list_numbers import Numbering
from cleaning.pages.open_text import OpenText
from cleaning.pages.superscripts import with_fractions
from cleaning.pages.tables import CELL, PART, Rows, is_data_table, plain_row, span


def page_blocks(tree: HtmlElement) -> PageBlocks:
    """Read ``tree``, as ``load_html`` parses it, and mark its texts in it."""
    return Walk(tree).page


class Walk:
    """One pass over the elements of a page."""

    def __init__(self, tree: HtmlElement) -> None:
        self.frames = [Frame(Kind.PARAGRAPH, 0, Place.NONE, 0, 0)]
        self.text = OpenText(self.frames)
        self.pieces = self.text.pieces
        self.page = PageBlocks(node_lengths=self.text.node_lengths)
        self.lists = Numbering()
        self.rows: Rows | None = None
        self.table: HtmlElement | None = None
        self.in_cell = False
        self.headers = self.cells = self.table_number = 0
        self.inline = InlineElements(self.text)
        self.begins = self.inline.begins | {"br": self._line_break, "button": self._button}
        self.walk = iterwalk(tree, events=("start", "end"))
        self._run(tree)

    def _run(self, tree: HtmlElement) -> None:
        read, start, end_block, end_inline = self.text.read, self._start, self._end_block, self._end_inline
        skipped = None
        for event, element in self.walk:
            tag = element.tag
            if event == "start":
                if not isinstance(tag, str):
                    continue
                if start(element, tag):
                    text = element.text
                    if text:
                        read(element, text, is_tail=False)
                else:
                    self.walk.skip_subtree()
                    skipped = element
                continue
            text = element.tail
            if element is skipped:
                skipped = None
            elif tag in BLOCKS:
                end_block(element, tag)
            elif isinstance(tag, str):
                end_inline(element, tag, has_tail=bool(text))
            if text and element is not tree:
                read(element, text, is_tail=True)
        self._flush()

    def _start(self, element: HtmlElement, tag: str) -> bool:
        """Whether what stands in the element is read."""
        attributes: list[tuple[str, str]] = element.items()
        if tag in BLOCKS:
            own = own_place(tag, *attributes)
            if own & Place.STRUCK and not self.inline.struck(element):
                self._border()
                return False
            self._start_block(element, tag, own & ~Place.STRUCK)
            return True
        for name, value in attributes:
            if name == "style" and is_struck_by_style(value) and not self.inline.struck(element):
                return False
        if tag in UNREAD:
            if tag == "script" and (element.get("type") or "").startswith("math/tex"):
                self.pieces.append(element.text or "")
            return False
        begin = self.begins.get(tag)
        if begin is not None:
            return begin(element)
        return not attributes or self.inline.is_read(element)

    def _end_inline(self, element: HtmlElement, tag: str, *, has_tail: bool) -> None:
        self.inline.ends(element, tag, has_tail=has_tail)
        if tag == "button":
            self._flush()
            self.frames.pop()

    # Blocks

    def _start_block(self, element: HtmlElement, tag: str, own: int) -> None:
        """``own`` is what the element says of its place."""
        self._border()
        outer = self.frames[-1]
        parents = self.page.parents
        parents.append(outer.number)
        kind, level = outer.kind, outer.level
        if tag in FLAT:
            kind, level = FLAT[tag]
        elif tag in OTHERS:
            kind, level = self._other_kind(element, tag, kind, level)
        self.frames.append(framed(outer, len(parents) - 1, own, kind, level))

    def _other_kind(self, element: HtmlElement, tag: str, kind: Kind, level: int) -> tuple[Kind, int]:
        """Kind and level of a block in a list or a table, of what they are around it."""
        if tag in LISTS:
            self.lists.begin(element, tag)
        elif tag == "li":
            kind, level = Kind.ITEM, max(self.lists.depth, 1)
            marker = self.lists.next(element)
            if self.in_cell and marker not in {"", "-"}:
                self.pieces.append(f"{marker} ")
        elif tag == "table":
            if not self.in_cell and is_data_table(element):
                self.rows, self.table, self.table_number = Rows(), element, len(self.page.parents) - 1
        elif self.rows is not None and not self.in_cell:
            self._start_cell(element, tag)
        else:
            kind = Kind.PARAGRAPH
        return kind, level

    def _end_block(self, element: HtmlElement, tag: str) -> None:
        if self.in_cell:
            if tag in CELLS:
                self.in_cell = False
            else:
                self.pieces.append(PART)
        elif self.rows is not None and tag == "tr":
            self._end_row()
        elif element is self.table:
            self._end_row()
            self.rows = self.table = None
        elif self.pieces:
            self._flush()
        if tag == "li":
            self.lists.end_item()
        elif tag in LISTS:
            self.lists.end()
        self.frames.pop()

    def _border(self) -> None:
        """Where a block element begins."""
        if self.in_cell:
            self.pieces.append(PART)
        elif self.pieces and (self.rows is None or CELL not in self.pieces):
            self._flush()

    def _flush(self) -> None:
        """End the open block."""
        if not self.pieces:
            return
        frame = self.frames[-1]
        text = self.text.written(frame.kind)
        if text:
            block = self._block(text, frame, frame.kind)
            if frame.kind is Kind.ITEM:
                block.marker = self.lists.take_marker()
            self.page.blocks.append(block)
        self.text.forget()

    def _block(self, text: str, frame: Frame, kind: Kind) -> Block:
        return Block(
            text,
            kind,
            frame.place,
            frame.number,
            self.text.first_node,
            len(self.page.node_lengths),
            frame.site_part,
            level=frame.level,
            link_characters=self.text.link_characters,
            is_bold=self.text.is_bold(),
        )

    # Tables

    def _start_cell(self, element: HtmlElement, tag: str) -> None:
        assert self.rows is not None
        if CELL not in self.pieces:
            self._flush()
        self.pieces.append(CELL)
        self.rows.spans.append((span(element.get("rowspan")), span(element.get("colspan"))))
        self.in_cell = True
        self.cells += 1
        self.headers += tag == "th"

    def _end_row(self) -> None:
        if self.rows is None or CELL not in self.pieces:
            self._flush()
            return
        raw = "".join(self.pieces)
        cells = self.rows.row(with_fractions(raw) if self.text.has_raised else raw)
        text = plain_row(cells)
        if text:
            block = self._block(text, self.frames[-1], Kind.ROW)
            block.cells, block.is_header = tuple(cells), self.headers == self.cells > 0
            block.parent = self.table_number
            self.page.blocks.append(block)
        self.headers = self.cells = 0
        self.text.forget()

    # Elements within a block that end it

    def _line_break(self, _: HtmlElement) -> bool:
        if self.text.break_line() and not self.in_cell:
            self._flush()
        return True

    def _button(self, element: HtmlElement) -> bool:
        outer = self.frames[-1]
        if not opens_a_panel(element.attrib):
            return False
        self._border()
        kind, level = (outer.kind, outer.level) if outer.kind is Kind.HEADING else (Kind.HEADING, 7)
        self.frames.append(Frame(kind, level, outer.place | Place.QUESTIONS, outer.number, outer.site_part))
        return True
