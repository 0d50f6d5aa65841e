"""The frontier at a million URLs, alone and in a crawling process."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from crawl_web import in_a_process, seeds_for
from harness import Run, times


def frontier(options):
    """Pop and settle at each number of hosts, in turn, each in a process of its own."""
    run, rows = Run("crawl_frontier", ("sqlalchemy",)), []
    for _ in range(options.repeats):
        for hosts in options.host_counts:
            command = [sys.executable, __file__, str(options.urls), str(hosts), str(options.pops)]
            rows.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    pops = {hosts: statistics.median(row[2] for row in rows if row[0] == hosts) for hosts in options.host_counts}
    few, many = min(pops), max(pops)
    columns = (
        "hosts",
        "filled, URLs a CPU s",
        "pop, µs",
        "settle, µs",
        "RAM a URL, B",
        "disk a URL, B",
        "process, MiB",
    )
    note = f"Growth of a pop from {few:,} to {many:,} hosts, medians: {times(pops[many] / pops[few])}."
    run.table(f"The frontier with {options.urls:,} URLs", columns, rows, note)
    run.close(options.record)


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
    settle = commits / popped
    print(json.dumps([hosts, count / filled, pop * 1e6, settle * 1e6, held / count, size / count, total]))


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
    run = Run("crawl_child", ("scrapy", "twisted"))
    columns = ("URLs queued", "hosts", "pages fetched", "still queued", "the crawling process at most, MB")
    row = (options.urls, options.hosts, summary.new, summary.queued, peak / 1e6)
    run.table("A crawl that starts with its URLs queued", columns, [row])
    run.close(options.record)


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


if __name__ == "__main__":
    measure_frontier(*map(int, sys.argv[1:4]))
