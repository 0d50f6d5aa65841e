"""Parses sitemaps (sitemaps.org 0.9), RSS and Atom feeds and lists of URLs, piece by piece and bounded.

All forms that servers send as sitemaps are read: prefixed elements, several gzip members, UTF-16, feeds, relative
addresses. Nothing raises; what cannot be read gives no entries.
"""

import codecs
import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawler.parsing.fields import http_date
from crawler.parsing.url_join import MAX_URL, Base

MAX_BYTES = 50 << 20
"""Size of a decompressed sitemap, at most (the protocol's limit)."""
MAX_URLS = 50_000
"""URLs of a sitemap, at most (the protocol's limit)."""
PIECE = 8 << 10
"""Bytes of a sitemap that are read at a time: about 100 URLs."""
HEAD = 1_000
"""Bytes by which the kind of a file is recognised."""
MAX_TAG = 32 << 10
"""Characters of a tag; a longer one is skipped."""

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
_NESTED = 2
"""Times that a file is decompressed: ``.gz`` files of ``.gz`` files exist."""
_TAG = re.compile(r"<(/?)([^\s<>/!?][^\s<>/]*)([^<>]*)>")
_Section = tuple[str, str, bool]
_SECTIONS: tuple[_Section, ...] = (("<!--", "-->", False), ("<![CDATA[", "]]>", True))
"""Sections that are not tags: beginning, end, and whether the content is text."""
_OURS = re.compile(
    r"xmlns:([\w.-]+)\s*=\s*[\"']https?://www\.(?:sitemaps\.org|google\.com)/schemas/sitemap/", re.IGNORECASE
)
"""Prefixes that the root declares for sitemaps."""
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_HREF = re.compile(r"""(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REL = re.compile(r"""(?:^|\s)rel\s*=\s*["']?([\w -]+)""")
_NO_LINK = re.compile(r"""isPermaLink\s*=\s*["']?false""", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
MAX_TEXTS = 64
"""Pieces of text of an element that are joined."""
_ROOTS = frozenset({"urlset", "sitemapindex", "rss", "feed", "RDF", "channel"})
_FOREIGN = frozenset({"date"})
"""Elements that count with any prefix: RSS 1.0 uses ``dc:date``."""
_DATED = frozenset({"lastmod", "pubDate", "updated", "date"})
_ENTRIES = {"url": False, "sitemap": True, "item": False, "entry": False}
"""Elements with an address, and whether it is the address of another sitemap."""
_ADDRESSES = {"url": "loc", "sitemap": "loc", "item": "link", "entry": "link"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a sitemap."""

    url: str
    lastmod: float | None = None
    """Last change, in seconds since 1970."""
    is_sitemap: bool = False
    """It names another sitemap."""


def sitemap_entries(body: bytes, address: str = "") -> Iterator[Entry]:
    """All entries of a sitemap, one at a time."""
    for some in sitemap_pieces(body, address):
        yield from some


def sitemap_pieces(body: bytes, address: str = "") -> Iterator[list[Entry]]:
    """The entries of a sitemap in pieces that take some milliseconds each; a piece may be empty.

    ``address`` is the sitemap's own, which relative addresses are joined to.
    """
    reader: _Reader | None = None
    left = MAX_URLS
    for text in _texts(body):
        if reader is None:
            reader = _Lines(address) if "<" not in text[:HEAD] else _Markup(address)
        some = reader.read(text)[:left]
        left -= len(some)
        yield some
        if left <= 0:
            return
    if reader is not None:
        yield reader.read("\n", last=True)[:left]


class _Reader:
    """Parses the text of a sitemap piece by piece."""

    def __init__(self, address: str) -> None:
        self._base = Base(address) if address else None
        self._rest = ""

    def read(self, text: str, *, last: bool = False) -> list[Entry]:
        """The entries that end in this piece."""
        raise NotImplementedError

    def _url(self, reference: str) -> str | None:
        reference = reference.strip()
        if not reference or len(reference) > MAX_URL:
            return None
        if self._base is not None:
            return self._base.join(reference)
        return reference if _WEB.match(reference) else None


class _Lines(_Reader):
    """A list of URLs, one a line (sitemaps.org, "Text file"); other lines are skipped."""

    def read(self, text: str, *, last: bool = False) -> list[Entry]:
        """The URLs of the lines that end in this piece."""
        lines = (self._rest + text).replace("\ufeff", "").splitlines(keepends=True)
        self._rest = "" if last or not lines or lines[-1].endswith(("\n", "\r")) else lines.pop()[: MAX_URL + 1]
        return [Entry(line.strip()) for line in lines if _WEB.match(line.strip()) and len(line) <= MAX_URL]


@dataclass(slots=True)
class _Open:
    """The entry that is being read."""

    kind: str
    url: str | None = None
    lastmod: float | None = None
    texts: list[str] = field(default_factory=list)
    """Text of the open element, with its CDATA sections."""


class _Markup(_Reader):
    """Reads only the tags of XML; elements count if they have the root's prefix, as ``sm:url`` in ``sm:urlset``."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self._prefixes: frozenset[str] = frozenset()
        self._section: _Section | None = None
        self._entry: _Open | None = None
        self._element = ""
        self._attributes = ""

    def read(self, text: str, *, last: bool = False) -> list[Entry]:
        """The entries that end in this piece; text after the last complete tag waits for the next piece."""
        text, self._rest = self._rest + text, ""
        found: list[Entry] = []
        position, end = 0, len(text)
        while position < end:
            section = self._section
            if section is not None:
                position, self._section = self._in_section(section, text, position)
                continue
            start = text.find("<", position)
            self._text(text[position : start if start >= 0 else end])
            position = start if start >= 0 else end
            opened = next((one for one in _SECTIONS if text.startswith(one[0], position)), None)
            if opened is not None:
                position, self._section = position + len(opened[0]), opened
            elif start >= 0:
                tag = _TAG.match(text, start)
                if tag is None and end - start < MAX_TAG and text.find("<", start + 1) < 0:
                    break  # it may end in the next piece
                position = start + 1 if tag is None else tag.end()
                if tag is not None:
                    self._tag(found, tag[2], tag[3], opens=not tag[1], closes=bool(tag[1]) or tag[3].endswith("/"))
        if position < end and not last:
            self._rest = text[position:]
        return found

    def _in_section(self, section: _Section, text: str, position: int) -> tuple[int, _Section | None]:
        """Skip a comment, or take a CDATA section as text; without its end in this piece it continues in the next.

        Characters that may begin its end wait for the next piece.
        """
        _, mark, is_text = section
        end = text.find(mark, position)
        until = end if end >= 0 else max(position, len(text) - len(mark) + 1)
        if is_text:
            self._text(text[position:until], plain=True)
        if end < 0:
            self._rest = text[until:]
            return len(text), section
        return end + len(mark), None

    def _text(self, text: str, *, plain: bool = False) -> None:
        if self._entry is not None and self._element and len(text) <= MAX_TAG and len(self._entry.texts) < MAX_TEXTS:
            self._entry.texts.append(text if plain or "&" not in text else html.unescape(text))

    def _tag(self, found: list[Entry], name: str, attributes: str, *, opens: bool, closes: bool) -> None:
        prefix, _, local = name.rpartition(":")
        if not self._prefixes and opens:
            self._prefixes = _prefixes_of(prefix, local, attributes)
        if prefix not in self._prefixes and (local not in _FOREIGN or not self._prefixes):
            return
        if opens and local in _ENTRIES:
            self._entry, self._element = _Open(local), ""
        if self._entry is None:
            return
        if opens and local not in _ENTRIES:
            self._element, self._attributes = local, attributes
            self._entry.texts.clear()
            if local == "link" and self._entry.kind == "entry":
                self._atom_link(self._entry, attributes)
        if closes and local == self._entry.kind:
            self._close(found, self._entry)
        elif closes and local == self._element:
            self._take(self._entry, local, "".join(self._entry.texts).strip())
            self._element = ""

    def _atom_link(self, entry: _Open, attributes: str) -> None:
        """An Atom entry's page: the link without a relation, or the alternate one (RFC 4287, 4.2.7.2)."""
        href, rel = _HREF.search(attributes), _REL.search(attributes)
        if href is not None and (rel is None or rel[1].strip() == "alternate") and entry.url is None:
            entry.url = html.unescape(href[1] or href[2] or "")

    def _take(self, entry: _Open, element: str, text: str) -> None:
        if element == _ADDRESSES[entry.kind] and text:
            entry.url = entry.url or text
        elif element == "guid" and entry.url is None and _WEB.match(text) and not _NO_LINK.search(self._attributes):
            entry.url = text
        elif element in _DATED and entry.lastmod is None:
            entry.lastmod = _seconds(text)

    def _close(self, found: list[Entry], entry: _Open) -> None:
        url = self._url(entry.url or "")
        if url is not None:
            found.append(Entry(url, entry.lastmod, is_sitemap=_ENTRIES[entry.kind]))
        self._entry, self._element = None, ""


def _prefixes_of(prefix: str, root: str, attributes: str) -> frozenset[str]:
    """The prefixes of a file's elements; empty if a tag is not a root element. Some files lack their prefix."""
    if root in _ROOTS:
        return frozenset(("" if root == "RDF" else prefix, *_OURS.findall(attributes)))
    return frozenset((prefix,)) if root in _ENTRIES else frozenset()


def _texts(body: bytes) -> Iterator[str]:
    """The text of a file in pieces, unpacked and decoded."""
    pieces = _pieces(body)
    for _ in range(_NESTED):
        pieces = _with_head(_unpacked(_with_head(pieces)))
    decoder: codecs.IncrementalDecoder | None = None
    for piece in pieces:
        if decoder is None:
            mark, encoding = _encoding_of(piece)
            decoder = codecs.getincrementaldecoder(encoding)("replace")
            yield decoder.decode(piece[len(mark) :])
        else:
            yield decoder.decode(piece)


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, min(len(body), MAX_BYTES), PIECE):
        yield body[start : start + PIECE]


def _with_head(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, with the first one long enough to recognise the kind of file."""
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD:
            break
    if head:
        yield head
    yield from pieces


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip members one after the other; other data pass unchanged, cut data as far as possible."""
    unpacker = None
    given = 0
    for number, piece in enumerate(pieces):
        if number == 0 and not piece.startswith(_GZIP):
            yield piece
            yield from pieces
            return
        waiting = piece
        while waiting:
            if unpacker is None:
                waiting = waiting.lstrip(b"\x00")
                if not waiting:
                    break
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
            try:
                text = unpacker.decompress(waiting, PIECE)
            except zlib.error:  # rubbish behind the last member, or a damaged one
                return
            given += len(text)
            if text:
                yield text
            if given > MAX_BYTES:
                return
            if unpacker.eof:
                waiting, unpacker = unpacker.unused_data, None
            else:
                waiting = unpacker.unconsumed_tail


def _encoding_of(head: bytes) -> tuple[bytes, str]:
    """The byte order mark of a file and the codec of its text."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return (mark if mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else b""), encoding
    declared = _DECLARED.search(head[:300])
    if declared is not None:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
        except LookupError:
            return b"", "utf-8"
        if name in ("iso8859-1", "cp1252", "ascii"):
            return b"", "cp1252"
        if name.startswith("iso8859"):
            return b"", name
    return b"", "utf-8"


def _seconds(text: str) -> float | None:
    """A W3C date, or one of mail, as seconds; a date without a time counts from its midnight in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        written = http_date(text)
    return written.timestamp() if written is not None else None
