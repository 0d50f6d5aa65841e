"""The hosts of a running crawl and their rate limit (``HostQueue.crawl_delay``)."""

import heapq
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crawler.frontier.address_limiter import AddressLimiter
from crawler.frontier.records import HostState, KnownUrl
from crawler.permissions.robots import Robots
from crawler.settings import CrawlSettings
from data.rights.signals import Signal

BROKEN_MAX = 7 * 86_400.0
"""Longest rest of a host that failed too often, in seconds."""
TOLD_TO_WAIT = 10
"""Failures in a row before a host counts as broken if it sends Retry-After; otherwise it is ``max_failures``."""


STATES = ("unreachable", "blocked", "sick")
"""Unhealthy states, in which a host rests (``crawler.process.host_health``)."""
MOST_CHAINS = 100
"""Redirect chains of a host that wait for their next request, at most."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of redirects: a session that it opens lasts until the last response of the chain."""

    url: str
    """The address of the next request: the row's own, or one with a session id."""
    cookies: str = ""
    """The Cookie field, with the cookies set by this chain only."""
    rows: tuple[KnownUrl, ...] = ()
    """The rows that redirected."""
    returned: frozenset[int] = frozenset()
    """Ids of rows that the chain has returned to already: each is requested once more, not twice."""


@dataclass(slots=True)
class Host:
    """One host of the round."""

    name: str
    queued: int = 0
    """URLs in the frontier that are not done, those in ``buffer`` and in flight included."""
    buffer: deque[KnownUrl] = field(default_factory=deque)
    page_cap: int | None = None
    """Pages that may be fetched in this round."""
    least_delay: float | None = None
    """Seconds between two requests, at least, if the operator set them for this host."""
    done: int = 0
    """Pages of this round."""
    taken: int = 0
    """Pages of this run."""
    body_bytes: int = 0
    """Bytes of bodies in this run."""
    robots: Robots | None = None
    reservations: dict[str, list[Signal]] = field(default_factory=dict)
    """Signals of tdmrep.json and ai.txt by path, as far as they were fetched."""
    unread: set[str] = field(default_factory=set)
    """Those of these files that must be fetched again; their last known signals apply until then."""
    asked_at: str = ""
    """The URL from which robots.txt or one of these files is fetched: the first URL's origin, or a redirect's
    target."""
    asked_hops: int = 0
    """Redirects followed on the way to it."""
    asked_failures: int = 0
    http_only: bool = False
    """https has failed and http has answered."""
    false_304: bool = False
    """It has answered 304 for a page that had changed: conditional requests are not used any more."""
    busy: bool = False
    """A request is in flight."""
    next_at: float = 0.0
    """No request before this moment (``time.monotonic``)."""
    failures: int = 0
    """In a row."""
    rest_until: float | None = None
    """No request before this moment of the crawl's clock; later runs respect it too."""
    state: str | None = None
    """``unreachable``, ``blocked`` or ``sick``; None: healthy."""
    why: str | None = None
    """The evidence of that state."""
    bad_runs: int = 0
    """Runs in a row that ended in an unhealthy state."""
    dates_right: int = 0
    dates_wrong: int = 0
    """Pages with a new sitemap date that had changed, and that had not."""
    refusals: int = 0
    """Block pages and server errors in a row."""
    denials: int = 0
    """Denying statuses in a row without a recognised block page."""
    good: int = 0
    """Pages of this run."""
    in_flight: KnownUrl | None = None
    """The row of the request in flight; ``release`` checks whether it was settled."""
    low_yield: bool = False
    """Its pages have given almost no new text so far (``yields``)."""
    deferred: bool = False
    """It waits until no other host has work: a limited run fetches the pages with the best yield first."""
    left_out: bool = False
    """Out of this run, because it rests for longer than the round waits."""
    chains: dict[str, Chain] = field(default_factory=dict)
    """Unfinished redirect chains, by the canonical URL of the next row."""

    def continue_chain(self, url: str, chain: Chain) -> None:
        """Remember that the next request for a URL continues a redirect chain."""
        self.chains.pop(url, None)
        self.chains[url] = chain
        if len(self.chains) > MOST_CHAINS:
            del self.chains[next(iter(self.chains))]


class HostQueue:
    """Hosts by the moment of their next allowed request."""

    def __init__(self, settings: CrawlSettings) -> None:
        self._settings = settings
        self._hosts: dict[str, Host] = {}
        self._heap: list[tuple[float, str]] = []
        self._waiting: set[str] = set()
        self._busy: set[str] = set()
        self._with_work: set[str] = set()
        self._addresses = AddressLimiter(settings.max_per_address)

    def __getitem__(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
        return host

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def __contains__(self, name: str) -> bool:
        return name in self._hosts

    def __len__(self) -> int:
        return len(self._hosts)

    @property
    def is_idle(self) -> bool:
        """Whether no request is in flight."""
        return not self._busy

    def in_flight(self, kind: int) -> int:
        """How many requests of a kind are in flight."""
        rows = (self._hosts[name].in_flight for name in self._busy)
        return sum(row is not None and row.kind == kind for row in rows)

    @property
    def has_work(self) -> bool:
        """Whether any host that is not left out has something queued."""
        return bool(self._with_work)

    def add(self, name: str, count: int) -> None:
        """Note that more URLs are queued at a host."""
        host = self[name]
        host.queued += count
        if host.left_out or host.queued <= 0:
            return
        self._with_work.add(name)
        if host.deferred:
            return
        if not host.busy:
            self._put(host)

    def ask_again(self, host: Host, known: KnownUrl, chain: Chain) -> None:
        """Put a row, which is in flight or settled, at the front of its host's queue again."""
        if host.in_flight is not None and host.in_flight.id == known.id:
            host.in_flight = None
        else:
            self.add(host.name, 1)
        host.continue_chain(known.url, chain)
        host.buffer.appendleft(known)

    def mark_done(self, host: Host, count: int = 1) -> None:
        """Note that URLs of a host are done."""
        host.queued -= count
        if host.queued <= 0:
            self._with_work.discard(host.name)

    def mark_empty(self, host: Host) -> None:
        """Note that nothing is queued at a host."""
        host.queued = 0
        self._with_work.discard(host.name)

    def leave_out(self, host: Host) -> None:
        """Exclude a host from the rest of this run."""
        host.left_out = True
        host.buffer.clear()
        self._with_work.discard(host.name)

    def forget_work(self, host: Host) -> None:
        """Drop a host's work: another process has the host now."""
        host.buffer.clear()
        self.mark_empty(host)

    def next_ready(self) -> Host | None:
        """The host that has waited longest and may be fetched from now; it is busy until ``release``."""
        now = time.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, name = heapq.heappop(self._heap)
            self._waiting.discard(name)
            host = self._hosts.get(name)
            if host is None or name not in self._with_work or host.busy or host.deferred:
                self._wake(self._addresses.skip(name))
            elif self._addresses.acquire(name):
                host.busy = True
                self._busy.add(name)
                return host
        return None

    def claim_address(self, host: Host, address: str) -> bool:
        """Take a slot at a host's IP address before a request; False if the address is at its limit."""
        if self._addresses.has_moved(host.name, address):
            self._wake(self._addresses.release(host.name))
        return self._addresses.acquire_at(host.name, address)

    def seconds_to_next(self) -> float | None:
        """Seconds until the next host is ready; None if no host waits."""
        return max(0.0, self._heap[0][0] - time.monotonic()) if self._heap else None

    def release(self, host: Host, delay: float) -> None:
        """End a host's request; the next one is allowed after ``delay`` seconds."""
        host.busy = False
        self._busy.discard(host.name)
        host.next_at = time.monotonic() + delay
        if host.name in self._with_work and not host.deferred:
            self._put(host)
        self._wake(self._addresses.release(host.name))

    def wake_deferred(self) -> None:
        """Use deferred hosts if no other host has work."""
        if all(self._hosts[name].deferred for name in self._with_work):
            for name in self._with_work:
                host = self._hosts[name]
                host.deferred, host.low_yield = False, False
                if not host.busy:
                    self._put(host)

    def crawl_delay(self, host: Host, latency: float, retry_after: float | None) -> float:
        """The rate limit: seconds to wait after a response.

        A multiple of its latency, clamped to the limits; more if robots.txt (Crawl-delay), Retry-After or the circuit
        breaker ask for more.
        """
        settings = self._settings
        least = settings.delay_min if host.least_delay is None else host.least_delay
        delay = max(least, latency * settings.delay_factor)
        if host.robots is not None and host.robots.delay is not None:
            delay = max(delay, host.robots.delay)
        delay = min(delay, max(settings.delay_max, least))
        delay = max(delay, min(retry_after, BROKEN_MAX)) if retry_after is not None else delay
        return max(delay, self.breaker_delay(host, has_retry_after=retry_after is not None))

    def breaker_delay(self, host: Host, *, has_retry_after: bool) -> float:
        """Exponential backoff of a host with too many failures in a row: doubled at each further failure."""
        limit = max(TOLD_TO_WAIT, self._settings.max_failures) if has_retry_after else self._settings.max_failures
        if host.failures < limit:
            return 0.0
        return float(min(self._settings.breaker_base_delay * 2 ** min(host.failures - limit, 30), BROKEN_MAX))

    @staticmethod
    def to_state(host: Host) -> HostState:
        """The state to save for later runs."""
        return HostState(**{name: getattr(host, name) for name in HostState.__dataclass_fields__})

    @staticmethod
    def restore(host: Host, state: HostState) -> None:
        """Restore the saved state."""
        for name in HostState.__dataclass_fields__:
            setattr(host, name, getattr(state, name))

    def counts(self) -> dict[str, int]:
        """How many hosts are in flight, waiting with work, failing, left out, and in each state of `cowese hosts`.

        A host may be counted more than once: one that is blocked is left out too.
        """
        states = Counter(host.state for host in self if host.state is not None)
        broken = sum(host.failures >= self._settings.max_failures for host in self)
        left_out = sum(host.left_out for host in self)
        waiting = len(self._with_work - self._busy)
        flows = {"active": len(self._busy), "waiting": waiting, "broken": broken, "left_out": left_out}
        return flows | {state: states[state] for state in STATES}

    def _wake(self, names: Iterable[str]) -> None:
        for name in names:
            self._put(self[name])

    def _put(self, host: Host) -> None:
        if host.name not in self._waiting:
            self._waiting.add(host.name)
            heapq.heappush(self._heap, (host.next_at, host.name))
