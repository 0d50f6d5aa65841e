"""trafilatura's cleaning of a page, with fewer walks through it and the same result.

It looks for each of the 50 elements that it discards in a walk of its own, and asks twice which blocks are made of
links, though the second answer can differ only where the first has cut something. It looks three times for parts that
their names tell.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from lxml.etree import _Element, strip_tags
from lxml.html import HtmlElement
from trafilatura import htmlprocessing, main_extractor
from trafilatura.htmlprocessing import (
    _handle_forms,
    link_density_test_tables,
    prune_html,
    prune_unwanted_nodes,
    recover_math,
)
from trafilatura.settings import MANUALLY_CLEANED, MANUALLY_STRIPPED, Extractor
from trafilatura.xml import delete_element
from trafilatura.xpaths import DISCARD_IMAGE_ELEMENTS, OVERALL_DISCARD_XPATH, TEASER_DISCARD_XPATH

from cleaning.pages import own_attributes

_LAYOUT_ROLES = frozenset({"presentation", "none"})
_DISCARDED = [tag for tag in MANUALLY_CLEANED if tag != "form"]
"""A form may hold the page: it is looked at when all else has gone."""


def cleaned(tree: HtmlElement, options: Extractor) -> HtmlElement:
    """What ``tree_cleaning`` gives, for an extraction with tables and without images; ``tree`` is used up."""
    recover_math(tree)
    for element in tree.iter("figure", "table"):
        if element.tag == "table":
            is_layout = element.get("role") in _LAYOUT_ROLES
        else:
            is_layout = element.find(".//table") is not None
        if is_layout:
            element.tag = "div"
    strip_tags(tree, MANUALLY_STRIPPED)
    whole = deepcopy(tree) if options.focus == "recall" and _would_lose_paragraphs(tree) else None
    _discard(tree)
    if whole is not None and tree.find(".//p") is None:
        tree = whole
    _handle_forms(tree)
    return prune_html(tree, options.focus)


def _would_lose_paragraphs(tree: HtmlElement) -> bool:
    """Whether a page has paragraphs, all of them in elements that are discarded: then recall keeps these elements."""
    paragraphs = list(tree.iter("p"))
    return bool(paragraphs) and not any(next(one.iterancestors(_DISCARDED), tree) is tree for one in paragraphs)


def _discard(tree: HtmlElement) -> None:
    """Delete the elements by name, as trafilatura does, in its order of names.

    Where one stands in another of its name, trafilatura's walk ends with the outer one: such a name gets that walk.
    """
    found: dict[str, list[_Element]] = {}
    for element in tree.iter(_DISCARDED):
        found.setdefault(str(element.tag), []).append(element)
    for tag in [tag for tag in _DISCARDED if tag in found]:
        elements = found[tag]
        is_nested = len(elements) > 1 and any(next(one.iterancestors(tag), None) is not None for one in elements)
        for element in tree.iter(tag) if is_nested else elements:
            delete_element(element)


class AskedOnce:
    """``prune_unwanted_sections``, which asks nothing twice of what nothing has been cut from since."""

    def __init__(self) -> None:
        self._ask: Callable[..., HtmlElement] = htmlprocessing.delete_by_link_density
        self._prune: Callable[..., HtmlElement] = main_extractor.prune_unwanted_sections
        own_attributes.install()
        named = (OVERALL_DISCARD_XPATH[0], DISCARD_IMAGE_ELEMENTS[0], TEASER_DISCARD_XPATH[0])
        self._named = own_attributes.Together(*named)
        self._unchanged: set[tuple[Any, ...]] = set()
        self._deleted = 0

    def prune_unwanted_sections(
        self,
        tree: HtmlElement,
        potential_tags: set[str],
        options: Extractor,
        keep_teasers: bool = False,  # noqa: FBT001, FBT002 - as there
    ) -> HtmlElement:
        """Cut what its names tell to be none of the text, of all kinds in one walk, then blocks and tables of links."""
        self._unchanged.clear()  # since the last call anything may have changed
        if options.focus == "precision" or "graphic" in potential_tags:
            return self._prune(tree, potential_tags, options, keep_teasers)
        boilerplate, captions, teasers = self._named(tree)
        prune_unwanted_nodes(tree, [lambda _: boilerplate], with_backup=True)
        are_kept = keep_teasers or options.focus == "recall"
        for element in captions if are_kept else [*captions, *teasers]:
            delete_element(element)
        for tag in ("div", "list", "p") * 2:
            self.delete_by_link_density(tree, tag, backtracking=tag == "div")
        if "table" in potential_tags:
            for table in [table for table in tree.iter("table") if link_density_test_tables(table)]:
                delete_element(table, keep_tail=False)
        strip_tags(tree, "span", *(() if "ref" in potential_tags else ("ref",)))
        return tree

    def delete_by_link_density(self, subtree: HtmlElement, *question: Any, **options: Any) -> HtmlElement:
        """Of one tree, in its two rounds."""
        asked = (*question, *options.items())
        if asked not in self._unchanged:
            before = self._deleted
            self._ask(subtree, *question, **options)
            if self._deleted == before:
                self._unchanged.add(asked)
            else:
                self._unchanged.clear()
        return subtree

    def delete_element(self, element: _Element, keep_tail: bool = True) -> None:  # noqa: FBT001, FBT002 - as there
        """Counted."""
        self._deleted += 1
        delete_element(element, keep_tail)


def install() -> None:
    """Ask once, in this process."""
    if vars(htmlprocessing)["delete_element"] is delete_element:
        once = AskedOnce()
        vars(htmlprocessing)["delete_element"] = once.delete_element
        vars(main_extractor)["delete_by_link_density"] = once.delete_by_link_density
        vars(main_extractor)["prune_unwanted_sections"] = once.prune_unwanted_sections
