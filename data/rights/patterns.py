"""Path patterns of robots.txt (RFC 9309, 2.2.2 and 2.2.3), which TDMRep, AIPREF and RSL use as well."""

import functools
import re
from urllib.parse import quote, urlsplit

_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_SAFE = "/*$?&=;:@!+,'()~-._%[]{}|"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def path_of(url: str) -> str:
    """The path of a URL with its query, normalised for comparison."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return _literal(normalise_path(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"))


def normalise_path(text: str) -> str:
    """Percent-encode what is not ASCII; decode what needs no escape; hexadecimal digits in upper case.

    "/ni%c3%b1os/%61ño")
    '/ni%C3%B1os/a%C3%B1o'
    """
    return _ESCAPE.sub(_escape, quote(text, safe=_SAFE))


def _escape(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    return sign if sign in _UNRESERVED else f"%{match[1].upper()}"


def match_length(pattern: str, path: str) -> int:
    """The length of a pattern that matches the beginning of a path; -1 if it does not match.

    ``*`` stands for any characters, ``$`` at the end for the path's end. ``path`` comes from ``path_of``. Time is
    linear in the path for each ``*``.

    >>> match_length("/r/*.pdf$", "/r/2020/x.pdf"), match_length("/r/*.pdf$", "/r/x.html"), match_length("/", "/a")
    (9, -1, 1)
    >>> match_length("/a%2A", "/a*b"), match_length("/a%2A", "/ab")
    (5, -1)
    """
    length, first, rest, ends = _parts(pattern)
    if not length:
        return -1
    if not path.startswith(first):
        return -1
    at = len(first)
    if not rest:
        return length if not ends or at == len(path) else -1
    *middle, last = rest
    for piece in middle:
        found = path.find(piece, at)
        if found < 0:
            return -1
        at = found + len(piece)
    if ends:
        return length if len(path) - len(last) >= at and path.endswith(last) else -1
    return length if path.find(last, at) >= 0 else -1


@functools.lru_cache(maxsize=1 << 16)
def _parts(pattern: str) -> tuple[int, str, tuple[str, ...], bool]:
    """A pattern's length (0: not a pattern), the part before the first star, those behind each, whether it ends."""
    pattern = normalise_path(pattern)
    if not pattern.startswith(("/", "*")):
        return 0, "", (), False
    ends = pattern.endswith("$")
    first, *rest = (pattern[:-1] if ends else pattern).split("*")
    return len(pattern), _literal(first), tuple(map(_literal, rest)), ends


def _literal(text: str) -> str:
    """Decode an escaped ``*`` and ``$``, which a pattern has to escape where it means the sign itself (2.2.3)."""
    return text.replace("%2A", "*").replace("%24", "$")
