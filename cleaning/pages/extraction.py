"""HTML → main text and what a page says of itself."""

import re
import unicodedata
from datetime import date
from typing import Any
from urllib.parse import urljoin

import ftfy
from lxml.etree import LxmlError
from trafilatura import bare_extraction

from cleaning.pages.page import Drop, Page, Raw
from cleaning.settings import CleaningSettings
from data.charset import encoding_of
from data.errors import InputError
from data.markup import attributes, tags
from data.rights import HEAD
from data.urls import canonical_url

_ELEMENT = re.compile(rb"<[a-zA-Z]")
_HTML_LANG = re.compile(
    rb"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?([a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})?)\b", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u200b\u2060\ufeff\u00ad]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_MARKS = re.compile(r"^[\s>|*·•▪●◦–—-]+(?=\w|$)")
_WITHOUT_DATE: dict[str, Any] = {"include_comments": False, "include_tables": True}
_OPTIONS: dict[str, Any] = _WITHOUT_DATE | {
    "date_extraction_params": {"extensive_search": False, "original_date": True}
}
"""htmldate's extensive search takes two thirds of the time and up to 2 s a page for 12 % more dates."""
RESCUED = 3_000
"""Characters of main text below which it is asked whether most of the page was missed."""
MISSED = 2
"""So many times the text stands in the page's paragraphs: trafilatura's slower way, which compares what several
extractors find, is asked too. On one site of 14 the fast way had kept the introduction alone of 700 lessons."""
_PARAGRAPH = re.compile(
    rb"<(?:p|li|td|dd)\b[^>]*+>([^<]*+(?:<(?!/?(?:p|li|td|dd|div|ul|ol|table|section)\b)[^<]*+)*+)", re.IGNORECASE
)
_LINK = re.compile(rb"<a\b[^>]*+>[^<]*+(?:<(?!/a\b)[^<]*+)*+", re.IGNORECASE)
_TAG = re.compile(rb"<[^>]*+>")
_DATED = re.compile(
    rb"<(?:meta|time)\b[^>]{0,300}?\b(?:article:published_time|datePublished|published)\b[^>]{0,300}>", re.IGNORECASE
)
_ISO_DAY = re.compile(rb"[\"' =](\d{4}-\d\d-\d\d)(?=[T\"' ]|$)")
_JSON_DAY = re.compile(rb"\"datePublished\"\s{0,4}:\s{0,4}\"(\d{4}-\d\d-\d\d)")

_MENDING = ftfy.TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=True, fix_character_width=False, normalization="NFC"
)


def extract_html(raw: Raw, settings: CleaningSettings) -> Page | Drop:
    """Take the main text of an HTML page."""
    elements = len(_ELEMENT.findall(raw.body))
    if elements > settings.max_elements:
        return Drop("extraction/too_many_elements", elements)
    html = raw.body.decode(encoding_of(raw.body, raw.content_type), "replace").replace("\x00", "")
    try:
        found = bare_extraction(html, url=raw.url, fast=True, with_metadata=True, **_OPTIONS)
        main = _text_of(found)
        if len(main) < RESCUED and paragraph_bytes(raw.body) > MISSED * len(main):
            main = max(main, _text_of(bare_extraction(html, url=raw.url, fast=False, **_WITHOUT_DATE)), key=len)
    except (ValueError, TypeError, AttributeError, RecursionError, LxmlError) as error:
        return Drop("extraction/failed", detail=f"{type(error).__name__}: {error}"[:200])
    text = normal_text(main)
    if not text or found is None or isinstance(found, dict):
        return Drop("extraction/no_text")
    head = raw.body[:HEAD]
    return Page(
        text,
        canonical=_canonical(head, raw.url),
        declared_language=_declared_language(head),
        title=normal_line(found.title),
        author=normal_line(found.author),
        published=published(raw.body) or read_date(found.date),
    )


def _canonical(head: bytes, url: str) -> str | None:
    """The page's own word for its address, where it is an address."""
    for tag, raw in tags(head):
        if tag == b"link" and b"canonical" in raw.lower():
            values = attributes(raw)
            if values.get("rel", "").lower() == "canonical":
                try:
                    return canonical_url(urljoin(url, values.get("href", "")))
                except (InputError, ValueError):
                    return None
    return None


def _declared_language(head: bytes) -> str | None:
    found = _HTML_LANG.search(head)
    return found[1].decode("ascii").lower() if found else None


def _text_of(found: object) -> str:
    return str(getattr(found, "text", None) or "")


def paragraph_bytes(body: bytes) -> int:
    """Bytes of text in the paragraphs, list items and cells of a page, links left out; linear in the page."""
    return sum(len(_TAG.sub(b"", _LINK.sub(b"", content))) for content in _PARAGRAPH.findall(body))


def published(body: bytes) -> date | None:
    """The day of publication that the page declares; htmldate makes the first of the month of some of them."""
    tag = _DATED.search(body)
    day = (_ISO_DAY.search(tag[0]) if tag else None) or _JSON_DAY.search(body)
    return read_date(day[1].decode()) if day else None


def normal_text(text: str) -> str:
    """NFC, mojibake mended, no control characters, one space between words, one newline between paragraphs."""
    fixed = ftfy.fix_text(_SURROGATE.sub("", text), _MENDING) if text else ""
    lines = (_SPACES.sub(" ", _CONTROL.sub("", line)).strip() for line in fixed.splitlines())
    kept = (_MARKS.sub("", line) for line in lines)
    return unicodedata.normalize("NFC", "\n".join(line for line in kept if line))


def normal_line(text: str | None) -> str | None:
    """A title or a name on one line; None where nothing is left."""
    return " ".join(normal_text(text).split()) or None if text else None


def read_date(text: str | None) -> date | None:
    """A date of trafilatura's, or None."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
