"""Text as a search compares it, letter for letter: without accents and case, and as long as the text itself."""

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

SNIPPET = 240
"""Characters of a text that a list shows."""
SEARCHED = 50_000
"""Characters of a text in which the words are looked for, to be shown: folding a book takes a fifth of a second."""
_WORD = re.compile(r"\w+")


@functools.lru_cache(maxsize=4_096)
def _folded(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0].lower()
    return base[0] if base else letter


def folded(text: str) -> str:
    """Each letter without its accent, in lower case; a place in the result is the same place in the text.

    >>> folded("Año ÚTIL")
    'ano util'
    """
    if text.isascii():
        return text.lower()
    return "".join(letter.lower() if letter < "\x80" else _folded(letter) for letter in text)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, and whether it is one of the words that were searched for."""

    text: str
    hit: bool


def snippet(text: str, phrases: Sequence[Sequence[str]], size: int = SNIPPET) -> list[Piece]:
    """The part of a text with the first phrase that it has, its words marked; the beginning where there is none.

    ``phrases`` are folded words; one that ends in ``*`` stands for all that begin so.
    """
    pattern = phrase_pattern(phrases)
    first = pattern.search(folded(text[:SEARCHED])) if pattern else None
    begin = 0 if first is None or first.start() < size // 2 else _word_start(text, first.start() - size // 3)
    end = len(text) if begin + size >= len(text) else max(text.rfind(" ", begin, begin + size), begin + size // 2)
    shown = text[begin:end].replace("\n", " ")
    pieces = marked(shown, pattern)
    if begin:
        pieces.insert(0, Piece("… ", hit=False))
    if end < len(text):
        pieces.append(Piece(" …", hit=False))
    return pieces


def marked(text: str, pattern: re.Pattern[str] | None) -> list[Piece]:
    """A text in pieces, those that match a pattern of folded text marked."""
    pieces, at = [], 0
    for found in pattern.finditer(folded(text)) if pattern else ():
        if found.start() > at:
            pieces.append(Piece(text[at : found.start()], hit=False))
        pieces.append(Piece(text[found.start() : found.end()], hit=True))
        at = found.end()
    if at < len(text):
        pieces.append(Piece(text[at:], hit=False))
    return pieces


def phrase_pattern(phrases: Sequence[Sequence[str]]) -> re.Pattern[str] | None:
    """What finds phrases in folded text."""
    found = []
    for words in phrases:
        escaped = [re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words]
        if escaped:
            found.append(r"(?<!\w)" + r"\W+".join(escaped) + r"(?!\w)")
    return re.compile("|".join(found)) if found else None


def words_of(text: str) -> list[str]:
    """The folded words of a text."""
    return _WORD.findall(folded(text))


def _word_start(text: str, at: int) -> int:
    """The place behind the blank before ``at``, so that no word is cut."""
    blank = text.find(" ", at)
    return blank + 1 if 0 <= blank < at + SNIPPET else at
