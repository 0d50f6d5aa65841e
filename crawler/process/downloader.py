"""A downloader for Scrapy without queues, signals and middlewares.

Scrapy's own downloader queues requests by host, sends signals, passes each request through middlewares and its response
to a scraper, with an asyncio task for each step: half of the CPU time of a page (docs/measurements.md). Here our
scheduler decides when a host is fetched from, and the spider yields nothing.
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
    """The interface that Scrapy's engine expects of a downloader (setting ``DOWNLOADER``)."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.active: set[Request] = set()
        """Requests in flight, including those whose responses are being read."""
        self._crawler = crawler
        self._most = settings.getint("CONCURRENT_REQUESTS")
        self._fields = {**settings.getdict("DEFAULT_REQUEST_HEADERS"), "User-Agent": settings["USER_AGENT"]}
        self._handlers = DownloadHandlers(crawler)
        self._unpacking = Unpacking(crawler=crawler)

    def needs_backout(self) -> bool:
        """Whether the limit of requests in flight is reached."""
        return len(self.active) >= self._most

    def fetch(self, request: Request) -> "Deferred[Request]":
        """Send the request and pass the response to the spider.

        Fires with the request itself. The engine then tries to schedule it, which our scheduler refuses: so the
        response does not pass through Scrapy's scraper.
        """
        self.active.add(request)
        return Deferred.fromCoroutine(self._fetch(request))

    def close(self) -> None:
        """Do nothing: there is no queue, and the handlers close with the engine."""

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
