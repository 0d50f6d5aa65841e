"""The longest time for which a crawl can do nothing else, while a sitemap index names far more URLs than it may ask.

    python bench/crawl_stall.py [--urls 500000] [--cap 20]

One host names the URLs in sitemaps of 50,000 each, another forbids as many by robots.txt, a third is an ordinary site.
Prints the longest stall, the seconds that the round took, and the URLs refused by reason.
"""

import argparse
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.store import Store

PER_FILE = 50_000


def sitemap(host, number, many):
    first = number * PER_FILE
    rows = "".join(f"<url><loc>http://{host}/p{n}</loc></url>" for n in range(first, min(first + PER_FILE, many)))
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def index(host, many):
    rows = "".join(f"<sitemap><loc>http://{host}/s{n}.xml</loc></sitemap>" for n in range(-(-many // PER_FILE)))
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


def answering(many, forbidden):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            host, _, path = self.path.removeprefix("http://").partition("/")
            kind, body = "text/html", b"<html><body><p>Una nota sobre la salud.</p></body></html>"
            size = {"muchos.test": many, "prohibidos.test": forbidden}.get(host, 0)
            if path == "robots.txt":
                kind, body = "text/plain", b"User-agent: *\nDisallow: " + (b"/p" if "prohibidos" in host else b"")
            elif path == "sitemap.xml" and size:
                kind, body = "application/xml", index(host, size)
            elif path.startswith("s") and path.endswith(".xml") and size:
                kind, body = "application/xml", sitemap(host, int(path[1:-4]), size)
            elif host == "otro.test" and not path:
                body = b"".join(b'<a href="/n%d">x</a>' % n for n in range(400))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def run(many, forbidden, cap):
    server = ThreadingHTTPServer(("127.0.0.1", 0), answering(many, forbidden))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds.tsv")
        hosts = ("muchos.test", "prohibidos.test", "otro.test")
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
    parser.add_argument("--urls", type=int, default=500_000)
    parser.add_argument("--forbidden", type=int, default=50_000)
    parser.add_argument("--cap", type=int, default=20)
    given = parser.parse_args()
    summary = run(given.urls, given.forbidden, given.cap)
    print(
        f"longest stall {summary.longest_stall:.3f} s, round {summary.seconds:.0f} s, finished {summary.finished}, "
        f"new {summary.new}, refused {summary.refused}"
    )
