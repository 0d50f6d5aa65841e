"""Files in which a host says what may be done with its pages: where they lie, and what they say."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from data.rights.robots_txt import ai_txt_words, robots_words
from data.rights.tdmrep import tdmrep_words
from data.rights.words import Word

ROBOTS_PATH, TDMREP_PATH = "/robots.txt", "/.well-known/tdmrep.json"
AI_TXT_PATHS = ("/ai.txt", "/.well-known/ai.txt")
READERS: Mapping[str, Callable[[bytes], list[Word]]] = {
    ROBOTS_PATH: robots_words,
    TDMREP_PATH: tdmrep_words,
    **dict.fromkeys(AI_TXT_PATHS, ai_txt_words),
}
"""Path → the reader of the file that lies there."""


def file_of(url: str) -> str | None:
    """The path of the file of permissions that a URL names; None where it names a page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.path if parts.path in READERS and not parts.query else None
