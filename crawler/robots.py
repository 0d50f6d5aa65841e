"""robots.txt by RFC 9309: what an answer allows, and for how long."""

from dataclasses import dataclass, field

from protego import Protego

TOKEN = "cowese"  # noqa: S105 - the product token of RFC 9309, no secret
LIFETIME = 24 * 3600.0
"""Seconds that an answer holds (RFC 9309, 2.4)."""
MAX_BYTES = 512 << 10
"""Bytes that are read; the RFC asks for at least 500 KiB (2.5)."""
OK, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
UNREACHABLE = 0
"""Stands for the status where no answer came."""


@dataclass(slots=True)
class Robots:
    """The rules of one host."""

    status: int
    fetched_at: float
    delay: float | None = None
    """Crawl-delay in seconds, where one is given for us."""
    sitemaps: list[str] = field(default_factory=list)
    _rules: Protego | None = None

    @classmethod
    def read(cls, status: int, body: bytes, fetched_at: float) -> "Robots":
        """Read an answer: 2xx its rules, 4xx allows everything (2.3.1.3), 5xx and silence nothing (2.3.1.4)."""
        robots = cls(status, fetched_at)
        if OK <= status < REDIRECT:
            rules = Protego.parse(body[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff"))
            robots._rules = rules
            delay = rules.crawl_delay(TOKEN)
            robots.delay = float(delay) if delay is not None else None
            robots.sitemaps = list(rules.sitemaps)
        return robots

    def allows(self, url: str) -> bool:
        """Whether the host lets us fetch a URL."""
        if self._rules is not None:
            return bool(self._rules.can_fetch(url, TOKEN))
        return CLIENT_ERROR <= self.status < SERVER_ERROR or REDIRECT <= self.status < CLIENT_ERROR

    @property
    def unreachable(self) -> bool:
        """Whether nothing is allowed because no answer, or a server's error, came."""
        return self.status == UNREACHABLE or self.status >= SERVER_ERROR

    def is_fresh(self, now: float) -> bool:
        """Whether the answer still holds."""
        return now - self.fetched_at < LIFETIME
