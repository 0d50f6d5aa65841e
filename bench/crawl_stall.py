"""The longest time for which a crawl can do nothing else, on inputs that ask for much work at once.

    python bench/crawl_stall.py [over-cap heavy left-out odd-pages] [--urls 500000] [--cap 20] [--record]

over-cap   one host names the URLs in sitemaps of 50,000 each, far over its page cap; another forbids 50,000 by
           robots.txt; a third is an ordinary site
heavy      sitemaps of nearly 50 MB, plain, and packed on the wire and as files
left-out   a host names the URLs and then refuses every page: all stay queued at a host that rests
odd-pages  pages of 10 MB made of comments, scripts, links, tags that never close

Prints for each arm the longest stall in seconds, and in CPU seconds of the crawl's thread (what is our own work on a
busy machine; the clock is looked at every 50 ms, so that up to 0.05 belongs to other turns), and the round's figures.
"""

import argparse
import gzip
import random
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import Run, record_option

from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.store import Store

PER_FILE = 50_000
FORBIDDEN = 50_000
BODY = 10_000_000
HTML, XML, PLAIN = "text/html", "application/xml", "text/plain"
NOTE = b"<html><body><p>Una nota sobre la salud.</p></body></html>"
WORDS = ("salud", "paciente", "dolor", "dosis", "hospital", "enfermedad", "de", "la", "que", "el", "con", "para")


def sitemap(host, number, many, about=""):
    first = number * PER_FILE
    last = min(first + PER_FILE, many)
    rows = "".join(f"<url><loc>http://{host}/p{n}</loc>{about}</url>" for n in range(first, last))
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def index(host, many):
    rows = "".join(f"<sitemap><loc>http://{host}/s{n}.xml</loc></sitemap>" for n in range(-(-many // PER_FILE)))
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


def over_cap(many):
    """Answers by host and path: status, type, body, further header fields."""

    def answer(host, path):
        size = {"muchos.test": many, "prohibidos.test": FORBIDDEN}.get(host, 0)
        if path == "robots.txt":
            return 200, PLAIN, b"User-agent: *\nDisallow: " + (b"/p" if "prohibidos" in host else b"")
        if path == "sitemap.xml" and size:
            return 200, XML, index(host, size)
        if path.startswith("s") and path[1:-4].isdigit() and size:
            return 200, XML, sitemap(host, int(path[1:-4]), size)
        if host == "otro.test" and not path:
            return 200, HTML, b"".join(b'<a href="/n%d">x</a>' % n for n in range(400))
        return 200, HTML, NOTE

    return answer, ("muchos.test", "prohibidos.test", "otro.test")


def heavy(_):
    chance = random.Random(1)
    texts = [" ".join(chance.choices(WORDS, k=130)) for _ in range(40)]
    lines = [f"<image:caption>{chance.choice(texts)}</image:caption>" for _ in range(50)]
    rows = "".join(f"<url><loc>http://{{}}/p{n}</loc>{chance.choice(lines)}</url>" for n in range(PER_FILE))
    head = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://i.test/">'
    whole = f"{head}{rows}</urlset>".encode()[: 50 << 20]
    files = {"llano.test": whole, "fichero.test": gzip.compress(whole, 5), "cable.test": gzip.compress(whole, 5)}

    def answer(host, path):
        if path == "robots.txt":
            return 200, PLAIN, b""
        if path == "sitemap.xml" and host in files:
            packed = {"Content-Encoding": "gzip"} if host == "cable.test" else {}
            return 200, XML, files[host], packed
        return 200, HTML, NOTE

    return answer, (*files, "otro.test")


def left_out(many):
    def answer(host, path):
        if path == "robots.txt":
            return 200, PLAIN, b""
        if path == "sitemap.xml" and host == "niega.test":
            return 200, XML, index(host, many)
        if path.startswith("s") and path[1:-4].isdigit():
            return 200, XML, sitemap(host, int(path[1:-4]), many)
        if path.startswith("p"):
            return 403, HTML, b"<title>Just a moment...</title>", {"cf-mitigated": "challenge"}
        if host == "otro.test" and not path:
            return 200, HTML, b"".join(b'<a href="/n%d">x</a>' % n for n in range(400))
        return 200, HTML, NOTE

    return answer, ("niega.test", "otro.test")


ODD = {
    "comentarios": b"<!-- -->",
    "guiones": b"<script></script>",
    "abiertos": b"<script>",
    "enlaces": b'<a href="/n?x=1">a</a>',
    "menores": b"<",
    "espacios": b" \n",
    "atributos": b"<a " + b"a=b " * 2_000,
    "entidades": b"<p>&amp;&nbsp;",
}


def odd_pages(_):
    def answer(_, path):
        if path in ODD:
            return 200, HTML, b"<html><body><p>hola</p>" + ODD[path] * (BODY // len(ODD[path]))
        if path in ("robots.txt", "sitemap.xml"):
            return 404, PLAIN, b""
        return 200, HTML, "".join(f'<a href="/{name}">x</a>' for name in ODD).encode()

    return answer, ("raro.test",)


ARMS = {"over-cap": over_cap, "heavy": heavy, "left-out": left_out, "odd-pages": odd_pages}


def serving(answer):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            host, _, path = self.path.removeprefix("http://").partition("/")
            status, kind, body, *more = answer(host, path)
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": len(body), **(more[0] if more else {})}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def crawled(arm, many, cap):
    answer, hosts = ARMS[arm](many)
    server = serving(answer)
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds.tsv")
        lines = "".join(f"http://{host}/\tPrueba\tES\thospital\thost\n" for host in hosts)
        seeds.write_text(f"url\tname\tcountry\tcategory\tscope\n{lines}")
        settings = CrawlSettings(
            seeds=seeds,
            proxy=f"http://127.0.0.1:{server.server_port}",
            delay_min=0,
            delay_factor=0,
            max_pages_per_host=cap,
        )
        summary = crawl(Store.open(Path(folder, "store")), settings)
    server.shutdown()
    return summary


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("arms", nargs="*", metavar="ARM", help=", ".join(ARMS))
    parser.add_argument("--urls", type=int, default=500_000)
    parser.add_argument("--cap", type=int, default=20)
    record_option(parser)
    given = parser.parse_args()
    run, rows = Run("crawl_stall", ("scrapy", "twisted")), []
    for name in given.arms or ARMS:
        told = crawled(name, given.urls, given.cap)
        reasons = [", ".join(f"{name} {count:,}" for name, count in one.items()) for one in (told.refused, told.failed)]
        counts = (told.finished, told.new, told.queued, *reasons)
        rows.append((name, told.longest_stall, told.longest_stall_cpu, told.seconds, *counts))
    columns = ("arm", "longest stall, s", "CPU s", "round, s", "finished", "new", "queued", "refused", "failed")
    run.table(f"{given.urls:,} URLs, a cap of {given.cap} pages a host", columns, rows)
    run.close(given.record)
