"""From the scheduler to the wire and back to the spider: Scrapy's downloader, without what this crawl has no use for.

Scrapy's own queues requests by host, sends signals, passes each through middlewares and hands its answer to a scraper,
with a task of asyncio for each step: half of the CPU time of a page (bench/README.md). Here the scheduler alone says
when a host is asked, and the spider yields nothing.
"""

from typing import cast

from scrapy import Request
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from crawler.process.raw_response import keep_raw_response
from crawler.process.spider import CoweseSpider
from crawler.process.transport import Unpacking


class DirectDownloader:
    """What Scrapy's engine wants of a downloader (setting ``DOWNLOADER``)."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.active: set[Request] = set()
        """Requests on their way, those included whose answers are being read."""
        self._crawler = crawler
        self._most = settings.getint("CONCURRENT_REQUESTS")
        self._fields = {**settings.getdict("DEFAULT_REQUEST_HEADERS"), "User-Agent": settings["USER_AGENT"]}
        self._handlers = DownloadHandlers(crawler)
        self._unpacking = Unpacking(crawler=crawler)

    def needs_backout(self) -> bool:
        """Whether as many requests as may be are on their way."""
        return len(self.active) >= self._most

    def fetch(self, request: Request) -> "Deferred[Request]":
        """Ask, and let the spider read the answer.

        Fires with the request itself. The engine takes that as one to be scheduled, which our scheduler refuses: so
        the answer takes no way through Scrapy's scraper.
        """
        self.active.add(request)
        return Deferred.fromCoroutine(self._fetch(request))

    def close(self) -> None:
        """Nothing waits here; the handlers close with the engine."""

    async def _fetch(self, request: Request) -> Request:
        spider = cast("CoweseSpider", self._crawler.spider)
        try:
            response = await self._download(request)
        except Exception:  # noqa: BLE001 - the spider says what it means
            failure = Failure()  # type: ignore[no-untyped-call]
            failure.request = request  # type: ignore[attr-defined]
            spider.failed(failure)
        else:
            await spider.answered(response)
        finally:
            self.active.discard(request)
        return request

    async def _download(self, request: Request) -> Response:
        for name, value in self._fields.items():
            request.headers.setdefault(name, value)
        response = await self._handlers.download_request_async(request)
        response.request = request
        keep_raw_response(request, response)
        unpacked = await self._unpacking.unpacked(request, response)
        unpacked.request = request
        return unpacked
