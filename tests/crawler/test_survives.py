"""Nothing raises through: whatever a callback meets, its row is settled with a reason and its host is released."""

import zlib
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, Request
from twisted.internet.defer import CancelledError
from twisted.internet.error import ConnectionLost, DNSLookupError
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import DONE, PAGE, SITEMAP
from crawler.frontier.records import FoundUrl, KnownUrl
from crawler.frontier.tables import urls
from crawler.permissions.scope import Scope
from crawler.process import responses, scheduler
from crawler.process.permission_files import ROBOTS
from crawler.process.raw_response import RAW_RESPONSE, RawResponse
from crawler.process.round import Round
from crawler.process.scheduler import FrontierScheduler
from crawler.process.spider import CoweseSpider
from crawler.settings import CrawlSettings
from crawler.warc.writer import WarcWriter
from data.errors import DiskFullError, StoreError
from data.seeds import Seed

EXCEPTIONS = (
    ValueError("x"),
    KeyError("x"),
    IndexError("x"),
    TypeError("x"),
    AttributeError("x"),
    OverflowError("x"),
    RecursionError("x"),
    MemoryError(),
    AssertionError(),
    NotImplementedError(),
    StopIteration(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"),
    UnicodeEncodeError("utf-8", "\udc80", 0, 1, "x"),
    zlib.error("x"),
    LookupError("x"),
    ZeroDivisionError(),
    OSError("x"),
    CancelledError(),
    ConnectionLost("x"),
    sa.exc.DataError("x", None, ValueError("NUL")),
    sa.exc.IntegrityError("x", None, ValueError("x")),
    StoreError("x"),
    DiskFullError("x"),
)
FIELDS = (
    *("Location", "Retry-After", "Date", "ETag", "Last-Modified", "Content-Type", "Content-Encoding", "X-Robots-Tag"),
    *("Refresh", "Link", "Content-Location", "Set-Cookie", "Server", "cf-mitigated", "Content-Language"),
    *("TDM-Reservation", "Content-Usage"),
)
ODD = (
    b"", b" ", b"\xff\xfe", b"\xb2", b"http://[dominio]/", b"https://[::1", b"//", b"///", b"http://", b"http://a:99999/",
    b"Fri, 31 Dec 2027 23:59:59", b"Fri, 31 Dec 9999 23:59:59 -1200", b"Thu, 99 Foo 2026", b"-1", b"1e999", b"9" * 400,
    b'W/"', b'"\x00"', b"text/html; charset=\xff", b"text/html; charset=" + b"x" * 300, b"a" * 5000, b"0;url=http://[",
    "/atención".encode(), "/atenci\xf3n".encode("latin-1"), b"\\\\a\\b", b"javascript:alert(1)", b"data:,x", b"?", b"#",
    b"noindex, nofollow", b"googlebot: none", b"gzip, gzip, br", b"<http://[>; rel=next", b"../../../..", b"%", b"%zz",
)  # fmt: skip


class Engine:
    """What the scheduler wants of a crawler."""

    def __init__(self, spider):
        self.spider, self.engine = spider, None


class Crawl:
    """A round without network: its host has robots.txt, 3 pages and a sitemap queued."""

    def __init__(self, folder):
        seed = Seed(url="http://a.test/", name="Prueba", country="ES", category="hospital", scope="host")
        self.frontier = Frontier("sqlite://")
        found = [FoundUrl(f"http://a.test/{n}", "a.test", seed.url) for n in range(3)]
        found.append(FoundUrl("http://a.test/sitemap.xml", "a.test", seed.url, SITEMAP))
        self.frontier.commit([], found)
        options = CrawlSettings(delay_min=0, delay_factor=0, max_failures=1_000_000, breaker_patience=1e9)
        warc = WarcWriter(folder, "x", 1 << 30, {})
        self.round = Round(1, options, self.frontier, Scope([seed]), warc, datetime(2026, 11, 1, tzinfo=UTC))
        self.told = []
        self.round.on_broken_store = self.told.append
        self.spider = CoweseSpider(self.round)
        self.scheduler = FrontierScheduler(Engine(self.spider))
        self.scheduler._wake_when_ready = lambda: None
        self.host = self.round.hosts["a.test"]

    def next(self):
        self.host.next_at, self.host.left_out = 0.0, False
        self.round.hosts._heap = [(0.0, name) for _, name in self.round.hosts._heap]
        return self.scheduler.next_request()

    def until(self, kind):
        """The next request of a kind: a permission's file, a page or a sitemap."""
        while (request := self.next()) is not None:
            meta = request.meta
            if kind == (meta.get("file") or meta["known"].kind):
                return request
            self.answer(request)
        raise AssertionError(f"no {kind}")

    def answer(self, request, status=200, headers=None, body=b"<html><a href='/x'>x</a></html>"):
        body = b"" if "file" in request.meta else body
        response = HtmlResponse(request.url, status, headers or {"Content-Type": "text/html"}, body, request=request)
        fields = [(name, value) for name, values in response.headers.items() for value in values]
        request.meta[RAW_RESPONSE] = RawResponse(fields, body)
        with pytest.raises(StopIteration):
            self.spider.answered(response).send(None)

    def fail(self, request, error):
        failure = Failure(error)
        failure.request = request
        self.spider.failed(failure)

    def again(self):
        """All rows queued, nothing asked."""
        self.round.flush()
        host = self.host
        host.robots, host.in_flight, host.busy, host.left_out, host.state = None, None, False, False, None
        host.unread.clear()
        host.buffer.clear()
        host.queued = 4
        self.told.clear()
        with self.frontier.engine.begin() as connection:
            connection.execute(sa.update(urls).values(state=0, reason=None, rank=600))
        self.round.hosts._with_work.add(host.name)
        self.round.hosts._busy.clear()
        self.round.hosts._put(host)

    def row(self, number):
        self.round.flush()
        with self.frontier.engine.connect() as connection:
            return connection.execute(sa.select(urls).where(urls.c.id == number)).one()


async def go_on():
    """Nothing; no reactor runs here that a long sitemap would let go first."""


@pytest.fixture(autouse=True, scope="module")
def without_reactor():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(responses, "yield_to_reactor", go_on)
        patch.setattr(scheduler, "TURN", 600.0)  # a busy machine ends no turn early
        yield


@pytest.fixture
def crawl(tmp_path):
    made = Crawl(tmp_path)
    yield made
    made.round.warc.close()
    made.frontier.close()


def throw(error):
    def raise_it(*_, **__):
        raise error

    return raise_it


def assert_settled(crawl, request, error):
    """The host is free; a row that was in flight has the error's name as its reason, or the store was told of."""
    assert not crawl.host.busy
    assert crawl.host.in_flight is None
    if isinstance(error, StoreError):
        assert crawl.told
    elif "file" not in request.meta:
        row = crawl.row(request.meta["known"].id)
        names = {type(error).__name__} | ({"RuntimeError"} if isinstance(error, StopIteration) else set())
        assert (row.state, row.reason.partition("/")[0]) == (DONE, "internal")
        assert row.reason.partition("/")[2] in names  # a coroutine makes a RuntimeError of StopIteration


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "where", "name"),
    [
        (PAGE, "warc", "append"),
        (PAGE, "spider", "_take"),
        (PAGE, "answers", "read_page"),
        (PAGE, "answers", "_read_html"),
        (PAGE, "answers", "_verdict"),
        (PAGE, "answers", "_queue_links"),
        (PAGE, "answers", "_settle_success"),
        (PAGE, "discovery", "add"),
        (PAGE, "discovery", "_add_one"),
        (PAGE, "recorder", "keep"),
        (PAGE, "traps", "learn"),
        (SITEMAP, "answers", "read_sitemap"),
        (SITEMAP, "warc", "append"),
        (ROBOTS, "spider", "_take"),
        (ROBOTS, "permissions", "answered"),
        (ROBOTS, "warc", "append"),
        (ROBOTS, "frontier", "keep_robots"),
        ("/ai.txt", "permissions", "answered"),
        ("/ai.txt", "permissions", "_settle"),
    ],
)
def test_an_error_in_a_callback_settles_the_row_and_frees_the_host(crawl, monkeypatch, kind, where, name):
    at = {
        "spider": crawl.spider,
        "answers": crawl.spider.responses,
        "discovery": crawl.spider.discovery,
        "recorder": crawl.spider.recorder,
        "warc": crawl.round.warc,
        "traps": crawl.round.traps,
        "permissions": crawl.spider.permissions,
        "frontier": crawl.frontier,
    }[where]
    for error in EXCEPTIONS:
        crawl.again()
        request = crawl.until(kind)
        with monkeypatch.context() as patch:
            patch.setattr(at, name, throw(error))
            crawl.answer(request)
        assert_settled(crawl, request, error)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [PAGE, SITEMAP, ROBOTS, "/ai.txt"])
def test_an_error_while_a_failure_is_read_settles_the_row_too(crawl, monkeypatch, kind):
    for error in EXCEPTIONS:
        crawl.again()
        request = crawl.until(kind)
        with monkeypatch.context() as patch:
            patch.setattr(crawl.spider, "_take_failure", throw(error))
            crawl.fail(request, ConnectionLost("x"))
        assert_settled(crawl, request, error)


@pytest.mark.parametrize("kind", [PAGE, SITEMAP, ROBOTS, "/ai.txt"])
def test_whatever_a_download_fails_with_the_row_goes_on_and_the_host_is_free(crawl, kind):
    ours = [one for one in EXCEPTIONS if not isinstance(one, StoreError)]
    for error in [*ours, DNSLookupError("x"), ResponseFailed([])]:
        crawl.again()
        request = crawl.until(kind)
        crawl.fail(request, error)
        assert not crawl.host.busy
        assert crawl.host.in_flight is None
        if "file" not in request.meta:
            assert crawl.row(request.meta["known"].id).reason == type(error).__name__


@pytest.mark.slow
@pytest.mark.parametrize("name", ["_request_of", "_forbidden", "_refill", "_budget"])
def test_an_error_in_the_scheduler_ends_no_round(crawl, monkeypatch, name):
    for error in EXCEPTIONS:
        crawl.again()
        crawl.until(PAGE)
        crawl.round.release(crawl.host, 0.0, failed=False)
        before = crawl.round.counts.copy()
        with monkeypatch.context() as patch:
            patch.setattr(crawl.scheduler, name, throw(error))
            for _ in range(4):
                assert crawl.next() is None
        assert not crawl.host.busy
        met = {reason for reason in crawl.round.counts - before if "/internal/" in reason}
        assert crawl.told or met == {f"crawl/failed/internal/{type(error).__name__}"}


def test_requests_that_cannot_be_made_leave_room_for_the_sitemaps_after_them(crawl, monkeypatch):
    """As with StormCrawler #738: a limit that nothing takes back would hold up all sitemaps of the run."""
    for _ in range(scheduler.MOST_SITEMAPS + 1):
        crawl.again()
        with monkeypatch.context() as patch:
            request_of = crawl.spider._request

            def fails(url, *args, request_of=request_of, **meta):
                if meta["known"].kind == SITEMAP and "file" not in meta:
                    raise ValueError(url)
                return request_of(url, *args, **meta)

            patch.setattr(crawl.spider, "_request", fails)
            while (request := crawl.next()) is not None:
                crawl.answer(request)
    crawl.again()
    assert crawl.until(SITEMAP)
    assert crawl.round.hosts.in_flight(SITEMAP) == 1


def test_a_row_that_nobody_settles_is_settled_when_its_host_is_released(crawl, monkeypatch):
    request = crawl.until(PAGE)
    monkeypatch.setattr(crawl.spider.responses, "read_page", lambda *_: go_on())
    crawl.answer(request)
    assert crawl.row(request.meta["known"].id).reason == "internal/RuntimeError"


def test_one_row_that_the_database_refuses_spoils_no_other(crawl, monkeypatch):
    error = sa.exc.DataError("x", None, ValueError("NUL"))
    commit = crawl.frontier.commit_or_raise

    def refuse_one(outcomes, found, states):
        if any(one.get("etag") == "malo" for one in outcomes):
            raise error
        return commit(outcomes, found, states)

    monkeypatch.setattr(crawl.frontier, "commit_or_raise", refuse_one)
    for number, etag in ((1, "bueno"), (2, "malo"), (3, "bueno")):
        known = next(one for one in crawl.frontier.queued("a.test", 9) if one.id == number)
        crawl.round.settle(known, {"row": number, "state": 1, "etag": etag})
    assert [crawl.row(number).etag for number in (1, 2, 3)] == ["bueno", None, "bueno"]
    assert crawl.row(2).reason == f"internal/{type(error).__name__}"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    made = Crawl(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.round.warc.close()
    made.frontier.close()


VALUES = st.one_of(
    st.sampled_from(ODD),
    st.binary(max_size=40).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    st.builds(lambda a, b: a + b, st.sampled_from(ODD), st.sampled_from(ODD)),
)
STATUSES = st.sampled_from((200, 200, 200, 201, 202, 203, 204, 206, 301, 302, 303, 307, 308, 304, 400, 401, 403, 404))
FAILING = st.sampled_from((406, 410, 418, 429, 451, 500, 502, 503, 504, 520, 530, 99, 600, 999, 70_000))


COMBINATION = st.tuples(
    st.one_of(STATUSES, FAILING),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, min_size=1, max_size=5),
    st.sampled_from((PAGE, PAGE, SITEMAP, ROBOTS, "/ai.txt")),
    st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=252, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(st.lists(COMBINATION, min_size=20, max_size=20))
def test_5000_combinations_of_header_fields_settle_every_row(fuzzed, combinations):
    for status, fields, kind, known in combinations:
        settles(fuzzed, status, fields, kind, known=known)


def settles(crawl, status, fields, kind, *, known):
    rows = SEEN_ROWS if known else NEW_ROWS
    row = rows[SITEMAP if kind == SITEMAP else PAGE]
    host = crawl.host
    host.busy, host.left_out, host.asked_hops, host.failures = True, False, 0, 0
    host.in_flight = None if isinstance(kind, str) else row
    host.buffer.append(row)
    meta = {"host": host, "known": row} | ({"file": kind} if isinstance(kind, str) else {})
    crawl.answer(Request(row.url, meta=meta), status, dict(fields))
    assert not host.busy
    assert host.in_flight is None
    internal = {name: n for name, n in crawl.round.counts.items() if "internal" in name}
    assert not internal, internal
    host.buffer.clear()


def _row(number, kind, **values):
    empty = dict.fromkeys(KnownUrl.__dataclass_fields__)
    given = {"id": number, "url": f"http://a.test/{number}", "host": "a.test", "seed": "http://a.test/", "kind": kind}
    return KnownUrl(**{**empty, "depth": 0, "hops": 0, "attempts": 0, "unchanged": 0, **given, **values})


SEEN = {
    "status": 200,
    "etag": '"1"',
    "digest": "sha1:A",
    "warc_digest": "sha1:A",
    "fetched_at": 1.0,
    "interval_days": 9.0,
}
SEEN_ROWS = {PAGE: _row(1, PAGE, **SEEN), SITEMAP: _row(4, SITEMAP, **SEEN)}
NEW_ROWS = {PAGE: _row(2, PAGE), SITEMAP: _row(4, SITEMAP)}
