"""The way of a request to the wire and of its answer to the spider, without Scrapy's middlewares and scraper."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Request, Response
from scrapy.settings import Settings
from scrapy.signalmanager import SignalManager
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.client import PotentialDataLoss, ResponseDone
from twisted.web.iweb import UNKNOWN_LENGTH

from crawler.process.child import scrapy_settings
from crawler.process.downloader import DirectDownloader
from crawler.process.exchange import DATA_LOSS, MOST_ENDPOINTS, PARTIAL, STOPPED, _Body, _Endpoints
from crawler.process.raw_response import RAW_RESPONSE
from crawler.settings import CrawlSettings


class Spider:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.failures: list[Failure] = []

    async def answered(self, response: Response) -> None:
        self.answers.append(response)

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure)


@pytest.fixture
def downloader() -> DirectDownloader:
    settings = Settings(scrapy_settings(CrawlSettings(contact="a@b.example", concurrency=2), Path("crawl.log")))
    crawler: Any = SimpleNamespace(settings=settings, stats=None, signals=SignalManager(), spider=Spider())
    return DirectDownloader(crawler)


def spider_of(downloader: DirectDownloader) -> Spider:
    spider: Any = downloader._crawler.spider
    return spider


def test_an_answer_reaches_the_spider_with_its_request_and_its_bytes(downloader, monkeypatch):
    waits: Deferred[Response] = Deferred()

    async def answer(_):
        return await waits

    monkeypatch.setattr(downloader._handlers, "download_request_async", answer)
    request = Request("http://a.example/", headers={"If-None-Match": '"1"'})
    fired = []
    downloader.fetch(request).addCallback(fired.append)
    assert downloader.active == {request}
    assert not fired
    waits.callback(Response(request.url, 200, {"ETag": "x"}, b"<p>"))
    assert fired == [request]  # not the response: the engine has no scraper to pass it to
    assert not downloader.active
    (response,) = spider_of(downloader).answers
    assert response.request is request
    assert response.meta[RAW_RESPONSE].body == b"<p>"
    assert (b"Etag", b"x") in response.meta[RAW_RESPONSE].headers
    assert request.headers["If-None-Match"] == b'"1"'
    assert request.headers["User-Agent"].startswith(b"cowese/")
    assert request.headers["Accept-Language"] == b"es"


def test_a_failure_reaches_the_spider_with_its_request(downloader, monkeypatch):
    async def answer(_):
        raise OSError("broken")

    monkeypatch.setattr(downloader._handlers, "download_request_async", answer)
    request = Request("http://a.example/")
    fired = []
    downloader.fetch(request).addCallback(fired.append)
    assert fired == [request]
    (failure,) = spider_of(downloader).failures
    assert failure.request is request  # type: ignore[attr-defined]
    assert failure.check(OSError)
    assert not downloader.active


def test_no_more_requests_are_on_their_way_than_may_be(downloader, monkeypatch):
    async def answer(_):
        return await Deferred()

    monkeypatch.setattr(downloader._handlers, "download_request_async", answer)
    downloader.fetch(Request("http://a.example/"))
    assert not downloader.needs_backout()
    downloader.fetch(Request("http://b.example/"))
    assert downloader.needs_backout()


def test_an_unknown_scheme_is_a_failure(downloader):
    downloader.fetch(Request("ftp://a.example/"))
    (failure,) = spider_of(downloader).failures
    assert failure.type.__name__ == "NotSupported"


class Transport:
    """Says what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def stopProducing(self):  # noqa: N802 - Twisted's name
        self.told.append("stop")

    def loseConnection(self):  # noqa: N802 - the same
        self.told.append("lose")


def body(most=0, enough=None):
    ended: Deferred[Any] = Deferred()
    results = []
    ended.addBoth(results.append)
    reader = _Body(ended, SimpleNamespace(length=UNKNOWN_LENGTH), most, enough)
    reader.transport = Transport()
    return reader, results


@pytest.mark.parametrize(
    ("reason", "flags"), [(ResponseDone(), []), (PotentialDataLoss(), [PARTIAL]), (ValueError("cut"), [DATA_LOSS])]
)
def test_how_a_body_ends_is_told(reason, flags):
    reader, results = body()
    reader.dataReceived(b"a")
    reader.dataReceived(b"b")
    reader.connectionLost(Failure(reason))
    assert [one[1:] for one in results] == [(b"ab", flags)]


def test_of_a_file_that_is_long_enough_nothing_more_is_read():
    reader, results = body(enough=3)
    reader.dataReceived(b"abc")
    assert not results
    reader.dataReceived(b"d")
    reader.dataReceived(b"e")
    reader.connectionLost(connectionDone)
    assert [one[1:] for one in results] == [(b"abcd", [STOPPED])]
    assert reader.transport.told == ["stop", "lose"]


def test_a_body_over_its_cap_is_let_go_of():
    reader, results = body(most=3)
    reader.dataReceived(b"abc")
    assert not results
    reader.dataReceived(b"d")
    (failure,) = results
    assert failure.type.__name__ == "CancelledError"
    assert not reader._pieces


def test_endpoints_are_made_once_a_host_and_bounded():
    made = []

    def make(uri):
        made.append(uri)
        return object()

    def uri(host, scheme=b"http"):
        return SimpleNamespace(scheme=scheme, host=host, port=80)

    endpoints = _Endpoints(make)
    first = endpoints(uri(b"a"))
    assert endpoints(uri(b"a")) is first
    assert endpoints(uri(b"a", b"https")) is not first
    for number in range(MOST_ENDPOINTS + 5):
        endpoints(uri(b"%d" % number))
    assert len(endpoints._known) == MOST_ENDPOINTS
    assert endpoints(uri(b"a")) is not first
    assert len(made) == MOST_ENDPOINTS + 5 + 3
