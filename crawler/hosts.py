"""What the crawl knows of each host while it runs: robots.txt, when it may be asked again, what is queued there."""

import heapq
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from crawler.frontier import Known
from crawler.robots import Robots
from crawler.settings import CrawlSettings

BROKEN_MAX = 7 * 86_400.0


@dataclass(slots=True)
class Host:
    """One host of the round."""

    name: str
    queued: int = 0
    """URLs in the frontier that are not done, those in ``buffer`` and in flight included."""
    buffer: deque[Known] = field(default_factory=deque)
    cursor: int = 0
    """Row id of the last URL taken into the buffer."""
    done: int = 0
    """Pages of this round."""
    robots: Robots | None = None
    scheme: str = ""
    """That robots.txt is fetched over: of the URL that asked first, http once https has failed."""
    plain: bool = False
    """https has failed and http has answered."""
    busy: bool = False
    """A request is in flight."""
    failures: int = 0
    """In a row."""
    left_out: bool = False
    """Out of the round: broken or over its budget."""


class HostQueue:
    """Hosts by the moment at which they may be asked again."""

    def __init__(self, settings: CrawlSettings) -> None:
        self._settings = settings
        self._hosts: dict[str, Host] = {}
        self._heap: list[tuple[float, str]] = []
        self._waiting: set[str] = set()

    def __getitem__(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
        return host

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts.values())

    def add(self, name: str, count: int) -> None:
        """More URLs are queued at a host; rows queued again lie before its cursor, so it starts over."""
        host = self[name]
        host.queued += count
        if not host.busy and not host.left_out:
            self._put(name, time.monotonic())

    def next_ready(self) -> Host | None:
        """The host that has waited longest and may be asked now; it is busy until ``release``."""
        now = time.monotonic()
        while self._heap and self._heap[0][0] <= now:
            _, name = heapq.heappop(self._heap)
            self._waiting.discard(name)
            host = self._hosts[name]
            if host.queued > 0 and not host.left_out and not host.busy:
                host.busy = True
                return host
        return None

    def seconds_to_next(self) -> float | None:
        """Seconds until some host may be asked; None where none waits."""
        return max(0.0, self._heap[0][0] - time.monotonic()) if self._heap else None

    def release(self, host: Host, delay: float) -> None:
        """A host may be asked again after ``delay`` seconds."""
        host.busy = False
        if host.queued > 0 and not host.left_out:
            self._put(host.name, time.monotonic() + delay)

    def delay_after(self, host: Host, latency: float, retry_after: float | None) -> float:
        """Seconds to rest after an answer: so many times what it took, within bounds; more where the host asks."""
        settings = self._settings
        delay = max(settings.delay_min, latency * settings.delay_factor)
        if host.robots is not None and host.robots.delay is not None:
            delay = max(delay, host.robots.delay)
        delay = min(delay, settings.delay_max)
        return max(delay, min(retry_after, BROKEN_MAX)) if retry_after is not None else delay

    def counts(self) -> dict[str, int]:
        """How many hosts are in flight, waiting and left out."""
        return {
            "active": sum(host.busy for host in self),
            "waiting": len(self._waiting),
            "left_out": sum(host.left_out for host in self),
        }

    def _put(self, name: str, when: float) -> None:
        if name not in self._waiting:
            self._waiting.add(name)
            heapq.heappush(self._heap, (when, name))
