"""Phrases of which most texts have none: a pattern is asked only where a sign stands, a string that it never lacks.

Looking for a string takes a hundredth of the time of trying an alternation of patterns at every letter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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

    def count(self, lower: str) -> int:
        """How often any stands in a text; of two that overlap the first counts."""
        found = [
            match.span()
            for phrase in self.phrases
            if phrase.may_stand_in(lower)
            for match in phrase.compiled.finditer(lower)
        ]
        count = end = 0
        for begin, last in sorted(found):
            if begin >= end:
                count, end = count + 1, last
        return count

    def kinds(self, lower: str) -> int:
        """How many different ones stand in a text."""
        return sum(one.may_stand_in(lower) and one.compiled.search(lower) is not None for one in self.phrases)

    def within(self, lower: str) -> "Phrases":
        """Those that may stand in a text: all that its lines need to be asked for."""
        return Phrases([phrase for phrase in self.phrases if phrase.may_stand_in(lower)])

    def stand_in(self, lower: str) -> bool:
        """Whether any does."""
        return any(phrase.may_stand_in(lower) and phrase.compiled.search(lower) is not None for phrase in self.phrases)

    def may_stand_in(self, lower: str) -> bool:
        """Whether a sign of any does."""
        return any(phrase.may_stand_in(lower) for phrase in self.phrases)
