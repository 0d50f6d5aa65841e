"""HTML → main text and what a page says of itself."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml.etree import ElementDefaultClassLookup
from lxml.html import HtmlComment, HtmlElement, HtmlEntity, HtmlProcessingInstruction
from trafilatura import load_html, utils
from trafilatura.utils import HTML_PARSER

from cleaning.pages.licences import html_licence
from cleaning.pages.main_text import PARSING_ERRORS, main_text
from cleaning.pages.metadata import Declared, Metadata, declared_of, metadata_of
from cleaning.pages.normal_text import normal_line
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.rare_characters import INVALID_IN_XML, RareCharacters
from cleaning.settings import ExtractionSettings
from data.charset import decode_with_mark
from data.errors import InputError
from data.markup import attributes, each_tag
from data.rights.licences import Licence
from data.rights.page import HEAD
from data.urls import canonical_url

_ELEMENT = re.compile(rb"<[a-zA-Z]")
_HTML_LANG = re.compile(
    rb"<html\b[^>]{0,500}?\slang\s*=\s*[\"']?([a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})?)\b", re.IGNORECASE
)
LONGEST_TAG = 8_192
"""Bytes behind the last place of a word within which its tag ends."""
HTML_PARSER.set_element_class_lookup(
    ElementDefaultClassLookup(HtmlElement, HtmlComment, HtmlProcessingInstruction, HtmlEntity)
)
"""lxml.html asks a function in Python for the class of each element, for the sake of forms that nobody fills here: a
twentieth of the extraction."""
if isinstance(utils.INVALID_XML_CHARS, re.Pattern):
    vars(utils)["INVALID_XML_CHARS"] = RareCharacters(utils.INVALID_XML_CHARS, INVALID_IN_XML)


@dataclass(frozen=True, slots=True)
class Html:
    """A page and the tree that was parsed from it."""

    raw: Raw
    tree: HtmlElement


def extract_html(raw: Raw, settings: ExtractionSettings) -> Page | Drop:
    """Take the main text of an HTML page with its figures, and what the page says of itself."""
    html = parse_html(raw, settings)
    if isinstance(html, Drop):
        return html
    declared, licence = _declared(html), _licence(html)  # before the main text, which uses the tree up
    try:
        found = main_text(html.tree, raw.url, settings.markup)
    except PARSING_ERRORS as error:
        return _failed(error)
    if not found.text:
        return Drop("extraction/no_text")
    metadata = Metadata(None, None, None) if declared is None else metadata_of(declared, raw.body, found.blocks)
    head = raw.body[:HEAD]
    return Page(
        found.text,
        title=normal_line(metadata.title),
        author=normal_line(metadata.author),
        published=metadata.published,
        canonical=_canonical(head, raw.url),
        declared_language=_declared_language(head),
        licence=licence,
        figures=found.figures,
    )


def parse_html(raw: Raw, settings: ExtractionSettings) -> Html | Drop:
    """Decode and parse a page that is no larger than the settings allow."""
    if raw.body.count(b"<") > settings.max_elements:
        elements = len(_ELEMENT.findall(raw.body))
        if elements > settings.max_elements:
            return Drop("extraction/too_many_elements", elements)
    decoded = decode_with_mark(raw.body, raw.content_type)[0].replace("\x00", "")
    try:
        tree = load_html(decoded)
        if tree is None and _ELEMENT.search(raw.body):
            tree = load_html(f"<html>{decoded}")  # trafilatura takes no page without <html> and <head>; browsers do
    except PARSING_ERRORS as error:
        return _failed(error)
    return Drop("extraction/no_text") if tree is None else Html(raw, tree)


def _declared(html: Html) -> Declared | None:
    """What the page says of itself, or None where it cannot be read: its text stays."""
    try:
        return declared_of(html.tree, html.raw.body, html.raw.url)
    except PARSING_ERRORS:
        return None


def _licence(html: Html) -> Licence | None:
    try:
        return html_licence(html.tree, html.raw.body, html.raw.url, html.raw.link)
    except PARSING_ERRORS:
        return None


def _failed(error: Exception) -> Drop:
    return Drop("extraction/failed", detail=f"{type(error).__name__}: {error}"[:200])


def _canonical(head: bytes, url: str) -> str | None:
    """The page's own word for its address, where it is an address."""
    last = head.lower().rfind(b"canonical")
    if last < 0:
        return None
    for tag, raw in each_tag(head[: last + LONGEST_TAG]):
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
