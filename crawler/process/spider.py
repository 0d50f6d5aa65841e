"""The spider: builds the requests for the scheduler and passes each response to the reader of its kind."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.frontier import visits
from crawler.frontier.hosts import Chain, Host
from crawler.frontier.numbers import SITEMAP
from crawler.frontier.records import KnownUrl
from crawler.parsing.sitemaps import MAX_BYTES
from crawler.permissions.operator_rules import TAKEDOWN
from crawler.process.backoff import Backoff
from crawler.process.discovery import Discovery
from crawler.process.exchange import DATA_LOSS
from crawler.process.permission_files import Permissions
from crawler.process.raw_response import RAW_RESPONSE
from crawler.process.recorder import Recorder
from crawler.process.responses import ResponseReader
from crawler.process.round import Round
from crawler.process.transport import AddressBusy, head_was_too_large
from data.errors import StoreError

logger = logging.getLogger(__name__)

TOO_LARGE = frozenset({"DownloadCancelledError", "IgnoreRequest"})
"""Scrapy's errors for a body over the limit, on the wire and during decompression."""


class CoweseSpider(scrapy.Spider):
    """Builds requests and reads responses; links go to the frontier, never back into Scrapy."""

    name = "cowese"

    def __init__(self, current: Round) -> None:
        super().__init__()
        self.round = current
        self.discovery = Discovery(current)
        self.recorder = Recorder(current)
        self.responses = ResponseReader(current, self.discovery, self.recorder)
        self.permissions = Permissions(current, self.discovery)

    async def start(self) -> AsyncIterator[Any]:
        """Yield nothing: the start URLs are in the frontier."""
        requests: tuple[scrapy.Request, ...] = ()
        for request in requests:
            yield request

    def permission_request(self, host: Host) -> scrapy.Request | None:
        """The request for the next permission file of a host; None if all are known."""
        missing = self.permissions.missing(host)
        if missing is None:
            return None
        return self._request(self.permissions.address(host, missing), host=host, known=host.buffer[0], file=missing)

    def page_request(self, known: KnownUrl) -> scrapy.Request:
        """The request for a URL; conditional if we have fetched it before and the host's validators can be trusted."""
        headers = {}
        host = self.round.hosts[known.host]
        host.in_flight = known
        if known.warc_digest and not host.false_304 and not visits.is_unconditional_visit(known):
            if known.etag:
                headers["If-None-Match"] = known.etag
            if known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        chain = host.chains.pop(known.url, None) or Chain(known.url)
        if chain.cookies:
            headers = {"Cookie": chain.cookies}
        return self._request(chain.url, headers=headers, host=host, known=known, chain=chain)

    def _request(self, url: str, headers: dict[str, str] | None = None, **meta: Any) -> scrapy.Request:
        if "file" in meta:
            meta["download_maxsize"] = (
                0  # only the limit of ``transport`` applies, which ends a long body without losing it
            )
        elif meta["known"].kind == SITEMAP:
            meta["download_maxsize"] = MAX_BYTES
        if self.round.settings.proxy:
            meta["proxy"] = self.round.settings.proxy
        return scrapy.Request(
            url, callback=self.answered, errback=self.failed, headers=headers, meta=meta, dont_filter=True
        )

    async def answered(self, response: Response) -> None:
        """Handle a response; whatever happens, its row is settled and the host is released."""
        meta = response.meta
        host: Host = meta["host"]
        known: KnownUrl = meta["known"]
        file: str | None = meta.get("file")
        backoff = Backoff()
        try:
            backoff = Backoff.after(response, failed=response.status in visits.TRANSIENT and file is None)
            await self._take(host, known, file, response, backoff)
        except StoreError as error:
            self.round.on_broken_store(error)
        except Exception as error:  # noqa: BLE001 - whatever an answer does to us, the round goes on
            self._settle_error(host, known, file, error)
        finally:
            self._release(host, backoff)

    def failed(self, failure: Failure) -> None:
        """Handle a failed request: no such name, connection refused, time-out, body too large."""
        request = failure.request  # type: ignore[attr-defined]
        host: Host = request.meta["host"]
        known: KnownUrl = request.meta["known"]
        file: str | None = request.meta.get("file")
        if isinstance(failure.value, AddressBusy):
            self._put_back(host, known, file, request.meta.get("chain"))
            return
        backoff = Backoff()
        try:
            self._take_failure(host, known, file, failure, backoff)
        except StoreError as error:
            self.round.on_broken_store(error)
        except Exception as error:  # noqa: BLE001 - the same
            self._settle_error(host, known, file, error)
        finally:
            self._release(host, backoff)

    def _put_back(self, host: Host, known: KnownUrl, file: str | None, chain: Chain | None) -> None:
        """Put a row back that was not requested because its address is at its limit."""
        self.round.counts["crawl/waits/address"] += 1
        if file is None:
            host.in_flight = None
            host.buffer.appendleft(known)
            if chain is not None:
                host.continue_chain(known.url, chain)
        self.round.hosts.release(host, 0.0)

    def _release(self, host: Host, backoff: Backoff) -> None:
        self.round.release(host, backoff.latency, failed=backoff.failed, retry_after=backoff.retry_after)

    def _settle_error(self, host: Host, known: KnownUrl, file: str | None, error: Exception) -> None:
        """Settle a row after an internal error; a host whose permissions cannot be read is left out."""
        try:
            if file is None:
                self.round.settle_error(host, host.in_flight, error)
            else:
                self.permissions.failed_internally(host, file, error)
        except StoreError as broken:
            self.round.on_broken_store(broken)
        except Exception as another:
            logger.exception("%s: left out", known.url, exc_info=another)
            self.round.hosts.leave_out(host)

    async def _take(self, host: Host, known: KnownUrl, file: str | None, response: Response, backoff: Backoff) -> None:
        size = len(response.meta[RAW_RESPONSE].body)
        host.body_bytes += size
        self.round.figures.answered(host.name, size)
        self.round.counts[f"crawl/answers/{response.status if visits.is_status(response.status) else 'other'}"] += 1
        self.round.counts["crawl/bytes"] += size
        if file is None and self.round.rules.is_taken_down(known.url):  # taken down while it was in flight
            self.round.refuse(known, TAKEDOWN)
        elif not visits.is_status(response.status):
            self._fails(host, known, file, "no_status", backoff)
        elif DATA_LOSS in response.flags and self._is_cut(known, file, response):
            self._fails(host, known, file, "cut", backoff)
        elif file is not None:
            await self.recorder.keep(known, response, response.url)
            backoff.at_least(self.permissions.answered(host, file, known, response))
        elif self.responses.is_unasked(response):
            backoff.failed = True
            await self.responses.read_unasked(known, response)
        elif known.kind == SITEMAP and visits.is_success(response.status):
            await self.responses.read_sitemap(known, response)
        else:
            await self.responses.read_page(known, response, backoff)

    def _take_failure(self, host: Host, known: KnownUrl, file: str | None, failure: Failure, backoff: Backoff) -> None:
        kind = failure.type.__name__ if failure.type is not None else "unknown"
        if kind in TOO_LARGE or head_was_too_large(failure.value):
            kind = "too_large"
        if file is None and kind == "too_large":
            self.round.counts["crawl/failed/too_large"] += 1
            self.round.settle(
                known, visits.given_up_row(known, self.round.settings, self.round.clock.now(), "too_large", None)
            )
        else:
            self._fails(host, known, file, kind, backoff)

    @staticmethod
    def _is_cut(known: KnownUrl, file: str | None, response: Response) -> bool:
        """Whether a body that is shorter than announced is fetched again; browsers show such a page as it is."""
        if not response.body or file is not None or known.kind == SITEMAP:
            return not response.body
        return known.attempts == 0 and b"</html" not in response.body[-2_048:].lower()

    def _fails(self, host: Host, known: KnownUrl, file: str | None, kind: str, backoff: Backoff) -> None:
        """Settle a request without a readable response."""
        if file is not None:
            backoff.at_least(self.permissions.failed(host, file, kind))
        elif host.http_only and known.url.startswith("https://"):
            self.round.retry_over_http(known)
        else:
            backoff.failed = True
            self.round.fail(known, kind)
