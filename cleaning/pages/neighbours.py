"""Where a block of a page stands: which blocks are near it, which parts of the site hold it, what a heading heads."""

from collections.abc import Sequence

from cleaning.pages.blocks import Kind, PageBlocks

NEAR = 3
"""Block elements up to which two blocks must meet to stand in the same place: item, list and what holds the list."""


class Neighbours:
    """The blocks of one page, those taken so far, and what their places say of each other."""

    def __init__(self, page: PageBlocks, taken: list[bool]) -> None:
        self.page = page
        self.blocks = page.blocks
        self.taken = taken
        self._known_parts: dict[int, frozenset[int]] = {0: frozenset()}

    def places(self) -> Sequence[int]:
        """Of the taken blocks, in order."""
        return [place for place, is_taken in enumerate(self.taken) if is_taken]

    def heads(self, place: int) -> bool:
        """Whether a heading has text of its own: the next block is taken and is not a heading of its rank."""
        following = place + 1
        if following >= len(self.blocks) or not self.taken[following]:
            return False
        after = self.blocks[following]
        return after.kind is not Kind.HEADING or after.level > self.blocks[place].level

    def same_part(self, place: int, taken: int) -> bool:
        """Whether a block stands in no part of the site, or in the part of a taken one."""
        part = self.blocks[place].site_part
        return part == 0 or part in self.site_parts(taken)

    def is_near(self, one: int, other: int, levels: int = NEAR) -> bool:
        """Whether two blocks have one of their innermost elements in common."""
        return not self._elements_around(one, levels).isdisjoint(self._elements_around(other, levels))

    def _elements_around(self, place: int, levels: int) -> set[int]:
        """The innermost block elements around a block."""
        number = self.blocks[place].parent
        found = {number}
        for _ in range(levels - 1):
            number = self.page.parents[number]
            found.add(number)
        return found

    def site_parts(self, place: int) -> frozenset[int]:
        """The elements around a block that look like the site's own parts; a kept block has no such parts."""
        part = self.blocks[place].site_part
        if part not in self._known_parts:
            found = set()
            number = part
            while number:
                found.add(number)
                number = self.page.parents[number]
            self._known_parts[part] = frozenset(found)
        return self._known_parts[part]
