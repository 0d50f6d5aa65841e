"""Rounds over a web that changes, held against what the web itself says of each page; a round over one that does not.

    python bench/rounds.py --replay replay_web.py --archive web.tar.xz --store /tmp/rounds

``--replay`` names a server of stored sites, a forward proxy that takes --archive, --port, --round, --seeds FILE (writes
start URLs), --truth FILE (writes what each URL is in that round: same, new, changed, gone, moved, back, not yet) and
--log FILE (writes one JSON line a request). Rounds 1 to 3 run with ``--revisit all`` and the floor of ``--delay``;
then round 1's web is crawled twice without a floor, to see what a round costs in which nothing changed.
"""

import argparse
import contextlib
import json
import resource
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from crawler.frontier.tables import urls
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.store import Store
from data.urls import canonical_url

START = datetime(2026, 1, 1, tzinfo=UTC)
ANSWERS = {"new": {200}, "changed": {200}, "back": {200}, "gone": {410}, "moved": {301}, "same": {200, 304}}
"""The statuses by which a page of each fate is followed."""
CLOCK = 0.002
"""Seconds by which the log's clock, cut to milliseconds, may be off between two lines."""


@contextlib.contextmanager
def replayed(options, number, name):
    """Serve a round of the web until the block ends."""
    files = {kind: options.store / f"{name}-{number}.{kind}" for kind in ("seeds", "truth", "log")}
    command = [sys.executable, str(options.replay), "--archive", str(options.archive), "--port", str(options.port)]
    command += ["--round", str(number), *(word for kind, path in files.items() for word in (f"--{kind}", str(path)))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            server.stdout.readline()
            yield files
        finally:
            server.terminate()


def crawl_round(options, store, seeds, number, delay):
    """One round; its summary and the CPU time of its processes."""
    settings = CrawlSettings(
        seeds=seeds, proxy=f"http://127.0.0.1:{options.port}", delay_min=delay, delay_factor=0, breaker_patience=15
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = crawl(store, settings, revisit="all", as_of=START + timedelta(days=40 * number))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return summary, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def requests(log):
    """What was asked for: time, URL with the host's plain name, status."""
    for line in log.read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        yield one["t"], one["host"], plain(f"http://{one['host']}{one['path']}"), one["status"]


def plain(url):
    """Hosts with and without www are one here, as they are for the replay."""
    return canonical_url(url).replace("://www.", "://")


def followed(truth, log, known_before, refused):
    """By fate: how many pages were to be followed, were, were forbidden by robots.txt; and those that were missed."""
    asked = defaultdict(set)
    for _, _, url, status in requests(log):
        asked[url].add(status)
    table, missed = defaultdict(lambda: [0, 0, 0]), defaultdict(list)
    for address, fate in json.loads(truth.read_text(encoding="utf-8"))["urls"].items():
        url = plain(address)
        wanted = ANSWERS.get(fate)
        if wanted is None or (fate in ("gone", "moved", "changed", "same", "back") and url not in known_before):
            continue
        if fate == "moved" and not url.endswith("/"):
            wanted = ANSWERS["same"]  # named moved, but the replay answers it as ever
        elif fate == "new" and url in known_before:
            wanted = ANSWERS["same"]  # new since round 2, and known since
        table[fate][0] += 1
        if asked[url] & wanted:
            table[fate][1] += 1
        elif url in refused:
            table[fate][2] += 1
        else:
            missed[fate].append((url, sorted(asked[url])))
    return table, missed, {url for url, statuses in asked.items() if 200 in statuses}


def refused_by_robots(store):
    """URLs that robots.txt forbids, by the state."""
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(urls.c.url).where(urls.c.reason.like("robots/%"))).scalars()
        return {plain(url) for url in rows}


def smallest_gap(log):
    """Seconds between two requests to one host, at least."""
    times = defaultdict(list)
    for at, host, *_ in requests(log):
        times[host].append(at)
    return min(later - earlier for every in times.values() for earlier, later in pairwise(every))


def changing(options):
    """Rounds 1 to 3, each held against the truth."""
    store, known = Store.open(options.store / "changing"), set()
    for number in (1, 2, 3):
        with replayed(options, number, "changing") as files:
            summary, cpu = crawl_round(options, store, files["seeds"], number, options.delay)
        told = {
            name: getattr(summary, name) for name in ("new", "changed", "not_modified", "gone", "moved", "megabytes")
        }
        print(f"round {number}: {told}, {summary.seconds:.0f} s, {cpu:.1f} CPU s, refused {summary.refused}")
        table, missed, seen = followed(files["truth"], files["log"], known, refused_by_robots(store))
        for fate, (there, right, forbidden) in sorted(table.items()):
            print(f"  {fate}: {there} known or new, {right} followed, {forbidden} forbidden by robots.txt")
        for fate, pages in missed.items():
            print(f"  MISSED {fate}: {len(pages)}, as {pages[:3]}")
        gap = smallest_gap(files["log"])
        kept = "kept" if gap >= options.delay - CLOCK else "BROKEN"
        print(f"  smallest gap at a host {gap:.3f} s, floor {options.delay} s: {kept}", flush=True)
        known |= seen


def unchanged(options):
    """The same web twice, as fast as it goes."""
    store, figures = Store.open(options.store / "unchanged"), []
    with replayed(options, 1, "unchanged") as files:
        for number in (1, 2):
            summary, cpu = crawl_round(options, store, files["seeds"], number, 0.0)
            pages = summary.new + summary.not_modified + summary.same + summary.changed
            figures.append((summary.megabytes, pages / cpu, pages / summary.seconds))
            print(f"unchanged web, round {number}: {pages} pages, {summary.megabytes} MB of bodies, {cpu:.1f} CPU s")
    (first, rate, speed), (second, rate_again, speed_again) = figures
    print(
        f"second round: {second / first:.2%} of the bytes, {rate_again / rate:.2f} times the pages a CPU second, "
        f"{speed_again / speed:.2f} times by the clock"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--port", type=int, default=18900)
    parser.add_argument("--delay", type=float, default=0.05)
    options = parser.parse_args()
    options.store.mkdir(parents=True, exist_ok=True)
    changing(options)
    unchanged(options)


if __name__ == "__main__":
    main()
