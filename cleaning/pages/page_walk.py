"""A parsed page → its blocks of text in the page's order: one walk, each text read once, whoever keeps it later.

The walk marks each text of the tree, so that what any extractor keeps of it can be told block by block
(``selection.py``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from cleaning.pages.blocks import MARK, MAX_MARKS, Block, Kind, PageBlocks, mark
from cleaning.pages.element_kinds import (
    BLOCKS,
    HEADINGS,
    SITE_PARTS,
    STRUCK,
    UNREAD,
    Place,
    is_planted_link,
    is_read_aloud_only,
    is_struck_by_style,
    opens_a_panel,
    place_of,
    shift_of_style,
)
from cleaning.pages.list_numbers import Numbering
from cleaning.pages.math_text import math_text
from cleaning.pages.notes import is_note_link, is_note_raised, short_text
from cleaning.pages.superscripts import MAX_RAISED, subscript, superscript, with_fractions
from cleaning.pages.tables import CELL, LINE_BREAK, PART, Rows, is_data_table, plain_row, span

WRAPPED = 50
"""Characters of a line from which a break before a lower-case letter is one of the layout, not of the text."""
_LINE_ENDS = tuple(".:;,!?…")
MAX_STRUCK = 0.5
"""An element that strikes through more than this share of a page's text was left open by mistake."""
LONG_STRUCK = 400
"""Characters up to which it is not asked."""


@dataclass(slots=True)
class Frame:
    """A block element that is open in the walk; never changed (a frozen one takes three times as long to make)."""

    kind: Kind
    level: int
    place: int
    number: int
    site_part: int


def page_blocks(tree: HtmlElement) -> PageBlocks:
    """Read ``tree``, as ``load_html`` parses it, and mark its texts in it."""
    return Walk(tree).page


class Walk:
    """One pass over the elements, with the text that no block has ended yet."""

    def __init__(self, tree: HtmlElement) -> None:
        self.page = PageBlocks()
        self.frames = [Frame(Kind.PARAGRAPH, 0, Place.NONE, 0, 0)]
        self.lists = Numbering()
        self.pieces: list[str] = []
        self.first_node = self.link_characters = self.bold_characters = self.bold = 0
        self.links: list[bool] = []
        self.has_raised = self.is_read_struck = False
        self.last_closed = ""
        self.is_behind_link = False
        self.rows: Rows | None = None
        self.table: HtmlElement | None = None
        self.in_cell = False
        self.headers = self.cells = self.page_characters = self.table_number = 0
        self.special: dict[str, Callable[[HtmlElement], bool]] = {
            "a": self._link,
            "sup": self._raised,
            "sub": self._lowered,
            "math": self._math,
            "br": self._line_break,
            "button": self._button,
            "q": self._quoted,
            **dict.fromkeys(STRUCK, self._struck),
            **dict.fromkeys(_BOLD, self._strong),
        }
        self.walk = iterwalk(tree, events=("start", "end"))
        self._run(tree)

    def _run(self, tree: HtmlElement) -> None:
        read, start, end = self._read, self._start, self._end
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
            elif isinstance(tag, str):
                end(element, tag, has_tail=bool(text))
            if text and element is not tree:
                read(element, text, is_tail=True)
        self._flush()

    def _read(self, element: HtmlElement, text: str, *, is_tail: bool) -> None:
        """Take a text into the open block and mark it in the tree."""
        if text.isspace():
            if self.frames[-1].kind is Kind.PREFORMATTED:
                self.pieces.append(text)
            elif self.pieces:
                self.pieces.append(" ")
            return
        if not text.isascii():
            text = MARK.sub("", text)
        bare = text.strip()
        if not bare:
            return
        if self._parts_words(element, text, is_tail=is_tail):
            self.pieces.append(" ")
        self.pieces.append(text)
        self.is_behind_link = False
        nodes = self.page.node_lengths
        number, size = len(nodes), len(bare)
        nodes.append(size)
        if self.links and self.links[-1]:
            self.link_characters += size
        if self.bold:
            self.bold_characters += size
        if number < MAX_MARKS:
            _mark(element, text, text.index(bare[0]), number, is_tail=is_tail)

    def _parts_words(self, element: HtmlElement, text: str, *, is_tail: bool) -> bool:
        """Whether a style sheet alone parts a text from the one before: ``<b>Consejo</b>Beba``, ``</a><span>Autor``.

        A word goes on over a border of elements in lower case, or behind fewer than three letters (pH, iPhone). Behind
        a whole link an element with a class of its own is a label whatever its letters: ``</a><span class="by">NIST``.
        Behind the end of a sentence a capital begins the next: ``semana.<span id="more-9"></span>Como``.
        """
        if not self.pieces:
            return False
        before = self.pieces[-1]
        if not before[-1:].isalnum():
            return text[0].isupper() and text[1:2].islower() and _SENTENCE_BEFORE.search(before) is not None
        is_between_elements = not is_tail and before is self.last_closed
        if is_between_elements and self.is_behind_link and element.tag in _LABELS and element.get("class"):
            return _WORD_BEFORE.search(before) is not None and text[0].isalnum()
        if not (text[0].isupper() and text[1:2].islower()):
            return False
        return is_between_elements or (before[-3:].isalpha() and before[-2:].islower())

    def _start(self, element: HtmlElement, tag: str) -> bool:
        """Whether what stands in the element is read."""
        attributes: dict[str, str] = dict(element.items())
        if (
            attributes
            and "style" in attributes
            and is_struck_by_style(attributes["style"])
            and not self._struck(element)
        ):
            if tag in BLOCKS:
                self._border()
            return False
        if tag in BLOCKS:
            self._start_block(element, tag, attributes)
            return True
        if tag in UNREAD:
            if tag == "script" and attributes.get("type", "").startswith("math/tex"):
                self.pieces.append(element.text or "")
            return False
        special = self.special.get(tag)
        if special is not None:
            return special(element)
        return not attributes or self._start_inline(element, attributes)

    def _start_inline(self, element: HtmlElement, attributes: dict[str, str]) -> bool:
        """Whether what stands in an element within a line is read, of what its attributes say."""
        shift = shift_of_style(attributes["style"]) if "style" in attributes else ""
        if shift:
            return self._raised(element) if shift == "super" else self._lowered(element)
        classes = attributes.get("class")
        if not classes:
            return True
        is_doubled = attributes.get("aria-hidden") == "true" and "katex-html" in classes
        return not is_doubled and not is_read_aloud_only(classes)

    def _end(self, element: HtmlElement, tag: str, *, has_tail: bool) -> None:
        if tag in BLOCKS:
            self._end_block(element, tag)
            return
        if self.pieces and not has_tail:
            self.last_closed = self.pieces[-1]
        if tag == "a":
            self.links.pop()
            self.is_behind_link = True
            following = element.getnext() if self.pieces and not has_tail else None
            if following is not None and following.tag == "a":
                self.pieces.append(" ")
        elif tag in _BOLD:
            self.bold -= 1
        elif tag == "q":
            self.pieces.append("”")
        elif tag == "button":
            self._flush()
            self.frames.pop()

    # Blocks

    def _start_block(self, element: HtmlElement, tag: str, attributes: dict[str, str]) -> None:
        self._border()
        outer = self.frames[-1]
        own = place_of(tag, attributes)
        place = outer.place | own
        parents = self.page.parents
        parents.append(outer.number)
        number = len(parents) - 1
        kind, level = outer.kind, outer.level
        if tag in _FLAT:
            kind, level = _FLAT[tag]
        elif tag in _OTHERS:
            kind, level = self._other_kind(element, tag, kind, level)
        is_site_part = own and (own & SITE_PARTS or (own & Place.HIDDEN and not place & Place.QUESTIONS))
        self.frames.append(Frame(kind, level, place, number, number if is_site_part else outer.site_part))

    def _other_kind(self, element: HtmlElement, tag: str, kind: Kind, level: int) -> tuple[Kind, int]:
        """Kind and level of a block in a list or a table, of what they are around it."""
        if tag in _LISTS:
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
            if tag in _CELLS:
                self.in_cell = False
            else:
                self.pieces.append(PART)
        elif tag == "tr" and self.rows is not None:
            self._end_row()
        elif element is self.table:
            self._end_row()
            self.rows = self.table = None
        elif self.pieces:
            self._flush()
        if tag in _LISTS:
            self.lists.end()
        elif tag == "li":
            self.lists.end_item()
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
        raw = "".join(self.pieces)
        frame = self.frames[-1]
        text = _preformatted(raw) if frame.kind is Kind.PREFORMATTED else _lines(raw)
        if text:
            block = self._block(with_fractions(text) if self.has_raised else text, frame)
            if frame.kind is Kind.ITEM:
                block.marker = self.lists.take_marker()
            self.page.blocks.append(block)
        self._forget()

    def _block(self, text: str, frame: Frame, kind: Kind | None = None) -> Block:
        return Block(
            text,
            kind or frame.kind,
            frame.place,
            frame.number,
            self.first_node,
            len(self.page.node_lengths),
            frame.site_part,
            level=frame.level,
            link_characters=self.link_characters,
            is_bold=0 < self.bold_characters >= sum(self.page.node_lengths[self.first_node :]),
        )

    def _forget(self) -> None:
        self.pieces = []
        self.first_node = len(self.page.node_lengths)
        self.link_characters = self.bold_characters = 0
        self.has_raised = False

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
        cells = self.rows.row(with_fractions(raw) if self.has_raised else raw)
        text = plain_row(cells)
        if text:
            block = self._block(text, self.frames[-1], Kind.ROW)
            block.cells, block.is_header = tuple(cells), self.headers == self.cells > 0
            block.parent = self.table_number
            self.page.blocks.append(block)
        self.headers = self.cells = 0
        self._forget()

    # Elements within a block

    def _link(self, element: HtmlElement) -> bool:
        if is_note_link(element) or is_planted_link(element):
            return False
        frame = self.frames[-1]
        stays = frame.kind is Kind.HEADING or bool(frame.place & Place.QUESTIONS) or opens_a_panel(element.attrib)
        target = element.get("href") or ""  # an anchor with a name alone, often left open, is no link
        self.links.append(bool(target) and not (stays and target.startswith(("#", "javascript:"))))
        return True

    def _raised(self, element: HtmlElement) -> bool:
        text = short_text(element)
        if text is None or len(text) > MAX_RAISED:
            return True
        if not is_note_raised(element, text):
            self.has_raised = True
            self.pieces.append(superscript(text, self._before()))
        return False

    def _lowered(self, element: HtmlElement) -> bool:
        text = short_text(element)
        if text is None or len(text) > MAX_RAISED:
            return True
        self.has_raised = True
        self.pieces.append(subscript(text, self._before()))
        return False

    def _before(self) -> str:
        return "".join(self.pieces[-4:])[-24:]

    def _struck(self, element: HtmlElement) -> bool:
        """Struck text is no longer said; all of a page is not struck."""
        if self.is_read_struck:
            return True
        size = sum(map(len, element.itertext()))
        if size > LONG_STRUCK:
            if not self.page_characters:
                self.page_characters = sum(map(len, element.getroottree().getroot().itertext()))
            self.is_read_struck = size > MAX_STRUCK * self.page_characters
        return self.is_read_struck

    def _math(self, element: HtmlElement) -> bool:
        self.pieces.append(math_text(element))
        return False

    def _line_break(self, _: HtmlElement) -> bool:
        last = next((piece for piece in reversed(self.pieces) if piece and not piece.isspace()), "")
        if last != LINE_BREAK:
            self.pieces.append(LINE_BREAK)
        elif not self.in_cell:
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

    def _strong(self, _: HtmlElement) -> bool:
        self.bold += 1
        return True

    def _quoted(self, _: HtmlElement) -> bool:
        self.pieces.append("“")
        return True


_KINDS = {
    "dt": Kind.TERM,
    "dd": Kind.MEANING,
    "caption": Kind.CAPTION,
    "figcaption": Kind.CAPTION,
    "blockquote": Kind.QUOTE,
    "pre": Kind.PREFORMATTED,
    "listing": Kind.PREFORMATTED,
    "xmp": Kind.PREFORMATTED,
    "plaintext": Kind.PREFORMATTED,
}
_FLAT = {
    **{tag: (Kind.HEADING, level) for tag, level in HEADINGS.items()},
    **{tag: (kind, 0) for tag, kind in _KINDS.items()},
    **dict.fromkeys(("article", "section", "main", "body"), (Kind.PARAGRAPH, 0)),
}
"""Kind and level of blocks that need no other look than at their name."""
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_CELLS = frozenset({"td", "th"})
_OTHERS = _LISTS | _CELLS | {"li", "table"}
_BOLD = frozenset({"b", "strong"})
_WORD_BEFORE = re.compile(r"[^\W_]{3}$")
_SENTENCE_BEFORE = re.compile(r"(?<![^\W_])(?!www)[^\W\d_]{4,}[.!?]$")
_LABELS = frozenset({"span", "small", "em", "i", "time", "cite"})


def _mark(element: HtmlElement, text: str, place: int, number: int, *, is_tail: bool) -> None:
    """Put the mark of a text in the place of its first letter."""
    marked = f"{text[:place]}{mark(number)}{text[place + 1 :]}"
    if is_tail:
        element.tail = marked
    else:
        element.text = marked


def _lines(raw: str) -> str:
    """The lines of a block; one that a break cuts in the middle of a sentence goes on."""
    if LINE_BREAK not in raw:
        return " ".join(raw.split())
    lines: list[str] = []
    for part in raw.split(LINE_BREAK):
        line = " ".join(part.split())
        if lines and line[:1].islower() and len(lines[-1]) >= WRAPPED and not lines[-1].endswith(_LINE_ENDS):
            lines[-1] += f" {line}"
        elif line:
            lines.append(line)
    return "\n".join(lines)


def _preformatted(raw: str) -> str:
    lines = (line.rstrip() for line in raw.replace(LINE_BREAK, "\n").splitlines())
    return "\n".join(line for line in lines if line.strip())
