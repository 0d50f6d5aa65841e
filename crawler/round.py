"""One round of the crawl: its clock, its counters, and what is written together."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from crawler import visits
from crawler.frontier import DONE, PAGE, REFUSED, Found, Frontier, Known
from crawler.guard import networks
from crawler.hosts import Host, HostQueue
from crawler.scope import Scope
from crawler.settings import CrawlSettings
from crawler.warc import WarcWriter
from data.errors import InputError
from data.seeds import Seed
from data.urls import canonical_url, host_of
from data.warc_fields import CATEGORY, COUNTRY, SEED

BATCH = 200
"""Outcomes written in one transaction."""
REMEMBERED = 500_000
"""Links of late that need no look into the frontier."""


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
    ) -> None:
        self.number = number
        self.settings = settings
        self.frontier = frontier
        self.scope = scope
        self.warc = warc
        self.hosts = HostQueue(settings)
        self.allowed_networks = networks(settings.allow_private)
        self.counts: Counter[str] = Counter()
        self.stopping = False
        self._offset = (as_of.timestamp() - time.time()) if as_of is not None else 0.0
        self._outcomes: list[Mapping[str, Any]] = []
        self._found: list[Found] = []
        self._recent: set[int] = set()
        for host, done in frontier.done_by_host(number).items():
            self.hosts[host].done = done
        for host, queued in frontier.queued_by_host().items():
            self.hosts.add(host, queued)

    def now(self) -> float:
        """The crawl's clock, seconds since 1970."""
        return time.time() + self._offset

    def moment(self) -> datetime:
        """The crawl's clock."""
        return datetime.fromtimestamp(self.now(), UTC)

    def is_over(self) -> bool:
        """Whether no host has anything left to ask for, written links included."""
        if any(host.busy for host in self.hosts):
            return False
        if self.stopping:
            return True
        self.flush()
        return not any(host.queued > 0 and not host.left_out for host in self.hosts)

    def add(self, links: Iterable[str], source: Known, *, kind: int = PAGE, hops: int = 0) -> None:
        """Queue the links of a page that are in scope and not known yet; they are written with the page's outcome."""
        depth = source.depth if hops else source.depth + 1
        if depth > self.settings.max_depth or hops > self.settings.max_redirects:
            self.counts["crawl/links/too_far"] += 1
            return
        for link in links:
            self._add_one(link, kind=kind, depth=depth, hops=hops, lastmod=None)

    def add_dated(self, links: Iterable[tuple[str, float | None]], *, kind: int = PAGE) -> None:
        """Queue the URLs of a sitemap; a date later than the last visit queues a known one again."""
        for link, lastmod in links:
            self._add_one(link, kind=kind, depth=1, hops=0, lastmod=lastmod)

    def _add_one(self, link: str, *, kind: int, depth: int, hops: int, lastmod: float | None) -> None:
        if lastmod is None and hash(link) in self._recent:
            return
        self._remember(link)
        try:
            url = canonical_url(link)
        except InputError:
            self.counts["crawl/links/malformed"] += 1
            return
        seed = self.scope.seed_of(url)
        if seed is None:
            self.counts["crawl/links/out_of_scope"] += 1
        else:
            self._found.append(Found(url, host_of(url), seed.url, kind, depth, hops, lastmod))

    def adopt(self, url: str, seed: Seed) -> None:
        """Take the host that a start URL redirects to into the seed's scope."""
        host = host_of(url)
        self.scope.adopt(host, seed)
        self.frontier.adopt(host, seed.url)
        self._recent.clear()

    def settle(self, known: Known, outcome: Mapping[str, Any]) -> None:
        """Note what became of a URL; it is written with the next batch, after the WARC record."""
        done = "state" in outcome
        self._outcomes.append({**outcome, "round": self.number} if done else outcome)
        if done:
            host = self.hosts[known.host]
            host.queued -= 1
            if known.kind == PAGE and outcome["state"] == DONE:
                host.done += 1
        if len(self._outcomes) >= BATCH:
            self.flush()

    def refuse(self, known: Known, reason: str) -> None:
        """Leave a URL out of this round, with its reason."""
        self.counts[f"crawl/refused/{reason}"] += 1
        self.settle(known, {"row": known.id, "state": REFUSED, "reason": reason})

    def fail(self, known: Known, reason: str, status: int | None = None) -> None:
        """A passing failure: ask again later in the round, or give up until the next."""
        self.counts[f"crawl/failed/{reason}"] += 1
        if known.attempts + 1 < self.settings.max_failures:
            self.settle(known, visits.again(known, reason))
        else:
            self.settle(known, visits.given_up(known, self.settings, self.now(), reason, status))

    def flush(self) -> None:
        """WARC first, then one transaction for outcomes and links."""
        if not self._outcomes and not self._found:
            return
        self.warc.flush()
        outcomes, found = self._outcomes, self._found
        self._outcomes, self._found = [], []
        for host, count in self.frontier.commit(outcomes, found).items():
            self.hosts.add(host, count)

    def release(self, host: Host, latency: float, *, failed: bool, retry_after: float | None = None) -> None:
        """An answer came, or none: when to ask the host again, and whether it is left out of the round."""
        host.failures = host.failures + 1 if failed else 0
        if host.failures >= self.settings.max_failures:
            host.left_out = True
            self.counts["crawl/hosts/left_out"] += 1
        self.hosts.release(host, self.hosts.delay_after(host, latency, retry_after))

    def fields_of(self, known: Known) -> dict[str, str]:
        """The WARC fields by which cleaning learns what only the crawl knows."""
        seed = self.scope.seeds.get(known.seed)
        if seed is None:
            return {SEED: known.seed}
        return {SEED: seed.url, COUNTRY: seed.country, CATEGORY: seed.category}

    def queued(self) -> int:
        """URLs still to be asked for."""
        return sum(host.queued for host in self.hosts if not host.left_out)

    def _remember(self, link: str) -> None:
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent.add(hash(link))
