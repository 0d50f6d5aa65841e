"""What a page says of itself: title, author and day of publication.

trafilatura's own steps, without those whose results nobody reads here (categories, tags, licence, site name): they took
two fifths of the time of its ``extract_metadata``.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from htmldate import find_date
from lxml.html import HtmlElement
from trafilatura.metadata import (
    examine_meta,
    extract_author,
    extract_meta_json,
    extract_title,
    extract_url,
)

_AUTHOR_WORDS = (
    b"author byline \"byl\" 'byl' \"bbl\" 'bbl' username zuozhe bianji xiaobian channel-name submitted-by posted-by "
    b"journalist-name screenname writer"
).split()
"""Parts of the names of elements that ``extract_author`` looks for (trafilatura 2.3's AUTHOR_XPATHS): a page whose
bytes have none of them in any case has no such element; half of the pages are spared its walk through the tree."""
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


def metadata_of(tree: HtmlElement, body: bytes, url: str) -> Metadata:
    """Read ``tree``, which is ``body`` parsed; it is left as it is.

    The day that the page declares goes first; htmldate is asked for the original date without its extensive search,
    which takes up to 2 s a page for 12 % more dates.
    """
    found = examine_meta(tree)
    if found.author and " " not in found.author:
        found.author = None
    with suppress(LookupError, TypeError, ValueError, AttributeError, RecursionError):  # JSON of an unforeseen shape
        found = extract_meta_json(tree, found)
    found.title = found.title or extract_title(tree)
    if not found.author and _may_name_author(body):
        found.author = extract_author(tree)
    found.clean_and_trim()
    day = published(body)
    if day is None:
        address = found.url or extract_url(tree, url)
        day = read_date(find_date(tree, url=address, original_date=True, extensive_search=False))
    return Metadata(found.title, found.author, day)


def _may_name_author(body: bytes) -> bool:
    lower = body.lower()
    return any(word in lower for word in _AUTHOR_WORDS)


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
