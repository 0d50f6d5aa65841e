"""Answers that browsers read although they break rules: lengths, encodings, fields, redirects that set cookies."""

import contextlib
import gzip
import socketserver
import threading
import zlib
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from crawler_web import TEXT, Web, rows

from cleaning.pages.warc import Segment
from crawler.process.run import crawl

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def page(link="/fin", head=""):
    return f"<html><head>{head}</head><body><p>{TEXT}</p><a href='{link}'>x</a></body></html>".encode()


def answer(body, *fields, length=None, status=b"200 OK"):
    lines = [b"Content-Length: %d" % (len(body) if length is None else length), *fields, b"Connection: close"]
    return OK.replace(b"200 OK", status) + b"\r\n".join(lines) + b"\r\n\r\n" + body


def moved(to, *fields):
    head = b"\r\n".join([b"HTTP/1.1 302 Found", b"Location: " + to, b"Content-Length: 0", *fields])
    return head + b"\r\nConnection: close\r\n\r\n"


PACKED = gzip.compress(page())
ANSWERS = {
    "longer": answer(page(), length=len(page()) + 500),
    "cut": answer(page()[:-20], length=9_000),
    "shorter": answer(page() + b"<p>sobra</p>", length=len(page())),
    "twolengths": answer(page(), b"Content-Length: %d" % len(page())),
    "listlength": OK + b"Content-Length: %d, %d\r\nConnection: close\r\n\r\n" % (len(page()), len(page())) + page(),
    "nolength": OK + b"Content-Length: mucho\r\nConnection: close\r\n\r\n" + page(),
    "negative": OK + b"Content-Length: -1\r\nConnection: close\r\n\r\n" + page(),
    "chunkscut": OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(page()) + page() + b"\r\n",
    "identity": OK + b"Transfer-Encoding: identity\r\nConnection: close\r\n\r\n" + page(),
    "falsegzip": answer(page(), b"Content-Encoding: gzip"),
    "falsedeflate": answer(page(), b"Content-Encoding: deflate"),
    "falsebr": answer(page(), b"Content-Encoding: br"),
    "falsezstd": answer(page(), b"Content-Encoding: zstd"),
    "unknown": answer(page(), b"Content-Encoding: utf-8"),
    "none": answer(page(), b"Content-Encoding: none"),
    "cutgzip": answer(PACKED[:-8], b"Content-Encoding: gzip"),
    "twice": answer(gzip.compress(PACKED), b"Content-Encoding: gzip, gzip"),
    "raw": answer(zlib.compress(page())[2:-4], b"Content-Encoding: deflate"),
    "badname": answer(page(), "‘access-control-allow-origin’: *".encode()),
    "blankname": answer(page(), b"X Field : 1"),
    "nocolon": answer(page(), b"sin dos puntos"),
    "barelf": answer(page()).replace(b"\r\n", b"\n"),
    "status": answer(page()).replace(b"200 OK", b"200"),
    "http10": b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(),
    "refresh": answer(b"<p>.</p>", b"Refresh: 0; url=/fin"),
    "meta": answer(b'<meta http-equiv="Refresh" content="0;URL=/fin">'),
    "script": answer(b"<script>window.location.href = '/fin';</script>"),
    "replace": answer(b'<script>location.replace("/fin")</script>'),
    "next": answer(page("/x", '<link rel="next" href="/fin">')),
    "canonical": answer(page("/x", '<link rel="canonical" href="/fin">')),
}
COOKIE = b"Set-Cookie: visita=1; Path=/; HttpOnly"
FORGET = b"Set-Cookie: visita=no; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


STEPS = {"": ("visita=1", "uno"), "uno": ("dos=2", "dos"), "dos": ("tres=3", "tres")}


def steps(path, cookie):
    """A page behind three redirects, each of which wants the cookies of all before it."""
    before = [*STEPS, "tres"]
    had = "; ".join(STEPS[one][0] for one in before[: before.index(path)])
    if cookie != (had or None):
        return answer(b"no", status=b"403 No")
    if path == "tres":
        return answer(page())
    given, to = STEPS[path]
    return moved(b"/" + to.encode(), b"Set-Cookie: " + given.encode())


CHAINS = {
    "cookie": lambda _path, cookie: answer(page()) if cookie == "visita=1" else moved(b"/", COOKIE),
    "loop": lambda _path, _cookie: moved(b"/", COOKIE),
    "dance": lambda path, cookie: (
        moved(b"/", COOKIE) if path else answer(page()) if cookie == "visita=1" else moved(b"/abre")
    ),
    "circle": lambda path, _cookie: moved(b"/" if path else b"/abre", COOKIE),
    "taken": lambda path, _cookie: {
        "": moved(b"/uno", COOKIE),
        "uno": moved(b"/dos", FORGET),
        "dos": answer(page()),
    }[path],
    "steps": steps,
    "leaks": lambda _path, _cookie: moved(b"http://cookie.test/fin", COOKIE),
}
"""Hosts whose pages want the cookies of the redirects that led to them: answers by path and Cookie field."""


class Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        with contextlib.suppress(OSError):
            url = self.rfile.readline().split()[1].decode()
            fields = {}
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.decode("latin-1").partition(":")
                fields[name.lower()] = value.strip()
            self.server.asked.append((url, fields.get("cookie")))
            self.wfile.write(self.answer_to(url, fields))

    def answer_to(self, url, fields):
        host, _, path = url.removeprefix("http://").partition("/")
        name = host.removesuffix(".test")
        if path in ("", "abre", "uno", "dos", "tres"):
            return CHAINS[name](path, fields.get("cookie")) if name in CHAINS else ANSWERS[name]
        return answer(page("/fin")) if path == "fin" else b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def server():
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as served:
        served.asked = []
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield served
        served.shutdown()


@pytest.mark.slow
def test_answers_that_browsers_read_are_read(server, store, tmp_path):
    web = Web(port=server.server_address[1])
    seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{name}.test/" for name in ANSWERS))
    crawl(store, web.settings(seeds, breaker_base_delay=0.05))
    asked = [url for url, _ in server.asked]
    assert {name for name in ANSWERS if f"http://{name}.test/fin" not in asked} == set()
    assert max(asked.count(f"http://{name}.test/") for name in ANSWERS) <= 2
    for path in store.warc.glob("**/*.warc.gz"):
        for record in Segment(path).records(1 << 20):
            if record.url.endswith(".test/") and record.answer.status == 200:
                assert record.answer.problem is None, record.url
                assert record.answer.body.lstrip().startswith(b"<"), record.url
        truncated = path.read_bytes()
    assert b"WARC-Truncated: disconnect" in b"".join(gzip_members(truncated))


WITH_COOKIES = {
    ("cookie/", "visita=1"),
    ("loop/", "visita=1"),
    ("dance/", "visita=1"),
    ("circle/abre", "visita=1"),
    ("circle/", "visita=1"),
    ("taken/uno", "visita=1"),
    ("steps/uno", "visita=1"),
    ("steps/dos", "visita=1; dos=2"),
    ("steps/tres", "visita=1; dos=2; tres=3"),
}


@pytest.mark.slow
def test_a_cookie_lives_as_long_as_its_chain_of_redirects(server, store, tmp_path):
    web = Web(port=server.server_address[1])
    seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{name}.test/" for name in CHAINS))
    pages = {one for one in WITH_COOKIES if one[0] in ("cookie/", "dance/")}
    for day, revisit, least in ((1, "due", WITH_COOKIES), (50, "due", pages), (200, "all", WITH_COOKIES)):
        server.asked.clear()
        when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(day)
        assert crawl(store, web.settings(seeds, breaker_base_delay=0.05), as_of=when, revisit=revisit).finished
        asked = [(url.removeprefix("http://").replace(".test", ""), cookie) for url, cookie in server.asked]
        assert least <= {one for one in asked if one[1] is not None} <= WITH_COOKIES
        assert max(Counter(url for url, _ in asked if "robots" not in url).values()) <= 3
        state = rows(store)
        told = {name: state[f"http://{name}.test/"].status for name in CHAINS}
        assert told == {
            "cookie": 200,
            "dance": 200,
            **dict.fromkeys(("loop", "circle", "taken", "steps", "leaks"), 302),
        }
        if day == 1:
            assert [state[f"http://{end}"].status for end in ("steps.test/tres", "taken.test/dos")] == [200, 200]
    assert "http://cookie.test/fin" in state


def gzip_members(packed):
    while packed:
        member = zlib.decompressobj(31)
        yield member.decompress(packed)
        packed = member.unused_data
