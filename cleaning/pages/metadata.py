"""What a page says of itself: title, author and day of publication.

trafilatura's own steps, without those whose results nobody reads here (categories, tags, licence, site name): they took
two fifths of the time of its ``extract_metadata``.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from lxml.html import HtmlElement
from trafilatura.json_metadata import normalize_authors
from trafilatura.metadata import (
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_url,
)
from trafilatura.utils import trim
from trafilatura.xpaths import AUTHOR_DISCARD_XPATHS, AUTHOR_XPATHS

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.declared_dates import DATE_ELEMENTS, day_in_elements, day_in_source, has_json, published
from cleaning.pages.own_attributes import AuthorSigns, Together
from cleaning.pages.text_dates import stated_day
from cleaning.pages.titles import is_index, is_site_name, own_title

MIN_AUTHOR, MAX_AUTHOR = 3, 120
"""Characters of an author's name; the second are too many. As ``extract_author`` has them."""
_author_and_date = Together(AuthorSigns(), DATE_ELEMENTS)


@dataclass(frozen=True, slots=True)
class Metadata:
    """As the page has it, not yet normalized."""

    title: str | None
    author: str | None
    published: date | None


@dataclass(frozen=True, slots=True)
class Declared:
    """What a page says of itself in its head, its JSON, its address and the attributes of its elements."""

    url: str
    title: str | None
    head_title: str | None
    """The text of the ``title`` element."""
    author: str | None
    site: str | None
    is_index: bool
    """Whether it lists other pages; then it has no day."""
    day: date | None
    image: str | None
    """The address of its image."""


def declared_of(tree: HtmlElement, body: bytes, url: str) -> Declared:
    """Read ``tree``, which is ``body`` parsed; it is left as it is.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: it cannot be read.
    """
    found = examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    if has_json(tree):
        with suppress(
            LookupError, TypeError, ValueError, AttributeError, RecursionError
        ):  # JSON of an unforeseen shape
            found = extract_meta_json(tree, found)
    author_signs, date_elements = _author_and_date(tree)
    if not found.author and author_signs:
        found.author = _author(tree)
    found.clean_and_trim()
    title = tree.find(".//head/title")
    lower = body.lower()
    lists_others = is_index(url, lower)
    day = None
    if not lists_others:
        day = published(body, lower) or day_in_elements(tree, found.url or extract_url(tree, url), date_elements)
    image = tree.find('.//meta[@property="og:image"][@content]')
    return Declared(
        url=url,
        title=found.title,
        head_title=str(title.text) if title is not None and title.text else None,
        author=found.author,
        site=_site_name(tree, found.sitename),
        is_index=lists_others,
        day=day,
        image=None if image is None else image.get("content"),
    )


def _author(tree: HtmlElement) -> str | None:
    """What ``extract_author`` finds; it copies the tree, to cut parts out of it in which no author is looked for."""
    cut = {element for expression in AUTHOR_DISCARD_XPATHS for element in expression(tree)}
    for element in (element for expression in AUTHOR_XPATHS for element in expression(tree)):
        if element in cut or not cut.isdisjoint(element.iterancestors()):
            continue
        if not cut.isdisjoint(element.iterdescendants()):
            return extract_author(tree)
        name = trim(" ".join(element.itertext()))
        if MIN_AUTHOR <= len(name) < MAX_AUTHOR:
            return normalize_authors(None, name)
    return None


def metadata_of(declared: Declared, body: bytes, blocks: Sequence[Block] = ()) -> Metadata:
    """Title, author and day of the page ``body`` with these blocks.

    The day that the page declares goes first (``declared_dates``), then the one that its text states (``text_dates``),
    then one in its source. A page that lists others has none: it would be the template's, or that of the list's first.
    """
    headings = [block.text for block in blocks if block.kind is Kind.HEADING]
    of_first_rank = [block.text for block in blocks if block.kind is Kind.HEADING and block.level == 1]
    shown = declared.title or _shown_title(declared, of_first_rank)
    title = own_title(shown, declared.url, declared.site, of_first_rank or headings[:1])
    if declared.is_index:
        return Metadata(title, declared.author, None)
    return Metadata(title, declared.author, declared.day or stated_day(blocks) or day_in_source(declared.image, body))


def _shown_title(declared: Declared, of_first_rank: Sequence[str]) -> str | None:
    """The only heading of the first rank, unless it is the site's name; else the ``title`` element.

    trafilatura's own reading cuts titles at a dash: "IMC 18,5 - 24,9" becomes "IMC 18,5".
    """
    if len(of_first_rank) == 1 and not is_site_name(of_first_rank[0], declared.url, declared.site):
        return of_first_rank[0]
    return declared.head_title


def _site_name(tree: HtmlElement, found: str | None) -> str | None:
    """The name that a page gives its site."""
    for meta in tree.iterfind(".//meta[@content]"):
        if (meta.get("property") or meta.get("name") or "").lower() in {"og:site_name", "application-name"}:
            return str(meta.get("content"))
    return found
