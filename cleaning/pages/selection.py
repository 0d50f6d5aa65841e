"""Which blocks of a page trafilatura or readability keeps: it runs on the marked tree, and its marks are counted."""

from collections.abc import Sequence
from typing import Any

from lxml.html import HtmlElement
from trafilatura.core import trafilatura_sequence
from trafilatura.external import try_readability
from trafilatura.htmlprocessing import prune_unwanted_nodes
from trafilatura.settings import Extractor
from trafilatura.xpaths import RAW_TREE_PRUNE_XPATH, REMOVE_COMMENTS_AND_LISTS_XPATH

from cleaning.pages.blocks import MARK, Block, PageBlocks, marked_number

KEPT_SHARE = 0.5
"""A block is kept where an extractor keeps this share of its characters: it is written whole or not at all."""
_UNWANTED = [*RAW_TREE_PRUNE_XPATH, *REMOVE_COMMENTS_AND_LISTS_XPATH]
"""What trafilatura cuts before it runs, on pages whose comments are not asked for."""
_OPTIONS: dict[str, Any] = {"output_format": "python", "fast": True, "comments": False, "tables": True}


def kept_by_trafilatura(marked: HtmlElement, page: PageBlocks, url: str) -> list[bool]:
    """For each block, whether trafilatura's fast way keeps it; ``marked`` is used up.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: it cannot read the page.
    """
    body, _, _, _ = trafilatura_sequence(marked, Extractor(url=url, **_OPTIONS), url)
    return _blocks_of("".join(body.itertext()), page)


def _share(block: Block, kept: Sequence[int], lengths: Sequence[int]) -> float:
    nodes = range(block.first_node, block.end_node)
    whole = sum(lengths[node] for node in nodes)
    return sum(lengths[node] for node in nodes if kept[node]) / whole if whole else 0.0


def kept_by_readability(marked: HtmlElement, page: PageBlocks) -> list[bool]:
    """The same of readability."""
    found = try_readability(prune_unwanted_nodes(marked, _UNWANTED))
    return _blocks_of("".join(found.itertext()), page)


def _blocks_of(text: str, page: PageBlocks) -> list[bool]:
    """Which blocks are kept, of the marked text of an extractor."""
    kept = bytearray(len(page.node_lengths))
    for sign in MARK.findall(text):
        number = marked_number(sign)
        if number < len(kept):
            kept[number] = 1
    return [_share(block, kept, page.node_lengths) >= KEPT_SHARE for block in page.blocks]
