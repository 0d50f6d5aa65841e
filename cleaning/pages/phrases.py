"""Phrases of which most texts have none: a pattern is asked only where a sign stands, a string that it never lacks.

Looking for a string takes a hundredth of the time of trying an alternation of patterns at every letter. In a whole text
all signs are looked for at once (``signs.py``).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cleaning.pages.signs import look_for, signs_in

_SPECIAL = frozenset(r".^$*+?{}[]\|()")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Ways of saying one thing, in lower case."""

    pattern: str
    signs: Sequence[str] = ()
    """Every match holds one of them. None are given where the pattern is a plain string, which is its own sign."""
    compiled: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.signs and not _SPECIAL.isdisjoint(self.pattern):
            raise ValueError(f"{self.pattern} is no plain string and has no signs")
        object.__setattr__(self, "signs", tuple(self.signs) or (self.pattern,))
        object.__setattr__(self, "compiled", re.compile(self.pattern, re.DOTALL))
        look_for(self.signs)

    def may_stand_in(self, lower: str) -> bool:
        """Whether a sign does."""
        for sign in self.signs:  # noqa: SIM110 - any() over a generator takes twice as long, on every text
            if sign in lower:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of one kind. Texts are given in lower case."""

    phrases: Sequence[Phrase]

    def within(self, lower: str) -> Sequence[Phrase]:
        """Those that may stand in a text: all that its lines need to be asked for."""
        signs = signs_in(lower)
        return [phrase for phrase in self.phrases if not signs.isdisjoint(phrase.signs)] if signs else []

    def count(self, lower: str) -> int:
        """How often any stands in a text; of two that overlap the first counts."""
        found = [match.span() for phrase in self.within(lower) for match in phrase.compiled.finditer(lower)]
        count = end = 0
        for begin, last in sorted(found):
            if begin >= end:
                count, end = count + 1, last
        return count

    def kinds(self, lower: str) -> int:
        """How many different ones stand in a text."""
        return sum(phrase.compiled.search(lower) is not None for phrase in self.within(lower))

    def stand_in(self, lower: str) -> bool:
        """Whether any does."""
        return any(phrase.compiled.search(lower) is not None for phrase in self.within(lower))


def any_stands_in(phrases: Sequence[Phrase], line: str) -> bool:
    """Whether any of a few phrases stands in a line."""
    return any(phrase.may_stand_in(line) and phrase.compiled.search(line) is not None for phrase in phrases)
