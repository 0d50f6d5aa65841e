"""justext's rules for which paragraphs of a page are text and which are boilerplate (Pomikálek 2011)."""

import re
from collections.abc import Iterator

from justext.core import PARAGRAPH_TAGS, classify_paragraphs, revise_paragraph_classification
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
_HEADING_DISTANCE = 150
_SPACE = re.compile(r"\s+")


class Paragraph:
    """A paragraph as justext's classifier asks of it, read once."""

    __slots__ = ("cf_class", "class_type", "dom_path", "heading", "text", "text_in_links", "words")

    def __init__(self, text: str, text_in_links: int) -> None:
        self.text = text
        self.words = text.lower().split()
        self.text_in_links = text_in_links
        self.dom_path = ""
        self.class_type = ""

    def __len__(self) -> int:
        return len(self.text)

    @property
    def chars_count_in_links(self) -> int:
        """Characters that are links."""
        return self.text_in_links

    def stopwords_density(self, stop_words: frozenset[str]) -> float:
        """Share of the words."""
        return sum(map(stop_words.__contains__, self.words)) / len(self.words)

    def links_density(self) -> float:
        """Share of the characters."""
        return self.text_in_links / len(self.text)


def good_paragraphs(page: HtmlElement) -> str:
    """The paragraphs that are text, a line each; ``page`` is used up."""
    paragraphs = list(_paragraphs(basic_cleaning(tree_cleaning(page, _CLEANING))))
    classify_paragraphs(paragraphs, _STOP_WORDS, *_LENGTHS, *_DENSITIES, no_headings=True)
    revise_paragraph_classification(paragraphs, _HEADING_DISTANCE)
    return "\n".join(paragraph.text for paragraph in paragraphs if paragraph.class_type == "good")


def _paragraphs(page: HtmlElement) -> Iterator[Paragraph]:
    """Text between the tags that begin and end blocks."""
    texts: list[str] = []
    in_links = links = 0
    for event, element in iterwalk(page, events=("start", "end")):
        tag, begins = element.tag, event == "start"
        if tag in _BLOCKS:
            text = " ".join("".join(texts).split())
            if text:
                yield Paragraph(text, in_links)
            texts, in_links = [], 0
        elif tag == "br" and begins:
            texts.append(" ")
        elif tag == "a":
            links += 1 if begins else -1
        found = element.text if begins else element.tail
        if found:
            texts.append(found)
            in_links += len(_SPACE.sub(" ", found)) if links > 0 and not found.isspace() else 0
    text = " ".join("".join(texts).split())
    if text:
        yield Paragraph(text, in_links)
