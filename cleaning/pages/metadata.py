"""What a page says of itself: title, author and day of publication.

trafilatura's own steps, without those whose results nobody reads here (categories, tags, licence, site name): they took
two fifths of the time of its ``extract_metadata``.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from htmldate import find_date
from lxml.html import HtmlElement
from trafilatura.metadata import (
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_url,
)

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.text_dates import stated_day
from cleaning.pages.titles import is_index, is_site_name, own_title

_AUTHOR_WORDS = (
    b"author byline byl bbl username zuozhe bianji xiaobian channel-name submitted-by posted-by journalist-name "
    b"screenname writer"
).split()
_META = b"<meta "
"""Read by ``examine_meta``."""
_DATED = re.compile(
    rb"<(?:meta|time)\b[^>]{0,300}?\b(?:article:published_time|datePublished|published)\b[^>]{0,300}>", re.IGNORECASE
)
_ISO_DAY = re.compile(rb"[\"' =](\d{4}-\d\d-\d\d)(?=[T\"' ]|$)")
_JSON_DAY = re.compile(rb"\"datePublished\"\s{0,4}:\s{0,4}\"(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Metadata:
    """As the page has it, not yet normalized."""

    title: str | None
    author: str | None
    published: date | None


def metadata_of(tree: HtmlElement, body: bytes, url: str, blocks: Sequence[Block] = ()) -> Metadata:
    """Read ``tree``, which is ``body`` parsed and has these blocks; it is left as it is.

    The day that the page declares goes first; htmldate is asked for the original date without its extensive search,
    which takes up to 2 s a page for 12 % more dates; then the day that the text states (``text_dates``). A page that
    lists others has none: it would be that of the template, or of the first page of the list.
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
        day = read_date(find_date(tree, url=address, original_date=True, extensive_search=False))
    return Metadata(title, found.author, day or stated_day(blocks))


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


def published(body: bytes) -> date | None:
    """The day of publication that the page declares; htmldate makes the first of the month of some of them."""
    tag = _DATED.search(body)
    day = (_ISO_DAY.search(tag[0]) if tag else None) or _JSON_DAY.search(body)
    return read_date(day[1].decode()) if day else None


def read_date(text: str | None) -> date | None:
    """A date of htmldate's, or None."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
