"""Sitemaps (sitemaps.org 0.9): indexes, gzip, lastmod; read within bounds."""

import html
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_BYTES = 50 << 20
"""Of a sitemap after unpacking, as the protocol allows."""
MAX_URLS = 50_000
"""Of a sitemap, as the protocol allows."""

_ENTRY = re.compile(rb"<(url|sitemap)\b[^<>]{0,200}>(.{0,20000}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_LOC = re.compile(
    rb"<loc\b[^<>]{0,100}>\s*(?:<!\[CDATA\[)?\s*(.{1,4000}?)\s*(?:\]\]>)?\s*</loc\s*>", re.IGNORECASE | re.DOTALL
)
_LASTMOD = re.compile(rb"<lastmod\b[^<>]{0,100}>\s*([0-9T:.+Z-]{4,40})\s*</lastmod\s*>", re.IGNORECASE)
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Sitemap:
    """What a sitemap names."""

    pages: list[tuple[str, float | None]] = field(default_factory=list)
    """URL and, where it is given, when it changed last, in seconds since 1970."""
    sitemaps: list[str] = field(default_factory=list)


def read_sitemap(body: bytes) -> Sitemap:
    """Read a sitemap, an index of sitemaps, or a plain list of URLs; never raises."""
    found = Sitemap()
    text = _unpacked(body)
    if b"<" not in text[:1000]:
        found.pages = [(line.decode("utf-8", "replace").strip(), None) for line in text.split()[:MAX_URLS]]
        return found
    for count, entry in enumerate(_ENTRY.finditer(text)):
        location = _LOC.search(entry[2])
        if location is None or count >= MAX_URLS:
            continue
        url = html.unescape(location[1].decode("utf-8", "replace"))
        if entry[1].lower() == b"sitemap":
            found.sitemaps.append(url)
        else:
            lastmod = _LASTMOD.search(entry[2])
            found.pages.append((url, _seconds(lastmod[1].decode()) if lastmod else None))
    return found


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
