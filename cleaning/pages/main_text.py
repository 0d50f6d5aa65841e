"""The main text of a parsed page: trafilatura's fast way, and other extractors where that misses most of the page.

trafilatura's own slower way does the fast one again before it asks readability and justext, and spends most of its time
on justext's paragraphs, whose text is put together anew whenever a length is asked. Here justext's rules judge
paragraphs that are read once, and readability is asked where they keep too little: a fifth of the time, no less text.
"""

import re
from copy import copy
from typing import Any

from lxml.etree import LxmlError
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.external import sanitize_tree, try_readability
from trafilatura.htmlprocessing import prune_unwanted_nodes
from trafilatura.settings import Extractor
from trafilatura.xml import xmltotxt
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from cleaning.pages.paragraphs import good_paragraphs

RESCUED = 3_000
"""Characters of main text below which it is asked whether most of the page was missed."""
MISSED = 2
"""So many times the text stands in the page's paragraphs: other extractors are asked. On one site of 14 the fast way
had kept the introduction alone of 700 lessons."""
MORE = 1.5
"""So many times the text another extractor must find (trafilatura's own bound for its second tries)."""
COVERED = 1.25
"""So many times what justext's rules keep stands in the page's paragraphs: readability is asked as well."""

PARSING_ERRORS = (ValueError, TypeError, AttributeError, RecursionError, LxmlError)
"""What the parsers raise of pages that nobody foresaw."""
_OPTIONS: dict[str, Any] = {"include_comments": False, "include_tables": True}
_SANITIZING = Extractor(comments=False, tables=True)
_UNWANTED = [*RAW_TREE_PRUNE_XPATH, *REMOVE_COMMENTS_AND_LISTS_XPATH]
"""What trafilatura cuts before any extractor sees a page whose comments are not asked for. It leaves them on forums,
where they are the posts; here they go there too, and the fast way's text stays unless another is longer still."""
_PARAGRAPH = re.compile(
    rb"<(?:p|li|td|dd)\b[^>]*+>([^<]*+(?:<(?!/?(?:p|li|td|dd|div|ul|ol|table|section)\b)[^<]*+)*+)", re.IGNORECASE
)
_LINK = re.compile(rb"<a\b[^>]*+>[^<]*+(?:<(?!/a\b)[^<]*+)*+", re.IGNORECASE)
_TAG = re.compile(rb"<[^>]*+>")


def main_text(tree: HtmlElement, body: bytes, url: str) -> str:
    """What is taken for the main text of ``tree``, which is ``body`` parsed and is left as it is.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: no extractor can read the page.
    """
    text = str(getattr(bare_extraction(tree, url=url, fast=True, **_OPTIONS), "text", None) or "")
    if len(text) >= RESCUED:
        return text
    there = paragraph_bytes(body)
    if there <= MISSED * len(text):
        return text
    try:
        other = _other_text(tree, there)
    except PARSING_ERRORS:
        if not text:
            raise
        return text
    return other if _size(other) > MORE * len(text) else text


def paragraph_bytes(body: bytes) -> int:
    """Bytes of text in the paragraphs, list items and cells of a page, links left out; linear in the page."""
    return sum(len(_TAG.sub(b"", _LINK.sub(b"", content))) for content in _PARAGRAPH.findall(body))


def _other_text(tree: HtmlElement, there: int) -> str:
    """What justext's rules keep of the page, or readability where that finds more."""
    page = prune_unwanted_nodes(copy(tree), _UNWANTED)
    found = good_paragraphs(copy(page))
    return max(found, _readable(page), key=_size) if there > COVERED * len(found) else found


def _size(text: str) -> int:
    return len(" ".join(text.split()))


def _readable(page: HtmlElement) -> str:
    """What readability finds; ``page`` is used up."""
    body, _ = sanitize_tree(try_readability(page), _SANITIZING)
    return str(xmltotxt(body, include_formatting=False))
