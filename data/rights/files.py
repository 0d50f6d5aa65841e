"""The files in which a host states permissions: their paths and their readers."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from data.rights.robots_txt import ai_txt_signals, robots_signals
from data.rights.signals import Signal
from data.rights.tdmrep import tdmrep_signals

ROBOTS_PATH, TDMREP_PATH = "/robots.txt", "/.well-known/tdmrep.json"
AI_TXT_PATHS = ("/ai.txt", "/.well-known/ai.txt")
READERS: Mapping[str, Callable[[bytes], list[Signal]]] = {
    ROBOTS_PATH: robots_signals,
    TDMREP_PATH: tdmrep_signals,
    **dict.fromkeys(AI_TXT_PATHS, ai_txt_signals),
}
"""Path → reader of the file at that path."""


def file_of(url: str) -> str | None:
    """The path of the permission file at a URL; None if the URL is a page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.path if parts.path in READERS and not parts.query else None
