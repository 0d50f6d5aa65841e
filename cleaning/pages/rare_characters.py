"""Signs that hardly any page has: looked for one by one, which takes a third of the time of an expression."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

INVALID_IN_XML = (*(chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"), "\ufffe", "\uffff")
"""Control characters and others that no XML has, which trafilatura cuts from a page."""


@dataclass(frozen=True, slots=True)
class RareCharacters:
    """An expression that finds ``characters`` alone, in its place where only ``sub`` is asked."""

    expression: re.Pattern[str]
    characters: Sequence[str]

    def sub(self, replacement: str, text: str) -> str:
        """As ``re.Pattern.sub``."""
        for character in self.characters:
            if character in text:
                return self.expression.sub(replacement, text)
        return text
