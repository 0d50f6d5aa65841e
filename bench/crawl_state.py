"""The frontier at a million URLs, alone and in a crawling process; kills at random."""

import multiprocessing
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil
from crawl_web import Site, in_a_process, in_a_thread, seeds_for


def frontier(options):
    """Pop and settle at each number of hosts, in turn, each in a process of its own."""
    pops = {}
    for _ in range(options.repeats):
        for hosts in options.host_counts:
            command = [sys.executable, __file__, str(options.urls), str(hosts), str(options.pops)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            print(told, end="", flush=True)
            pops.setdefault(hosts, []).append(float(told.partition("pop ")[2].split()[0]))
    few, many = min(pops), max(pops)
    middle = {hosts: statistics.median(values) for hosts, values in pops.items()}
    print(f"pop, median: {middle}; growth from {few} to {many} hosts {middle[many] / middle[few]:.2f} times")


def fill(dsn, count, hosts, pages=None):
    """Queue so many URLs, 60 at a time as a page brings them; CPU seconds."""
    from crawler.frontier.frontier import Frontier
    from crawler.frontier.records import FoundUrl

    store, started = Frontier(dsn), time.process_time()
    for start in range(0, count, 60):
        found = []
        for number in range(start, min(start + 60, count)):
            host, page = f"h{number % hosts}.test", number // hosts
            path = f"p/{page}" if pages else f"seccion/articulo-{page}.html"
            found.append(FoundUrl(f"http://{host}/{path}", host, f"http://{host}/p/0"))
        store.commit([], found)
    store.close()
    return time.process_time() - started


def measure_frontier(count, hosts, pops):
    """Fill a frontier, then pop and settle; memory by what the process holds."""
    from crawler.frontier.frontier import Frontier
    from crawler.frontier.hosts import HostQueue
    from crawler.frontier.numbers import DONE
    from crawler.process.scheduler import BUFFER
    from crawler.settings import CrawlSettings

    with tempfile.TemporaryDirectory() as folder:
        dsn = f"sqlite:///{folder}/state.sqlite3"
        filled = fill(dsn, count, hosts)
        size = Path(folder, "state.sqlite3").stat().st_size
        base = memory_now()
        store = Frontier(dsn)
        queue = HostQueue(CrawlSettings(delay_min=0, delay_factor=0))
        for host, queued in store.queued_by_host().items():
            queue.add(host, queued)
        popped, settled, started, commits = 0, [], time.process_time(), 0.0
        while popped < min(pops, count) and (host := queue.next_ready()) is not None:
            if not host.buffer:
                pending = {one["row"] for one in settled}
                rows = store.queued(host.name, BUFFER + len(pending))
                host.buffer.extend([known for known in rows if known.id not in pending][:BUFFER])
            if not host.buffer:
                queue.mark_empty(host)
                queue.release(host, 0)
                continue
            settled.append({"row": host.buffer.popleft().id, "state": DONE, "fetched_at": 1.0})
            queue.mark_done(host)
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
    print(
        f"{count:,} URLs on {hosts:,} hosts: filled at {count / filled:,.0f} URLs/CPU s, pop {pop * 1e6:.1f} us, "
        f"settle {commits / popped * 1e6:.1f} us, {held / count:.1f} B RAM a URL, {size / count:.0f} B on disk a URL, "
        f"{total:.0f} MiB at most in this process"
    )


def memory_now():
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def child(options):
    """Memory of a whole crawling process (Twisted, Scrapy, frontier) that starts with its URLs queued."""
    from crawler.frontier.frontier import Frontier
    from data.store import Store

    with tempfile.TemporaryDirectory() as folder, in_a_process(options.hosts, 100_000, options.port):
        store = Store.open(Path(folder, "store"))
        store.crawl.mkdir(parents=True)
        dsn = f"sqlite:///{store.crawl_state}"
        fill(dsn, options.urls, options.hosts, pages=True)
        opened = Frontier(dsn)
        opened.start_round(1, time.time(), everything=False)
        opened.close()
        peak, summary = watched_crawl(store, seeds_for(Path(folder, "seeds.tsv"), options.hosts), options)
    print(
        f"{options.urls:,} URLs queued on {options.hosts:,} hosts: {summary.new:,} pages fetched, "
        f"{summary.queued:,} still queued, {peak / 1e6:.0f} MB at most in the crawling process"
    )


def watched_crawl(store, seeds, options):
    """Crawl in a thread; the largest resident memory of its child, sampled ten times a second."""
    import threading

    from crawler.process.run import crawl
    from crawler.settings import CrawlSettings

    settings = CrawlSettings(
        seeds=seeds,
        proxy=f"http://127.0.0.1:{options.port}",
        delay_min=0,
        delay_factor=0,
        max_pages=3_000,
    )
    told = []
    thread = threading.Thread(target=lambda: told.append(crawl(store, settings)))
    thread.start()
    peak, me = 0, psutil.Process()
    while thread.is_alive():
        for one in me.children():
            try:
                if "crawler.process.child" in one.cmdline():
                    peak = max(peak, one.memory_info().rss)
            except psutil.Error:
                continue
        time.sleep(0.1)
    return peak, told[0]


def _crawl(root, settings):
    from crawler.process.run import crawl
    from data.store import Store

    crawl(Store.open(root), settings)


def kill(options):
    """Kill -9 of the crawl's process or its parent at random moments; what was lost, what was asked for twice."""
    from crawler.process.run import crawl
    from crawler.settings import CrawlSettings
    from data.store import Store

    draw, kills, segments = random.Random(options.seed), 0, []
    site = Site(options.hosts, options.pages)
    site.make_all()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, in_a_thread(site, options.port):
        seeds, root = seeds_for(Path(folder, "seeds.tsv"), options.hosts), Path(folder, "store")
        settings = CrawlSettings(
            seeds=seeds,
            proxy=f"http://127.0.0.1:{options.port}",
            delay_min=0.05,
            delay_factor=0,
            breaker_base_delay=0.1,
        )
        while kills < options.kills:
            process = context.Process(target=_crawl, args=(root, settings))
            begun = len(site.asked)
            process.start()
            while process.is_alive() and len(site.asked) < begun + 20:
                time.sleep(0.005)
            time.sleep(draw.uniform(0.0, 1.5))
            children = psutil.Process(process.pid).children() if process.is_alive() else []
            victim = draw.choice(["child", "parent"])
            if process.is_alive() and children:
                os.kill(children[0].pid if victim == "child" else process.pid, signal.SIGKILL)
                kills += 1
            process.join(60)
            psutil.wait_procs(children, timeout=20)
            segments.append(site.asked[begun:])
        begun = len(site.asked)
        store = Store.open(root)
        crawl(store, settings)
        segments.append(site.asked[begun:])
        lost, records = _lost(site, store)
        checked = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", *map(str, store.warc.rglob("*.warc.gz"))], check=False
        )
    before, twice = set(), []
    for segment in segments:
        pages = [url for url in segment if "/p/" in url]
        twice.append(sum(url in before for url in pages) + len(pages) - len(set(pages)))
        before.update(pages)
    print(
        f"{kills} kills, {options.hosts * options.pages:,} pages on {options.hosts} hosts, {records:,} response records"
    )
    print(
        f"lost {lost}; asked for twice {sum(twice)} in all, {max(twice)} at most after one kill, in flight at most 64"
    )
    print(f"after each kill: {twice[1:]}; warcio check {checked.returncode}")


def _lost(site, store):
    """Pages that were never asked for, are not done in the state or lie in no WARC file; records of pages."""
    import sqlalchemy as sa
    from warcio.archiveiterator import ArchiveIterator

    from crawler.frontier.numbers import DONE
    from crawler.frontier.tables import urls

    pages = {f"http://h{host}.test/p/{number}" for host in range(site.hosts) for number in range(site.pages)}
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        done = set(connection.execute(sa.select(urls.c.url).where(urls.c.state == DONE)).scalars())
    kept: Counter[str] = Counter()
    for path in store.warc.rglob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type == "response":
                    kept[record.rec_headers.get_header("WARC-Target-URI")] += 1
    lost = len(pages - set(site.asked)) + len(pages - done) + len(pages - kept.keys())
    return lost, sum(count for url, count in kept.items() if url in pages)


if __name__ == "__main__":
    measure_frontier(*map(int, sys.argv[1:4]))
