"""One round of the crawl, from the first queued URL to the last outcome.

A run of a round goes so:

1. ``take_hosts``: the hosts with something queued come into the run (``roster``).
2. ``next_rows``: the scheduler takes a host's next URLs when the rate limit allows a request.
3. The spider sends the request; ``ResponseReader`` reads the response; ``Discovery`` passes links to ``find``.
4. ``settle``, or one of ``refuse``, ``fail``, ``settle_error``, ``retry_over_http``: the outcome of the URL is noted.
5. ``release``: the next request to the host is allowed after its rest.
6. ``flush``: WARC records first, then outcomes, links and states of hosts in one transaction.
7. ``is_over``: no host has anything left that this run may fetch.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from crawler.frontier import visits
from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import Host
from crawler.frontier.numbers import DONE, PAGE, REFUSED
from crawler.frontier.records import FoundUrl, KnownUrl
from crawler.frontier.yields import Yields
from crawler.parsing.url_join import http_url
from crawler.permissions.guard import networks
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.permissions.traps import Traps
from crawler.process.batch import Batch
from crawler.process.clock import Clock
from crawler.process.figures import Figures
from crawler.process.limits import Limits
from crawler.process.roster import Roster
from crawler.settings import CrawlSettings
from crawler.warc.writer import WarcWriter
from data.errors import StoreError
from data.takedowns import Takedowns

logger = logging.getLogger(__name__)

BATCH = 32
"""Outcomes in one transaction; after a kill at most these pages are fetched twice."""
MOST_FOUND = 500
"""Links written in one transaction: 32 pages may have 64,000."""
LOW_YIELD_PAGES = 3
"""Pages that a limited run fetches from a low-yield host before it is deferred behind all others."""


def _raise(error: StoreError) -> None:
    raise error


class Round:
    """What the scheduler and the spider share while a round runs."""

    def __init__(
        self,
        number: int,
        settings: CrawlSettings,
        frontier: Frontier,
        scope: Scope,
        warc: WarcWriter,
        as_of: datetime | None,
        takedowns: Takedowns | None = None,
        yields: Yields | None = None,
    ) -> None:
        self.number = number
        self.settings = settings
        self.frontier = frontier
        self.scope = scope
        self.warc = warc
        self.clock = Clock(as_of)
        self.limits = Limits(settings)
        self.allowed_networks = networks(settings.allow_private)
        self.counts: Counter[str] = Counter()
        self.stopping = False
        self.rules = OperatorRules(settings, scope, takedowns)
        self.on_broken_store: Callable[[StoreError], None] = _raise
        """Called when WARC files or state cannot be written; the crawl's process then ends."""
        self.traps = Traps(self.clock.moment().year)
        self.yields = yields or Yields({})
        self.figures = Figures(frontier, self.traps.refused_at)
        self._batch = Batch(frontier, warc, self.counts)
        self.roster = Roster(
            number,
            settings,
            frontier,
            self.rules,
            self._batch,
            self.counts,
            self.clock,
            self.yields if self.limits.exist else None,
        )
        self.hosts = self.roster.queue
        self.take_hosts()

    def take_hosts(self) -> None:
        """Take URLs that other processes queued at our hosts, and lease free hosts."""
        self.flush()
        self.roster.take()

    def sync_with_peers(self) -> None:
        """If other processes crawl too: renew our leases, release hosts that are done, lease others."""
        if self.roster.is_sync_due():
            self.flush()
            self.roster.sync_with_peers()

    def is_over(self) -> bool:
        """Whether no host has anything left to fetch, including links of other processes."""
        if not self.hosts.is_idle:
            return False
        if self.stopping:
            return True
        if self.hosts.has_work:
            self.hosts.wake_deferred()
            return False
        self.take_hosts()
        return not self.hosts.has_work and self.roster.ownership.no_work_elsewhere()

    def next_rows(self, host: Host, limit: int) -> list[KnownUrl]:
        """The next queued URLs of a host, without those whose outcome is not written yet."""
        pending = {outcome["row"] for outcome in self._batch.outcomes}
        rows = self.frontier.queued(host.name, limit + len(pending))
        rows = [known for known in rows if known.id not in pending][:limit]
        if not rows and pending:
            self.flush()
            rows = self.frontier.queued(host.name, limit)
        return rows

    def find(self, found: FoundUrl) -> None:
        """Note a discovered URL; it is written with the next batch."""
        self._batch.found.append(found)
        if len(self._batch.found) >= MOST_FOUND:
            self.flush()

    def settle(self, known: KnownUrl, outcome: Mapping[str, Any]) -> None:
        """Note the outcome of a URL; it is written with the next batch, after the WARC record."""
        done = "state" in outcome
        host = self.hosts[known.host]
        if host.in_flight is not None and host.in_flight.id == known.id:
            host.in_flight = None
        self._batch.outcomes.append({**outcome, "round": self.number} if done else outcome)
        if done:
            self.hosts.mark_done(host)
            if known.kind == PAGE and outcome["state"] == DONE:
                host.done += 1
                host.taken += 1
                host.deferred = host.low_yield and host.taken >= LOW_YIELD_PAGES
        if len(self._batch.outcomes) >= BATCH:
            self.flush()

    def refuse(self, known: KnownUrl, reason: str) -> None:
        """Refuse a URL for this round, with a reason."""
        self.counts[f"crawl/refused/{reason}"] += 1
        self.settle(known, {"row": known.id, "state": REFUSED, "reason": reason})

    def refuse_queued(self, host: Host, reason: str, kinds: tuple[int, ...]) -> int:
        """Refuse a host's queued URLs of some kinds for this round, a batch at a time; return how many."""
        host.buffer = deque(known for known in host.buffer if known.kind not in kinds)
        self.flush()
        refused = self.frontier.refuse_queued(host.name, reason, self.number, kinds)
        self.counts[f"crawl/refused/{reason}"] += refused
        self.hosts.mark_done(host, refused)
        return refused

    def fail(self, known: KnownUrl, reason: str, status: int | None = None) -> None:
        """Settle a transient failure: retry later in the round, or give up until the next round."""
        self.counts[f"crawl/failed/{reason}"] += 1
        if known.attempts + 1 < self.settings.max_failures:
            self.settle(known, visits.retry_row(known, reason))
        else:
            self.settle(known, visits.given_up_row(known, self.settings, self.clock.now(), reason, status))

    def settle_error(self, host: Host, known: KnownUrl | None, error: Exception) -> None:
        """Settle a row after an internal error, with the error's name as the reason; the round goes on."""
        reason = f"internal/{type(error).__name__}"
        logger.error("%s at %s", reason, known.url if known is not None else host.name, exc_info=error)
        self.counts[f"crawl/failed/{reason}"] += 1
        if known is not None:
            self.settle(known, visits.given_up_row(known, self.settings, self.clock.now(), reason, None))

    def retry_over_http(self, known: KnownUrl) -> None:
        """Queue the http URL of a row: https fails at this host and http answers."""
        self.find(FoundUrl(http_url(known.url), known.host, known.seed, known.kind, known.depth, known.hops))
        self.counts["crawl/plain_http"] += 1
        self.settle(known, visits.given_up_row(known, self.settings, self.clock.now(), "https_failed", None))

    def release(self, host: Host, latency: float, *, failed: bool, retry_after: float | None = None) -> None:
        """Release a host after a response or a failure; its next request follows after its rest.

        A row in flight that nobody settled is settled here; otherwise it would be fetched again and again.
        """
        delay = self.settings.delay_max
        try:
            if host.in_flight is not None:
                self.settle_error(host, host.in_flight, RuntimeError("unsettled"))
            delay = self.roster.rest_after_answer(host, latency, retry_after, failed=failed)
        finally:
            self.figures.rested(host.name, latency, delay)
            self.hosts.release(host, delay)

    def flush(self) -> None:
        """Write the batch: WARC records first, then one transaction for outcomes, links and states of hosts."""
        if not self._batch:
            return
        try:
            self.roster.add(self._batch.write())
        except StoreError as error:
            self.on_broken_store(error)

    def stop_at_limits(self) -> None:
        """Stop the run if a limit is reached; requests in flight are finished."""
        if self.limits.are_reached(self.counts):
            self.stopping = True
