"""Which blocks of a page make its text, starting from those that an extractor kept.

Extractors keep paragraphs and lose what belongs to them: headings and items between them, warnings beside them,
questions behind them. They also keep some links to other pages at the end. The rules here look at a block's kind, its
links, its place (``element_kinds.Place``) and its neighbours, never at the language.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from cleaning.pages.blocks import Block, Kind, PageBlocks
from cleaning.pages.element_kinds import Place
from cleaning.pages.linked_lists import (
    LINKED,
    MAX_LABEL,
    take_announced_lists,
    take_linked_headings,
    take_lists_of_names,
)
from cleaning.pages.neighbours import NEAR, Neighbours

LOOSE_LINKED = 0.3
"""Share of its characters in links with which a block leads away that no extractor kept, or that stands at the end."""
LINKED_ITEM = 0.7
"""The same for an item between kept blocks: a list of sources links the title of each."""
SHORT_LEAD = 300
"""Characters from which a paragraph is text however many links it has."""
SIBLINGS = 2
"""Block elements up to which two paragraphs must meet to stand in the same place (``NEAR`` of other blocks)."""
SMALL_GAP = 3
"""Between blocks so few apart a paragraph may stand one element deeper."""
LONG = 140
SENTENCE = 40
"""Characters of a paragraph that is prose by its length alone, and of one that ends as a sentence does."""
MAX_LABELS = 2
"""Lines at the end without a figure and without an end of a sentence that may go; more of them are a list."""
SENTENCE_END = tuple(".!?…:;»”\"')]")
_OF_A_LIST = (Kind.ITEM, Kind.TERM, Kind.MEANING, Kind.ROW, Kind.QUOTE, Kind.PREFORMATTED)
"""No set: the hash of a member of an Enum is a function in Python."""
_QUESTION_HEADING = re.compile(r"\b(?:preguntas|faqs?|dudas)\b", re.IGNORECASE)
_CREDIT = re.compile(
    r"^\W*(?:foto|fotograf[ií]a|photo|image|media|imagen cedida|cr[eé]ditos?|©|getty|fuente)\b|getty|shutterstock"
    r"|istock|\b(?:reuters|efe|afp|credit|photo(?:graph)? by|courtesy)\b|\bfoto ?:|[(/] ?AP\b|\bimage ?:",
    re.IGNORECASE,
)
_HEADS_PAGES = re.compile(
    r"\W*(?:notas|art[íi]culos|noticias|entradas|contenidos?|temas|enlaces|posts?) relacionad[oa]s\W*$",
    re.IGNORECASE,
)
MIN_CAPTION = 25


def belonging(page: PageBlocks, kept: Sequence[bool]) -> list[bool]:
    """For each block whether it is written, of whether an extractor kept it."""
    blocks = page.blocks
    taken = [is_kept and not _leads_away(block) for block, is_kept in zip(blocks, kept, strict=True)]
    if not any(taken):
        return taken
    _trim_end(blocks, taken)
    around = Neighbours(page, taken)
    rules = _Rules(around)
    rules.fill_gaps()
    rules.extend()
    take_announced_lists(around)
    take_lists_of_names(around)
    take_linked_headings(around)
    rules.extend()
    rules.take_questions()
    _drop_last_headings(blocks, taken)
    _drop_repeated(blocks, taken)
    return taken


def is_prose(block: Block) -> bool:
    """Whether a block reads as running text."""
    size = len(block.text)
    linked = block.link_share()
    if size >= LONG:
        return linked < LINKED
    return size >= SENTENCE and linked < LOOSE_LINKED and block.text.endswith(SENTENCE_END)


def _is_label(block: Block) -> bool:
    """A heading, or a short line without an end of a sentence that may be one."""
    if block.kind is Kind.HEADING:
        return True
    is_short = len(block.text) <= MAX_LABEL and not block.text.endswith(SENTENCE_END)
    return block.kind is Kind.PARAGRAPH and is_short and not block.link_characters


def _leads_away(block: Block) -> bool:
    """A heading or a paragraph that is a link to another page, or announces such links."""
    if block.kind is Kind.HEADING and _HEADS_PAGES.match(block.text):
        return True
    return (
        block.kind in (Kind.HEADING, Kind.PARAGRAPH, Kind.QUOTE)
        and len(block.text) < SHORT_LEAD
        and block.link_share() >= LINKED
    )


def _trim_end(blocks: Sequence[Block], taken: list[bool]) -> None:
    """Take off what stands behind the last prose: links, and a label or two."""
    places = [place for place, is_taken in enumerate(taken) if is_taken]
    prose = [place for place in places if is_prose(blocks[place]) or blocks[place].kind in _OF_A_LIST]
    if not prose:
        return
    behind = [place for place in places if place > prose[-1]]
    labels = [place for place in behind if not blocks[place].text.endswith(SENTENCE_END)]
    for place in behind:
        text = blocks[place].text
        is_label = place in labels and len(labels) <= MAX_LABELS and not any(map(str.isdigit, text))
        taken[place] = not is_label and blocks[place].link_share() < LOOSE_LINKED


def _drop_last_headings(blocks: Sequence[Block], taken: list[bool]) -> None:
    """No heading stands at the end: what it headed was not kept."""
    for place in range(len(blocks) - 1, -1, -1):
        if taken[place]:
            if blocks[place].kind is not Kind.HEADING:
                return
            taken[place] = False


def _drop_repeated(blocks: Sequence[Block], taken: list[bool]) -> None:
    """A long paragraph that a page shows twice (for screens of two sizes) is written once."""
    seen: set[str] = set()
    for place, block in enumerate(blocks):
        if taken[place] and len(block.text) >= LONG and block.kind is not Kind.ROW:
            taken[place] = block.text not in seen
            seen.add(block.text)


class _Rules:
    """The rules that add blocks, on one page."""

    def __init__(self, around: Neighbours) -> None:
        self.around = around
        self.blocks = around.blocks
        self.taken = around.taken
        self.times = Counter(block.text for block in around.blocks)

    def fill_gaps(self) -> None:
        """Take what stands between two taken blocks and is no link and none of the site's own parts."""
        places = self.around.places()
        for first, last in pairwise(places):
            if last == first + 1:
                continue
            around = self.around.site_parts(first) | self.around.site_parts(last)
            usual = self.blocks[first].place | self.blocks[last].place
            for place in range(last - 1, first, -1):
                if self.blocks[place].kind is Kind.HEADING:
                    has_text = self.around.heads(place) or self._is_one_of_a_row(place, last)
                    self.taken[place] = has_text and self._may_stand(place, around)
                else:
                    self.taken[place] = self._may_stand(place, around) and self._fits(place, usual, (first, last))

    def extend(self) -> None:
        """Take what stands right before the first and right behind the last taken block, in the same place."""
        places = self.around.places()
        first, last = places[0], places[-1]
        around = self.around.site_parts(first)
        for place in range(first - 1, -1, -1):
            is_heading = self.blocks[place].kind is Kind.HEADING and self.around.is_near(place, first)
            belongs = (is_heading and self.around.heads(place)) or self._is_opening(place, first)
            if not (belongs and self._may_stand(place, around)):
                break
            self.taken[place] = True
        around = self.around.site_parts(last)
        heading = None
        for place in range(last + 1, len(self.blocks)):
            block = self.blocks[place]
            if not self.around.is_near(place, last) or not self._may_stand(place, around):
                break
            if heading is None and _is_label(block):
                heading = place
                continue
            if block.link_characters or not (block.kind in _OF_A_LIST or is_prose(block)) or _CREDIT.search(block.text):
                break
            self.taken[place] = True
            if heading is not None:
                self.taken[heading] = True
            heading, last = None, place

    def _is_opening(self, place: int, first: int) -> bool:
        """Whether a block is the paragraph before the first: prose beside it, without links, no credit, said once."""
        block = self.blocks[place]
        if block.kind is not Kind.PARAGRAPH or block.link_characters or self.times[block.text] > 1:
            return False
        return (
            len(block.text) >= LONG and self.around.is_near(place, first, SIBLINGS) and not _CREDIT.search(block.text)
        )

    def take_questions(self) -> None:
        """Take questions with their answers, and panels beside the text that open on a click."""
        first = self.taken.index(True)
        around = self.around.site_parts(first)
        usual = self.blocks[first].place
        for begin, end in self._runs(first):
            if not self._asks(begin, end):
                continue
            for place in range(end - 1, begin - 1, -1):
                block = self.blocks[place]
                if self.taken[place] or not self._may_stand(place, around) or block.place & Place.ASIDE & ~usual:
                    continue
                if block.kind is Kind.HEADING or block.text.endswith("?"):
                    self.taken[place] = self.around.heads(place)
                else:
                    self.taken[place] = (
                        block.kind in _OF_A_LIST or is_prose(block) or self._is_answer(place) or self._goes_on(place)
                    )

    def _runs(self, first: int) -> list[tuple[int, int]]:
        """The runs of blocks in places of questions, from the first taken block on, each with the heading before it."""
        runs = []
        begin = None
        for place in range(first, len(self.blocks) + 1):
            is_one = place < len(self.blocks) and bool(self.blocks[place].place & Place.QUESTIONS)
            if is_one and begin is None:
                begin = place
            elif not is_one and begin is not None:
                has_heading = self.blocks[begin - 1].kind is Kind.HEADING and begin - 1 > first
                runs.append((begin - has_heading, place))
                begin = None
        return runs

    def _asks(self, begin: int, end: int) -> bool:
        """Whether a run holds questions, or stands beside text that is taken."""
        blocks = self.blocks[begin:end]
        if any(block.text.endswith("?") or block.text.startswith("¿") for block in blocks):
            return True
        if any(block.kind is Kind.HEADING and _QUESTION_HEADING.search(block.text) for block in blocks):
            return True
        return any(self.taken[begin:end]) or (
            begin > 0 and self.taken[begin - 1] and self.around.is_near(begin - 1, begin)
        )

    def _is_answer(self, place: int) -> bool:
        """A short paragraph right behind a heading."""
        before = self.blocks[place - 1]
        return (before.kind in (Kind.HEADING, Kind.TERM) or before.is_bold) and not self.blocks[place].link_characters

    def _goes_on(self, place: int) -> bool:
        """A short sentence right behind a taken paragraph, in the same element."""
        block = self.blocks[place]
        is_beside = self.taken[place - 1] and self.blocks[place - 1].kind is block.kind is Kind.PARAGRAPH
        ends = block.text.endswith(SENTENCE_END) and not block.link_characters
        return is_beside and ends and self.around.is_near(place - 1, place, SIBLINGS)

    def _may_stand(self, place: int, around: frozenset[int]) -> bool:
        """Whether a block is neither a link nor part of the site, unlike the kept blocks around it."""
        block = self.blocks[place]
        most = LINKED_ITEM if block.kind in _OF_A_LIST and block.kind is not Kind.QUOTE else LOOSE_LINKED
        return block.link_share() < most and (block.site_part == 0 or block.site_part in around)

    def _fits(self, place: int, usual: int, neighbours: tuple[int, int]) -> bool:
        """Whether a block that no extractor kept belongs between two that one did."""
        block = self.blocks[place]
        is_boxed = bool(block.place & (Place.WARNING | Place.QUESTIONS))
        if block.place & Place.ASIDE & ~usual and not is_boxed:
            return not block.link_characters and block.text.endswith(SENTENCE_END)
        if len(block.text) >= SENTENCE and self.times[block.text] > 1:
            return False
        if block.kind is Kind.CAPTION:
            return len(block.text) >= MIN_CAPTION and not _CREDIT.search(block.text)
        if block.kind in _OF_A_LIST:
            return True
        if is_boxed and not block.link_characters:
            return True
        is_answer = self._is_answer(place)
        levels = NEAR if is_answer or neighbours[1] - neighbours[0] <= SMALL_GAP else SIBLINGS
        is_near = self.taken[place + 1] and self.around.is_near(place, place + 1)
        if _CREDIT.search(block.text) or not (
            is_near or any(self.around.is_near(place, one, levels) for one in neighbours)
        ):
            return False
        return is_prose(block) or is_answer or (_is_label(block) and self.around.heads(place))

    def _is_one_of_a_row(self, place: int, last: int) -> bool:
        """A heading without a text, beside another of its rank that is taken: a cause among causes, a card among cards.

        A card is a heading that only a link follows ("Leer más"); its neighbour may stand before it.
        """
        following = next((one for one in range(place + 1, last + 1) if self.taken[one]), last)
        if following - place <= SMALL_GAP and self._is_sibling(place, following):
            return True
        before = next((one for one in range(place - 1, -1, -1) if self._is_row_border(one, place)), place)
        return self.blocks[place + 1].link_share() >= LINKED and self._is_sibling(place, before)

    def _is_sibling(self, place: int, other: int) -> bool:
        """Whether another block is a heading of the same rank in the same place."""
        heading, block = self.blocks[place], self.blocks[other]
        is_same = place != other and block.kind is Kind.HEADING and block.level == heading.level
        return is_same and self.around.is_near(place, other, NEAR + 1)

    def _is_row_border(self, one: int, place: int) -> bool:
        """Whether a block before a heading is a taken heading of its rank or a higher one."""
        block = self.blocks[one]
        return block.kind is Kind.HEADING and self.taken[one] and block.level <= self.blocks[place].level
