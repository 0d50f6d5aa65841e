"""The hosts of a run: which are ours, their saved states, how long they rest."""

import time
from collections import Counter
from collections.abc import Mapping

from crawler.frontier.frontier import DATED, MAX_NAMED, Frontier
from crawler.frontier.hosts import Host, HostQueue
from crawler.frontier.ownership import HEARTBEAT, Ownership
from crawler.frontier.records import HostState, KnownUrl
from crawler.frontier.yields import Yields
from crawler.permissions.operator_rules import OperatorRules
from crawler.process.batch import Batch
from crawler.process.clock import Clock
from crawler.process.sitemap_dates import learn
from crawler.settings import CrawlSettings


class Roster:
    """Takes hosts into the run and out of it; changed states go into the round's batch."""

    def __init__(
        self,
        number: int,
        settings: CrawlSettings,
        frontier: Frontier,
        rules: OperatorRules,
        batch: Batch,
        counts: Counter[str],
        clock: Clock,
        yields: Yields | None = None,
    ) -> None:
        self.queue = HostQueue(settings)
        self.ownership = Ownership(frontier, settings.partition)
        self._settings = settings
        self._frontier = frontier
        self._rules = rules
        self._batch = batch
        self._counts = counts
        self._clock = clock
        self._yields = yields
        """None in a run without a limit, which fetches everything, from low-yield hosts too."""
        self._done_before = frontier.done_by_host(number)
        self._next_sync = time.monotonic() + HEARTBEAT

    def take(self) -> None:
        """Take URLs that other processes queued at our hosts, and lease free hosts."""
        mine = self.ownership.take(self._clock.now() + self._settings.breaker_patience)
        names = [name for name in self._frontier.hosts_with_work(mine) if self.ownership.owns(name)]
        names = [name for name in names if name not in self.queue or not self.queue[name].left_out]
        for start in range(0, len(names), MAX_NAMED):
            some = names[start : start + MAX_NAMED]
            states = self._frontier.host_states(some)
            for name, queued in self._frontier.queued_by_host(some).items():
                host = self._meet(name, states)
                if queued > host.queued:
                    self.queue.add(name, queued - host.queued)

    def add(self, queued: Mapping[str, int]) -> None:
        """Take in the newly queued URLs of our hosts; URLs of other hosts belong to other processes."""
        for name, count in queued.items():
            if self.ownership.owns(name):
                self._meet(name)
                self.queue.add(name, count)

    def is_sync_due(self) -> bool:
        """Whether it is time for ``sync_with_peers``; never if no other process can share the state."""
        return self.ownership.is_shared and time.monotonic() >= self._next_sync

    def sync_with_peers(self) -> None:
        """Renew our leases, release hosts that are done, lease others."""
        self._next_sync = time.monotonic() + HEARTBEAT
        for name in self.ownership.heartbeat():
            self.queue.forget_work(self.queue[name])
        now = time.monotonic()
        idle = {host.name for host in self.queue if not host.busy and host.next_at <= now and _is_done(host)}
        self.ownership.give_back(idle)
        self.take()

    def _meet(self, name: str, states: Mapping[str, HostState] | None = None) -> Host:
        """A host of this run; if it is new to the run, its saved state is restored."""
        if name in self.queue:
            return self.queue[name]
        if states is None:
            states = self._frontier.host_states([name])
        host = self.queue[name]
        host.done = self._done_before.get(name, 0)
        host.page_cap, host.least_delay = self._rules.page_cap(name), self._rules.delay(name)
        host.low_yield = self._yields is not None and self._yields.is_low_yield(name)
        self.queue.restore(host, states.get(name, HostState()))
        rest = (host.rest_until or 0.0) - self._clock.now()
        if rest > self._settings.breaker_patience:
            self.leave_out(host)
        elif rest > 0:
            host.next_at = time.monotonic() + rest
        return host

    def rest_after_answer(self, host: Host, latency: float, retry_after: float | None, *, failed: bool) -> float:
        """Seconds that a host rests after a response or a failure; a host that breaks is left out of the run."""
        before = host.failures
        host.failures = host.failures + 1 if failed else 0
        delay = self.queue.crawl_delay(host, latency, retry_after)
        if not host.left_out and (before != host.failures or delay > self._settings.breaker_patience):
            host.rest_until = self._clock.now() + delay if delay > self._settings.delay_max else None
            self.remember(host)
        if delay > self._settings.breaker_patience and not host.left_out:
            self.leave_out(host)
        return delay

    def rest(self, host: Host, seconds: float) -> None:
        """Leave a host out of this run and save how long it rests."""
        host.rest_until = self._clock.now() + seconds
        self.remember(host)
        if not host.left_out:
            self.leave_out(host)

    def leave_out(self, host: Host) -> None:
        """Exclude a host from the rest of this run."""
        self.queue.leave_out(host)
        self._counts["crawl/hosts/left_out"] += 1

    def remember(self, host: Host) -> None:
        """Save the state of a host with the next batch."""
        self._batch.states[host.name] = self.queue.to_state(host)

    def record_false_304(self, host: Host) -> None:
        """Note that a host answered 304 for a changed page: conditional requests to it end."""
        host.false_304 = True
        self._counts["crawl/hosts/false_304"] += 1
        self.remember(host)

    def learn_date(self, known: KnownUrl, *, changed: bool) -> None:
        """Learn whether a page that a sitemap's date queued again had changed."""
        if known.reason == DATED:
            host = self.queue[known.host]
            learn(host, changed=changed)
            self._counts[f"crawl/sitemap_dates/{'right' if changed else 'wrong'}"] += 1
            self.remember(host)


def _is_done(host: Host) -> bool:
    return host.queued <= 0 or host.left_out
