"""What the crawl knows of each host while it runs: robots.txt, when it may be asked again, what is queued there."""

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
"""Seconds that a broken host rests at most."""
TOLD_TO_WAIT = 10
"""Failures in a row that break a host which says when to come back; without its word it is ``max_failures``."""


STATES = ("unreachable", "blocked", "sick")
"""What a host may be in, for which it rests (``crawler.process.host_health``)."""
MOST_CHAINS = 100
"""Chains of redirects of a host that wait for their next row."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Redirects one after the other: a session that they opened lasts until the last of them is answered."""

    url: str
    """Where the next row is asked for: its own address, or that with a session id."""
    cookies: str = ""
    """The Cookie field; what the chain was told so far, and nobody else."""
    rows: tuple[KnownUrl, ...] = ()
    """Those that redirected."""
    returned: frozenset[int] = frozenset()
    """Ids of rows that it led back to already: each is asked once more, not twice."""


@dataclass(slots=True)
class Host:
    """One host of the round."""

    name: str
    queued: int = 0
    """URLs in the frontier that are not done, those in ``buffer`` and in flight included."""
    buffer: deque[KnownUrl] = field(default_factory=deque)
    page_cap: int | None = None
    """Pages that may be asked for in this round."""
    least_delay: float | None = None
    """Seconds between two requests at least, where the operator set them for this host."""
    done: int = 0
    """Pages of this round."""
    taken: int = 0
    """Pages of this run."""
    body_bytes: int = 0
    """Bytes of bodies in this run."""
    robots: Robots | None = None
    reservations: dict[str, list[Signal]] = field(default_factory=dict)
    """What tdmrep.json and ai.txt say, by path, as far as they were asked for."""
    unread: set[str] = field(default_factory=set)
    """Those of them that are to be asked for anew; what is known of them serves until then."""
    asked_at: str = ""
    """Where robots.txt or one of those is asked for: on the origin of the URL that came first, or a redirect's end."""
    asked_hops: int = 0
    """Redirects followed on the way to it."""
    asked_failures: int = 0
    http_only: bool = False
    """https has failed and http has answered."""
    false_304: bool = False
    """It has answered 304 for a page that had changed: never asked with a condition again."""
    busy: bool = False
    """A request is in flight."""
    next_at: float = 0.0
    """Not to be asked before (``time.monotonic``)."""
    failures: int = 0
    """In a row."""
    rest_until: float | None = None
    """The crawl's clock: not to be asked before, told to later runs."""
    state: str | None = None
    """``unreachable``, ``blocked`` or ``sick``; None: as it should be."""
    why: str | None = None
    """What told so."""
    bad_runs: int = 0
    """Runs in a row that ended in such a state."""
    dates_right: int = 0
    dates_wrong: int = 0
    """Pages that a sitemap dated anew, and that had changed or not."""
    refusals: int = 0
    """Answers in a row in whose place a guard or a broken server stood."""
    denials: int = 0
    """Statuses in a row that denied without a word."""
    good: int = 0
    """Pages of this run."""
    in_flight: KnownUrl | None = None
    """The row that is asked for: its release finds whether it was settled."""
    low_yield: bool = False
    """It has shown that it gives next to nothing (``yields``)."""
    deferred: bool = False
    """Its turn comes when no other host has work: a run with a limit spends it where it gives most."""
    left_out: bool = False
    """Out of this run: it rests for longer than the round waits."""
    chains: dict[str, Chain] = field(default_factory=dict)
    """Redirects that go on, by the canonical URL of the row that is asked for next."""

    def continue_chain(self, url: str, chain: Chain) -> None:
        """Ask for a row, when its turn comes, as a chain of redirects says."""
        self.chains.pop(url, None)
        self.chains[url] = chain
        if len(self.chains) > MOST_CHAINS:
            del self.chains[next(iter(self.chains))]


class HostQueue:
    """Hosts by the moment at which they may be asked again."""

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
        """How many rows of a kind are asked for at this moment."""
        rows = (self._hosts[name].in_flight for name in self._busy)
        return sum(row is not None and row.kind == kind for row in rows)

    @property
    def has_work(self) -> bool:
        """Whether any host that is not left out has something queued."""
        return bool(self._with_work)

    def add(self, name: str, count: int) -> None:
        """More URLs are queued at a host; those that are better than what is held have their turn next."""
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
        """Ask for a row next, once more; it is in flight, or was settled."""
        if host.in_flight is not None and host.in_flight.id == known.id:
            host.in_flight = None
        else:
            self.add(host.name, 1)
        host.continue_chain(known.url, chain)
        host.buffer.appendleft(known)

    def mark_done(self, host: Host, count: int = 1) -> None:
        """URLs of a host are done."""
        host.queued -= count
        if host.queued <= 0:
            self._with_work.discard(host.name)

    def mark_empty(self, host: Host) -> None:
        """The frontier has nothing queued at a host."""
        host.queued = 0
        self._with_work.discard(host.name)

    def leave_out(self, host: Host) -> None:
        """Nothing more of a host in this run."""
        host.left_out = True
        host.buffer.clear()
        self._with_work.discard(host.name)

    def forget_work(self, host: Host) -> None:
        """Another process has the host now."""
        host.buffer.clear()
        self.mark_empty(host)

    def next_ready(self) -> Host | None:
        """The host that has waited longest and may be asked now; it is busy until ``release``."""
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
        """Take in the IP address of a host that is to be asked; False where others are asked there, enough of them."""
        if self._addresses.has_moved(host.name, address):
            self._wake(self._addresses.release(host.name))
        return self._addresses.acquire_at(host.name, address)

    def seconds_to_next(self) -> float | None:
        """Seconds until some host may be asked; None where none waits."""
        return max(0.0, self._heap[0][0] - time.monotonic()) if self._heap else None

    def release(self, host: Host, delay: float) -> None:
        """A host may be asked again after ``delay`` seconds."""
        host.busy = False
        self._busy.discard(host.name)
        host.next_at = time.monotonic() + delay
        if host.name in self._with_work and not host.deferred:
            self._put(host)
        self._wake(self._addresses.release(host.name))

    def wake_deferred(self) -> None:
        """Let held hosts have their turn where they alone have work."""
        if all(self._hosts[name].deferred for name in self._with_work):
            for name in self._with_work:
                host = self._hosts[name]
                host.deferred, host.low_yield = False, False
                if not host.busy:
                    self._put(host)

    def crawl_delay(self, host: Host, latency: float, retry_after: float | None) -> float:
        """Seconds to rest after an answer: so many times what it took, within bounds; more where the host asks."""
        settings = self._settings
        least = settings.delay_min if host.least_delay is None else host.least_delay
        delay = max(least, latency * settings.delay_factor)
        if host.robots is not None and host.robots.delay is not None:
            delay = max(delay, host.robots.delay)
        delay = min(delay, max(settings.delay_max, least))
        delay = max(delay, min(retry_after, BROKEN_MAX)) if retry_after is not None else delay
        return max(delay, self.breaker_delay(host, told=retry_after is not None))

    def breaker_delay(self, host: Host, *, told: bool) -> float:
        """Seconds that a host which failed too often in a row must rest: doubled at each further failure."""
        limit = max(TOLD_TO_WAIT, self._settings.max_failures) if told else self._settings.max_failures
        if host.failures < limit:
            return 0.0
        return float(min(self._settings.breaker_base_delay * 2 ** min(host.failures - limit, 30), BROKEN_MAX))

    @staticmethod
    def to_state(host: Host) -> HostState:
        """What is remembered of a host."""
        return HostState(**{name: getattr(host, name) for name in HostState.__dataclass_fields__})

    @staticmethod
    def restore(host: Host, state: HostState) -> None:
        """Take up what was remembered of a host."""
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
