"""The HTTP client with bounds: on what stands before a body, and on requests in flight at one IP address.

Twisted bounds one line of a head, not their number. Long bodies are unpacked in a thread.
"""

import contextlib
from typing import Any, cast
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.web._newclient import ParseError
from twisted.web.client import ResponseFailed

from crawler.frontier.hosts import Host, HostQueue
from crawler.permissions.resolver import GuardedResolver
from crawler.permissions.robots import MAX_BYTES
from crawler.process.connections import BoundedPool, most_idle
from crawler.process.turns import done_for

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

    async def process_response(  # type: ignore[override]
        self, request: Request, response: Response
    ) -> Request | Response:
        """Give the response with its body unpacked."""
        if "file" in request.meta:
            request.meta["download_maxsize"] = MOST_UNPACKED
        size = request.meta.get("download_maxsize", len(response.body) * USUAL_RATIO)
        return await done_for(size, super().process_response, request, response)


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
        crawler.signals.connect(stop_long_file, signal=signals.bytes_received)

    async def download_request(self, request: Request) -> Response:
        """Download, unless the host's address is busy.

        Raises:
            AddressBusy: nothing was asked; the host is to wait.
        """
        host: Host = request.meta["host"]
        name = urlsplit(request.url).hostname or ""
        if name == host.name and not request.meta.get("proxy"):
            address = await address_of(name)
            if address is not None and not self._lives_at(host, address):
                raise AddressBusy(address)
        return await super().download_request(request)

    def _lives_at(self, host: Host, address: str) -> bool:
        hosts: HostQueue = cast("Any", self._crawler.spider).round.hosts
        return hosts.lives_at(host, address)


def stop_long_file(data: bytes, request: Request) -> None:
    """Stop the download of a robots.txt, or of a file beside it, of which enough has come to be read (RFC 9309, 2.5).

    Raises:
        StopDownload: what came is the answer.
    """
    if "file" in request.meta:
        request.meta["came"] = request.meta.get("came", 0) + len(data)
        if request.meta["came"] > MAX_BYTES:
            raise StopDownload(fail=False)


async def address_of(name: str) -> str | None:
    """The IP address that stands for a name, one of IPv4 where it has any; None where it has none."""
    from twisted.internet import reactor  # noqa: PLC0415 - Scrapy installs the reactor first

    resolver: GuardedResolver = cast("Any", reactor).nameResolver
    try:
        found = await maybe_deferred_to_future(resolver.addresses(name))
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


class _Protocol(_LenientHTTP11ClientProtocol):
    def request(self, request: Any) -> Deferred[Any]:
        """Send a request; its answer is read by our parser, which adds nothing to Scrapy's but two counts."""
        answer: Deferred[Any] = super().request(request)
        self._parser.__class__ = _Parser
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
