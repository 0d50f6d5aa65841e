"""trafilatura's expressions that select elements by their own name and attributes, asked once for each such element.

An XPath with regular expressions takes 6 µs for each element of a page; a loop that looks up its name and attributes
takes 1. What is not known yet is asked of the expression itself, on an element made for it: what is found is the same.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from lxml.etree import Element, SubElement, XPath, _Element
from trafilatura.baseline import basic_cleaning
from trafilatura.xpaths import (
    AUTHOR_DISCARD_XPATHS,
    AUTHOR_XPATHS,
    BODY_XPATH,
    DISCARD_IMAGE_ELEMENTS,
    OVERALL_DISCARD_XPATH,
    TEASER_DISCARD_XPATH,
)

REMEMBERED = 50_000
"""Names with attributes that are remembered of one expression, some 10 MB; then it begins again."""
_OF_BLOCKS = "div item list p section span"
_AUTHOR_NAMES = "rel id class itemprop data-testid data-component"
_AUTHOR_WORDS = str.split(
    "author byl bbl username zuozhe bianji xiaobian channel-name submitted-by posted-by journalist-name screenname "
    "writer"
)
Expression = Callable[[_Element], Iterable[_Element]]
_Key = tuple[Any, ...]


class OwnAttributes:
    """An expression, called as lxml's ``XPath`` is: gives the elements under (or, ``is_absolute``, around) a tree."""

    def __init__(
        self,
        expression: Expression,
        attributes: str,
        tags: str = "*",
        *,
        is_absolute: bool = False,
        is_first: bool = False,
    ) -> None:
        self.expression = expression
        self.names = frozenset(attributes.split())
        self.tags = tags.split()
        self._is_absolute = is_absolute
        self._is_first = is_first
        self._known: dict[_Key, bool] = {}

    def __call__(self, tree: _Element) -> list[_Element]:
        """The elements in the page's order; where only the first is asked for, no other."""
        elements = tree.getroottree().iter(self.tags) if self._is_absolute else tree.iterdescendants(self.tags)
        found = []
        for element in self._matching(elements):
            found.append(element)
            if self._is_first:
                break
        return found

    def _matching(self, elements: Iterable[_Element]) -> Iterable[_Element]:
        known, names = self._known, self.names
        for element in elements:
            items = element.items()
            matches = known.get((element.tag, *items))
            if matches is None:  # or it has others: addresses of links differ, and are not remembered
                key = (element.tag, *[item for item in items if item[0] in names])
                matches = known.get(key)
                if matches is None:
                    matches = self._ask(key)
            if matches:
                yield element

    def _ask(self, key: _Key) -> bool:
        """What the expression says of an element of this name and these attributes, in their order."""
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        tag, *items = key
        self._known[key] = matches = self.finds(_made(tag, items))
        return matches

    def looks_at(self, tag: str) -> bool:
        """Whether it may find elements of this name."""
        return tag in self.tags or self.tags == ["*"]

    def finds(self, alone: _Element) -> bool:
        """What the expression itself says of the only child of a root."""
        return any(element is alone for element in self.expression(alone.getparent()))


def _made(tag: str, items: Sequence[tuple[str, str]]) -> _Element:
    """An element of this name and these attributes, alone under a root."""
    root = Element("root")
    try:
        alone = SubElement(root, str(tag))
    except ValueError:  # fb:like: none that an expression names
        alone = SubElement(root, "any")
    for name, value in items:
        alone.set(name, value)
    return alone


class Together:
    """Several expressions, asked in one walk through a tree."""

    def __init__(self, *expressions: OwnAttributes) -> None:
        self._expressions = expressions
        self._names = frozenset[str]().union(*(one.names for one in expressions))
        self._known: dict[_Key, Sequence[int]] = {}

    def __call__(self, tree: _Element) -> list[list[_Element]]:
        """The elements that each finds under the tree, in the page's order."""
        found: list[list[_Element]] = [[] for _ in self._expressions]
        known, names = self._known, self._names
        for element in tree.iterdescendants("*"):
            items = element.items()
            matching = known.get((element.tag, *items))
            if matching is None:
                key = (element.tag, *[item for item in items if item[0] in names])
                matching = known.get(key)
                if matching is None:
                    matching = self._ask(key)
            for place in matching:
                found[place].append(element)
        return found

    def _ask(self, key: _Key) -> Sequence[int]:
        """The places of the expressions that match an element of this name and these attributes."""
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        tag, *items = key
        alone = _made(tag, items)
        matching = [place for place, one in enumerate(self._expressions) if one.looks_at(tag) and one.finds(alone)]
        self._known[key] = matching
        return matching


class AuthorSigns(OwnAttributes):
    """Elements whose attributes hold a word that one of ``AUTHOR_XPATHS`` looks for: these, and a few others.

    Where there are none, ``extract_author`` finds nothing: it copies the tree and walks through it four times.
    """

    def __init__(self) -> None:
        super().__init__(AUTHOR_XPATHS[0], _AUTHOR_NAMES)

    def finds(self, alone: _Element) -> bool:
        """Asked of the words."""
        values = [value.lower() for name, value in alone.items() if name in self.names]
        return alone.tag == "author" or any(word in value for value in values for word in _AUTHOR_WORDS)


def install() -> None:
    """Put them in the place of trafilatura's own, in this process."""
    names = "id class role style aria-hidden data-component data-lp-replacement-content"
    if isinstance(OVERALL_DISCARD_XPATH[0], XPath):  # in one walk: trafilatura takes what they find together
        OVERALL_DISCARD_XPATH[:] = [OwnAttributes(_either(OVERALL_DISCARD_XPATH), names)]
    _replace(TEASER_DISCARD_XPATH, 0, "id class", _OF_BLOCKS)
    _replace(DISCARD_IMAGE_ELEMENTS, 0, "id class", _OF_BLOCKS)
    names = _AUTHOR_NAMES
    for place, tags in enumerate(("a address div link p span strong author", "a div h3 h4 p span", "*")):
        _replace(AUTHOR_XPATHS, place, names, tags, is_absolute=True)
    _replace(AUTHOR_DISCARD_XPATHS, 0, "id class data-component", "a div section span")
    for place in (0, 2, 3, 4):
        _replace(BODY_XPATH, place, "id class itemprop role", "article div main section", is_first=True)
    if isinstance(cut_from_page_text(), XPath):
        _baseline()["BASIC_CLEAN_XPATH"] = OwnAttributes(cut_from_page_text(), "id class")


def _either(expressions: Iterable[XPath]) -> Expression:
    """What one of the expressions finds."""
    asked = list(expressions)
    return lambda root: [element for expression in asked for element in expression(root)]


def cut_from_page_text() -> Expression:
    """What trafilatura cuts before it counts the text of a whole page."""
    expression: Expression = _baseline()["BASIC_CLEAN_XPATH"]
    return expression


def _baseline() -> dict[str, Any]:
    """The names of trafilatura's module ``baseline``: the package hides it behind a function that is called so too."""
    return vars(sys.modules[basic_cleaning.__module__])


def _replace(
    expressions: list[XPath],
    place: int,
    attributes: str,
    tags: str = "*",
    *,
    is_absolute: bool = False,
    is_first: bool = False,
) -> None:
    if isinstance(expressions[place], XPath):
        expressions[place] = OwnAttributes(
            expressions[place], attributes, tags, is_absolute=is_absolute, is_first=is_first
        )
