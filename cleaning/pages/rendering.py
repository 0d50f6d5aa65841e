"""Blocks → text: plain, a line a block; or Markdown, for those who want the structure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.normal_text import normal_text

Markup = Literal["plain", "markdown"]


def rendered(blocks: Sequence[Block], markup: Markup) -> str:
    """The text of the blocks, normal (``normal_text``), a newline between two blocks and none else.

    Plain: a heading, a paragraph, an item, a term or its meaning is a line; a row of a table is one with `` | ``
    between its cells and no border at its ends; a break within a block is a newline too.
    """
    if markup == "plain":
        return normal_text("\n".join(block.text for block in blocks))
    return "\n".join(_markdown(blocks))


def _markdown(blocks: Iterable[Block]) -> Iterator[str]:
    table = None
    for block in blocks:
        if block.kind is Kind.ROW:
            yield from _row(block, is_first=block.parent != table)
            table = block.parent
            continue
        table = None
        text = normal_text(block.text)
        if text:
            yield from _marked(block, text.split("\n"))


def _row(block: Block, *, is_first: bool) -> Iterator[str]:
    cells = [normal_text(cell).replace("|", "\\|") or " " for cell in block.cells]
    rule = f"|{' --- |' * len(cells)}"
    if is_first and not block.is_header:
        yield f"|{'   |' * len(cells)}"
        yield rule
    yield f"| {' | '.join(cells)} |"
    if is_first and block.is_header:
        yield rule


def _marked(block: Block, lines: Sequence[str]) -> Iterator[str]:
    kind = block.kind
    if kind is Kind.PREFORMATTED:
        yield from ("```", *lines, "```")
        return
    lines = [f"\\{line}" if line.startswith((">", "#", "+ ", "- ", "* ")) else line for line in lines]
    first = indent = ""
    if kind is Kind.HEADING:
        first = f"{'#' * min(block.level, 6)} "
    elif kind is Kind.ITEM:
        indent = "  " * (block.level - 1)
        first = f"{indent}{block.marker or '-'} "
        indent = " " * len(first)
    elif kind is Kind.TERM:
        lines = [f"**{line}**" for line in lines]
    elif kind is Kind.MEANING:
        first, indent = ": ", "  "
    elif kind is Kind.QUOTE:
        first = indent = "> "
    yield from (f"{first if place == 0 else indent}{line}" for place, line in enumerate(lines))
