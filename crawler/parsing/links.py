"""Extracts the links of a page in one bounded scan, without a tree, so that no page blocks the crawl."""

import functools
import re
from dataclasses import dataclass, field
from hashlib import sha1

from scrapy.linkextractors import IGNORED_EXTENSIONS

from crawler.parsing.url_join import Base, encoded_query
from data.markup import attributes, tags_and_text
from data.rights.signals import TOKEN

MAX_LINKS = 2_000
"""Links taken from one page."""
_NO_PAGE = re.compile(
    r"//[^/?#]*+/[^?#]*\.(?:"
    + "|".join(re.escape(one) for one in sorted(set(IGNORED_EXTENSIONS) - {"pdf"}))
    + r")(?=$|[?#;])",
    re.IGNORECASE,
)
"""File endings that are neither a page nor a PDF (Scrapy's list). They count in the path only: .py is also Paraguay."""
_BEGINS_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)"
    rb"(?=[\s>]|(?<=!--))",
    re.IGNORECASE,
)
"""How an HTML body without a media type begins (WHATWG MIME Sniffing, 7.1)."""
_UNTYPED = frozenset({"", "unknown/unknown", "application/unknown", "*/*"})

_LINKS = frozenset({b"a", b"area", b"iframe", b"frame"})
_REFRESH = re.compile(r"^[\s\d.]{0,20}[;,\s]\s{0,20}(?:url\s{0,20}=\s{0,20})?(['\"]?)([^'\"\s>]+)", re.IGNORECASE)


_PAGERS = frozenset({"next", "prev", "previous"})
BARE, BARE_BYTES = 200, 16_384
"""Bytes of visible text, and of the whole page, up to which a page may be a mere redirect."""
_SCRIPT_MOVES = re.compile(
    rb"""\blocation(?:\.href)?\s{0,9}=\s{0,9}["']([^"'\s<>]{1,2000})["']"""
    rb"""|\blocation\.(?:replace|assign)\(\s{0,9}["']([^"'\s<>]{1,2000})["']"""
)


@dataclass(slots=True)
class Links:
    """The links and the visible text of a page."""

    urls: list[str] = field(default_factory=list)
    """Absolute http and https URLs in the order of the page, each once."""
    nofollow: bool = False
    """The page asks not to follow its links."""
    canonical: str | None = None
    refresh: str | None = None
    text: bytes = b""
    """The text between the tags, without blanks."""

    @property
    def text_digest(self) -> int:
        """A 64-bit digest of the visible text, never 0."""
        return int.from_bytes(sha1(self.text, usedforsecurity=False).digest()[:8], "big", signed=True) or 1


def extract_links(body: bytes, base_url: str, encoding: str) -> Links:
    """Find the links of an HTML page; never raises, linear in the bytes scanned.

    Comments, scripts and styles are skipped. ``rel=nofollow`` links are left out, and all links if a robots meta
    element says nofollow. ``encoding`` is a codec that keeps ASCII.
    """
    if encoding.startswith("utf-16"):
        body, encoding = body.decode(encoding, "replace").encode(), "utf-8"
    found = Links()
    urls: dict[str, None] = {}
    base = Base(base_url)
    found_tags, found.text = tags_and_text(body)
    for tag, raw in found_tags:
        if tag in _LINKS:
            url = base.join(_reference(raw, encoding))
            if url is not None:
                urls[url] = None
                if len(urls) >= MAX_LINKS:
                    break
        else:
            values = attributes(raw, encoding)
            _read_head(found, tag, values, base)
            if values.get("rel", "").lower() in _PAGERS and (url := base.join(values.get("href", ""))) is not None:
                urls[url] = None
    if found.canonical is not None and found.canonical != base_url:
        urls.setdefault(found.canonical)
    if found.refresh is None and len(found.text) < BARE and not urls:
        moved = _SCRIPT_MOVES.search(body[:BARE_BYTES])
        found.refresh = base.join((moved[1] or moved[2]).decode(encoding, "replace")) if moved is not None else None
    found.urls = [] if found.nofollow else list(urls)
    return found


def is_no_page(url: str) -> bool:
    """Whether the ending of an absolute URL is that of neither a page nor a PDF."""
    return _NO_PAGE.search(url) is not None


def is_html(content_type: str, body: bytes) -> bool:
    """Whether a response is HTML: by its Content-Type or, if missing, by its first bytes, as browsers do."""
    content_type = content_type.lower()
    if "html" in content_type:
        return True
    return content_type.partition(";")[0].strip() in _UNTYPED and _BEGINS_HTML.match(body) is not None


@functools.lru_cache(maxsize=16_384)
def _reference(raw: bytes, encoding: str) -> str:
    """The target of a link, empty for nofollow. Cached: the links of a menu repeat on every page."""
    values = attributes(raw, encoding)
    if "nofollow" in values.get("rel", "").lower():
        return ""
    reference = values.get("href") or values.get("src") or ""
    return reference if reference.isascii() else encoded_query(reference, encoding)


def _read_head(found: Links, tag: bytes, values: dict[str, str], base: Base) -> None:
    if tag == b"base":
        base.move(values.get("href", ""))
    elif tag == b"meta":
        _read_meta(found, values, base)
    elif found.canonical is None and values.get("rel", "").lower() == "canonical":
        found.canonical = base.join(values.get("href", ""))


def refresh_target(content: str, base_url: str) -> str | None:
    """The target of a Refresh field or meta element; None if it only reloads."""
    target = _REFRESH.match(content)
    return Base(base_url).join(target[2]) if target is not None else None


def _read_meta(found: Links, values: dict[str, str], base: Base) -> None:
    content = values.get("content", "")
    if values.get("name", "").lower() in ("robots", TOKEN):
        directives = {word.strip() for word in content.lower().split(",")}
        found.nofollow = found.nofollow or bool(directives & {"nofollow", "none"})
    elif values.get("http-equiv", "").lower() == "refresh" and (target := _REFRESH.match(content)):
        found.refresh = base.join(target[2])
