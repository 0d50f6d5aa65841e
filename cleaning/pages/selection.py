"""Which blocks of a page trafilatura or readability keeps: it runs on the marked tree, and its marks are counted."""

from collections.abc import Sequence

from lxml.html import HtmlElement
from trafilatura.external import try_readability

from cleaning.pages.blocks import MARK, Block, PageBlocks, marked_number
from cleaning.pages.trafilatura_steps import kept_body, prune

KEPT_SHARE = 0.5
"""A block is kept where an extractor keeps this share of its characters: it is written whole or not at all."""


def kept_by_trafilatura(marked: HtmlElement, page: PageBlocks, url: str) -> list[bool]:
    """For each block, whether trafilatura's fast way keeps it; of ``marked`` only comments are cut.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: it cannot read the page.
    """
    return _blocks_of("".join(kept_body(marked, url).itertext()), page)


def kept_by_readability(marked: HtmlElement, page: PageBlocks) -> list[bool]:
    """The same of readability; ``marked`` is used up."""
    prune(marked)
    return _blocks_of("".join(try_readability(marked).itertext()), page)


def _blocks_of(text: str, page: PageBlocks) -> list[bool]:
    """Which blocks are kept, of the marked text of an extractor."""
    kept = bytearray(len(page.node_lengths))
    for sign in MARK.findall(text):
        number = marked_number(sign)
        if number < len(kept):
            kept[number] = 1
    return [_is_kept(block, kept, page.node_lengths) for block in page.blocks]


def _is_kept(block: Block, kept: bytearray, lengths: Sequence[int]) -> bool:
    first, end = block.first_node, block.end_node
    if kept.find(1, first, end) < 0:
        return False
    if kept.find(0, first, end) < 0:
        return True
    nodes = range(first, end)
    return sum(lengths[node] for node in nodes if kept[node]) >= KEPT_SHARE * sum(lengths[first:end])
