"""Lines as they are compared: a digest that forgets case, digits and all but letters between words."""

import hashlib
import re
from collections.abc import Sequence

MOST_WORDS = 0xFF
"""What the last bits of a digest count to."""
SHORT_WORDS = 6
"""A line of fewer words may be a heading (Síntomas; Cuándo consultar a un médico): it is judged apart."""

_NUMBER = re.compile(r"\d+")
_BETWEEN = re.compile(r"\W+")


def normal_line(line: str) -> str:
    """The words of a line as they are compared: ``Unidad 2 de 6.`` is ``unidad 0 de 0``."""
    return _BETWEEN.sub(" ", _NUMBER.sub("0", line.casefold())).strip()


def line_digest(line: str) -> int:
    """56 bits of a line's normal form, then 8 bits that say how many words it has (255: so many or more)."""
    normal = normal_line(line)
    bits = int.from_bytes(hashlib.blake2b(normal.encode(), digest_size=8).digest(), "little")
    return bits & ~MOST_WORDS | min(len(normal.split()), MOST_WORDS)


def without_lines(text: str, lines: frozenset[int]) -> str:
    """The text without the lines of these digests."""
    return "\n".join(line for line in text.split("\n") if line_digest(line) not in lines)


def left_of(texts: Sequence[str], repeated: Sequence[int], lines: Sequence[frozenset[int]]) -> list[str]:
    """Each text without the lines of the set of its number; a negative one leaves it as it is."""
    return [
        text if number < 0 else without_lines(text, lines[number]) for text, number in zip(texts, repeated, strict=True)
    ]
