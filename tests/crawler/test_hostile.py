"""A crawl of servers that break the rules of HTTP: it survives each, in time, and keeps the good pages."""

import contextlib
import gzip
import itertools
import socket
import socketserver
import sqlite3
import threading
import time

import pytest
from crawler_web import Web, html, serving

from crawler.process.run import crawl
from crawler.process.transport import MAX_FIELDS, MAX_HEAD

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"


def answer(body, fields=b""):
    return [OK + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body]


def endless(piece, start=b"", pause=0.0):
    yield start
    for _ in itertools.count():
        yield piece
        time.sleep(pause)


BOMB = gzip.compress(bytes(40 << 20), 9)
INSIDE = (
    "http://127.0.0.1:9/secreto",
    "http://169.254.169.254/x",
    "http://[::1]/x",
    "http://0x7f.1/x",
    "file:///etc/passwd",
)
BAD = {
    "fields.test": lambda: [OK + b"X-Relleno: 1\r\n" * (MAX_FIELDS + 1) + b"\r\n"],
    "long.test": lambda: [
        OK + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 8_000) for n in range(MAX_HEAD // 8_000 + 1)) + b"\r\n"
    ],
    "line.test": lambda: endless(b"x" * 65_536, OK + b"X-Largo: "),
    "heads.test": lambda: endless(b"X-Mas: 1\r\n" * 1_000, OK),
    "folded.test": lambda: endless(b" sigue\r\n" * 1_000, OK + b"X-Doblado: 1\r\n"),
    "interim.test": lambda: endless(b"HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\n" * 100),
    "endless.test": lambda: endless(b"10000\r\n" + b"a" * 65_536 + b"\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    "big.test": lambda: endless(b"a" * 65_536, OK + b"Content-Length: 900000000\r\n\r\n"),
    "bomb.test": lambda: answer(BOMB, b"Content-Encoding: gzip\r\n"),
    "double.test": lambda: answer(gzip.compress(BOMB), b"Content-Encoding: gzip, gzip\r\n"),
    "slow.test": lambda: endless(b"a", OK + b"Content-Length: 100000\r\n\r\n", 0.2),
    "silent.test": lambda: endless(b"", b"", 0.2),
    "cut.test": lambda: [OK + b"Content-Length: 100000\r\n\r\n<html>"],
    "rubbish.test": lambda: [b"\x00\xff\x16\x03 no es HTTP\r\n\r\n"],
}
TOO_LARGE = {"fields.test", "long.test", "heads.test", "folded.test", "interim.test", "bomb.test", "double.test"}
"""Known for what they are as soon as their bytes are there; the others may also run out of time first."""


class Proxy(socketserver.ThreadingTCPServer):
    """Serves /mala of each host as it is in ``BAD``, all else well."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while (line := self.rfile.readline()) not in (b"", b"\r\n"):
                while self.rfile.readline() not in (b"", b"\r\n"):
                    pass
                url = line.split()[1].decode()
                self.server.asked.append(url)
                for piece in self.pieces(url):
                    self.wfile.write(piece)
                if url.endswith("/mala"):
                    return

    def pieces(self, url):
        host, _, path = url.removeprefix("http://").partition("/")
        if path == "mala":
            return BAD[host]()
        if path in ("robots.txt", ".well-known/tdmrep.json", "ai.txt", "sitemap.xml"):
            return [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
        return answer(html("/mala", "/buena")[2] if path == "" else html(text=host)[2])


@pytest.fixture
def proxy():
    with Proxy() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.slow
def test_every_broken_server_is_survived_and_its_good_page_kept(proxy, store, tmp_path):
    web = Web(port=proxy.server_address[1])
    seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{host}/" for host in BAD))
    summary = crawl(store, web.settings(seeds, timeout=4.0, max_failures=2, breaker_base_delay=0.1))
    assert summary.finished
    assert {url for url in proxy.asked if url.endswith("/mala")} == {f"http://{host}/mala" for host in BAD}
    assert summary.new == 2 * len(BAD)
    with contextlib.closing(sqlite3.connect(store.crawl_state)) as state:
        rows = state.execute("SELECT host, reason, fetched_at FROM urls WHERE url LIKE '%/mala'").fetchall()
    assert {host for host, reason, fetched_at in rows if reason and fetched_at is None} == set(BAD)
    assert {host for host, reason, _ in rows if reason == "too_large"} >= TOO_LARGE


@pytest.mark.slow
def test_no_way_leads_inside(store, tmp_path):
    """Redirects, links and meta refresh to addresses inside are refused before a request is made."""
    refresh = b'<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/refresco">'
    with serving(Web()) as web:
        web.pages = {
            "http://a.test/": html(*(f"/r{n}" for n in range(len(INSIDE))), *INSIDE, "/refresco"),
            "http://a.test/refresco": (200, {"Content-Type": "text/html"}, refresh),
            **{f"http://a.test/r{n}": (302, {"Location": inside}, b"") for n, inside in enumerate(INSIDE)},
        }
        with socket.socket() as sentinel:
            sentinel.bind(("127.0.0.1", 0))
            sentinel.listen()
            sentinel.setblocking(False)
            here = f"http://127.0.0.1:{sentinel.getsockname()[1]}/"
            web.pages["http://a.test/aqui"] = (302, {"Location": here}, b"")
            web.pages["http://a.test/"] = html(
                "/refresco", "/aqui", here, *(f"/r{n}" for n in range(len(INSIDE))), *INSIDE
            )
            seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://127.0.0.1/", here)
            summary = crawl(store, web.settings(seeds))
            with pytest.raises(BlockingIOError):
                sentinel.accept()
    assert all(url.startswith("http://a.test/") for url in web.urls())
    assert summary.redirects == len(INSIDE) + 1
    assert summary.refused["guard/private_address"] >= 2
