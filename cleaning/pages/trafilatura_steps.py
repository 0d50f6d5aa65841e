"""trafilatura's fast way, step by step: a search of the whole page runs only where it can change what is kept.

The steps and their order are those of ``trafilatura.core.trafilatura_sequence`` (2.3) for a balanced, fast extraction
without comments; the result is the same. Two of its searches cost a sixth of the extraction and decide nothing on most
pages: for comments and endless scrolls, and for how much text the whole page has.
"""

from copy import copy, deepcopy
from functools import cache, lru_cache
from typing import Any

from lxml.etree import XPath, _Element, strip_elements, strip_tags
from lxml.html import HtmlElement
from trafilatura.baseline import baseline, html2txt
from trafilatura.core import (
    ESCALATION_ACCEPT_RATIO,
    ESCALATION_MAX_LENGTH,
    ESCALATION_PAGE_SHARE,
    _forum_thread_page,
)
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes
from trafilatura.main_extractor import _elem_text, _extract, recover_wild_text
from trafilatura.settings import MIN_DUPLICATE_LENGTH, Extractor
from trafilatura.xml import delete_element
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from cleaning.pages import own_attributes, trafilatura_cleaning

trafilatura_cleaning.install()
_OPTIONS: dict[str, Any] = {"output_format": "python", "fast": True, "comments": False, "tables": True}
_PRUNED_TAGS = ("div", "section", "aside", "details", "ol", "ul", "list")
_PRUNED_SIGNS = (
    "omment",
    "comol",
    "disqus_thread",
    "dsq-comments",
    "mvp-post-add",
    "infinite",
    "elementor-share-buttons",
)
"""What the id or the class of every element has that the two expressions find, and the elements that they look at."""
_CHARACTERS = XPath("string-length(normalize-space(.))")
_ALL_CHARACTERS = XPath("string-length(.)")
_TEXTS = XPath("count(.//text())")


def kept_body(tree: HtmlElement, url: str) -> _Element:
    """What trafilatura keeps of a page; of ``tree`` only what it never keeps is cut.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: it cannot read the page.
    """
    prune(tree)
    options = _options()
    most = _most_characters(tree)  # before the walks through a copy put the tree out of the processor's memory
    body, text, prepared = _extracted(_prepared(tree, options, url), options)
    if len(text) < options.min_extracted_size:
        other, other_text, size = baseline(tree)
        if size > len(text):
            body, text = other, other_text
    if 0 < len(text) < ESCALATION_MAX_LENGTH and _is_small_share(len(text), most, tree):
        options = _recall_options()
        if prepared is None or prepared.find(".//p") is None:  # of a page without paragraphs, recall discards less
            prepared = _prepared(tree, options, url)
        more, more_text, _ = _extracted(prepared, options)
        if len(more_text) >= options.min_extracted_size and len(more_text) > ESCALATION_ACCEPT_RATIO * len(text):
            return more
    return body


def prune(tree: HtmlElement) -> None:
    """Cut comments, unless the page is a forum's thread, and articles that an endless scroll appends."""
    if any(_has_pruned_sign(element.get("class"), element.get("id")) for element in tree.iter(_PRUNED_TAGS)):
        is_forum = _forum_thread_page(tree)
        prune_unwanted_nodes(tree, RAW_TREE_PRUNE_XPATH)
        if not is_forum:
            prune_unwanted_nodes(tree, REMOVE_COMMENTS_AND_LISTS_XPATH)


def _prepared(tree: HtmlElement, options: Extractor, url: str) -> HtmlElement:
    return convert_tags(trafilatura_cleaning.cleaned(_copied(tree), options), options, url)


def _copied(tree: HtmlElement) -> HtmlElement:
    """A copy of a page without its head, which is discarded anyway; a third of a page's elements stand in it."""
    head = tree.find("head")
    if head is None or tree[0] is not head:
        return copy(tree)
    tree.remove(head)
    copied = copy(tree)
    tree.insert(0, head)
    if head.tail:
        copied.text = (copied.text or "") + head.tail
    return copied


def _extracted(prepared: HtmlElement, options: Extractor) -> tuple[_Element, str, HtmlElement | None]:
    """``extract_content``: body and text, ``prepared`` being used up; then a copy of it, unless that is used up too."""
    backup = deepcopy(prepared)
    order = list(prepared.iter())
    body, text, tags = _extract(prepared, options)
    is_short = len(body) == 0 or len(text) < options.min_extracted_size
    if is_short:
        consumed = {twin for element, twin in zip(order, backup.iter(), strict=True) if element.tag == "done"}
        body = recover_wild_text(backup, body, options, tags, consumed)
        text = " ".join(body.itertext()).strip()
    before = None
    for element in list(body):
        now = _elem_text(element)
        if now and now == before and len(now) > MIN_DUPLICATE_LENGTH:
            delete_element(element, keep_tail=False)
        else:
            before = now
    strip_elements(body, "done")
    strip_tags(body, "div")
    return body, text, None if is_short else backup


def _most_characters(tree: HtmlElement) -> float:
    """A bound of the characters of a page's text: with a space for each of its pieces."""
    whole = _body_of(tree)
    return float(_CHARACTERS(whole) + _TEXTS(whole))


def _is_small_share(size: int, most: float, tree: HtmlElement) -> bool:
    """Whether a text is so small a part of the page's that trafilatura looks for more.

    The page's text has no more than ``most`` characters, and no fewer than those without what is cut.
    """
    if size >= ESCALATION_PAGE_SHARE * most:
        return False
    whole = _body_of(tree)
    cut = sum(_ALL_CHARACTERS(element) + 1 for element in own_attributes.cut_from_page_text()(whole))
    least = _CHARACTERS(whole) - cut
    return size < ESCALATION_PAGE_SHARE * least or size < ESCALATION_PAGE_SHARE * len(html2txt(tree))


def _body_of(tree: HtmlElement) -> HtmlElement:
    body = tree.find(".//body")
    return tree if body is None else body


@lru_cache(maxsize=20_000)
def _has_pruned_sign(*names: str | None) -> bool:
    return any(name is not None and sign in name for name in names for sign in _PRUNED_SIGNS)


@cache
def _options() -> Extractor:
    return Extractor(**_OPTIONS)


@cache
def _recall_options() -> Extractor:
    return Extractor(**_OPTIONS, recall=True)
