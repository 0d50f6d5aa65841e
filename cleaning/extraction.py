"""HTML → main text and what a page says of itself."""

import re
import unicodedata
from datetime import date
from urllib.parse import urljoin

import ftfy
from lxml.etree import LxmlError
from trafilatura import bare_extraction

from cleaning.page import Drop, Page, Raw
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
_DATES = {"extensive_search": False, "original_date": True}
"""htmldate's extensive search takes two thirds of the time and up to 2 s a page for 12 % more dates."""

_OPTIONS = ftfy.TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=True, fix_character_width=False, normalization="NFC"
)


def extract_html(raw: Raw, settings: CleaningSettings) -> Page | Drop:
    """Take the main text of an HTML page."""
    elements = len(_ELEMENT.findall(raw.body))
    if elements > settings.max_elements:
        return Drop("extraction/too_many_elements", elements)
    html = raw.body.decode(encoding_of(raw.body, raw.content_type), "replace").replace("\x00", "")
    try:
        found = bare_extraction(
            html,
            url=raw.url,
            fast=True,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            date_extraction_params=_DATES,
        )
    except (ValueError, TypeError, AttributeError, RecursionError, LxmlError) as error:
        return Drop("extraction/failed", detail=f"{type(error).__name__}: {error}"[:200])
    if found is None or isinstance(found, dict):
        return Drop("extraction/no_text")
    text = normal_text(found.text or "")
    if not text:
        return Drop("extraction/no_text")
    head = raw.body[:HEAD]
    return Page(
        text,
        canonical=_canonical(head, raw.url),
        declared_language=_declared_language(head),
        title=normal_line(found.title),
        author=normal_line(found.author),
        published=read_date(found.date),
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


def normal_text(text: str) -> str:
    """NFC, mojibake mended, no control characters, one space between words, one newline between paragraphs."""
    fixed = ftfy.fix_text(_SURROGATE.sub("", text), _OPTIONS) if text else ""
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
