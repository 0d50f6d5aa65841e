"""Finds the HTML tags that a crawler needs in one bounded scan, without building a tree."""

import html
import re
from collections.abc import Iterator

MAX_SCANNED = 3 << 19
"""Bytes of a page that are scanned."""
MAX_OPENINGS = 200_000
"""``<`` characters after which the scan ends; real pages of that length have half as many."""
MAX_TAGS = 20_000
"""Tags taken from one page, at most."""
MAX_SECTIONS = 20_000
"""Comments, scripts and styles that are skipped; after this many the scan ends."""
MAX_ATTRIBUTES = 8_192
"""Bytes of a tag that are searched for attributes."""

# Possessive quantifiers and bounded quotes: without them some pages would make the scan quadratic.
_TOKEN = re.compile(
    rb"<(?=[!abfilmst])(?:(!--|script\b|style\b|textarea\b|title\b)|(a|area|base|link|meta|iframe|frame)(?=[\s/])"
    rb"""((?:[^"'<>]++|"[^"]{0,4096}+"|'[^']{0,4096}+'|["'])*+))""",
    re.IGNORECASE,
)
_ENDS = {
    b"!--": re.compile(rb"-->"),
    b"script": re.compile(rb"</script\b", re.IGNORECASE),
    b"style": re.compile(rb"</style\b", re.IGNORECASE),
    b"textarea": re.compile(rb"</textarea\b", re.IGNORECASE),
    b"title": re.compile(rb"</title\b", re.IGNORECASE),
}
_TEXT = re.compile(rb">\s*+([^<\s][^<]*+)")
_BLANKS = b" \t\r\n\f\v"
_ATTRIBUTE = re.compile(
    rb"""(?<![^\s"'/])([a-zA-Z][a-zA-Z0-9:_-]{0,39}+)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))"""
)


def tags(body: bytes) -> list[tuple[bytes, bytes]]:
    """The a, area, base, link, meta, iframe and frame tags with the bytes of their attributes, in order.

    Tags inside comments, scripts, styles, titles and text areas do not count. Never raises; linear in the bytes.
    """
    return list(each_tag(body))


def each_tag(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The same as an iterator, for callers that need only the first ones."""
    return _scan(_bounded(body), [])


def tags_and_text(body: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The tags, as ``tags`` finds them, and the text between all tags, without blanks, in the same scan.

    The text has no comments, scripts, styles, text areas and attributes. It serves to compare two versions of a page,
    not to be read; entities stay as they are.
    """
    body = _bounded(body)
    hidden: list[tuple[int, int]] = []
    found = list(_scan(body, hidden))
    shown = [b">"]
    position = 0
    for start, end in hidden:
        shown += (body[position:start], b"<")
        position = end
    shown.append(body[position:])
    return found, b"".join(_TEXT.findall(b"".join(shown))).translate(None, _BLANKS)


def _bounded(body: bytes) -> bytes:
    """The part of a page that is scanned. The search stops at each ``<``, so their number must be bounded too."""
    body = body[:MAX_SCANNED]
    if len(body) <= MAX_OPENINGS or body.count(b"<") <= MAX_OPENINGS:
        return body
    return body[: len(body) - len(body.split(b"<", MAX_OPENINGS)[-1])]


def _scan(body: bytes, hidden: list[tuple[int, int]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the tags; the spans of text that no reader sees are appended to ``hidden``."""
    endless: set[bytes] = set()
    position = sections = found = 0
    while (match := _TOKEN.search(body, position)) is not None:
        opened, tag, raw = match.groups()
        position = match.end()
        if tag is not None:
            if found < MAX_TAGS:
                found += 1
                yield tag.lower(), raw[:MAX_ATTRIBUTES]
            continue
        sections += 1
        if sections > MAX_SECTIONS:
            hidden.append((match.start(), len(body)))
            break
        opened = opened.lower()
        if opened in endless:
            continue
        end = _ENDS[opened].search(body, position)
        if end is None:  # it is never closed: skip the opening tag only, and do not search for its end again
            endless.add(opened)
        else:
            if opened != b"title":
                hidden.append((match.start(), end.end() - (opened == b"!--")))  # up to its closing bracket
            position = end.end()


def attributes(raw: bytes, encoding: str = "latin-1") -> dict[str, str]:
    """Attributes by lower-case name, entities resolved; of two with one name the first counts, as in browsers.

    ``encoding`` is a codec that keeps ASCII.
    """
    values: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(raw):
        values.setdefault(name.decode("ascii").lower(), _text(double or single or bare, encoding))
    return values


def _text(value: bytes, encoding: str) -> str:
    text = value.decode("ascii" if value.isascii() else encoding, "replace").strip()
    return html.unescape(text) if "&" in text else text
