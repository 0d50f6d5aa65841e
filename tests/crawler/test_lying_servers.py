"""Servers that lie, each in its own way: every row ends with its reason in bounded time, and the host goes on."""

import contextlib
import gzip
import socketserver
import threading
import time

import pytest
from crawler_web import TEXT, Web, host_rows, rows

from crawler.process.run import crawl

HTML = b"Content-Type: text/html; charset=utf-8\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + HTML
POISON = b"veneno"


def page(*links, text=TEXT):
    anchors = "".join(f"<a href='{link}'>x</a>" for link in links)
    return f"<html><body><p>{text}</p>{anchors}</body></html>".encode()


def answer(body, *fields, status=b"200 OK"):
    head = [b"HTTP/1.1 " + status, HTML.strip(), *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def moved(to, *fields):
    return answer(b"", b"Location: " + to, *fields, status=b"302 Found")


def chunked(*pieces, end=b"0\r\n\r\n"):
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(pieces) + end


def chunk(body):
    return b"%x\r\n" % len(body) + body + b"\r\n"


def endless(start, piece):
    yield start
    while True:
        yield piece


def dripping(*pieces):
    for piece in pieces:
        for octet in piece:
            yield bytes((octet,))
            time.sleep(0.3)


GOOD = answer(page())
READ, FAILED = "read", "failed"
PAGES = {
    "early": (READ, b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + GOOD),
    "continues": (READ, b"HTTP/1.1 100 Continue\r\n\r\n" * 30 + GOOD),
    "switches": (FAILED, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n\x00\x01"),
    "old": (FAILED, page()),
    "trailers": (READ, chunked(chunk(page()), end=b"0\r\nX-Fin: 1\r\nDigest: no\r\n\r\n")),
    "endlesstrailers": (READ, lambda: endless(chunked(chunk(page()), end=b"0\r\n"), b"X-Mas: 1\r\n" * 1_000)),
    "longtrailer": (READ, lambda: endless(chunked(chunk(page()), end=b"0\r\nX-Mas: "), b"x" * 65_536)),
    "hugechunk": (READ, OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n" + page()),
    "minuschunk": (FAILED, OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + page()),
    "chunkline": (FAILED, lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65_536)),
    "minusrange": (FAILED, answer(page(), b"Content-Range: bytes -5--1/*", status=b"206 Partial Content")),
    "hugerange": (
        FAILED,
        answer(page(), b"Content-Range: bytes 0-99999999999999999999/1", status=b"206 Partial Content"),
    ),
    "unasked304": (FAILED, b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'),
    "unasked416": ("416", answer(page(), status=b"416 Range Not Satisfiable")),
    "status999": (FAILED, answer(page(), status=b"999 No")),
    "status000": (FAILED, answer(page(), status=b"000 No")),
    "statusword": (FAILED, answer(page(), status=b"OK OK")),
    "hugelength": (FAILED, OK + b"Content-Length: 99999999999999999999999\r\n\r\n" + page()),
    "cookiebomb": (FAILED, answer(page(), *(b"Set-Cookie: c%d=%s" % (n, b"x" * 4_000) for n in range(40)))),
    "cookies": (READ, answer(page(), *(b"Set-Cookie: c%d=x; Domain=.test" % n for n in range(200)))),
    "nulfield": (READ, answer(page(), b"X-Nulo: a\x00b", b'ETag: "\x00\x01"')),
    "cr": (READ, answer(page(), b"X-Vuelta: a\rb\rLocation: http://127.0.0.1/")),
    "smuggled": (READ, GOOD + answer(page(text="veneno"))),
    "drip": (FAILED, lambda: dripping(OK, b"Content-Length: 10\r\n\r\n")),
    "shut": (FAILED, b""),
    "fragment": ("302", moved(b"#arriba")),
    "nowhere": ("302", moved(b"")),
    "loop": ("302", moved(b"/mala")),
    "growing": ("302", moved(b"/mala?x")),
    "credentials": ("302", moved(b"http://a:b@127.0.0.1/")),
    "image": (READ, answer(b"\x89PNG\r\n\x1a\n" + bytes(500), b"Content-Type: image/png")),
    "charset": (READ, answer(page(), b"Content-Type: text/html; charset=" + b"x" * 4_000)),
    "dates": (READ, answer(page(), b"Last-Modified: Fri, 99 Dec 99999 99:99:99 GMT", b"ETag: W/" + b"z" * 8_000)),
    "self": (READ, answer(b"<meta http-equiv=refresh content='0'>" + page(), b"Refresh: 0; url=/mala")),
}
"""What becomes of /mala: it is read, it fails with a reason, or its status is kept."""

TEN_YEARS = b"Retry-After: 315360000"
BOMB = gzip.compress(bytes(60 << 20), 9)
GZIP = b"Content-Encoding: gzip"
ROBOTS = {
    "robotshtml": (True, answer(page(text="User-agent: * Disallow: /"))),
    "robotsbinary": (True, answer(bytes(range(256)) * 400, b"Content-Type: application/octet-stream")),
    "robotsline": (True, answer(b"x" * 600_000)),
    "robotsblanks": (True, answer(b"user-agent" + b" " * 500_000 + b"x:")),
    "robotscolons": (True, answer(b"Disallow" + b": " * 300_000)),
    "robotsreturns": (True, answer(b"\r" * 600_000)),
    "robotsgroups": (True, answer(b"User-agent: a\nDisallow: /\n" * 25_000)),
    "robotslater": (False, answer(b"", TEN_YEARS, status=b"503 Later")),
    "robotsbomb": (False, answer(BOMB, GZIP)),
    "robotslong": (True, answer(b"# relleno\n" * 2_000_000)),
    "robotsendless": (True, lambda: endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b"#" * 65_536))),
    "robotsloop": (True, moved(b"/robots.txt")),
    "robots304": (False, b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "robotscut": (True, OK + b"Content-Length: 900\r\nConnection: close\r\n\r\nUser-agent: otro\nDisallow: /\n"),
}
"""Whether a host may be asked for pages with this robots.txt."""


def sitemap(*locations, kind="url"):
    named = "".join(f"<{kind}><loc>{one}</loc></{kind}>" for one in locations)
    root = "urlset" if kind == "url" else "sitemapindex"
    return answer(f"<{root}>{named}</{root}>".encode())


SITEMAPS = {
    "mapself": lambda host, path: sitemap(f"http://{host}/{path}", kind="sitemap"),
    "mapring": lambda host, path: sitemap(f"http://{host}/{'b.xml' if path == 'a.xml' else 'a.xml'}", kind="sitemap"),
    "mapgrowing": lambda host, path: sitemap(f"http://{host}/{path[:-4]}1.xml", kind="sitemap"),
    "mapbomb": lambda _host, _path: answer(BOMB, GZIP),
    "mapgz": lambda _host, _path: answer(BOMB, b"Content-Type: application/gzip"),
    "maplater": lambda _host, _path: answer(b"", TEN_YEARS, status=b"503 Later"),
}


class Handler(socketserver.StreamRequestHandler):
    timeout = 30

    def handle(self):
        with contextlib.suppress(OSError):
            while line := self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                url = line.split()[1].decode()
                self.server.asked.append(url)
                told = self.pieces(url)
                for piece in (told,) if isinstance(told, bytes) else told():
                    self.wfile.write(piece)
                if told != GOOD and not url.endswith("smuggled.test/mala"):
                    return

    def pieces(self, url):
        host, _, path = url.removeprefix("http://").partition("/")
        name = host.removesuffix(".test")
        if path == "robots.txt":
            named = b"Sitemap: http://%s/a.xml\n" % host.encode() if name in SITEMAPS else b""
            return ROBOTS[name][1] if name in ROBOTS else answer(named)
        if path.endswith(".xml") and name in SITEMAPS:
            return SITEMAPS[name](host, path)
        if path == "":
            return answer(page("/mala", "/buena"))
        if path.partition("?")[0] == "mala" and name in PAGES:
            told = PAGES[name][1]
            return moved(b"/" + path.encode() + b"x") if name == "growing" else told
        return GOOD if path == "buena" else answer(b"", status=b"404 No")


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
def test_each_lie_ends_with_a_reason_and_its_host_goes_on(server, store, tmp_path):
    hosts = [*PAGES, *ROBOTS, *SITEMAPS]
    web = Web(port=server.server_address[1])
    seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{name}.test/" for name in hosts))
    began = time.monotonic()
    summary = crawl(store, web.settings(seeds, timeout=3.0, max_failures=2, breaker_base_delay=0.1))
    assert time.monotonic() - began < 300
    assert summary.longest_stall_cpu < 5
    state, known = rows(store), host_rows(store)
    silent = {name for name, (may_ask, _) in ROBOTS.items() if not may_ask}
    fetched = {name for name in hosts if f"http://{name}.test/buena" in server.asked}
    assert set(hosts) - fetched == silent | {"maplater"}
    week = time.time() + 7 * 86_400
    for name in silent - {"robotslater"}:
        assert (name, known[f"{name}.test"].state) == (name, "unreachable")
    for name in ("robotslater", "maplater"):  # ten years are a week
        assert week - 120 < known[f"{name}.test"].rest_until <= week, name
    for name, (ends, _) in PAGES.items():
        row = state[f"http://{name}.test/mala"]
        told = FAILED if row.reason else READ if row.status == 200 else str(row.status)
        assert (name, told) == (name, ends), (name, row.status, row.reason)
        assert server.asked.count(row.url) <= 4, name  # two attempts, each twice where a connection was shut
    for name in SITEMAPS:
        assert sum(url.startswith(f"http://{name}.test/") and url.endswith(".xml") for url in server.asked) <= 5, name
    assert not any(POISON in body for body in bodies(store))


def bodies(store):
    for path in store.warc.glob("**/*.warc.gz"):
        packed = path.read_bytes()
        yield gzip.decompress(packed)
