"""The block elements that are open in a walk through a page: what each makes of its text, and where that stands."""

from dataclasses import dataclass
from functools import lru_cache

from cleaning.pages.blocks import Kind
from cleaning.pages.element_kinds import HEADINGS, SITE_PARTS, Place, place_of

LISTS = frozenset({"ul", "ol", "menu", "dir"})
CELLS = frozenset({"td", "th"})
_KINDS = {
    "dt": Kind.TERM,
    "dd": Kind.MEANING,
    "caption": Kind.CAPTION,
    "figcaption": Kind.CAPTION,
    "blockquote": Kind.QUOTE,
    "pre": Kind.PREFORMATTED,
    "listing": Kind.PREFORMATTED,
    "xmp": Kind.PREFORMATTED,
    "plaintext": Kind.PREFORMATTED,
}
FLAT = {
    **{tag: (Kind.HEADING, level) for tag, level in HEADINGS.items()},
    **{tag: (kind, 0) for tag, kind in _KINDS.items()},
    **dict.fromkeys(("article", "section", "main", "body"), (Kind.PARAGRAPH, 0)),
}
"""Kind and level of blocks that need no other look than at their name."""
OTHERS = LISTS | CELLS | {"li", "table"}
"""Blocks whose kind depends on what is around them."""


@dataclass(slots=True)
class Frame:
    """A block element that is open; never changed (a frozen one takes three times as long to make)."""

    kind: Kind
    level: int
    place: int
    """Bits of ``Place``, of the elements around it too."""
    number: int
    """Of the element, in the page's order."""
    site_part: int
    """The number of the innermost element around it that is one of the site's own parts; 0: none."""


def framed(outer: Frame, number: int, own: int, kind: Kind, level: int) -> Frame:
    """The frame of a block element within another; ``own`` is what the element says of its place."""
    if not own:
        return Frame(kind, level, outer.place, number, outer.site_part)
    place = outer.place | own
    is_site_part = own & SITE_PARTS or (own & Place.HIDDEN and not place & Place.QUESTIONS)
    return Frame(kind, level, place, number, number if is_site_part else outer.site_part)


@lru_cache(maxsize=20_000)
def own_place(tag: str, *attributes: tuple[str, str]) -> int:
    """``place_of`` a block element, remembered: templates repeat their attributes."""
    return place_of(tag, dict(attributes))
