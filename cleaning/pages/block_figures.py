"""What the blocks of a page tell of it, for rules that judge its text later without the page."""

import re
from collections.abc import Sequence

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.linked_lists import LINKED, MAX_LABEL

_BROKEN_OFF = re.compile(r"(?:…|\.\.+|\[\s?(?:…|\.\.+|&hellip;)\s?\]|\(\s?(?:…|\.\.+)\s?\))\W*$")
_GO_ON = re.compile(
    r"\W*(?:(?:seguir|sigue|contin[úu]a|continuar) leyendo"
    r"|leer?(?: el| la)? (?:m[áa]s|art[íi]culo|entrada|noticia|nota|post)|ver (?:m[áa]s|noticia|art[íi]culo|entrada)"
    r"|m[áa]s informaci[óo]n|saber m[áa]s|read more|continue reading|\+ ?info)\b",
    re.IGNORECASE,
)
_LINKED = 0.8
_LONGEST_LINK = 60
_CARD = 40
"""Characters of a link that is more than the name of a page."""


def block_figures(blocks: Sequence[Block], taken: Sequence[bool]) -> dict[str, float]:
    """Shares and counts of a page's main text; empty where it has none.

    - ``blocks``: lines of the text, as blocks; ``links``: share of its characters in links, names in lists aside;
    - ``headings``, ``items``, ``rows``: shares of its characters in headings, in items of lists and in rows of tables;
    - ``excerpts``: paragraphs that break off in an ellipsis, or that a link to go on reading follows;
    - ``linked_headings``: headings between the first and the last block of the text that are links to other pages,
      as an index has them, whether they are in the text or not; ``heading_words``: words in each of them, as a mean;
      ``own_headings``: the other headings;
    - ``cards``: characters of the long links that follow the beginning of the text outside the site's own parts and
      are not in it, for each character of the text: the beginnings of other pages.
    """
    places = [place for place, is_taken in enumerate(taken) if is_taken]
    if not places:
        return {}
    text = [blocks[place] for place in places]
    characters = sum(len(block.text) for block in text)
    between = blocks[max(places[0] - 2, 0) : places[-1] + 3]
    headings = [block for block in between if block.kind is Kind.HEADING]
    linked = [block for block in headings if block.link_share() > _LINKED]
    cards = sum(
        len(block.text)
        for block, is_taken in zip(blocks[places[0] :], taken[places[0] :], strict=True)
        if not is_taken and not block.site_part and len(block.text) >= _CARD and block.link_share() > _LINKED
    )
    excerpts = sum(
        block.kind in (Kind.PARAGRAPH, Kind.ITEM, Kind.MEANING)
        and (_breaks_off(block.text) or (following is not None and _goes_on(following)))
        for block, following in zip(between, [*between[1:], None], strict=True)
        if block.link_share() < _LINKED
    )
    return {
        "blocks": float(len(text)),
        "links": sum(block.link_characters for block in text if not _is_name(block)) / characters,
        "headings": _share(text, Kind.HEADING, characters),
        "items": _share(text, Kind.ITEM, characters),
        "rows": _share(text, Kind.ROW, characters),
        "excerpts": float(excerpts),
        "linked_headings": float(len(linked)),
        "heading_words": sum(len(block.text.split()) for block in linked) / max(len(linked), 1),
        "own_headings": float(len(headings) - len(linked)),
        "cards": cards / characters,
    }


def _breaks_off(text: str) -> bool:
    has_ellipsis = ".." in text or "…" in text or "&hellip;" in text
    return has_ellipsis and _BROKEN_OFF.search(text) is not None


def _is_name(block: Block) -> bool:
    """Whether a block is a name in a list that ``linked_lists`` took; no other short paragraph of a text is a link."""
    return block.kind is Kind.PARAGRAPH and len(block.text) <= MAX_LABEL and block.link_share() >= LINKED


def _goes_on(block: Block) -> bool:
    return len(block.text) <= _LONGEST_LINK and block.link_share() > _LINKED and _GO_ON.match(block.text) is not None


def _share(blocks: Sequence[Block], kind: Kind, characters: int) -> float:
    return sum(len(block.text) for block in blocks if block.kind is kind) / characters
