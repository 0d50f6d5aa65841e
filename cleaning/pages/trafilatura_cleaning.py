"""trafilatura's cleaning of a page, with fewer walks through it and the same result.

It looks for each of the 50 elements that it discards in a walk of its own, and asks twice which blocks are made of
links, though the second answer can differ only where the first has cut something.
"""

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element, strip_tags
from lxml.html import HtmlElement
from trafilatura import htmlprocessing, main_extractor
from trafilatura.htmlprocessing import _handle_forms, prune_html, recover_math, tree_cleaning
from trafilatura.settings import MANUALLY_CLEANED, MANUALLY_STRIPPED, Extractor
from trafilatura.xml import delete_element

_LAYOUT_ROLES = frozenset({"presentation", "none"})
_DISCARDED = [tag for tag in MANUALLY_CLEANED if tag != "form"]
"""A form may hold the page: it is looked at when all else has gone."""


def cleaned(tree: HtmlElement, options: Extractor) -> HtmlElement:
    """What ``tree_cleaning`` gives, for a balanced extraction with tables and without images; ``tree`` is used up."""
    if options.focus == "recall":
        return tree_cleaning(tree, options)
    recover_math(tree)
    for element in tree.iter("figure", "table"):
        if element.tag == "table":
            is_layout = element.get("role") in _LAYOUT_ROLES
        else:
            is_layout = element.find(".//table") is not None
        if is_layout:
            element.tag = "div"
    strip_tags(tree, MANUALLY_STRIPPED)
    _discard(tree)
    _handle_forms(tree)
    return prune_html(tree, options.focus)


def _discard(tree: HtmlElement) -> None:
    """Delete the elements by name, as trafilatura does, in its order of names.

    Where one stands in another of its name, trafilatura's walk ends with the outer one: such a name gets that walk.
    """
    found: dict[str, list[_Element]] = {}
    for element in tree.iter(_DISCARDED):
        found.setdefault(str(element.tag), []).append(element)
    for tag in _DISCARDED:
        elements = found.get(tag, [])
        is_nested = any(next(element.iterancestors(tag), None) is not None for element in elements)
        for element in tree.iter(tag) if is_nested else elements:
            delete_element(element)


class AskedOnce:
    """``delete_by_link_density``, which is not asked again of what nothing has been cut from since."""

    def __init__(self) -> None:
        self._ask: Callable[..., HtmlElement] = htmlprocessing.delete_by_link_density
        self._prune: Callable[..., HtmlElement] = main_extractor.prune_unwanted_sections
        self._unchanged: set[tuple[Any, ...]] = set()
        self._deleted = 0

    def prune_unwanted_sections(self, *arguments: Any, **options: Any) -> HtmlElement:
        """In one of these calls the questions follow each other; between two anything may change."""
        self._unchanged.clear()
        return self._prune(*arguments, **options)

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
