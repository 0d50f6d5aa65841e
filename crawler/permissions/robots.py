"""robots.txt rules by RFC 9309: what a response allows, and for how long. ``data.rights`` parses the lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from protego import Protego

from data.rights.robots_txt import MAX_BYTES, group_signals, groups_of, text_of
from data.rights.signals import ROBOTS_LICENCE, SIGNAL, TOKEN, USAGE, Signal, reserving_signal

LIFETIME = 24 * 3600.0
"""Seconds that a response is valid (RFC 9309, 2.4)."""
RETRY = 3600.0
"""Seconds between two attempts to replace an expired response."""
OLDEST = 30 * 24 * 3600.0
"""Seconds that an expired response is used if no newer one can be fetched (the RFC's example in 2.3.1.4)."""
UNSURE = frozenset({206, 304, 408, 425, 429})
"""Statuses that say nothing, or not all, about the file; they count as server errors."""
OK, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
UNREACHABLE = 0
"""The status if no response came."""

REASONS = {USAGE: "rights/content_usage"}
"""Carrier → the reason under which its refusals are counted."""


@dataclass(slots=True)
class Robots:
    """The rules of one host."""

    status: int
    fetched_at: float
    holds_until: float = 0.0
    """Not fetched again before this moment of the crawl's clock."""
    delay: float | None = None
    """Crawl-delay in seconds, if there is one for us."""
    sitemaps: list[str] = field(default_factory=list)
    reserved: bool = False
    """The host reserves all its texts from training (Content-Signal, which has no paths)."""
    licences: list[str] = field(default_factory=list)
    """Addresses of RSL licences, as written."""
    size: int = 0
    """Bytes of the file that were read."""
    is_loaded: bool = True
    """Whether the parsed rules are in memory (``unload``)."""
    _rules: Protego | None = None
    _training: Sequence[Signal] = ()
    """The signals about training in our group."""

    @classmethod
    def read(cls, status: int, body: bytes, fetched_at: float) -> "Robots":
        """Read a response: 2xx has rules, 4xx allows everything (2.3.1.3), 5xx and no response allow nothing (2.3.1.4).

        429 says nothing about the rules: it counts as a server error.
        """
        robots = cls(status, fetched_at, fetched_at + LIFETIME)
        if OK <= status < REDIRECT:
            robots.size = min(len(body), MAX_BYTES)
            rules = robots.load(body)
            delay = rules.crawl_delay(TOKEN)
            robots.delay = float(delay) if delay is not None and math.isfinite(delay) else None
            robots.sitemaps = list(rules.sitemaps)
        return robots

    def load(self, body: bytes) -> Protego:
        """Parse the file, at first or after ``unload``."""
        groups = groups_of(text_of(body))
        signals = group_signals(groups)
        self._training = [signal for signal in signals if signal.carrier in REASONS]
        self.reserved = any(signal.carrier == SIGNAL and signal.verdict == "reserved" for signal in signals)
        self.licences = [
            signal.target for signal in signals if signal.carrier == ROBOTS_LICENCE and signal.target is not None
        ]
        self._rules, self.is_loaded = Protego.parse("\n".join(groups.renamed)), True
        return self._rules

    def unload(self) -> None:
        """Free the parsed rules, which take much memory; nothing is allowed until ``load``."""
        if self._rules is not None:
            self._rules, self._training, self.is_loaded = None, (), False

    def allows(self, url: str) -> bool:
        """Whether the host lets us fetch a URL."""
        return self.refusal(url) is None

    def refusal(self, url: str) -> str | None:
        """The reason why a URL must not be fetched; None if it may."""
        refused = self.refuses_all
        if refused is not None:
            return refused
        if not self.is_loaded:
            return "robots/unreachable"
        if self._rules is not None and not self._rules.can_fetch(url, TOKEN):
            return "robots/disallowed"
        signal = reserving_signal(self._training, url) if self._training else None
        return REASONS[signal.carrier] if signal is not None else None

    @property
    def unreachable(self) -> bool:
        """Whether nothing is allowed because of a server error or no response."""
        return self.status < OK or self.status >= SERVER_ERROR or self.status in UNSURE

    @property
    def refuses_all(self) -> str | None:
        """The reason why no URL may be fetched; None if it depends on the URL."""
        return "robots/unreachable" if self.unreachable else "rights/content_signal" if self.reserved else None

    def is_fresh(self, now: float) -> bool:
        """Whether the response is still valid."""
        return now < self.holds_until

    def serve_on(self, now: float) -> bool:
        """Extend an expired response because no newer one can be fetched; False if it is too old."""
        if self.unreachable or now - self.fetched_at > OLDEST:
            return False
        self.holds_until = now + RETRY
        return True
