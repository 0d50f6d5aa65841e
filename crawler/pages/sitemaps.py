"""Sitemaps (sitemaps.org 0.9): indexes, gzip, lastmod; read within bounds."""

import html
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_BYTES = 50 << 20
"""Of a sitemap after unpacking, as the protocol allows."""
MAX_URLS = 50_000
"""Of a sitemap, as the protocol allows."""

_TOKEN = re.compile(rb"<(/?)(url|sitemap|loc|lastmod)\b[^<>]{0,200}>(?:\s*<!\[CDATA\[)?([^<\]]{0,4000})", re.IGNORECASE)
"""An element that tells something, with the text after it: one linear pass, whatever the file."""
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a sitemap."""

    url: str
    lastmod: float | None = None
    """When it changed last, seconds since 1970."""
    is_sitemap: bool = False
    """It names another sitemap."""


def sitemap_entries(body: bytes) -> Iterator[Entry]:
    """Read a sitemap, an index of sitemaps, or a plain list of URLs, one entry at a time; never raises."""
    text = _unpacked(body)
    if b"<" not in text[:1000]:
        for line in text.split()[:MAX_URLS]:
            yield Entry(line.decode("utf-8", "replace"))
        return
    yield from itertools.islice(_entries(text), MAX_URLS)


def _entries(text: bytes) -> Iterator[Entry]:
    location: bytes = b""
    lastmod: float | None = None
    for token in _TOKEN.finditer(text):
        closing, name, content = token[1], token[2].lower(), token[3].strip()
        if name in (b"url", b"sitemap"):
            if closing and location:
                url = html.unescape(location.decode("utf-8", "replace"))
                yield Entry(url, lastmod, is_sitemap=name == b"sitemap")
            location, lastmod = b"", None
        elif not closing and name == b"loc":
            location = content
        elif not closing:
            lastmod = _seconds(content.decode("ascii", "replace"))


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body[:MAX_BYTES]
    try:
        return zlib.decompressobj(31).decompress(body, MAX_BYTES)
    except zlib.error:
        return b""


def _seconds(text: str) -> float | None:
    """A W3C date as seconds; a date without a time counts from its midnight in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
