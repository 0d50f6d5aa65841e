"""robots.txt by RFC 9309: what an answer allows, and for how long."""

import math
import re
from dataclasses import dataclass, field

from protego import Protego

from data.rights import TOKEN

LIFETIME = 24 * 3600.0
"""Seconds that an answer holds (RFC 9309, 2.4)."""
RETRY = 3600.0
"""Seconds that an old answer serves until a newer one is asked for again."""
OLDEST = 30 * 24 * 3600.0
"""Seconds for which an old answer serves where no newer one can be had (the RFC's example in 2.3.1.4)."""
UNSURE = frozenset({206, 304, 408, 425, 429})
"""Statuses that say nothing of the file, or not all of it: as a server's error."""
MAX_BYTES = 512 << 10
"""Bytes that are read; the RFC asks for at least 500 KiB (2.5)."""
OK, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
UNREACHABLE = 0
"""Stands for the status where no answer came."""

_AGENT = re.compile(r"[ \t]*user[ -]?agent(?:[ \t]*[:=]|[ \t]++(?![^:]*:(?!//)))[ \t]*(\*|[a-z_-]*)", re.IGNORECASE)
"""A name's line; without its colon too, as Protego reads it, unless another colon makes it a field of another name."""
_SIGNAL = re.compile(r"[ \t]*content-signal[ \t]*:(.*)", re.IGNORECASE)
_NO_TRAINING = re.compile(r"(?:^|[,\s])ai-train\s*=\s*no\b", re.IGNORECASE)
_ANOTHER = "another-agent"


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
    """The host reserves its texts from training: ``Content-Signal: ai-train=no`` (contentsignals.org)."""
    size: int = 0
    """Bytes of the file, as far as it is read."""
    is_loaded: bool = True
    """Its rules are at hand (``unload``)."""
    _rules: Protego | None = None

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
        text, self.reserved = for_us(_whole_lines(body).decode("utf-8", "replace").removeprefix("\ufeff"))
        self._rules, self.is_loaded = Protego.parse(text), True
        return self._rules

    def unload(self) -> None:
        """Let go of the parsed rules, which take much memory; until ``load`` nothing is allowed."""
        if self._rules is not None:
            self._rules, self.is_loaded = None, False

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
        return None

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


def _whole_lines(body: bytes) -> bytes:
    """What is read of a file: of one that is too long its last, cut line is none, for half a rule is another rule."""
    if len(body) <= MAX_BYTES:
        return body
    head = body[:MAX_BYTES]
    return head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1]


def for_us(text: str, token: str = TOKEN) -> tuple[str, bool]:
    """The file with the names of agents cut to their product tokens, and whether its group for us forbids training.

    Protego compares names as strings found in one another: by the RFC (2.2.1) ``cowese/1.0`` means us and ``co`` does
    not. Names that are not ours are made one, which no rule for us can be taken from.
    """
    lines: list[str] = []
    agents: set[str] = set()
    signals: dict[str, bool] = {}
    in_names = False
    for line in text.splitlines():
        name = _AGENT.match(line)
        if name is not None:
            named = name[1].lower() if name[1].lower() in (token, "*") else _ANOTHER
            agents = agents | {named} if in_names else {named}
            signals.update({agent: signals.get(agent, False) for agent in agents})
            lines.append(f"User-agent: {named}")
            in_names = True
            continue
        lines.append(line)
        if line.strip() and not line.lstrip().startswith("#"):
            in_names = False
        if (signal := _SIGNAL.match(line)) and _NO_TRAINING.search(signal[1]):
            signals.update(dict.fromkeys(agents, True))
    return "\n".join(lines), signals.get(token, signals.get("*", False))
