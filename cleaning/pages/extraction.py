"""HTML → main text and what a page says of itself."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urljoin

import ftfy
from ftfy.badness import is_bad
from lxml.html import HtmlElement
from trafilatura import load_html

from cleaning.pages.main_text import PARSING_ERRORS, main_text
from cleaning.pages.metadata import Metadata, metadata_of
from cleaning.pages.page import Drop, Page, Raw
from cleaning.settings import ExtractionSettings
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
_BOLD = re.compile(r"(?<![\d*()\s])\*\*(?=[\s.,;:]|$)|(?<=[\s.,;:])\*\*(?=[^\W\d])|^\*\*(?=[^\W\d])")
"""Markdown left at a word's border: one page of fifteen of a site of health leaflets has some."""
_MARKS = re.compile(r"^[\s>|*·•▪●◦–—-]+(?=\w|$)")
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\u2028\u2029\u206a-\u206f"
    r"\ufb00-\ufb06\ufeff\ufff9-\ufffc]"
)
"""What ftfy mends beside mojibake: control characters and ligatures. Where neither these nor mojibake (``is_bad``) are,
``fix_text`` changes nothing; passing it over takes two fifths off the mending of real pages."""
_SUSPECT = re.compile("[^\x00-\x7f]{2}|[ÂÃŒœ]")
"""What everything that ftfy takes for mojibake has (its ``BADNESS_RE``), and three texts of four have not."""
_MENDING = ftfy.TextFixerConfig(
    unescape_html=False, uncurl_quotes=False, fix_latin_ligatures=True, fix_character_width=False, normalization="NFC"
)


@dataclass(frozen=True, slots=True)
class Html:
    """A page and the tree that was parsed from it."""

    raw: Raw
    tree: HtmlElement


def extract_html(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """Take the main text of an HTML page, and what the page says of itself."""
    html = parse_html(raw, settings)
    if isinstance(html, Drop):
        return html
    page = text_of(html)
    return page if isinstance(page, Drop) else described(page, html)


def parse_html(raw: Raw, settings: ExtractionSettings) -> Html | Drop:
    """Decode and parse a page that is no larger than the settings allow."""
    elements = len(_ELEMENT.findall(raw.body))
    if elements > settings.max_elements:
        return Drop("extraction/too_many_elements", elements)
    decoded = raw.body.decode(encoding_of(raw.body, raw.content_type), "replace").replace("\x00", "")
    try:
        tree = load_html(decoded)
    except PARSING_ERRORS as error:
        return _failed(error)
    return Drop("extraction/no_text") if tree is None else Html(raw, tree)


def text_of(html: Html) -> Page | Drop:
    """The main text, in the language that the page says."""
    try:
        text = normal_text(main_text(html.tree, html.raw.body, html.raw.url))
    except PARSING_ERRORS as error:
        return _failed(error)
    return (
        Page(text, declared_language=_declared_language(html.raw.body[:HEAD])) if text else Drop("extraction/no_text")
    )


def described(page: Page, html: Html) -> Page:
    """The page with the title, author, day and address it gives itself; its text stays where they cannot be read."""
    try:
        metadata = metadata_of(html.tree, html.raw.body, html.raw.url)
    except PARSING_ERRORS:
        metadata = Metadata(None, None, None)
    page.canonical = _canonical(html.raw.body[:HEAD], html.raw.url)
    page.title, page.author, page.published = (
        normal_line(metadata.title),
        normal_line(metadata.author),
        metadata.published,
    )
    return page


def _failed(error: Exception) -> Drop:
    return Drop("extraction/failed", detail=f"{type(error).__name__}: {error}"[:200])


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
    """NFC, mojibake mended, no control characters, no marks of bold; one space between words, a line a paragraph."""
    text = unicodedata.normalize("NFC", _SURROGATE.sub("", text))
    if _ODD.search(text) or (_SUSPECT.search(text) and is_bad(text)):
        text = ftfy.fix_text(text, _MENDING)
    lines = (_SPACES.sub(" ", _CONTROL.sub("", line)).strip() for line in text.splitlines())
    kept = (_MARKS.sub("", _BOLD.sub("", line) if "**" in line else line) for line in lines)
    return unicodedata.normalize("NFC", "\n".join(line for line in kept if line))


def normal_line(text: str | None) -> str | None:
    """A title or a name on one line; None where nothing is left."""
    return " ".join(normal_text(text).split()) or None if text else None
