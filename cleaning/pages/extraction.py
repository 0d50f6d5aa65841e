"""HTML → main text and what a page says of itself."""

import re
import unicodedata
from typing import Any
from urllib.parse import urljoin

import ftfy
from ftfy.badness import is_bad
from lxml.etree import LxmlError
from lxml.html import HtmlElement
from trafilatura import bare_extraction, load_html

from cleaning.pages.metadata import metadata_of
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
_OPTIONS: dict[str, Any] = {"include_comments": False, "include_tables": True}
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

_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\u2028\u2029\u206a-\u206f"
    r"\ufb00-\ufb06\ufeff\ufff9-\ufffc]"
)
"""What ftfy mends beside mojibake: control characters and ligatures. Where neither these nor mojibake (``is_bad``) are,
``fix_text`` changes nothing; passing it over takes two fifths off the mending of real pages."""
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
        tree = load_html(html)
        text = "" if tree is None else normal_text(_main_text(tree, raw))
        if tree is None or not text:
            return Drop("extraction/no_text")
        metadata = metadata_of(tree, raw.body, raw.url)
    except (ValueError, TypeError, AttributeError, RecursionError, LxmlError) as error:
        return Drop("extraction/failed", detail=f"{type(error).__name__}: {error}"[:200])
    head = raw.body[:HEAD]
    return Page(
        text,
        canonical=_canonical(head, raw.url),
        declared_language=_declared_language(head),
        title=normal_line(metadata.title),
        author=normal_line(metadata.author),
        published=metadata.published,
    )


def _main_text(tree: HtmlElement, raw: Raw) -> str:
    """What trafilatura takes for the main text; ``tree`` is left as it is."""
    main = _text_of(bare_extraction(tree, url=raw.url, fast=True, **_OPTIONS))
    if len(main) < RESCUED and paragraph_bytes(raw.body) > MISSED * len(main):
        main = max(main, _text_of(bare_extraction(tree, url=raw.url, fast=False, **_OPTIONS)), key=len)
    return main


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


def normal_text(text: str) -> str:
    """NFC, mojibake mended, no control characters, one space between words, one newline between paragraphs."""
    text = unicodedata.normalize("NFC", _SURROGATE.sub("", text))
    if _ODD.search(text) or (not text.isascii() and is_bad(text)):
        text = ftfy.fix_text(text, _MENDING)
    lines = (_SPACES.sub(" ", _CONTROL.sub("", line)).strip() for line in text.splitlines())
    kept = (_MARKS.sub("", line) for line in lines)
    return unicodedata.normalize("NFC", "\n".join(line for line in kept if line))


def normal_line(text: str | None) -> str | None:
    """A title or a name on one line; None where nothing is left."""
    return " ".join(normal_text(text).split()) or None if text else None
