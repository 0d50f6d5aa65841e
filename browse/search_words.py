"""What a person types into the search field → a query of SQLite's FTS5 in which nothing is syntax but what we wrote.

``gripe vacuna`` pages with both words · ``"dolor de cabeza"`` a phrase · ``-niños`` without · ``vacun*`` a beginning ·
``gripe OR resfriado`` either (also ``O``) · ``title:asma`` in the title (also ``título:``).
"""

import re
import unicodedata
from dataclasses import dataclass

from browse.folding import words_of

MOST_TERMS = 32
"""Terms of a query that are read."""
LONGEST = 1_000
"""Characters of a query that are read."""
_TERM = re.compile(
    r'(?P<minus>-?)(?P<title>(?:title|titulo|título):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE
)
_EITHER = ("OR", "O")


@dataclass(frozen=True, slots=True)
class Search:
    """A query as FTS5 reads it."""

    match: str
    """Empty where nothing is searched for."""
    phrases: tuple[tuple[str, ...], ...]
    """Folded words of the phrases that a page must have, to be marked in its text."""


def read_search(typed: str) -> Search:
    """Read what was typed; never fails, and no character of it is an operator to FTS5.

    >>> read_search('asma "niño pequeño" -perro vacun*').match
    '(("asma" AND "nino pequeno") AND "vacun"*) NOT "perro"'
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    phrases: list[tuple[str, ...]] = []
    either = False
    composed = unicodedata.normalize("NFC", typed[:LONGEST])  # some keyboards and files write ñ as n and a tilde
    for found in list(_TERM.finditer(composed))[:MOST_TERMS]:
        raw = found["word"] or found["phrase"] or ""
        if found["word"] in _EITHER and not found["minus"] and wanted:
            either = True
            continue
        words = words_of(raw)
        if not words:
            continue
        term = _quoted(words, is_beginning=raw.endswith("*"), in_title=found["title"] is not None)
        if found["minus"]:
            unwanted.append(term)
            continue
        phrases.append((*words[:-1], words[-1] + ("*" if raw.endswith("*") else "")))
        if either:
            wanted[-1] = f"({wanted[-1]} OR {term})"
        else:
            wanted.append(term)
        either = False
    if not wanted:
        return Search("", ())
    match = wanted[0]
    for term in wanted[1:]:
        match = f"({match} AND {term})"
    for term in unwanted:
        match = f"{match} NOT {term}" if match.startswith("(") or " " not in match else f"({match}) NOT {term}"
    return Search(match, tuple(phrases))


def _quoted(words: list[str], *, is_beginning: bool, in_title: bool) -> str:
    """Words in double quotes are a phrase to FTS5, whatever they are."""
    phrase = f'"{" ".join(words)}"{"*" if is_beginning else ""}'
    return f"title : {phrase}" if in_title else phrase
