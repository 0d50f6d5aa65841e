"""The client of the Wayback Machine: one request at a time, with a rate limit and retries after a pause.

Its limits may change: 24 lookups a minute were allowed in June 2026 (github.com/edgi-govdata-archiving/wayback, release
0.5.1). A client that continues after 429 is blocked for an hour or longer.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx

from crawler.sources.settings import WaybackSettings
from data.errors import StageError

OK, REDIRECTS, FORBIDDEN, NOT_FOUND = 200, frozenset({301, 302, 303, 307, 308}), 403, 404
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_WAIT = 3_600.0
MEMENTO = "memento-datetime"
"""The field that every capture has: an archived 429 is not a refusal by the archive."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Client:
    """Sends requests to the archive; ``requests`` counts them."""

    def __init__(
        self, settings: WaybackSettings, user_agent: str, max_body: int, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.requests = 0
        self.refusals = 0
        self._settings = settings
        self._max_body = max_body
        self._sleep = sleep
        self._next: dict[float, float] = {}
        self._client = httpx.Client(
            base_url=settings.base_url, headers={"User-Agent": user_agent}, timeout=settings.timeout
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def lookup(self, parameters: Mapping[str, str]) -> Reply:
        """Look up the index.

        Raises:
            StageError: it refuses or does not answer, repeatedly.
        """
        return self._ask("cdx/search/cdx", parameters, 60.0 / self._settings.lookups_per_minute)

    def capture(self, path: str) -> Reply:
        """Fetch a capture by its path, as ``web/20200101000000id_/https://example.org/``.

        Raises:
            StageError: likewise.
        """
        return self._ask(path, None, 60.0 / self._settings.captures_per_minute)

    def _ask(self, path: str, parameters: Mapping[str, str] | None, apart: float) -> Reply:
        why = ""
        for attempt in range(self._settings.attempts):
            self._pace(apart)
            self.requests += 1
            try:
                reply = self._get(path, parameters)
            except httpx.DecodingError:
                return Reply(0, {}, b"")  # the body does not match its encoding; a retry would not help
            except httpx.TransportError as error:
                why, asked_for = f"the connection failed ({type(error).__name__})", 0.0
            else:
                if reply.status not in PASSING or MEMENTO in reply.headers:
                    return reply
                why, asked_for = f"HTTP {reply.status}", _retry_after(reply.headers.get("retry-after", ""))
            self.refusals += 1
            if attempt + 1 < self._settings.attempts:
                self._sleep(max(min(self._settings.backoff * 2.0**attempt, LONGEST_WAIT), asked_for))
        raise StageError(
            f"{self._settings.base_url}: {why}, {self._settings.attempts} times. What came is kept: run the same "
            "command again in an hour or later, or more gently, as with --set archive.wayback.lookups_per_minute=5."
        )

    def _get(self, path: str, parameters: Mapping[str, str] | None) -> Reply:
        with self._client.stream("GET", path, params=parameters) as response:
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > self._max_body and parameters is None:
                    break
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, bytes(body))

    def _pace(self, apart: float) -> None:
        """Wait for the rate limit. Lookups and captures have separate limits, as in the archive."""
        now = time.monotonic()
        at = max(now, self._next.get(apart, 0.0))
        self._next[apart] = at + apart
        if at > now:
            self._sleep(at - now)


def _retry_after(text: str) -> float:
    """The seconds of a Retry-After field, in its two forms (RFC 9110, 10.2.3), one day at most."""
    if text.strip().isdigit():
        return min(float(text), 86_400.0)
    try:
        return min(max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0), 86_400.0)
    except ValueError:
        return 0.0
