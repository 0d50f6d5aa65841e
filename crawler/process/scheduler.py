"""Scrapy's scheduler over the frontier: which URL is fetched next, and when.

A request is built only when the rate limit of its host allows it, so nothing waits inside the downloader. A host's
robots.txt and reservation files are fetched first, and no page before they are known.
"""

import time
from typing import Any, Self, cast

from scrapy import Request, Spider
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler

from crawler.frontier.hosts import Host
from crawler.frontier.numbers import PAGE, SITEMAP
from crawler.frontier.records import KnownUrl
from crawler.permissions.guard import refusal
from crawler.permissions.operator_rules import BYTE_BUDGET, PAGE_BUDGET
from crawler.process.permission_files import refused_by
from crawler.process.round import Round
from crawler.process.spider import CoweseSpider
from data.errors import StoreError

TURN = 0.05
"""Seconds that one turn of the reactor may spend on hosts; the others wait for the next turn."""
MOST_SITEMAPS, SITEMAP_PAUSE = 4, 0.5
"""Sitemaps in flight, since each may take 50 MB of memory; seconds that others wait."""
BUFFER = 16
"""URLs of a host in memory."""


class FrontierScheduler(BaseScheduler):
    """Takes requests from a round's frontier; links never pass through it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._woken_at: Any = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make it for a crawler."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Do nothing: the round is open already."""

    def close(self, reason: str) -> None:
        """Cancel the wake-up."""
        del reason
        if self._woken_at is not None and self._woken_at.active():
            self._woken_at.cancel()

    def has_pending_requests(self) -> bool:
        """Whether the round goes on."""
        return not self._round.is_over()

    def enqueue_request(self, request: Request) -> bool:
        """Refuse every request: requests are only created here."""
        del request
        return False

    def next_request(self) -> Request | None:
        """The next request of a host that is ready."""
        if self._round.stopping:
            return None
        until = time.monotonic() + TURN
        while time.monotonic() < until and (host := self._round.hosts.next_ready()) is not None:
            found: Request | float = 0.0
            try:
                found = self._request_of(host, until)
            except StoreError as error:
                self._round.on_broken_store(error)
                self._round.hosts.release(host, 0.0)
                return None
            except Exception as error:  # noqa: BLE001 - whatever it is, the round goes on
                self._settle_error(host, error)
            if isinstance(found, Request):
                return found
            self._round.hosts.release(host, found)
        self._wake_when_ready()
        return None

    def _settle_error(self, host: Host, error: Exception) -> None:
        """Settle the row of an internal error; a host without a row in flight is left out of the run."""
        known = host.in_flight or (host.buffer.popleft() if host.buffer else None)
        self._round.settle_error(host, known, error)
        if known is None:
            self._round.hosts.leave_out(host)

    def _request_of(self, host: Host, until: float) -> Request | float:
        """The next request of a host, or the seconds after which to try again."""
        while time.monotonic() < until:
            self._refill(host)
            if not host.buffer:
                self._round.hosts.mark_empty(host)
                return 0.0
            if self._refuses_many(host, self._budget(host)):
                continue
            known = host.buffer[0]
            reason = self._forbidden(known)
            if reason is None:  # robots.txt is on the page's origin: it is fetched only if the page may be
                permission = self._spider.permission_request(host)
                if permission is not None:
                    return permission
                refused = host.robots.refuses_all if host.robots is not None else None
                if self._refuses_many(host, (refused, (PAGE, SITEMAP))):
                    continue
                reason = refused_by(host, known.url)
            if reason is None and known.kind == SITEMAP and self._round.hosts.in_flight(SITEMAP) >= MOST_SITEMAPS:
                return SITEMAP_PAUSE
            host.buffer.popleft()
            if reason is not None:
                self._round.refuse(known, reason)
            elif host.http_only and known.url.startswith("https://"):
                self._round.retry_over_http(known)
            else:
                return self._spider.page_request(known)
        return 0.0

    def _refuses_many(self, host: Host, refused: tuple[str | None, tuple[int, ...]]) -> bool:
        """Refuse many queued URLs for a reason that does not depend on the URL; whether any were refused."""
        reason, kinds = refused
        if reason is None or host.buffer[0].kind not in kinds:
            return False
        self._round.refuse_queued(host, reason, kinds)
        return True

    def _forbidden(self, known: KnownUrl) -> str | None:
        """The reason why the operator's rules or the guard forbid a URL, regardless of its host's permissions."""
        reason = self._round.rules.refusal(known.url, known.host, known.seed, known.kind, known.depth)
        return reason or refusal(known.url, self._round.allowed_networks)

    def _budget(self, host: Host) -> tuple[str | None, tuple[int, ...]]:
        """The budget that is used up, and the kinds of URLs that it limits."""
        if host.body_bytes >= self._round.settings.max_bytes_per_host:
            return BYTE_BUDGET, (PAGE, SITEMAP)
        if host.page_cap is not None and host.done >= host.page_cap:
            return PAGE_BUDGET, (PAGE,)
        return None, ()

    def _refill(self, host: Host) -> None:
        """Load the next rows by rank; URLs discovered meanwhile follow after them."""
        if not host.buffer and host.queued > 0:
            host.buffer.extend(self._round.next_rows(host, BUFFER))

    @property
    def _round(self) -> Round:
        return self._spider.round

    @property
    def _spider(self) -> CoweseSpider:
        return cast("CoweseSpider", self._crawler.spider)

    def _wake_when_ready(self) -> None:
        """Wake the engine when the next host is ready; its own heartbeat is 5 s."""
        seconds = self._round.hosts.seconds_to_next()
        if seconds is None:
            return
        from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

        later: Any = reactor
        seconds = max(seconds, 0.002)
        if self._woken_at is not None and self._woken_at.active():
            if self._woken_at.getTime() <= later.seconds() + seconds:
                return
            self._woken_at.cancel()
        self._woken_at = later.callLater(seconds, wake, self._crawler)


def wake(crawler: Crawler) -> None:
    """Make the engine ask for requests again. Scrapy 2.19 has no public API for this: ``_slot.nextcall``."""
    slot = crawler.engine._slot if crawler.engine else None  # noqa: SLF001 - isolated here, with a test
    if slot is not None:
        slot.nextcall.schedule()
