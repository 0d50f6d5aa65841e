"""Elements within a block that change its text: links, what is raised, struck, bold or quoted, formulas, breaks."""

from collections.abc import Callable

from lxml.html import HtmlElement

from cleaning.pages.blocks import Kind
from cleaning.pages.element_kinds import (
    STRUCK,
    Place,
    is_planted_link,
    is_read_aloud_only,
    opens_a_panel,
    shift_of_style,
)
from cleaning.pages.math_text import math_text
from cleaning.pages.notes import is_note_link, is_note_raised, short_text
from cleaning.pages.open_text import OpenText
from cleaning.pages.superscripts import MAX_RAISED, subscript, superscript

BOLD = frozenset({"b", "strong"})
MAX_STRUCK = 0.5
"""An element that strikes through more than this share of a page's text was left open by mistake."""
LONG_STRUCK = 400
"""Characters up to which it is not asked."""


class InlineElements:
    """What the beginning of such an element does to the open text; each says whether what stands in it is read."""

    def __init__(self, text: OpenText) -> None:
        self._text = text
        self._page_characters = 0
        self._is_read_struck = False
        self.begins: dict[str, Callable[[HtmlElement], bool]] = {
            "a": self._link,
            "sup": self._raised,
            "sub": self._lowered,
            "math": self._math,
            "q": self._quoted,
            **dict.fromkeys(STRUCK, self.struck),
            **dict.fromkeys(BOLD, self._strong),
        }

    def ends(self, element: HtmlElement, tag: str, *, has_tail: bool) -> None:
        """The end of an element that is no block."""
        text = self._text
        pieces = text.pieces
        if pieces and not has_tail:
            text.last_closed = pieces[-1]
        if tag == "a":
            text.links.pop()
            text.is_behind_link = True
            following = element.getnext() if pieces and not has_tail else None
            if following is not None and following.tag == "a":
                pieces.append(" ")
        elif tag in BOLD:
            text.bold -= 1
        elif tag == "q":
            pieces.append("”")

    def is_read(self, element: HtmlElement) -> bool:
        """Whether what stands in any other element is read, of what its attributes say."""
        style = element.get("style")
        shift = shift_of_style(style) if style else ""
        if shift:
            return self._raised(element) if shift == "super" else self._lowered(element)
        classes = element.get("class")
        if not classes:
            return True
        is_doubled = element.get("aria-hidden") == "true" and "katex-html" in classes
        return not is_doubled and not is_read_aloud_only(classes)

    def struck(self, element: HtmlElement) -> bool:
        """Struck text is no longer said; all of a page is not struck."""
        if self._is_read_struck:
            return True
        size = sum(map(len, element.itertext()))
        if size > LONG_STRUCK:
            if not self._page_characters:
                self._page_characters = sum(map(len, element.getroottree().getroot().itertext()))
            self._is_read_struck = size > MAX_STRUCK * self._page_characters
        return self._is_read_struck

    def _link(self, element: HtmlElement) -> bool:
        if is_note_link(element) or is_planted_link(element):
            return False
        target = element.get("href") or ""  # an anchor with a name alone, often left open, is no link
        leads_away = bool(target)
        if target.startswith(("#", "javascript:")):
            frame = self._text.frames[-1]
            is_heading = frame.kind is Kind.HEADING or bool(frame.place & Place.QUESTIONS)
            leads_away = not (is_heading or opens_a_panel(element.attrib))
        self._text.links.append(leads_away)
        return True

    def _raised(self, element: HtmlElement) -> bool:
        text = short_text(element)
        if text is None or len(text) > MAX_RAISED:
            return True
        if not is_note_raised(element, text):
            self._text.has_raised = True
            self._text.pieces.append(superscript(text, self._before()))
        return False

    def _lowered(self, element: HtmlElement) -> bool:
        text = short_text(element)
        if text is None or len(text) > MAX_RAISED:
            return True
        self._text.has_raised = True
        self._text.pieces.append(subscript(text, self._before()))
        return False

    def _before(self) -> str:
        return "".join(self._text.pieces[-4:])[-24:]

    def _math(self, element: HtmlElement) -> bool:
        self._text.pieces.append(math_text(element))
        return False

    def _strong(self, _: HtmlElement) -> bool:
        self._text.bold += 1
        return True

    def _quoted(self, _: HtmlElement) -> bool:
        self._text.pieces.append("“")
        return True
