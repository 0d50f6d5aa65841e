"""The main text of a parsed page: extractors choose its blocks, and ``rendering`` writes them from the page itself.

1. ``blocks`` reads the page once and marks its texts.
2. trafilatura's fast way runs on the marked tree; the marks in its result say which blocks it keeps (``selection``).
   Where it keeps little of what the page's paragraphs hold, justext's rules choose among the same blocks, and
   readability is asked where these keep too little.
3. ``belonging`` adds the headings, items, warnings and answers that belong to the kept blocks, and takes off links.
4. Where the page itself has no text, what its scripts hold is read (``embedded_text``).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.etree import LxmlError
from lxml.html import HtmlElement

from cleaning.pages.belonging import belonging
from cleaning.pages.block_figures import block_figures
from cleaning.pages.blocks import Block, PageBlocks
from cleaning.pages.embedded_text import embedded_blocks
from cleaning.pages.listing_address import is_listing_address
from cleaning.pages.page_walk import page_blocks
from cleaning.pages.paragraphs import good_blocks
from cleaning.pages.rendering import Markup, rendered
from cleaning.pages.selection import kept_by_readability, kept_by_trafilatura

RESCUED = 3_000
"""Characters of main text below which it is asked whether most of the page was missed."""
MISSED = 2
"""If the page's blocks hold more than this many times the kept text, justext's rules are asked. On one site of 14 the
fast way had kept the introduction alone of 700 lessons."""
MORE = 1.5
"""Another extractor's text must be this many times as long (trafilatura's own bound for its second tries)."""
COVERED = 1.25
"""If the page's blocks hold more than this many times what justext's rules keep, readability is asked as well."""
NO_TEXT = 300
"""Characters below which a page is taken to have no text of its own, if its scripts hold twice as much."""

PARSING_ERRORS = (ValueError, TypeError, AttributeError, RecursionError, LxmlError)
"""What the parsers raise of pages that nobody foresaw."""


@dataclass(frozen=True, slots=True)
class MainText:
    """A page's main text, a line a block, what was measured of its blocks, and all blocks of the page."""

    text: str
    figures: dict[str, float]
    """As ``block_figures`` names them."""
    blocks: Sequence[Block]


def main_text(tree: HtmlElement, url: str, markup: Markup = "plain") -> MainText:
    """What is taken for the main text of ``tree``, which is used up: a copy takes as long as choosing among blocks.

    Raises:
        ValueError, TypeError, AttributeError, RecursionError, LxmlError: no extractor can read the page.
    """
    scripts = list(tree.iter("script"))  # some are cut with the comments around them
    page, taken = _chosen(tree, url)
    blocks = [block for block, is_taken in zip(page.blocks, taken, strict=True) if is_taken]
    figures = block_figures(page.blocks, taken)
    if figures:
        figures["listing_address"] = float(is_listing_address(url))
    size = _size(blocks)
    if size < NO_TEXT:
        embedded = embedded_blocks(scripts)
        if _size(embedded) > 2 * size:
            blocks, figures = embedded, {}
    return MainText(rendered(blocks, markup), figures, page.blocks)


def _chosen(tree: HtmlElement, url: str) -> tuple[PageBlocks, list[bool]]:
    """The blocks of the page, and which of them make its text."""
    page = page_blocks(tree)
    try:
        kept = kept_by_trafilatura(tree, page, url)
    except PARSING_ERRORS:
        kept = [False] * len(page.blocks)
    size = _size_of(page, kept)
    there = sum(len(block.text) - block.link_characters for block in page.blocks)
    if size < RESCUED and there > MISSED * size:
        kept = _rescued(tree, page, kept, there)
    return page, belonging(page, kept)


def _rescued(marked: HtmlElement, page: PageBlocks, kept: list[bool], there: int) -> list[bool]:
    """What justext's rules or readability keep, if that is much more; of a page where no extractor keeps any, all."""
    outside = _outside_site_parts(page, kept)
    good = [is_good and out for is_good, out in zip(good_blocks(page.blocks), outside, strict=True)]
    if there > COVERED * _size_of(page, good):
        readable = kept_by_readability(marked, page)
        good = max(good, readable, key=lambda one: _size_of(page, one))
    if _size_of(page, good) > MORE * _size_of(page, kept):
        kept = [one or other for one, other in zip(kept, good, strict=True)]
    if any(is_kept and block.link_share() < 1 / 2 for block, is_kept in zip(page.blocks, kept, strict=True)):
        return kept
    return [out and block.link_share() < 1 / 2 for block, out in zip(page.blocks, outside, strict=True)]


def _outside_site_parts(page: PageBlocks, kept: Sequence[bool]) -> list[bool]:
    """Which blocks stand in none of the site's own parts.

    Two kinds of parts do not count: those that hold kept blocks, and one that holds most of the page's text, since its
    element was left open.
    """
    text = {0} | {block.site_part for block, is_kept in zip(page.blocks, kept, strict=True) if is_kept}
    sizes = Counter[int]()
    for block in page.blocks:
        sizes[block.site_part] += len(block.text) - block.link_characters
    text |= {part for part, size in sizes.items() if 2 * size > sizes.total()}
    return [block.site_part in text for block in page.blocks]


def _size_of(page: PageBlocks, kept: Sequence[bool]) -> int:
    return sum(len(block.text) for block, is_kept in zip(page.blocks, kept, strict=True) if is_kept)


def _size(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)
