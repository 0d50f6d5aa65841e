"""What a list is asked for, as it stands in a URL: words, facets, order, page. Every list can be shared by its URL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlencode

from browse.facets import FACETS
from browse.index_build import SORTS

PAGE_SIZES = (25, 50, 100)
MOST_VALUES = 50
"""Values of one facet that are read."""
LONGEST_AMONG = 300
RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to an index."""

    words: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values of facets: of one facet any, of several facets all."""
    sort: str = ""
    """Empty: by relevance where words are searched for, mixed otherwise."""
    page: int = 1
    size: int = PAGE_SIZES[0]
    among: str = ""
    """Pages that differ under two sets of settings: a comparison and a group of it (``browse.moves_file``)."""

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """From the parameters of a URL; what is unknown is skipped."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)
        chosen = {name: tuple(dict.fromkeys(values[name][:MOST_VALUES])) for name in FACETS if name in values}
        sort = values.get("sort", [""])[0]
        size = _number(values.get("size", [""])[0], PAGE_SIZES[0])
        return cls(
            words=values.get("q", [""])[0].strip(),
            chosen=chosen,
            sort=sort if sort in SORTS or sort == RELEVANCE else "",
            page=max(_number(values.get("page", [""])[0], 1), 1),
            size=size if size in PAGE_SIZES else PAGE_SIZES[0],
            among=values.get("among", [""])[0][:LONGEST_AMONG],
        )

    def query(self, **more: object) -> str:
        """The question as the query of a URL, without its question mark; ``more`` is added at the end."""
        pairs: list[tuple[str, object]] = [("q", self.words)] if self.words else []
        pairs += [(name, value) for name, values in self.chosen.items() for value in values]
        if self.among:
            pairs.append(("among", self.among))
        if self.sort:
            pairs.append(("sort", self.sort))
        if self.size != PAGE_SIZES[0]:
            pairs.append(("size", self.size))
        if self.page > 1:
            pairs.append(("page", self.page))
        return urlencode(pairs + list(more.items()))

    def toggled(self, facet: str, value: str) -> Self:
        """With a value more, or one less, from the first page on."""
        values = self.chosen.get(facet, ())
        changed = tuple(one for one in values if one != value) if value in values else (*values, value)
        chosen = {name: one for name, one in {**self.chosen, facet: changed}.items() if one}
        return replace(self, chosen=chosen, page=1)

    def at(self, page: int) -> Self:
        """On another page."""
        return replace(self, page=page)

    def without_comparison(self) -> Self:
        """Of all pages, whatever two sets of settings say of them."""
        return replace(self, among="", page=1)

    def group(self) -> tuple[str, ...]:
        """Of the comparison: what happens to the pages, and the verdicts before and after where they are named."""
        return tuple(self.among.split(":")[1:])


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise  # noqa: PLR2004 - digits
