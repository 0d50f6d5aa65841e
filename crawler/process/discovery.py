"""Decides which links, sitemap entries and redirects are queued: in scope, not a trap, not seen recently."""

from collections import Counter
from collections.abc import Iterable

from crawler.frontier.due import SITEMAP_RANK, START_RANK
from crawler.frontier.numbers import PAGE, SITEMAP
from crawler.frontier.records import FoundUrl, KnownUrl
from crawler.parsing.links import is_no_page
from crawler.parsing.sitemaps import Entry
from crawler.parsing.url_join import http_url
from crawler.process.round import Round
from crawler.process.sitemap_dates import SitemapDates
from data.errors import InputError
from data.seeds import Seed
from data.urls import canonical_url, host_of

MAX_SITEMAPS = 2_000
"""Sitemaps fetched for a start URL in a run: 100 million URLs."""
MAX_NESTED = 3
"""Levels of sitemap indexes; the protocol has one."""
REMEMBERED = 200_000
"""Recent links in memory, which need no lookup in the frontier."""


class Discovery:
    """Turns links and sitemap entries into frontier rows, which the round writes."""

    def __init__(self, current: Round) -> None:
        self._round = current
        self._counts = current.counts
        self._dates = SitemapDates(current.clock.now)
        self._recent: set[int] = set()
        self._sitemaps_named: Counter[str] = Counter()

    def add(self, links: Iterable[str], source: KnownUrl, *, kind: int = PAGE, hops: int = 0) -> None:
        """Queue the links of a page that are in scope and not known yet; they are written with the page's outcome."""
        depth = source.depth if hops else source.depth + 1
        if hops > self._round.settings.max_redirects:
            self._counts["crawl/links/too_far"] += 1
            return
        recent = self._recent
        for link in links:
            if hash(link) not in recent:
                self._add_one(link, kind=kind, depth=depth, hops=hops, lastmod=None)

    def add_entries(self, entries: Iterable[Entry], sitemap: KnownUrl) -> None:
        """Queue what a sitemap names; a date later than the last visit queues a known URL again.

        A sitemap on a host outside of all scopes counts only for the start URL that led to it.
        """
        ours = self._round.scope.seed_of(sitemap.url) is not None
        for entry in entries:
            if entry.is_sitemap:
                self.add_sitemap(entry.url, sitemap)
                continue
            lastmod = self._dates.believed(self._round.hosts[sitemap.host], sitemap.id, entry.lastmod)
            only = None if ours else sitemap.seed
            self._add_one(entry.url, kind=PAGE, depth=1, hops=0, lastmod=lastmod, only=only)

    def add_sitemap(self, link: str, source: KnownUrl) -> None:
        """Queue a sitemap that robots.txt, a page or another sitemap names, on any host."""
        if source.kind == SITEMAP and source.hops >= MAX_NESTED:
            self._counts["crawl/links/nested_sitemap"] += 1
            return
        url = self._canonical(link)
        if url is None:
            return
        host, url = self._as_asked(url)
        self._sitemaps_named[source.seed] += 1
        if self._sitemaps_named[source.seed] > MAX_SITEMAPS:
            self._counts["crawl/links/many_sitemaps"] += 1
            return
        hops = source.hops + 1 if source.kind == SITEMAP else 0
        self._round.find(FoundUrl(url, host, source.seed, SITEMAP, 1, hops, None, SITEMAP_RANK))

    def adopt(self, url: str, seed: Seed) -> None:
        """Add the redirect target of a start URL to its seed's scope, if it can be the seed's own site."""
        try:
            address = self._round.scope.adopt(canonical_url(url), seed)
        except InputError:
            return
        if address is not None:
            self._round.frontier.remember_move(seed.url, address)
            self._recent.clear()

    def _add_one(
        self, link: str, *, kind: int, depth: int, hops: int, lastmod: float | None, only: str | None = None
    ) -> None:
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent.add(hash(link))
        if kind == PAGE and is_no_page(link):
            self._counts["crawl/links/no_page"] += 1
            return
        url = self._canonical(link)
        if url is None:
            return
        seed = self._round.scope.seed_of(url)
        if seed is None or (only is not None and seed.url != only):
            self._counts["crawl/links/out_of_scope"] += 1
            return
        host, url = self._as_asked(url)
        url = self._round.traps.normal(url, host)
        trap = self._round.traps.refusal(url, host)
        if trap is not None:
            self._counts[f"crawl/links/{trap}"] += 1
            return
        rank = SITEMAP_RANK if kind != PAGE else START_RANK if depth == 0 else self._round.yields.rank(url, host)
        self._round.find(FoundUrl(url, host, seed.url, kind, depth, hops, lastmod, rank))

    def _canonical(self, link: str) -> str | None:
        """The canonical URL of a link; None for a malformed one, which is counted."""
        try:
            return canonical_url(link)
        except InputError:
            self._counts["crawl/links/malformed"] += 1
            return None

    def _as_asked(self, url: str) -> tuple[str, str]:
        """The host of a URL and the URL to fetch: http if the host has no https."""
        host, hosts = host_of(url), self._round.hosts
        is_plain = url.startswith("https://") and host in hosts and hosts[host].http_only
        return host, http_url(url) if is_plain else url
