"""One round of the crawl: its clock, its counters, and what is written together."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from crawler.frontier import visits
from crawler.frontier.due import SITEMAP_RANK, START_RANK
from crawler.frontier.frontier import DATED, Frontier
from crawler.frontier.hosts import Host, HostQueue
from crawler.frontier.ownership import HEARTBEAT, Ownership
from crawler.frontier.records import Found, HostState, Known
from crawler.frontier.tables import DONE, PAGE, REFUSED, SITEMAP
from crawler.frontier.yields import Yields
from crawler.pages.links import is_no_page
from crawler.pages.sitemaps import Entry
from crawler.permissions.guard import networks
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.permissions.traps import Traps
from crawler.process.batch import Batch
from crawler.process.figures import Figures
from crawler.process.sitemap_dates import SitemapDates, learn
from crawler.settings import CrawlSettings
from crawler.warc.writer import WarcWriter
from data.errors import InputError, StoreError
from data.seeds import Seed
from data.store import Store
from data.takedowns import Takedowns
from data.urls import canonical_url, host_of
from data.warc_fields import CATEGORY, COUNTRY, SEED

logger = logging.getLogger(__name__)

BATCH = 32
"""Outcomes written in one transaction: what a kill may have fetched twice."""
MOST_FOUND = 500
"""Links written in one transaction: 32 pages may have 64,000."""
MAX_SITEMAPS = 2_000
"""Sitemaps that are asked for a start URL in a run: 100 million URLs."""
MAX_NESTED = 3
"""Sitemaps that lead to a sitemap; the protocol knows one level of indexes."""
BARREN_PAGES = 3
"""Pages that a run with a limit asks of a host that gave next to nothing, before all others have nothing left."""
REMEMBERED = 200_000
"""Links of late that need no look into the frontier."""
RATE_SPAN = 30.0
"""Seconds over which pages a second are counted."""


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
        self.hosts = HostQueue(settings)
        self._began = time.monotonic()
        self._takedowns_written: tuple[int, int] | None = None
        self.allowed_networks = networks(settings.allow_private)
        self.counts: Counter[str] = Counter()
        self.stopping = False
        self.ownership = Ownership(frontier, settings.partition)
        self.rules = OperatorRules(settings, scope, takedowns)
        self.on_broken_store: Callable[[StoreError], None] = _raise
        """Told when pages or state can be written no more; the crawl's process ends then."""
        self._offset = (as_of.timestamp() - time.time()) if as_of is not None else 0.0
        self.traps = Traps(self.moment().year)
        self.yields = yields or Yields({})
        self._is_limited = bool(settings.max_pages or settings.max_hours or settings.max_gigabytes)
        self.figures = Figures(frontier, self.traps.refused_at)
        self._batch = Batch(frontier, warc, self.counts)
        self._recent: set[int] = set()
        self.dates = SitemapDates(self.now)
        self.sitemaps_named: Counter[str] = Counter()
        self._answers: deque[tuple[float, int]] = deque()
        self._company_at = time.monotonic() + HEARTBEAT
        self._done_before = frontier.done_by_host(number)
        self.take_hosts()

    def now(self) -> float:
        """The crawl's clock, seconds since 1970."""
        return time.time() + self._offset

    def moment(self) -> datetime:
        """The crawl's clock."""
        return datetime.fromtimestamp(self.now(), UTC)

    def take_hosts(self) -> None:
        """Take what other processes queued at our hosts, and hosts that nobody holds."""
        self.flush()
        names = self.ownership.take(self.now() + self.settings.breaker_patience)
        states = self.frontier.host_states(names)
        for name, queued in self.frontier.queued_by_host(names).items():
            if not self.ownership.owns(name):
                continue
            host = self._meet(name, states)
            if queued > host.queued:
                self.hosts.add(name, queued - host.queued)

    def keep_company(self) -> None:
        """Where other processes crawl too: say that we live, hand on hosts that are done, take others."""
        if not self.ownership.has_company or time.monotonic() < self._company_at:
            return
        self._company_at = time.monotonic() + HEARTBEAT
        for name in self.ownership.heartbeat():
            self.hosts.forget_work(self.hosts[name])
        now = time.monotonic()
        idle = {host.name for host in self.hosts if not host.busy and host.next_at <= now and self._is_done(host)}
        self.ownership.give_back(idle)
        self.take_hosts()

    def _meet(self, name: str, states: Mapping[str, HostState] | None = None) -> Host:
        """A host of this run; one that is new to it brings what is remembered of it."""
        if name in self.hosts:
            return self.hosts[name]
        if states is None:
            states = self.frontier.host_states([name])
        host = self.hosts[name]
        host.done = self._done_before.get(name, 0)
        host.page_cap, host.least_delay = self.rules.page_cap(name), self.rules.delay(name)
        host.barren = self._is_limited and self.yields.is_barren(name)
        self._recall(host, states.get(name, HostState()))
        return host

    @staticmethod
    def _is_done(host: Host) -> bool:
        return host.queued <= 0 or host.left_out

    def _recall(self, host: Host, state: HostState) -> None:
        self.hosts.recall(host, state)
        rest = (state.rest_until or 0.0) - self.now()
        if rest > self.settings.breaker_patience:
            self._leave_out(host)
        elif rest > 0:
            host.next_at = time.monotonic() + rest

    def is_over(self) -> bool:
        """Whether no host has anything left to ask for, written links and other processes' finds included."""
        if not self.hosts.is_idle:
            return False
        if self.stopping:
            return True
        if self.hosts.has_work:
            self.hosts.wake_held()
            return False
        self.take_hosts()
        return not self.hosts.has_work and self.ownership.nothing_elsewhere()

    def add(self, links: Iterable[str], source: Known, *, kind: int = PAGE, hops: int = 0) -> None:
        """Queue the links of a page that are in scope and not known yet; they are written with the page's outcome."""
        depth = source.depth if hops else source.depth + 1
        if hops > self.settings.max_redirects:
            self.counts["crawl/links/too_far"] += 1
            return
        recent = self._recent
        for link in links:
            if hash(link) not in recent:
                self._add_one(link, kind=kind, depth=depth, hops=hops, lastmod=None)
                if len(self._batch.found) >= MOST_FOUND:
                    self.flush()

    def add_entries(self, entries: Iterable[Entry], sitemap: Known) -> None:
        """Queue what a sitemap names; a date later than the last visit queues a known URL again.

        A sitemap on a host of nobody's scope speaks for the start URL that led to it alone.
        """
        ours = self.scope.seed_of(sitemap.url) is not None
        for entry in entries:
            if entry.is_sitemap:
                self.add_sitemap(entry.url, sitemap)
                continue
            lastmod = self.dates.believed(self.hosts[sitemap.host], sitemap.id, entry.lastmod)
            only = None if ours else sitemap.seed
            self._add_one(entry.url, kind=PAGE, depth=1, hops=0, lastmod=lastmod, only=only)

    def add_sitemap(self, link: str, source: Known) -> None:
        """Queue a sitemap that robots.txt, a page or another sitemap names, on whichever host it lies."""
        if source.kind == SITEMAP and source.hops >= MAX_NESTED:
            self.counts["crawl/links/nested_sitemap"] += 1
            return
        url = self._canonical(link)
        if url is None:
            return
        host, url = self._as_asked(url)
        self.sitemaps_named[source.seed] += 1
        if self.sitemaps_named[source.seed] > MAX_SITEMAPS:
            self.counts["crawl/links/many_sitemaps"] += 1
            return
        hops = source.hops + 1 if source.kind == SITEMAP else 0
        self._batch.found.append(Found(url, host, source.seed, SITEMAP, 1, hops, None, SITEMAP_RANK))

    def _canonical(self, link: str) -> str | None:
        """The canonical URL of a link; None for a malformed one, which is counted."""
        try:
            return canonical_url(link)
        except InputError:
            self.counts["crawl/links/malformed"] += 1
            return None

    def _as_asked(self, url: str) -> tuple[str, str]:
        """The host of a URL, and the URL as it is asked there: by http where the host has no https."""
        host = host_of(url)
        is_plain = url.startswith("https://") and host in self.hosts and self.hosts[host].plain
        return host, plain_url(url) if is_plain else url

    def _add_one(
        self, link: str, *, kind: int, depth: int, hops: int, lastmod: float | None, only: str | None = None
    ) -> None:
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent.add(hash(link))
        if kind == PAGE and is_no_page(link):
            self.counts["crawl/links/no_page"] += 1
            return
        url = self._canonical(link)
        if url is None:
            return
        seed = self.scope.seed_of(url)
        if seed is None or (only is not None and seed.url != only):
            self.counts["crawl/links/out_of_scope"] += 1
            return
        host, url = self._as_asked(url)
        url = self.traps.normal(url, host)
        trap = self.traps.refusal(url, host)
        if trap is not None:
            self.counts[f"crawl/links/{trap}"] += 1
            return
        rank = SITEMAP_RANK if kind != PAGE else START_RANK if depth == 0 else self.yields.rank(url, host)
        self._batch.found.append(Found(url, host, seed.url, kind, depth, hops, lastmod, rank))

    def adopt(self, url: str, seed: Seed) -> None:
        """Take what a start URL redirects to into the seed's scope, as far as it is the seed's own."""
        try:
            address = self.scope.adopt(canonical_url(url), seed)
        except InputError:
            return
        if address is not None:
            self.frontier.remember_move(seed.url, address)
            self._recent.clear()

    def settle(self, known: Known, outcome: Mapping[str, Any]) -> None:
        """Note what became of a URL; it is written with the next batch, after the WARC record."""
        done = "state" in outcome
        in_flight = self.hosts[known.host].in_flight
        if in_flight is not None and in_flight.id == known.id:
            self.hosts[known.host].in_flight = None
        self._batch.outcomes.append({**outcome, "round": self.number} if done else outcome)
        if done:
            host = self.hosts[known.host]
            self.hosts.less(host)
            if known.kind == PAGE and outcome["state"] == DONE:
                host.done += 1
                host.taken += 1
                host.held = host.barren and host.taken >= BARREN_PAGES
        if len(self._batch.outcomes) >= BATCH:
            self.flush()

    def next_rows(self, host: Host, limit: int) -> list[Known]:
        """The next queued URLs of a host, without those whose outcome is still to be written."""
        pending = {outcome["row"] for outcome in self._batch.outcomes}
        rows = self.frontier.queued(host.name, limit + len(pending))
        rows = [known for known in rows if known.id not in pending][:limit]
        if not rows and pending:
            self.flush()
            rows = self.frontier.queued(host.name, limit)
        return rows

    def refuse(self, known: Known, reason: str) -> None:
        """Leave a URL out of this round, with its reason."""
        self.counts[f"crawl/refused/{reason}"] += 1
        self.settle(known, {"row": known.id, "state": REFUSED, "reason": reason})

    def refuse_queued(self, host: Host, reason: str, kinds: tuple[int, ...]) -> int:
        """Leave a host's queued URLs of some kinds out of this round, a piece at a time; return how many."""
        host.buffer = deque(known for known in host.buffer if known.kind not in kinds)
        self.flush()
        refused = self.frontier.refuse_queued(host.name, reason, self.number, kinds)
        self.counts[f"crawl/refused/{reason}"] += refused
        self.hosts.less(host, refused)
        return refused

    def survive(self, host: Host, known: Known | None, error: Exception) -> None:
        """Settle a row that an error of ours struck, with the error's name as the reason; the round goes on."""
        reason = f"internal/{type(error).__name__}"
        logger.error("%s at %s", reason, known.url if known is not None else host.name, exc_info=error)
        self.counts[f"crawl/failed/{reason}"] += 1
        if known is not None:
            self.settle(known, visits.given_up(known, self.settings, self.now(), reason, None))

    def fail(self, known: Known, reason: str, status: int | None = None) -> None:
        """A passing failure: ask again later in the round, or give up until the next."""
        self.counts[f"crawl/failed/{reason}"] += 1
        if known.attempts + 1 < self.settings.max_failures:
            self.settle(known, visits.again(known, reason))
        else:
            self.settle(known, visits.given_up(known, self.settings, self.now(), reason, status))

    def ask_plainly(self, known: Known) -> None:
        """Https fails at this host and http answers: go on with http."""
        self._batch.found.append(
            Found(plain_url(known.url), known.host, known.seed, known.kind, known.depth, known.hops)
        )
        self.counts["crawl/plain_http"] += 1
        self.settle(known, visits.given_up(known, self.settings, self.now(), "https_failed", None))

    def flush(self) -> None:
        """WARC first, then one transaction for outcomes and links."""
        if not self._batch:
            return
        try:
            for host, count in self._batch.write().items():
                if self.ownership.owns(host):
                    self._meet(host)
                    self.hosts.add(host, count)
        except StoreError as error:
            self.on_broken_store(error)

    def release(self, host: Host, latency: float, *, failed: bool, retry_after: float | None = None) -> None:
        """An answer came, or none: when to ask the host again, and whether it is left out of the round.

        A row in flight that nobody settled is settled here, so that none is asked again and again.
        """
        delay = self.settings.delay_max
        try:
            if host.in_flight is not None:
                self.survive(host, host.in_flight, RuntimeError("unsettled"))
            before = host.failures
            host.failures = host.failures + 1 if failed else 0
            delay = self.hosts.delay_after(host, latency, retry_after)
            if before != host.failures and not host.left_out:
                host.rest_until = self.now() + delay if delay > self.settings.delay_max else None
                self.remember(host)
            if delay > self.settings.breaker_patience and not host.left_out:
                self._leave_out(host)
        finally:
            self.figures.rested(host.name, latency, delay)
            self.hosts.release(host, delay)

    def rest(self, host: Host, seconds: float) -> None:
        """Leave a host out of this run and remember for later ones how long it rests."""
        host.rest_until = self.now() + seconds
        self.remember(host)
        if not host.left_out:
            self._leave_out(host)

    def remember(self, host: Host) -> None:
        """Write what is known of a host with the next batch."""
        self._batch.states[host.name] = self.hosts.state_of(host)

    def learn_date(self, known: Known, *, changed: bool) -> None:
        """Take in whether a page that a sitemap's date queued again had changed."""
        if known.reason == DATED:
            host = self.hosts[known.host]
            learn(host, changed=changed)
            self.counts[f"crawl/sitemap_dates/{'right' if changed else 'wrong'}"] += 1
            self.remember(host)

    def distrust(self, host: Host) -> None:
        """A host has said 304 of a page that had changed: its word counts no more."""
        host.lies = True
        self.counts["crawl/hosts/false_304"] += 1
        self.remember(host)

    def _leave_out(self, host: Host) -> None:
        self.hosts.leave_out(host)
        self.counts["crawl/hosts/left_out"] += 1

    def fields_of(self, known: Known) -> dict[str, str]:
        """The WARC fields by which cleaning learns what only the crawl knows."""
        seed = self.scope.seeds.get(known.seed) or self.scope.seed_of(known.url)
        if seed is None:
            return {SEED: known.seed}
        return {SEED: seed.url, COUNTRY: seed.country, CATEGORY: seed.category}

    def heed_limits(self) -> None:
        """Stop the run where its limit of pages, hours or gigabytes is reached; what is in flight is finished."""
        settings, counts = self.settings, self.counts
        pages = counts["crawl/pages/new"] + counts["crawl/pages/changed"]
        if settings.max_pages is not None and pages >= settings.max_pages:
            self.stopping = True
        if settings.max_gigabytes is not None and counts["crawl/bytes"] >= settings.max_gigabytes * 1e9:
            self.stopping = True
        if settings.max_hours is not None and time.monotonic() - self._began >= settings.max_hours * 3600:
            self.stopping = True

    def hear_takedowns(self, store: Store) -> None:
        """Read the list of takedowns again where it was written since: what it names is asked for no more."""
        try:
            stat = store.takedowns.stat()
            written: tuple[int, int] | None = (stat.st_mtime_ns, stat.st_size)
        except FileNotFoundError:
            written = None
        if written != self._takedowns_written:
            self._takedowns_written = written
            self.rules.takedowns = Takedowns.load(store)

    def queued(self) -> int:
        """URLs still to be asked for in this run."""
        return sum(host.queued for host in self.hosts if not host.left_out)

    def slowest(self) -> tuple[str | None, float]:
        """The host that will be asked longest, and for how many seconds still, by its pace and its page cap."""
        longest: tuple[float, str | None] = (0.0, None)
        for host in self.hosts:
            if host.left_out or host.queued <= 0:
                continue
            count = host.queued if host.page_cap is None else min(host.queued, max(host.page_cap - host.done, 0))
            seconds = count * self.figures.cycle_of(host.name)
            if seconds > longest[0]:
                longest = seconds, host.name
        return longest[1], longest[0]

    def rate(self, answers: int) -> float:
        """Answers a second of late; call it at each beat with the number of answers so far."""
        now = time.monotonic()
        self._answers.append((now, answers))
        while len(self._answers) > 2 and now - self._answers[0][0] > RATE_SPAN:  # noqa: PLR2004 - two make a span
            self._answers.popleft()
        since, before = self._answers[0]
        return (answers - before) / (now - since) if now > since else 0.0


def plain_url(url: str) -> str:
    """A URL over http."""
    return "http" + url.removeprefix("https")
