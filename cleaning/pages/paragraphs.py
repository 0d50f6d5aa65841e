"""justext's rules for which blocks of a page are text and which are boilerplate (Pomikálek 2011)."""

from collections.abc import Iterable, Iterator, Sequence

from justext.core import classify_paragraphs
from justext.utils import get_stoplist

from cleaning.pages.blocks import Block

_STOP_WORDS = frozenset(get_stoplist("Spanish"))
"""Pages of other languages are judged by these too: they are no part of the corpus, or a side of it."""
_LENGTHS = 50, 150
_DENSITIES = 0.1, 0.2, 0.25
"""Characters of a short and of a long paragraph; least shares of stop words; most of links: as trafilatura has them."""


class Paragraph:
    """A block as justext's classifier asks of it."""

    __slots__ = ("cf_class", "chars_count_in_links", "dom_path", "heading", "text", "words")

    def __init__(self, text: str, chars_count_in_links: int) -> None:
        self.text = text
        self.words = text.lower().split()
        self.chars_count_in_links = chars_count_in_links
        self.dom_path = ""  # justext looks for select in it; no block holds one
        self.cf_class = ""

    def __len__(self) -> int:
        return len(self.text)

    def stopwords_density(self, stop_words: frozenset[str]) -> float:
        """Share of the words."""
        return sum(map(stop_words.__contains__, self.words)) / len(self.words)

    def links_density(self) -> float:
        """Share of the characters."""
        return self.chars_count_in_links / len(self.text)


def good_blocks(blocks: Sequence[Block]) -> list[bool]:
    """For each block whether justext takes it for text, by itself and in its context."""
    paragraphs = [Paragraph(block.text, block.link_characters) for block in blocks]
    classify_paragraphs(paragraphs, _STOP_WORDS, *_LENGTHS, *_DENSITIES, no_headings=True)
    return _revised([paragraph.cf_class for paragraph in paragraphs])


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
