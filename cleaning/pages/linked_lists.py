"""Links that are text: lists of names, and headings, that lead to a page of each."""

import re

from cleaning.pages.blocks import Block, Kind
from cleaning.pages.neighbours import NEAR, Neighbours

LINKED = 0.6
"""A heading or paragraph with this share of its characters in links leads to another page."""
LEAST_LINKED_HEADINGS = 3
"""From so many on, and if they are most of a page's headings of their rank, headings that are links head the texts
below them: a page of drugs, each with its name as a link."""
MAX_LABEL = 80
"""Characters of a name, and of a paragraph that may head the next one, as "Contraindicaciones" in a div of its own."""
_ANNOUNCES_PAGES = re.compile(
    r"relacionad|interesar|informaci[óo]n|\ble[ae]r?\b|s[íi]guenos|compart|etiquetas|categor[íi]as|enlaces|art[íi]culos|entradas|noticias|related",
    re.IGNORECASE,
)
_HEADS_PAGES = re.compile(
    r"\bm[áa]s (?:le[íi]d|vist|popular|de\b)|[úu]ltim[ao]s|destacad|recomendad|tambi[ée]n|\btemas\b", re.IGNORECASE
)
LEAST_CARDS = 2
"""So many short linked lines behind a colon are its list: symptoms, each a card that leads to its page."""
NAME_WORDS = 3.5
"""Words of a name in a list, as a mean."""


def take_announced_lists(around: Neighbours) -> None:
    """Take the list behind a taken line that ends in a colon, though its items are links: "Los síntomas son:"."""
    for place, block in enumerate(around.blocks[:-1]):
        if not around.taken[place] or not block.text.endswith(":") or _ANNOUNCES_PAGES.search(block.text):
            continue
        end = _end_of_list(around, place)
        is_list = around.blocks[place + 1].kind is Kind.ITEM
        is_cards = not is_list and end - place > LEAST_CARDS and " " in block.text
        if (is_list or is_cards) and around.is_near(place, place + 1, NEAR + is_cards):
            around.taken[place + 1 : end] = [True] * (end - place - 1)


def take_lists_of_names(around: Neighbours) -> None:
    """Take a heading within the text or right behind it with the names that follow, each a link: symptoms, drugs.

    Titles that are links are longer: they lead to other pages.
    """
    last = around.places()[-1]
    for place in range(around.taken.index(True) + 1, min(last + 2, len(around.blocks) - 1)):
        block = around.blocks[place]
        if block.kind is not Kind.HEADING or block.link_characters or not _is_card(around.blocks[place + 1]):
            continue
        if _ANNOUNCES_PAGES.search(block.text) or _HEADS_PAGES.search(block.text):
            continue
        end = _end_of_list(around, place)
        names = around.blocks[place + 1 : end]
        words = sum(len(name.text.split()) for name in names)
        are_names = len(names) > LEAST_CARDS and words <= NAME_WORDS * len(names)
        if are_names and around.is_near(place, place + 1, NEAR + 1):
            around.taken[place:end] = [True] * (end - place)


def _end_of_list(around: Neighbours, lead: int) -> int:
    """Behind the last of the blocks that may be the list of ``lead``."""
    end = lead + 1
    while end < len(around.blocks) and _is_listed(around, lead, end):
        end += 1
    return end


def _is_listed(around: Neighbours, lead: int, place: int) -> bool:
    """Whether a block may be an item of the list behind ``lead``, or one of its cards: a short line, a link."""
    block, first = around.blocks[place], around.blocks[lead + 1]
    if block.kind is not first.kind or block.site_part not in around.site_parts(lead) | {0}:
        return False
    return block.kind is Kind.ITEM or _is_card(block)


def _is_card(block: Block) -> bool:
    return block.kind is Kind.PARAGRAPH and len(block.text) <= MAX_LABEL and block.link_share() >= LINKED


def take_linked_headings(around: Neighbours) -> None:
    """Take headings that are links where a page heads most of its texts so."""
    places = around.places()
    ranks: dict[int, list[int]] = {}
    for place in range(max(places[0] - 1, 0), places[-1]):
        if around.blocks[place].kind is Kind.HEADING:
            ranks.setdefault(around.blocks[place].level, []).append(place)
    for headings in ranks.values():
        linked = [place for place in headings if around.blocks[place].link_share() >= LINKED]
        heading_text = [
            place
            for place in linked
            if (around.heads(place) and around.same_part(place, place + 1))
            or (_heads_behind_a_line(around, place) and around.same_part(place, place + 2))
        ]
        if len(heading_text) >= LEAST_LINKED_HEADINGS and len(heading_text) > len(headings) / 2:
            for place in heading_text:
                around.taken[place] = True


def _heads_behind_a_line(around: Neighbours, place: int) -> bool:
    """The same where a line that is not taken stands between, such as a day and an author."""
    line = place + 1
    is_line = line + 1 < len(around.blocks) and around.blocks[line].kind is not Kind.HEADING and not around.taken[line]
    return is_line and around.taken[line + 1] and around.blocks[line + 1].kind is not Kind.HEADING
