"""What a page says of itself: title, author and day of publication.

trafilatura's own steps, without those whose results nobody reads here (categories, tags, licence, site name): they took
two fifths of the time of its ``extract_metadata``.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from lxml.html import HtmlElement
from trafilatura.metadata import (
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_url,
)

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.declared_dates import day_in_elements, day_in_source, published
from cleaning.pages.text_dates import stated_day
from cleaning.pages.titles import is_index, is_site_name, own_title

_AUTHOR_WORDS = (
    b"author byline byl bbl username zuozhe bianji xiaobian channel-name submitted-by posted-by journalist-name "
    b"screenname writer"
).split()
_META = b"<meta "
"""Read by ``examine_meta``."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """As the page has it, not yet normalized."""

    title: str | None
    author: str | None
    published: date | None


def metadata_of(tree: HtmlElement, body: bytes, url: str, blocks: Sequence[Block] = ()) -> Metadata:
    """Read ``tree``, which is ``body`` parsed and has these blocks; it is left as it is.

    The day that the page declares goes first (``declared_dates``), then the one that its text states (``text_dates``),
    then one in its source. A page that lists others has none: it would be the template's, or that of the list's first.
    """
    found = examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    with suppress(LookupError, TypeError, ValueError, AttributeError, RecursionError):  # JSON of an unforeseen shape
        found = extract_meta_json(tree, found)
    if not found.author and _has_authored_element(body):
        found.author = extract_author(tree)
    found.clean_and_trim()
    headings = [block.text for block in blocks if block.kind is Kind.HEADING]
    first = [block.text for block in blocks if block.kind is Kind.HEADING and block.level == 1] or headings[:1]
    site = _site_name(tree, found.sitename)
    title = own_title(found.title or _shown_title(tree, blocks, url, site), url, site, first)
    if is_index(url, body):
        return Metadata(title, found.author, None)
    day = published(body)
    if day is None:
        address = found.url or extract_url(tree, url)
        day = day_in_elements(tree, address) or stated_day(blocks) or day_in_source(tree, body)
    return Metadata(title, found.author, day)


def _shown_title(tree: HtmlElement, blocks: Sequence[Block], url: str, site: str | None) -> str | None:
    """The only heading of the first rank, unless it is the site's name; else the ``title`` element.

    trafilatura's own reading cuts titles at a dash: "IMC 18,5 - 24,9" becomes "IMC 18,5".
    """
    first = [block.text for block in blocks if block.kind is Kind.HEADING and block.level == 1]
    if len(first) == 1 and not is_site_name(first[0], url, site):
        return first[0]
    title = tree.find(".//head/title")
    return str(title.text) if title is not None and title.text else None


def _site_name(tree: HtmlElement, found: str | None) -> str | None:
    """The name that a page gives its site."""
    for meta in tree.iterfind(".//meta[@content]"):
        if (meta.get("property") or meta.get("name") or "").lower() in {"og:site_name", "application-name"}:
            return str(meta.get("content"))
    return found


def _has_authored_element(body: bytes) -> bool:
    """Whether a tag holds a word that ``extract_author`` looks for (trafilatura 2.3's AUTHOR_XPATHS).

    A page without one is spared a copy of its tree and four walks through it. A tag with > in an attribute before the
    word is passed over.
    """
    lower = body.lower()
    return any(_stands_in_a_tag(lower, word) for word in _AUTHOR_WORDS)


def _stands_in_a_tag(lower: bytes, word: bytes) -> bool:
    place = lower.find(word)
    while place >= 0:
        begin = lower.rfind(b"<", 0, place)
        if begin >= 0 and lower.find(b">", begin, place) < 0 and not lower.startswith(_META, begin):
            return True
        following = lower.find(b"<", place)  # behind a > nothing is in a tag before the next <
        place = lower.find(word, following) if following >= 0 else -1
    return False
