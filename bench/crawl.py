"""Pages a CPU-second of the crawler beside stock Scrapy and a bare aiohttp loop; the frontier at a million URLs.

    python bench/crawl.py speed --hosts 200 --pages 50 --repeats 3
    python bench/crawl.py speed --hosts 3000 --pages 5 --repeats 1
    python bench/crawl.py frontier --urls 1000000 --hosts 3000
    python bench/crawl.py warc

``speed`` serves pages of 41 KB with 60 links on loopback, as a forward proxy, so that every host has its own name;
the three arms take turns in one run, each in a process of its own, and only that process's CPU time counts. Ours
writes WARC, heeds robots.txt, retries and keeps its state; stock Scrapy heeds robots.txt and takes links with its
LinkExtractor; aiohttp with selectolax takes links and forgets the rest.
"""

import argparse
import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE_BYTES = 41_000
LINKS = 60
WORDS = (
    "de",
    "la",
    "los",
    "pacientes",
    "tratamiento",
    "enfermedad",
    "síntomas",
    "médico",
    "salud",
    "hospital",
    "dosis",
)


def page_of(host: int, number: int, hosts: int, pages: int) -> bytes:
    """A page of 41 KB with 60 links, a third of them to other hosts; the same at every call."""
    draw = random.Random(host * 1_000_003 + number)
    links = [f"http://h{host}.test/p/{(number * 3 + step) % pages}" for step in range(LINKS * 2 // 3)]
    links += [f"http://h{draw.randrange(hosts)}.test/p/{draw.randrange(pages)}" for _ in range(LINKS - len(links))]
    parts = [f'<p><a class="enlace" href="{link}">{" ".join(draw.choices(WORDS, k=4))}</a></p>' for link in links]
    size = sum(map(len, parts))
    while size < PAGE_BYTES - 400:
        words = (WORDS[one % len(WORDS)] + (f"{one:x}" if one % 3 == 0 else "") for one in draw.randbytes(110))
        parts.append(f'<div class="texto"><p>{" ".join(words)}</p></div>')
        size += len(parts[-1])
    body = f'<!doctype html><html lang="es"><head><meta charset="utf-8"><title>p{number}</title></head><body>'
    return (body + "".join(parts) + "</body></html>").encode()


class Proxy(asyncio.Protocol):
    """The least that speaks HTTP/1.1 with kept connections."""

    hosts = pages = 0
    made: dict[tuple[int, int], bytes] = {}

    def connection_made(self, transport):
        self.transport, self.held = transport, b""

    def data_received(self, data):
        self.held += data
        while b"\r\n\r\n" in self.held:
            head, _, self.held = self.held.partition(b"\r\n\r\n")
            self.transport.write(self.answer(head.split(b" ", 2)[1].decode()))

    def answer(self, url):
        host, _, path = url.removeprefix("http://").partition("/")
        number = int(path[2:]) if path.startswith("p/") else 0 if not path else None
        if path == "robots.txt":
            status, kind, body = b"200 OK", b"text/plain", b"User-agent: *\nDisallow: /privado\n"
        elif number is None or number >= self.pages:
            status, kind, body = b"404 Not Found", b"text/html", b"<html><body>404</body></html>"
        else:
            status, kind = b"200 OK", b"text/html; charset=utf-8"
            key = (int(host.removeprefix("h").partition(".")[0]), number)
            body = self.made.get(key) or self.made.setdefault(key, page_of(*key, self.hosts, self.pages))
        size = str(len(body)).encode()
        return b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %s\r\n\r\n%s" % (status, kind, size, body)


async def serve(port, hosts, pages):
    Proxy.hosts, Proxy.pages = hosts, pages
    for host in range(hosts):
        for number in range(pages):
            Proxy.made[host, number] = page_of(host, number, hosts, pages)
    server = await asyncio.get_running_loop().create_server(Proxy, "127.0.0.1", port, backlog=1000)
    print("ready", flush=True)
    await server.serve_forever()


def arm_ours(port, hosts, pages):
    from crawler.run import crawl
    from crawler.settings import CrawlSettings
    from data.store import Store

    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds.tsv")
        lines = [f"http://h{host}.test/p/0\th{host}\tES\tportal\thost" for host in range(hosts)]
        seeds.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
        settings = CrawlSettings(
            seeds=seeds, proxy=f"http://127.0.0.1:{port}", delay_min=0, delay_factor=0, concurrency=64
        )
        summary = crawl(Store.open(Path(folder, "store")), settings)
        return summary.new


def arm_scrapy(port, hosts, pages):
    import scrapy
    from scrapy.crawler import CrawlerProcess
    from scrapy.linkextractors import LinkExtractor

    class Stock(scrapy.Spider):
        name = "stock"
        custom_settings = {
            "LOG_LEVEL": "WARNING",
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": 64,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
            "DOWNLOAD_DELAY": 0,
            "TELNETCONSOLE_ENABLED": False,
        }
        links = LinkExtractor()

        async def start(self):
            for host in range(hosts):
                yield self.ask(f"http://h{host}.test/p/0")

        def ask(self, url):
            return scrapy.Request(url, meta={"proxy": f"http://127.0.0.1:{port}"})

        def parse(self, response):
            counted.append(1)
            for link in self.links.extract_links(response):
                yield self.ask(link.url)

    counted = []
    process = CrawlerProcess()
    process.crawl(Stock)
    process.start()
    return len(counted)


def arm_aiohttp(port, hosts, pages):
    from urllib.parse import urljoin

    import aiohttp
    from selectolax.lexbor import LexborHTMLParser

    async def run():
        todo = [f"http://h{host}.test/p/0" for host in range(hosts)]
        seen, done, busy = set(todo), 0, 0
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:

            async def work():
                nonlocal done, busy
                while todo or busy:
                    if not todo:
                        await asyncio.sleep(0.001)
                        continue
                    url, busy = todo.pop(), busy + 1
                    async with session.get(url, proxy=f"http://127.0.0.1:{port}") as response:
                        body = await response.read()
                    done, busy = done + 1, busy - 1
                    for node in LexborHTMLParser(body).css("a[href]"):
                        link = urljoin(url, node.attributes["href"])
                        if link not in seen:
                            seen.add(link)
                            todo.append(link)

            await asyncio.gather(*(work() for _ in range(64)))
        return done

    return asyncio.run(run())


ARMS = {"ours": arm_ours, "scrapy": arm_scrapy, "aiohttp": arm_aiohttp}


def run_arm(name, port, hosts, pages):
    """One arm in this process; its CPU time and its children's count."""
    started = time.monotonic()
    done = ARMS[name](port, hosts, pages)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    memory = max(one.ru_maxrss for one in used) / 1024
    print(json.dumps({"pages": done, "wall": time.monotonic() - started, "cpu": cpu, "mib": memory}))


def speed(options):
    command = [sys.executable, __file__]
    shape = ["--port", str(options.port), "--hosts", str(options.hosts), "--pages", str(options.pages)]
    server = subprocess.Popen([*command, "serve", *shape], stdout=subprocess.PIPE, text=True)
    rates = {name: [] for name in ARMS}
    try:
        assert server.stdout is not None
        server.stdout.readline()
        for _ in range(options.repeats):
            for name in options.arms.split(","):
                told = subprocess.run([*command, "arm", name, *shape], check=True, capture_output=True, text=True)
                result = json.loads(told.stdout.splitlines()[-1])
                rates[name].append(result["pages"] / result["cpu"])
                print(
                    f"{name:8} {result['pages']:7} pages {result['cpu']:7.1f} CPU s {result['wall']:7.1f} s "
                    f"{rates[name][-1]:6.0f} pages/CPU s {result['mib']:6.0f} MiB",
                    flush=True,
                )
    finally:
        server.terminate()
        server.wait()
    middle = {name: statistics.median(values) for name, values in rates.items() if values}
    for name, rate in middle.items():
        print(f"| {name} | {rate:.0f} | {rate / middle.get('aiohttp', rate):.2f} |")


def memory_now():
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def frontier(options):
    """Fill a frontier, then pop and settle; memory by what the process holds."""
    from crawler.frontier import Found, Frontier
    from crawler.hosts import HostQueue
    from crawler.scheduler import BUFFER
    from crawler.settings import CrawlSettings
    from crawler.tables import DONE

    with tempfile.TemporaryDirectory() as folder:
        store = Frontier(f"sqlite:///{folder}/state.sqlite3")
        per_page, started = 60, time.process_time()
        for start in range(0, options.urls, per_page):
            numbers = range(start, min(start + per_page, options.urls))
            store.commit([], [_found(Found, number, options.hosts) for number in numbers])
        filled = time.process_time() - started
        size = Path(folder, "state.sqlite3").stat().st_size
        store.close()
        base = memory_now()
        store = Frontier(f"sqlite:///{folder}/state.sqlite3")
        queue = HostQueue(CrawlSettings(delay_min=0, delay_factor=0))
        for host, count in store.queued_by_host().items():
            queue.add(host, count)
        popped, settled, started, commits = 0, [], time.process_time(), 0.0
        target = min(options.pops, options.urls)
        while popped < target and (host := queue.next_ready()) is not None:
            if not host.buffer:
                host.buffer.extend(store.queued(host.name, host.cursor, BUFFER))
                host.cursor = host.buffer[-1].id if host.buffer else 0
            if not host.buffer:
                queue.empty(host)
                queue.release(host, 0)
                continue
            settled.append({"row": host.buffer.popleft().id, "state": DONE, "fetched_at": 1.0})
            queue.less(host)
            queue.release(host, 0)
            popped += 1
            if len(settled) >= 32:
                before = time.process_time()
                store.commit(settled, [])
                settled, commits = [], commits + time.process_time() - before
        pop = (time.process_time() - started - commits) / popped
        held = memory_now() - base
        store.close()
    total = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.urls:,} URLs on {options.hosts:,} hosts: filled at {options.urls / filled:,.0f} URLs/CPU s,")
    print(f"pop {pop * 1e6:.1f} us, settle {commits / popped * 1e6:.1f} us, {held / options.urls:.1f} B RAM a URL,")
    print(f"{size / options.urls:.0f} B on disk a URL, {total:.0f} MiB at most in this process")


def _found(kind, number, hosts):
    host = f"h{number % hosts}.test"
    return kind(f"http://{host}/seccion/articulo-{number // hosts}.html", host, f"http://{host}/")


def warc(options):
    """CPU time of writing a page of 41 KB: ours, zlib at level 1, warcio."""
    import io
    import zlib
    from datetime import UTC, datetime

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    from crawler.warc import WarcWriter, gzip_member

    bodies = [page_of(1, number, 10, 200) for number in range(200)]
    now, headers = datetime.now(UTC), [(b"Content-Type", b"text/html; charset=utf-8"), (b"Server", b"nginx")]
    with tempfile.TemporaryDirectory() as folder:
        writer = WarcWriter(Path(folder), "bench", 1 << 30, {"software": "bench"})

        def ours(body):
            writer.response("http://a.test/", now, b"HTTP/1.1 200 OK", headers, body, {"CoWeSe-Seed": "http://a.test/"})

        other = WARCWriter(io.BytesIO(), gzip=True)

        def warcio(body):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            record = other.create_warc_record("http://a.test/", "response", io.BytesIO(body), http_headers=head)
            other.write_record(record)

        arms = {"ours": ours, "gzip_member": gzip_member, "zlib level 1": lambda body: zlib.compress(body, 1, 31)}
        arms["warcio"] = warcio
        for name, write in arms.items():
            started = time.process_time()
            for body in bodies:
                write(body)
            print(f"{name:14} {(time.process_time() - started) / len(bodies) * 1e3:.3f} ms a page")
        writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "frontier", "warc", "serve", "arm"])
    parser.add_argument("arm", nargs="?", choices=list(ARMS))
    parser.add_argument("--port", type=int, default=18190)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--pages", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--pops", type=int, default=50_000)
    parser.add_argument("--arms", default="ours,scrapy,aiohttp")
    options = parser.parse_args()
    if options.what == "serve":
        asyncio.run(serve(options.port, options.hosts, options.pages))
    elif options.what == "arm":
        run_arm(options.arm, options.port, options.hosts, options.pages)
    elif options.what == "speed":
        speed(options)
    elif options.what == "frontier":
        frontier(options)
    else:
        warc(options)


if __name__ == "__main__":
    main()
