"""One request and its response over Scrapy's agents, without signals, certificates and logs, which we do not use."""

from collections import OrderedDict
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import _ScrapyAgent, _TunnelingAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH

DATA_LOSS = "dataloss"
"""Flag of a body that is shorter than announced; Scrapy's name."""
STOPPED = "download_stopped"
"""Flag of a body whose download we stopped; Scrapy's name."""
PARTIAL = "partial"
"""Flag of a body that ends with its connection; Scrapy's name."""
MOST_ENDPOINTS = 1_000
"""Hosts whose endpoints are cached."""


class Agents:
    """The agents that all exchanges share, one for each proxy and scheme, and the limits."""

    def __init__(self, crawler: Crawler, tls: Any, pool: HTTPConnectionPool) -> None:
        self.crawler = crawler
        self.tls = tls
        self.pool = pool
        self.timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self.max_size = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self._known: dict[tuple[str | None, bool], Agent] = {}

    def agent_for(self, request: Request, exchange: "Exchange") -> Agent:
        """The agent for a request; a new one is created as Scrapy does."""
        key = request.meta.get("proxy"), request.url.startswith("https:")
        agent = self._known.get(key)
        if agent is None:
            agent = self._known[key] = exchange.new_agent(request, self.timeout)
            if not isinstance(agent, _TunnelingAgent):  # a tunnel's endpoint belongs to one connection
                agent._getEndpoint = _Endpoints(agent._getEndpoint)  # type: ignore[method-assign] # noqa: SLF001
        return agent


class _Endpoints:
    """Caches the endpoints of hosts. They hold no connection, and creating one validates the host's name again."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._known: OrderedDict[tuple[bytes, bytes, int], Any] = OrderedDict()

    def __call__(self, uri: Any) -> Any:
        key = uri.scheme, uri.host, uri.port
        endpoint = self._known.get(key)
        if endpoint is None:
            endpoint = self._known[key] = self._make(uri)
            if len(self._known) > MOST_ENDPOINTS:
                self._known.popitem(last=False)
        return endpoint


class Exchange(_ScrapyAgent):
    """Scrapy's download of one request with our own reading of head and body."""

    def __init__(self, agents: Agents, enough: int | None) -> None:
        """After ``enough`` bytes of a body its download ends without an error; None: no limit."""
        super().__init__(
            contextFactory=agents.tls,
            connectTimeout=agents.timeout,
            pool=agents.pool,
            maxsize=agents.max_size,
            crawler=agents.crawler,
        )
        self._agents = agents
        self._enough = enough

    def new_agent(self, request: Request, timeout: float) -> Agent:
        """An agent as Scrapy creates it for each request."""
        return super()._get_agent(request, timeout)

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        del timeout
        return self._agents.agent_for(request, self)

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        """Read the body, unless its announced length is too large."""
        if txresponse.length == 0:
            return txresponse, b"", []
        most = request.meta.get("download_maxsize", self._maxsize)
        if most and txresponse.length is not UNKNOWN_LENGTH and txresponse.length > most:
            txresponse._transport._producer.abortConnection()  # noqa: SLF001 - as Scrapy does it
            raise DownloadCancelledError(f"{request.url}: {txresponse.length} bytes are more than {most}")
        body: Deferred[Any] = Deferred(partial(self._cancel, txresponse=txresponse))
        txresponse.deliverBody(_Body(body, txresponse, most, self._enough))
        self._txresponse = txresponse  # for time-outs
        return body

    def _cb_bodydone(self, result: Any, url: str) -> Response:
        """Build Scrapy's response."""
        txresponse, body, flags = result
        headers = dict(txresponse.headers.getAllRawHeaders())
        if txresponse.length is not UNKNOWN_LENGTH:
            headers = {b"Content-Length": [b"%d" % txresponse.length], **headers}
        return Response(url, int(txresponse.code), headers, body, flags)


class _Body(Protocol):
    """Collects a body."""

    def __init__(self, finished: "Deferred[Any]", txresponse: Any, most: int, enough: int | None) -> None:
        self._finished = finished
        self._txresponse = txresponse
        self._most = most
        self._enough = enough
        self._pieces: list[bytes] = []
        self._size = 0

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Collect the next bytes; some may still come after the download has ended."""
        if self._finished.called:
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._enough is not None and self._size > self._enough:
            transport: Any = self.transport
            transport.stopProducing()
            transport.loseConnection()
            self._end([STOPPED])
        elif self._most and self._size > self._most:
            self._pieces.clear()
            self._finished.cancel()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """End the body."""
        if self._finished.called:
            return
        if isinstance(reason.value, ResponseDone):
            self._end([])
        else:
            self._end([PARTIAL if isinstance(reason.value, PotentialDataLoss) else DATA_LOSS])

    def _end(self, flags: list[str]) -> None:
        self._finished.callback((self._txresponse, b"".join(self._pieces), flags))
