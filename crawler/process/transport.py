"""The HTTP client with limits: on header lines, and on requests in flight at one IP address.

Twisted limits the length of a header line, not their number. Long bodies are decompressed in a thread.
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
"""Header fields of a response; browsers and proxies stop at 100 to 1,000."""
MAX_HEAD = 64 << 10
"""Bytes of all header lines of a response, interim responses (1xx) included."""
MOST_UNPACKED = 8 * MAX_BYTES
"""Bytes of a decompressed robots.txt; a larger one is a decompression bomb."""
USUAL_RATIO = 8
"""Usual ratio of decompressed to compressed bytes."""


class Unpacking(HttpCompressionMiddleware):
    """Decompresses bodies as Scrapy does, long ones in a thread."""

    async def unpacked(self, request: Request, response: Response) -> Response:
        """Return the response with its body decompressed.

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
    """A response has too many or too long header fields."""

    def __init__(self, lines: int, octets: int) -> None:
        super().__init__(f"{lines} header lines, {octets} bytes", b"")  # type: ignore[no-untyped-call]


class AddressBusy(Exception):  # noqa: N818 - no error: the host waits
    """The limit of requests in flight at a host's address is reached."""


class CappedHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, with limits on header lines and on requests to one IP address."""

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
            AddressBusy: nothing was requested; the host must wait.
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
    """The IP address that represents a name, IPv4 preferred; None if it has none."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    resolver: GuardedResolver = cast("Any", reactor).nameResolver
    try:
        found = await resolver.addresses(name)
    except DNSLookupError:
        return None  # the download fails for the same reason
    return min(found, key=lambda address: (":" in address, address))


class _Parser(_LenientHTTPClientParser):
    lines = 0
    octets = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - Twisted's name
        """Count a header line, then read it.

        Raises:
            HeadTooLarge: the limit is exceeded; the connection is closed.
        """
        self.lines += 1
        self.octets += len(line)
        if self.lines > MAX_FIELDS or self.octets > MAX_HEAD:
            raise HeadTooLarge(self.lines, self.octets)
        super().lineReceived(line)

    def headerReceived(self, name: bytes, value: bytes) -> None:  # noqa: N802 - Twisted's name
        """Read a header field as browsers do: second lengths, invalid lengths and invalid names are dropped.

        Twisted fails the whole response for each of them, and for an unknown transfer encoding.
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
        """Send a request whose response our parser reads. Twisted only names its own parser in this method."""
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
    """Whether a download failed because of its header; Scrapy wraps Twisted's error."""
    cause = error.__cause__ if error is not None else None
    return isinstance(cause, ResponseFailed) and any(one.check(HeadTooLarge) for one in cause.reasons)
