"""justext's rules for which paragraphs of a page are text and which are boilerplate (Pomikálek 2011)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from justext.core import PARAGRAPH_TAGS, classify_paragraphs
from justext.utils import get_stoplist
from lxml.etree import iterwalk
from lxml.html import HtmlElement
from trafilatura.baseline import basic_cleaning
from trafilatura.htmlprocessing import tree_cleaning
from trafilatura.settings import Extractor

_BLOCKS = frozenset(PARAGRAPH_TAGS)
_CLEANING = Extractor(comments=False, tables=True)
_STOP_WORDS = frozenset(get_stoplist("Spanish"))
"""Pages of other languages are judged by these too: they are no part of the corpus, or a side of it."""
_LENGTHS = 50, 150
_DENSITIES = 0.1, 0.2, 0.25
"""Characters of a short and of a long paragraph; least shares of stop words; most of links: as trafilatura has them."""
_SPACE = re.compile(r"\s+")


class Paragraph:
    """A paragraph as justext's classifier asks of it, read once."""

    __slots__ = ("cf_class", "chars_count_in_links", "dom_path", "heading", "text", "words")

    def __init__(self, text: str, chars_count_in_links: int) -> None:
        self.text = text
        self.words = text.lower().split()
        self.chars_count_in_links = chars_count_in_links
        self.dom_path = ""  # justext looks for select in it; cleaning the tree has removed those
        self.cf_class = ""

    def __len__(self) -> int:
        return len(self.text)

    def stopwords_density(self, stop_words: frozenset[str]) -> float:
        """Share of the words."""
        return sum(map(stop_words.__contains__, self.words)) / len(self.words)

    def links_density(self) -> float:
        """Share of the characters."""
        return self.chars_count_in_links / len(self.text)


def good_paragraphs(page: HtmlElement) -> str:
    """The paragraphs that are text, a line each; ``page`` is used up."""
    paragraphs = list(_paragraphs(basic_cleaning(tree_cleaning(page, _CLEANING))))
    classify_paragraphs(paragraphs, _STOP_WORDS, *_LENGTHS, *_DENSITIES, no_headings=True)
    good = _revised([paragraph.cf_class for paragraph in paragraphs])
    return "\n".join(paragraph.text for paragraph, is_good in zip(paragraphs, good, strict=True) if is_good)


def _paragraphs(page: HtmlElement) -> Iterator[Paragraph]:
    """Text between the tags that begin or end blocks, or a second ``br`` in a row; the first ``</a>`` ends a link.

    As ``load_html`` parses: without comments, whose tails would be passed over.
    """
    texts: list[str] = []
    in_links, link, broken = 0, False, False
    for event, element in iterwalk(page, events=("start", "end")):
        tag, begins = element.tag, event == "start"
        if tag in _BLOCKS or (tag == "br" and begins and broken):
            yield from _paragraph(texts, in_links)
            texts, in_links = [], 0
        elif begins:
            broken = tag == "br"
            texts.append(" " if broken else "")
            link = link or tag == "a"
        if tag == "a" and not begins:
            link = False
        found = element.text if begins else element.tail
        if found:
            texts.append(found)
            if not found.isspace():
                broken = False
                in_links += len(_SPACE.sub(" ", found)) if link else 0
    yield from _paragraph(texts, in_links)


def _paragraph(texts: Sequence[str], in_links: int) -> Iterator[Paragraph]:
    text = " ".join("".join(texts).split())
    if text:
        yield Paragraph(text, in_links)


def _revised(first: Sequence[str]) -> list[bool]:
    """Which paragraphs are good in their context, of what each is by itself.

    justext's ``revise_paragraph_classification`` without headings, in one pass each way: it looks for every short
    paragraph's neighbours anew, which takes 20 s on a page of 16,000 of them.
    """
    decided = frozenset({"good", "bad"})
    both, wide = _sides(first, decided), _sides(first, decided | {"neargood"})
    classes = []
    for own, near, near_too in zip(first, both, wide, strict=True):
        if own != "short":
            classes.append(own)
        elif near == ("good", "good"):
            classes.append("good")
        elif near == ("bad", "bad"):
            classes.append("bad")
        else:
            beside_near = any(one == "bad" and other == "neargood" for one, other in zip(near, near_too, strict=True))
            classes.append("good" if beside_near else "bad")
    following = list(_nearest(reversed(classes), decided))[::-1]
    before, good = "bad", []
    for own, after in zip(classes, following, strict=True):
        revised = own if own != "neargood" else ("bad" if (before, after) == ("bad", "bad") else "good")
        good.append(revised == "good")
        before = revised
    return good


def _sides(classes: Sequence[str], stops: frozenset[str]) -> list[tuple[str, str]]:
    """The nearest of these classes before and behind each place; beyond both ends all is bad."""
    behind = list(_nearest(reversed(classes), stops))[::-1]
    return list(zip(_nearest(classes, stops), behind, strict=True))


def _nearest(classes: Iterable[str], stops: frozenset[str]) -> Iterator[str]:
    last = "bad"
    for one in classes:
        yield last
        if one in stops:
            last = one
