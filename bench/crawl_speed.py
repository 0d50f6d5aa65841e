"""Ours, stock Scrapy, and a bare aiohttp loop, in turn and each in a process of its own; its CPU time alone counts."""

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crawl_web import in_a_process, seeds_for
from harness import Run


def ours(port, hosts, limit):
    from crawler.process.run import crawl
    from crawler.settings import CrawlSettings
    from data.store import Store

    with tempfile.TemporaryDirectory() as folder:
        settings = CrawlSettings(
            seeds=seeds_for(Path(folder, "seeds.tsv"), hosts),
            proxy=f"http://127.0.0.1:{port}",
            delay_min=0,
            delay_factor=0,
            concurrency=64,
            max_pages=limit,
        )
        summary = crawl(Store.open(Path(folder, "store")), settings)
        return summary.new, sum(summary.answers.values())


def scrapy(port, hosts, limit):
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
            "CLOSESPIDER_PAGECOUNT": limit or 0,
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
    return len(counted), len(counted)


def aiohttp(port, hosts, limit):
    from urllib.parse import urljoin

    import aiohttp as client
    from selectolax.lexbor import LexborHTMLParser

    async def run():
        todo = [f"http://h{host}.test/p/0" for host in range(hosts)]
        seen, done, busy = set(todo), 0, 0
        async with client.ClientSession(connector=client.TCPConnector(limit=64)) as session:

            async def work():
                nonlocal done, busy
                while (todo or busy) and (limit is None or done < limit):
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
        return done, done

    return asyncio.run(run())


ARMS = {"ours": ours, "scrapy": scrapy, "aiohttp": aiohttp}


def run_arm(name, port, hosts, limit):
    """One arm in this process; its CPU time and its children's count, start-up included."""
    started = time.monotonic()
    pages, answers = ARMS[name](port, hosts, limit)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    memory = max(one.ru_maxrss for one in used) / 1024
    wall = time.monotonic() - started
    print(json.dumps({"pages": pages, "answers": answers, "wall": wall, "cpu": cpu, "mib": memory}))


def speed(options):
    """Print one line an arm and repeat, then medians; start-up is measured by a crawl of one page and told apart."""
    names, rates, net = options.arms.split(","), {}, {}
    run = Run("crawl", ("scrapy", "twisted", "aiohttp", "selectolax"))
    with in_a_process(1, 1, options.port):
        start_up = {name: _run(name, options.port, 1, None)["cpu"] for name in dict.fromkeys(names)}
    print("start-up, CPU s: " + ", ".join(f"{name} {cpu:.2f}" for name, cpu in start_up.items()), flush=True)
    with in_a_process(options.hosts, options.pages, options.port):
        for _ in range(options.repeats):
            for name in names:
                limit = options.scrapy_pages if name == "scrapy" else None
                told = _run(name, options.port, options.hosts, limit)
                rates.setdefault(name, []).append(told["pages"] / told["cpu"])
                net.setdefault(name, []).append(told["pages"] / max(told["cpu"] - start_up[name], 1e-9))
                print(
                    f"{name:8} {told['pages']:7} pages {told['answers']:7} answers {told['cpu']:7.1f} CPU s "
                    f"{told['wall']:7.1f} s {rates[name][-1]:6.0f} pages/CPU s {told['mib']:6.0f} MiB",
                    flush=True,
                )
    rows = []
    middle, middle_net = ({name: statistics.median(one[name]) for name in rates} for one in (rates, net))
    for name, whole in middle.items():
        without, base, base_net = middle_net[name], middle.get("aiohttp", whole), middle_net.get("aiohttp", 1.0)
        rows.append((name, round(whole), f"{whole / base:.2f}", round(without), f"{without / base_net:.2f}"))
    columns = ("arm", "pages a CPU second", "of aiohttp", "without start-up", "of aiohttp")
    run.table(f"{options.hosts} hosts, {options.pages} pages each", columns, rows)
    run.close(options.record)


def _run(name, port, hosts, limit):
    command = [sys.executable, __file__, name, str(port), str(hosts), str(limit or 0)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(told.stdout.splitlines()[-1])


if __name__ == "__main__":
    run_arm(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) or None)
