"""Reads header fields as servers write them; what cannot be read is ignored. Nothing here raises."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

MAX_VALUE = 2_000
"""Characters that are kept of a field's value."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_COOKIE = re.compile(rb"[ \t]*[\w!#$%&'*+.^`|~-]{1,100}=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*", re.ASCII)
_EXPIRED = re.compile(
    rb";\s{0,9}(?:max-age\s{0,9}=\s{0,9}(?:0|-\d)|expires\s{0,9}=[^;]{0,20}\b19[67]\d\b)", re.IGNORECASE
)
"""A Set-Cookie field that deletes a cookie."""
MAX_COOKIES = 4_096
"""Characters of the cookies that are sent back."""
_SECONDS = re.compile(r"\d{1,300}(?:\.\d{0,9})?", re.ASCII)


def header_text(headers: Mapping[str, Any], name: str) -> str | None:
    """The value of a field as text on one line; None if it is missing or empty.

    Control characters are removed: PostgreSQL cannot store NUL, and a request cannot send a line break.
    """
    value = headers.get(name)
    if value is None:
        return None
    return _CONTROLS.sub(" ", bytes(value).decode("latin-1")).strip()[:MAX_VALUE] or None


def retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds of a Retry-After field: a number, or a date relative to the server's Date field (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if _SECONDS.fullmatch(value):
        return float(value)
    asked = http_date(value)
    if asked is None:
        return None
    said = http_date(date) if date is not None else None
    return max(0.0, (asked - (said or datetime.now(UTC))).total_seconds())


def cookies_of(fields: Iterable[bytes], before: str = "") -> str:
    """The Cookie field after some Set-Cookie fields, given the one sent before; empty if no cookie is set.

    >>> cookies_of([b"a=1; Path=/", b"b=2", b"c=x; Max-Age=0"], "a=0; c=3")
    'a=1; b=2'
    """
    named = dict(pair.split("=", 1) for pair in before.split("; ") if pair)
    for one in fields:
        pair = _COOKIE.match(one[:MAX_VALUE])
        if pair is None:
            continue
        name, _, value = pair[0].decode("ascii").strip().partition("=")
        named.pop(name, None)
        if not _EXPIRED.search(one[:MAX_VALUE]):
            named[name] = value
    kept, size = [], 0
    for name, value in named.items():
        size += len(name) + len(value) + 3
        if size > MAX_COOKIES:
            break
        kept.append(f"{name}={value}")
    return "; ".join(kept)


def http_date(value: str) -> datetime | None:
    """Parse a date of HTTP or mail; without a known time zone it is UTC."""
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
