"""The day of publication that a page declares: in its head, its JSON, its address, or an element made for a date.

htmldate's own parts in its order, without ``find_date``: that copies the tree, and searches a copy of the source for
forms of English, German and Turkish days.
"""

import functools
import re
from datetime import date

from htmldate.core import (
    ALWAYS_TAGS,
    TIMESTAMP_PATTERN,
    date_candidates,
    examine_abbr_elements,
    examine_elements,
    examine_header,
    examine_time_elements,
)
from htmldate.extractors import FAST_TAGS, extract_url_date, json_search, pattern_search
from htmldate.utils import Extractor
from htmldate.validators import get_max_date, get_min_date
from lxml.html import HtmlElement

from cleaning.pages.own_attributes import OwnAttributes

_DATED = re.compile(rb"<(?:meta|time)\b[^>]{0,300}?\b(?:article:published_time|datepublished|published)\b[^>]{0,300}>")
"""Of a body in lower case, as ``_ISO_DAY``."""
_ISO_DAY = re.compile(rb"[\"' =](\d{4}-\d\d-\d\d)(?=[t\"' ]|$)")
_JSON_DAY = re.compile(rb"\"datePublished\"\s{0,4}:\s{0,4}\"(\d{4}-\d\d-\d\d)")
_TIMESTAMP = re.compile(rb"-[01]?\d-[0-3]?\d[T ][0-2]?\d")
"""What every timestamp that htmldate knows has."""
DATE_ELEMENTS = OwnAttributes(
    functools.partial(date_candidates, extensive_search=False),
    "id class itemprop",
    " ".join([*FAST_TAGS, *ALWAYS_TAGS]),
)
"""Elements that may hold the day of publication."""
_JSON_TYPES = frozenset({"application/ld+json", "application/settings+json"})
_FORMAT = "%Y-%m-%d"


def published(body: bytes, lower: bytes) -> date | None:
    """The day in a page's ``datePublished`` and its like; htmldate makes the first of the month of some of them.

    ``lower`` is ``body`` in lower case.
    """
    if b"published" not in lower:
        return None
    tag = _DATED.search(lower)
    day = (_ISO_DAY.search(tag[0]) if tag else None) or _JSON_DAY.search(body)
    return read_date(day[1].decode()) if day else None


def day_in_elements(tree: HtmlElement, address: str | None, candidates: list[HtmlElement]) -> date | None:
    """The day in the address, else in the head or JSON, else in an element for a date; ``tree`` is left as it is.

    ``candidates`` are its ``DATE_ELEMENTS``. Of several days the first published is meant, not the last change.
    """
    options = _options()
    return read_date(
        extract_url_date(address, options)
        or examine_header(tree, options)
        or (json_search(tree, options) if has_json(tree) else None)
        or examine_abbr_elements(tree, options)
        or examine_elements(candidates, options)
        or examine_time_elements(tree, options)
    )


def has_json(tree: HtmlElement) -> bool:
    """Whether a page has scripts of JSON that trafilatura and htmldate read: they look for them in the whole tree."""
    return any(script.get("type") in _JSON_TYPES for script in tree.iter("script"))


def day_in_source(image: str | None, body: bytes) -> date | None:
    """The last resort: the day of a timestamp anywhere in the source, else that in its image's address."""
    options = _options()
    found = None
    if _TIMESTAMP.search(body):
        found = pattern_search(body.decode("utf-8", "replace"), TIMESTAMP_PATTERN, options)
    return read_date(found or (extract_url_date(image, options) if image else None))


def read_date(text: str | None) -> date | None:
    """A date of htmldate's, or None."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _options() -> Extractor:
    return Extractor(False, get_max_date(None), get_min_date(None), True, _FORMAT)
