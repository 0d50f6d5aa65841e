"""justext's rules for which blocks of a page are text and which are boilerplate (Pomikálek 2011)."""

from collections.abc import Iterable, Iterator, Sequence

from justext.utils import get_stoplist

from cleaning.pages.blocks import Block

_STOP_WORDS = frozenset(get_stoplist("Spanish"))
"""Pages of other languages are judged by these too: they are no part of the corpus, or a side of it."""
SHORT, LONG = 50, 150
"""Characters of a short and of a long paragraph."""
FEW_STOP_WORDS, MANY_STOP_WORDS = 0.1, 0.2
"""Shares of the words: below the first a paragraph is bad, from the second on good."""
LINKED = 0.25
"""Share of the characters in links above which it is bad."""


def good_blocks(blocks: Sequence[Block]) -> list[bool]:
    """For each block whether justext takes it for text, by itself and in its context."""
    return _revised([_class_of(block) for block in blocks])


def _class_of(block: Block) -> str:
    """As justext's ``classify_paragraphs`` of one, without headings; the numbers are trafilatura's.

    That counts the stop words of each paragraph; here only of those that links and lengths do not decide.
    """
    text = block.text
    if block.link_share() > LINKED or "©" in text or "&copy" in text:
        return "bad"
    if len(text) < SHORT:
        return "bad" if block.link_characters else "short"
    words = text.lower().split()
    share = sum(map(_STOP_WORDS.__contains__, words)) / len(words)
    if share < FEW_STOP_WORDS:
        return "bad"
    return "good" if share >= MANY_STOP_WORDS and len(text) > LONG else "neargood"


def _revised(first: Sequence[str]) -> list[bool]:
    """Which paragraphs are good in their context, of what each is by itself.

    justext's ``revise_paragraph_classification`` without headings, in one pass each way: it looks for every short
    paragraph's neighbours again, which takes 20 s on a page of 16,000 of them.
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
