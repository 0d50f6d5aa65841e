"""Lines as they are compared: a digest that forgets case and punctuation, and never a number, its sign or its unit."""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

MOST_WORDS = 0xFF
"""What the last bits of a digest count to."""
QUANTITY = 0x100
"""The bit of a digest that says whether the line holds a number."""
SHORT_WORDS = 6
"""A line of fewer words may be a heading (Síntomas; Cuándo consultar a un médico): it is judged apart."""
LONG_WORDS = 20
"""From so many words on a line is a paragraph, of which a site keeps one copy."""

REMEMBERED = 1 << 14
"""Lines whose digests are at hand: what a site repeats comes again and again, page after page."""
REMEMBERED_LENGTH = 400
"""Characters of such a line at most: some 10 MB in all."""
_OF_NO_LINE = -1
_BEYOND = 4
"""Words that are looked at beyond those of the longest line that goes: some may be dashes."""
_FIRST = itemgetter(0)

_NUMBER = r"[<>≤≥≈~=±+−–-]*[ ]?\d+(?:[.,:/⁄×^−–-]+\d+)*(?:[ ]?[%‰°]+)?"
"""With its sign and its per cent."""
_OTHERS = r"[<>≤≥≈=±%‰°]|\w+"
_TOKEN, _TOKEN_WITHOUT_NUMBERS = re.compile(f"{_NUMBER}|{_OTHERS}"), re.compile(_OTHERS)
_DIGIT = re.compile(r"\d")


def normal_line(line: str) -> str:
    """The words and numbers of a line as they are compared.

    >>> normal_line("Tome 2,5 mg: NUNCA más de > 4 veces al día.")
    'tome 2,5 mg nunca más de >4 veces al día'
    """
    folded = line.casefold()
    if not _DIGIT.search(folded):  # most lines; half the time
        return " ".join(_TOKEN_WITHOUT_NUMBERS.findall(folded))
    return " ".join(token.replace(" ", "") for token in _TOKEN.findall(folded))


def line_digest(line: str) -> int:
    """55 bits of a line's normal form, 1 for a number in it, 8 for how many words it has (255: so many or more)."""
    return _remembered_digest(line) if len(line) <= REMEMBERED_LENGTH else _digest(line)


def _digest(line: str) -> int:
    normal = normal_line(line)
    bits = int.from_bytes(hashlib.blake2b(normal.encode(), digest_size=8).digest(), "little")
    bits &= ~(QUANTITY | MOST_WORDS)
    words = normal.count(" ") + 1 if normal else 0
    return bits | (QUANTITY if _DIGIT.search(normal) else 0) | min(words, MOST_WORDS)


_remembered_digest = lru_cache(REMEMBERED)(_digest)


def without_lines(text: str, lines: frozenset[int]) -> str:
    """The text without the lines of these digests, but for those that head a part of it.

    A short line right before one that stays is the heading of what follows: without *Errores frecuentes* a list of
    errors reads as advice. Before the first line that stays there are none, those are the site's head; nor is a single
    word one that comes more than once (*Publicidad*).
    """
    found = text.split("\n")
    most = max((digest & MOST_WORDS for digest in lines), default=0)
    digests = [_OF_NO_LINE if _has_more_words(line, most) else line_digest(line) for line in found]
    goes = [digest in lines for digest in digests]
    first = goes.index(False) if False in goes else len(found)
    heads = {
        place
        for place in range(first + 1, len(found) - 1)
        if goes[place] and not goes[place + 1] and digests[place] & MOST_WORDS < SHORT_WORDS
        if digests[place] & MOST_WORDS > 1 or digests.count(digests[place]) == 1
    }
    return "\n".join(line for place, line in enumerate(found) if place in heads or not goes[place])


def _has_more_words(line: str, most: int) -> bool:
    """Whether the first words of a line say that it has more of them than ``most``; False is no answer."""
    if most >= MOST_WORDS:
        return False
    words = line.split(None, most + _BEYOND)
    return len(words) > most and sum(map(str.isalnum, map(_FIRST, words))) > most


def left_of(texts: Sequence[str], repeated: Sequence[Sequence[int] | None]) -> list[str]:
    """Each text without the lines of these digests; none or no list leaves it as it is."""
    pairs = zip(texts, repeated, strict=True)
    return [without_lines(text, frozenset(lines)) if lines else text for text, lines in pairs]
