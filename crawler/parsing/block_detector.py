"""Detects block pages of bot protection, server errors and soft 404s by content.

The signatures are what bot-protection products write into pages and header fields, and words of Spanish and English
error pages. Words count on short pages only, so that an article about captchas or maintenance doses stays an article.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from crawler.parsing.block_signatures import (
    CAPTCHA_PATH,
    ELSEWHERE,
    FIELDS,
    GUARDS,
    HOME_PATH,
    MISSING,
    REFUSING,
    SICK_WORDS,
)
from crawler.parsing.links import Links, is_html
from data.charset import encoding_of
from data.urls import registered_domain

BLOCKED, SICK, SOFT = "blocked", "sick", "soft"
"""Blocked by bot protection; the server is broken or in maintenance; a soft 404."""
SHORT = 1_500
"""Bytes of visible text without blanks up to which a response may be an error page: about 250 words."""
TINY = 500
"""The same for pages recognised by words of their text only."""
LOOKED_AT = 65_536
"""Bytes of a page that are searched for signatures."""


@dataclass(frozen=True, slots=True)
class BlockVerdict:
    """What was served instead of a page."""

    state: str
    """BLOCKED, SICK or SOFT."""
    why: str

    @property
    def reason(self) -> str:
        """The reason for the frontier's row and the WARC record."""
        return f"{self.state}/{self.why}"


_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_MARKED_STATUSES = frozenset({401, 403, 405, 406, 409, 410, 418, 423, 429, 444, 451, 456, 498, 503, 520, 521, 523})
"""Statuses with which bot protection refuses; their bodies are searched whatever their length."""
DENYING = frozenset({401, 403, 405, 406, 418, 423, 444, 451, 456, 498})
"""Denying statuses; many in a row and nothing else mean that the host blocks us."""


def detect_block(status: int, headers: Mapping[str, Any], body: bytes, page: Links | None) -> BlockVerdict | None:
    """What was served instead of a page; None if it may be the page itself.

    ``page`` is the parsed HTML, or None; ``body`` is decompressed.
    """
    for name, guard in FIELDS:
        if headers.get(name):
            return BlockVerdict(BLOCKED, guard)
    if status == 200 and not body.strip():  # noqa: PLR2004 - OK
        return BlockVerdict(SICK, "empty")
    denies = status in _MARKED_STATUSES or status == 202  # noqa: PLR2004 - Accepted: no page is made later for us
    length = len(page.text) if page is not None else len(body)
    if page is None and not is_html(_type_of(headers), body):
        return BlockVerdict(SICK, "empty") if status == 202 and not body.strip() else None  # noqa: PLR2004 - the same
    if length > SHORT and not denies:
        return None
    head = body[:LOOKED_AT]
    for guard, mark in GUARDS:
        if mark.search(head):
            return BlockVerdict(BLOCKED, guard)
    return _by_words(status, headers, body, page, denies=denies)


def _by_words(
    status: int, headers: Mapping[str, Any], body: bytes, page: Links | None, *, denies: bool
) -> BlockVerdict | None:
    encoding = encoding_of(body[:LOOKED_AT], _type_of(headers))
    shown = page.text if page is not None else re.sub(rb"<[^>]*>|\s+", b"", body[:LOOKED_AT])
    title = _TITLE.search(body[:LOOKED_AT])
    texts = [_plain(title[1], encoding)] if title is not None else []
    if len(shown) <= TINY or (denies and len(shown) <= SHORT):
        texts.append(_plain(shown, encoding))
    if any(REFUSING.search(text) for text in texts):
        return BlockVerdict(BLOCKED, "words")
    for why, words in SICK_WORDS:
        if any(words.search(text) for text in texts):
            return BlockVerdict(SICK, why)
    if 200 <= status < 300 and any(MISSING.search(text) for text in texts):  # noqa: PLR2004 - the class of 2xx
        return BlockVerdict(SOFT, "404")
    if status == 202:  # noqa: PLR2004 - Accepted
        return BlockVerdict(BLOCKED, "accepted") if len(shown) <= TINY else None
    is_bare = page is not None and not shown and not page.urls and page.refresh is None
    return BlockVerdict(SICK, "empty") if is_bare and b"<script" not in body[:LOOKED_AT].lower() else None


def detect_block_of_redirect(url: str, target: str) -> BlockVerdict | None:
    """Detect a redirect to the home page, a login or an error page: it is not the page's new address."""
    here, there = urlsplit(url), urlsplit(target)
    if CAPTCHA_PATH.search(f"{there.netloc}{there.path}") and not CAPTCHA_PATH.search(here.path):
        return BlockVerdict(BLOCKED, "captcha")
    if registered_domain(here.hostname or "") != registered_domain(there.hostname or ""):
        return None
    if HOME_PATH.fullmatch(here.path) and not here.query:
        return None
    if HOME_PATH.fullmatch(there.path) and not there.query:
        return BlockVerdict(SOFT, "home")
    for path, why in ELSEWHERE:
        if path.match(there.path.lower()) and not path.match(here.path.lower()):
            return BlockVerdict(SICK if why == "maintenance" else SOFT, why)
    return None


def _plain(text: bytes, encoding: str) -> str:
    """Text in lower case, without blanks, accents and entities."""
    words = unicodedata.normalize("NFKD", html.unescape(text.decode(encoding, "replace")).lower())
    return "".join(letter for letter in words if not unicodedata.combining(letter) and not letter.isspace())


def _type_of(headers: Mapping[str, Any]) -> str:
    value = headers.get("Content-Type")
    return bytes(value).decode("latin-1") if value is not None else ""
