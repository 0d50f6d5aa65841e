"""The text that a walk through a page has read and no block has ended yet."""

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

from cleaning.pages.block_frames import Frame
from cleaning.pages.blocks import MARK, MAX_MARKS, Kind, mark
from cleaning.pages.normal_text import one_spaced
from cleaning.pages.superscripts import with_fractions
from cleaning.pages.tables import LINE_BREAK

WRAPPED = 50
"""Characters of a line from which a break before a lower-case letter is one of the layout, not of the text."""
_LINE_ENDS = tuple(".:;,!?…")
_WORD_BEFORE = re.compile(r"[^\W_]{3}$")
_SENTENCE_BEFORE = re.compile(r"(?<![^\W_])(?!www)[^\W\d_]{4,}[.!?]$")
_LABELS = frozenset({"span", "small", "em", "i", "time", "cite"})


class OpenText:
    """The pieces of the open block, and what they stand in."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        """The block elements around, the innermost last."""
        self.pieces: list[str] = []
        """Always the same list."""
        self.node_lengths: list[int] = []
        """Characters of each text of the page that has been marked."""
        self.first_node = self.link_characters = self.bold_characters = 0
        self.bold = 0
        """How many elements of bold text are open."""
        self.links: list[bool] = []
        """Of each open link, whether it leads away."""
        self.has_raised = False
        """Whether a superscript or a subscript is in it."""
        self.last_closed = ""
        """The last piece of an element that has ended right before."""
        self.is_behind_link = False

    def read(self, element: HtmlElement, text: str, *, is_tail: bool) -> None:
        """Take a text, and mark it in the tree unless it is mere space."""
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
        pieces = self.pieces
        if pieces and self._parts_words(element, text, is_tail=is_tail):
            pieces.append(" ")
        pieces.append(text)
        self.is_behind_link = False
        number, size = len(self.node_lengths), len(bare)
        self.node_lengths.append(size)
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
        before = self.pieces[-1]
        if not before[-1:].isalnum():
            return text[0].isupper() and text[1:2].islower() and _SENTENCE_BEFORE.search(before) is not None
        is_between_elements = not is_tail and before is self.last_closed
        if is_between_elements and self.is_behind_link and element.tag in _LABELS and element.get("class"):
            return _WORD_BEFORE.search(before) is not None and text[0].isalnum()
        if not (text[0].isupper() and text[1:2].islower()):
            return False
        return is_between_elements or (before[-3:].isalpha() and before[-2:].islower())

    def break_line(self) -> bool:
        """Take a line break, unless it follows another: whether it does."""
        last = next((piece for piece in reversed(self.pieces) if piece and not piece.isspace()), "")
        if last == LINE_BREAK:
            return True
        self.pieces.append(LINE_BREAK)
        return False

    def written(self, kind: Kind) -> str:
        """The text of a block of this kind, in its lines."""
        raw = "".join(self.pieces)
        if kind is Kind.PREFORMATTED:
            text = _preformatted(raw)
        else:
            text = one_spaced(raw) if LINE_BREAK not in raw else _lines(raw)
        return with_fractions(text) if self.has_raised else text

    def is_bold(self) -> bool:
        """Whether all of it is bold."""
        return 0 < self.bold_characters >= sum(self.node_lengths[self.first_node :])

    def forget(self) -> None:
        """A block has taken it."""
        self.pieces.clear()
        self.first_node = len(self.node_lengths)
        self.link_characters = self.bold_characters = 0
        self.has_raised = False


def _mark(element: HtmlElement, text: str, place: int, number: int, *, is_tail: bool) -> None:
    """Put the mark of a text in the place of its first letter."""
    marked = f"{text[:place]}{mark(number)}{text[place + 1 :]}"
    if is_tail:
        element.tail = marked
    else:
        element.text = marked


def _lines(raw: str) -> str:
    """The lines of a block; one that a break cuts in the middle of a sentence goes on."""
    lines: list[str] = []
    for part in raw.split(LINE_BREAK):
        line = one_spaced(part)
        if lines and line[:1].islower() and len(lines[-1]) >= WRAPPED and not lines[-1].endswith(_LINE_ENDS):
            lines[-1] += f" {line}"
        elif line:
            lines.append(line)
    return "\n".join(lines)


def _preformatted(raw: str) -> str:
    lines = (line.rstrip() for line in raw.replace(LINE_BREAK, "\n").splitlines())
    return "\n".join(line for line in lines if line.strip())
