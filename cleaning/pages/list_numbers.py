"""The markers of items as a page shows them: a dash, or the number of an ordered list."""

from lxml.html import HtmlElement

BULLET = "-"
_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
MAX_ROMAN = 39
LETTERS = 26
LONGEST_NUMBER = 6


class Numbering:
    """The lists that are open in a walk, and the marker of the item that has begun."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int, int]] = []
        self._marker = ""

    @property
    def depth(self) -> int:
        """How many lists are open."""
        return len(self._open)

    def begin(self, element: HtmlElement, tag: str) -> None:
        """A list begins: how it numbers, its first number, its step."""
        if tag != "ol":
            self._open.append(("", 0, 0))
            return
        step = -1 if "reversed" in element.attrib else 1
        start = _integer(element.get("start"))
        if start is None:
            start = 1 if step > 0 else sum(child.tag == "li" for child in element)
        style = element.get("type") or "1"
        self._open.append((style if style in {"1", "a", "A", "i", "I"} else "1", start, step))

    def end(self) -> None:
        """A list ends."""
        if self._open:
            self._open.pop()
        self._marker = ""

    def next(self, element: HtmlElement) -> str:
        """An item begins; its marker."""
        style, number, step = self._open[-1] if self._open else ("", 0, 0)
        if not style:
            self._marker = BULLET
            return self._marker
        number = number if (value := _integer(element.get("value"))) is None else value
        self._open[-1] = style, number + step, step
        self._marker = _shown(style, number)
        return self._marker

    def take_marker(self) -> str:
        """The marker of the open item for its first block; as many spaces for the others."""
        marker, self._marker = self._marker, " " * len(self._marker)
        return marker

    def end_item(self) -> None:
        """An item ends."""
        self._marker = ""


def _shown(style: str, number: int) -> str:
    if style in "iI" and 0 < number <= MAX_ROMAN:
        roman, rest = "", number
        for value, letters in _ROMAN:
            count, rest = divmod(rest, value)
            roman += letters * count
        return f"{roman.upper() if style == 'I' else roman}."
    if style in "aA" and 0 < number <= LETTERS:
        return f"{chr(ord(style) + number - 1)}."
    return f"{number}."


def _integer(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if len(text) <= LONGEST_NUMBER and text.lstrip("-").isdecimal() and text.isascii() else None
