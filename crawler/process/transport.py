"""The HTTP client with bounds: on what stands before a body, and on requests in flight at one IP address.

Twisted bounds one line of a head, not their number. Long bodies are unpacked in a thread.
"""

import contextlib
from typing import Any, cast
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.web._newclient import HTTP11ClientProtocol, ParseError
from twisted.web.client import ResponseFailed

from crawler.frontier.hosts import Host, HostQueue
from crawler.permissions.resolver import GuardedResolver
from crawler.process.connections import BoundedPool, most_idle
from crawler.process.exchange import Agents, Exchange
from crawler.process.offload import run_in_thread_if_large
from data.rights.robots_txt import MAX_BYTES

MAX_FIELDS = 256
"""Header fields of an answer; browsers and proxies stop at 100 to 1,000."""
MAX_HEAD = 64 << 10
"""Bytes of all header lines of an answer, interim answers (1xx) included."""
MOST_UNPACKED = 8 * MAX_BYTES
"""Bytes of a robots.txt after unpacking; one that has more is a bomb."""
USUAL_RATIO = 8
"""Bytes of a packed page that come of one."""


class Unpacking(HttpCompressionMiddleware):
    """Undoes content encodings as Scrapy does, those of long bodies in a thread."""

    async def unpacked(self, request: Request, response: Response) -> Response:
        """Give the response with its body unpacked.

        Raises:
            IgnoreRequest: it is too large.
        """
        if "Content-Encoding" not in response.headers:
            return response
        if "file" in request.meta:
            request.meta["download_maxsize"] = MOST_UNPACKED
        size = request.meta.get("download_maxsize", len(response.body) * USUAL_RATIO)
        return cast("Response", await run_in_thread_if_large(size, self.process_response, request, response))


class HeadTooLarge(ParseError):  # noqa: N818 - named as RFC 6585's 431 is
    """An answer had more header fields, or longer ones, than we read."""

    def __init__(self, lines: int, octets: int) -> None:
        super().__init__(f"{lines} header lines, {octets} bytes", b"")  # type: ignore[no-untyped-call]


class AddressBusy(Exception):  # noqa: N818 - no error: the host waits
    """As many requests as may be are in flight at the address of a host."""


class CappedHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, reading bounded heads and asking an IP address no more than it may."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

        concurrency = crawler.settings.getint("CONCURRENT_REQUESTS")
        clock: Any = reactor
        self._pool = BoundedPool(clock, most_idle(concurrency))
        self._pool.maxPersistentPerHost = concurrency  # a proxy is one host
        self._pool._factory = _Factory  # noqa: SLF001 - as Scrapy itself sets its lenient one
        self._agents = Agents(crawler, self._contextFactory, self._pool)

    async def download_request(self, request: Request) -> Response:
        """Download, unless the host's address is busy.

        Raises:
            AddressBusy: nothing was asked; the host is to wait.
        """
        host: Host = request.meta["host"]
        name = urlsplit(request.url).hostname or ""
        if name == host.name and not request.meta.get("proxy"):
            address = await address_of(name)
            if address is not None and not self._claim_address(host, address):
                raise AddressBusy(address)
        exchange = Exchange(self._agents, MAX_BYTES if "file" in request.meta else None)
        with wrap_twisted_exceptions():
            return await exchange.download_request(request)

    def _claim_address(self, host: Host, address: str) -> bool:
        hosts: HostQueue = cast("Any", self._crawler.spider).round.hosts
        return hosts.claim_address(host, address)


async def address_of(name: str) -> str | None:
    """The IP address that stands for a name, one of IPv4 where it has any; None where it has none."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    resolver: GuardedResolver = cast("Any", reactor).nameResolver
    try:
        found = await resolver.addresses(name)
    except DNSLookupError:
        return None  # the download fails for the same reason, which is remembered
    return min(found, key=lambda address: (":" in address, address))


class _Parser(_LenientHTTPClientParser):
    lines = 0
    octets = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Count a line of the head, then read it.

        Raises:
            HeadTooLarge: it is one too many; the connection is closed.
        """
        self.lines += 1
        self.octets += len(line)
        if self.lines > MAX_FIELDS or self.octets > MAX_HEAD:
            raise HeadTooLarge(self.lines, self.octets)
        super().lineReceived(line)

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take a header field as browsers do: a second length, a length that is none, a name that is none are dropped.

        Twisted fails the whole answer for each of them, and for a transfer encoding that it does not know.
        """
        field = name.lower().strip()
        if field == b"content-length":
            value = value.partition(b",")[0].strip()
            if not value.isdigit() or self.connHeaders.hasHeader(field):
                return
        elif field == b"transfer-encoding":
            if not value.lower().endswith(b"chunked") or self.connHeaders.hasHeader(field):
                return
            value = b"chunked"
        with contextlib.suppress(ValueError):
            super().headerReceived(field, value)  # type: ignore[no-untyped-call]


class _Protocol(HTTP11ClientProtocol):
    def request(self, request: Any) -> Deferred[Any]:
        """Send a request; its answer is read by our parser. Twisted names its own parser in this method alone."""
        answer: Deferred[Any] = super().request(request)
        parser: Any = self._parser
        parser.__class__ = _Parser
        return answer


class _Factory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> _Protocol:  # noqa: N802 - Twisted's name
        """Make the protocol of a new connection."""
        del addr
        return _Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def head_was_too_large(error: BaseException | None) -> bool:
    """Whether a failed download failed for its head; Scrapy wraps what Twisted says of it."""
    cause = error.__cause__ if error is not None else None
    return isinstance(cause, ResponseFailed) and any(one.check(HeadTooLarge) for one in cause.reasons)
