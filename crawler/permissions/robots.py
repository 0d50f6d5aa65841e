"""robots.txt by RFC 9309: what an answer allows, and for how long; ``data.rights`` reads its lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from protego import Protego

from data.rights.robots_txt import MAX_BYTES, group_signals, groups_of, text_of
from data.rights.signals import ROBOTS_LICENCE, SIGNAL, TOKEN, USAGE, Signal, reserving_signal

LIFETIME = 24 * 3600.0
"""Seconds that an answer holds (RFC 9309, 2.4)."""
RETRY = 3600.0
"""Seconds that an old answer serves until a newer one is asked for again."""
OLDEST = 30 * 24 * 3600.0
"""Seconds for which an old answer serves where no newer one can be had (the RFC's example in 2.3.1.4)."""
UNSURE = frozenset({206, 304, 408, 425, 429})
"""Statuses that say nothing of the file, or not all of it: as a server's error."""
OK, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
UNREACHABLE = 0
"""Stands for the status where no answer came."""

REASONS = {USAGE: "rights/content_usage"}
"""Under which a refusal by a line about training is counted."""


@dataclass(slots=True)
class Robots:
    """The rules of one host."""

    status: int
    fetched_at: float
    holds_until: float = 0.0
    """Not to be asked for again before, by the crawl's clock."""
    delay: float | None = None
    """Crawl-delay in seconds, where one is given for us."""
    sitemaps: list[str] = field(default_factory=list)
    reserved: bool = False
    """The host reserves all its texts from training (Content-Signal, which knows no paths)."""
    licences: list[str] = field(default_factory=list)
    """Addresses of RSL licences, as they are written."""
    size: int = 0
    """Bytes of the file, as far as it is read."""
    is_loaded: bool = True
    """Its rules are at hand (``unload``)."""
    _rules: Protego | None = None
    _training: Sequence[Signal] = ()
    """What our group says about training."""

    @classmethod
    def read(cls, status: int, body: bytes, fetched_at: float) -> "Robots":
        """Read an answer: 2xx its rules, 4xx allows everything (2.3.1.3), 5xx and silence nothing (2.3.1.4).

        429 asks for patience, which says nothing of the rules: it counts as a server's error.
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
        """Let go of the parsed rules, which take much memory; until ``load`` nothing is allowed."""
        if self._rules is not None:
            self._rules, self._training, self.is_loaded = None, (), False

    def allows(self, url: str) -> bool:
        """Whether the host lets us fetch a URL."""
        return self.refusal(url) is None

    def refusal(self, url: str) -> str | None:
        """The reason why a URL must not be fetched, None where it may."""
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
        """Whether nothing is allowed because no answer, or a server's error, came."""
        return self.status < OK or self.status >= SERVER_ERROR or self.status in UNSURE

    @property
    def refuses_all(self) -> str | None:
        """The reason why nothing at all may be fetched, None where the URL decides."""
        return "robots/unreachable" if self.unreachable else "rights/content_signal" if self.reserved else None

    def is_fresh(self, now: float) -> bool:
        """Whether the answer still holds."""
        return now < self.holds_until

    def serve_on(self, now: float) -> bool:
        """Let an old answer hold for another while, since no newer one can be had; False where it is too old."""
        if self.unreachable or now - self.fetched_at > OLDEST:
            return False
        self.holds_until = now + RETRY
        return True
