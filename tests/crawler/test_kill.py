"""A crawl killed at random moments loses nothing and asks for little twice."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from crawl_processes import child_of, run_it
from crawler_web import Web, html, serving
from warcio.archiveiterator import ArchiveIterator

from crawler.frontier.numbers import DONE
from crawler.frontier.tables import urls
from crawler.process.run import crawl
from data.store import Store

PAGES = 600
HOSTS = 5


def a_web():
    pages = {}
    for host in range(HOSTS):
        name = f"http://h{host}.test"
        for number in range(PAGES // HOSTS):
            near = [f"{name}/p{(number * 2 + step) % (PAGES // HOSTS)}" for step in range(1, 6)]
            pages[f"{name}/p{number}"] = html(*near, text=f"Página {number} de {host}.")
        pages[f"{name}/"] = html(f"{name}/p0")
    return Web(pages, delay=0.002)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the crawl's process under /proc")
def test_kill_9_loses_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    draw = random.Random(1)
    root, kills = tmp_path / "store", 0
    with serving(a_web()) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://h{host}.test/" for host in range(HOSTS)))
        settings = web.settings(seeds, breaker_base_delay=0.05)
        for victim in ("child", "parent", "child"):
            process = context.Process(target=run_it, args=(root, settings))
            process.start()
            before, deadline = len(web.asked), time.monotonic() + 60
            while len(web.asked) < before + 30 and process.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(draw.uniform(0.0, 0.3))
            child = child_of(process.pid)
            if process.is_alive() and child is not None:
                os.kill(int(child.name) if victim == "child" else process.pid, signal.SIGKILL)
                kills += 1
            process.join(180)
            gone_by = time.monotonic() + 10
            while child is not None and child.exists() and time.monotonic() < gone_by:
                time.sleep(0.05)
            assert child is None or not child.exists()
        store = Store.open(root)
        summary = crawl(store, settings)
    assert kills >= 2
    assert summary.finished
    asked = Counter(url for url in web.urls() if url in web.pages)
    assert set(asked) == set(web.pages)
    assert sum(asked.values()) - len(asked) <= kills * (HOSTS + 50)
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        done = set(connection.execute(sa.select(urls.c.url).where(urls.c.state == DONE)).scalars())
    engine.dispose()
    assert set(web.pages) <= done
    assert set(web.pages) <= in_warcs(store)
    assert json.loads((store.crawl / "progress.json").read_text())["state"] == "finished"


def in_warcs(store):
    found = set()
    for path in store.warc.glob("*/*"):
        assert not path.name.endswith(".open")
        if path.name.endswith(".warc.gz"):
            with path.open("rb") as file:
                for record in ArchiveIterator(file, check_digests="raise"):
                    if record.rec_type == "response":
                        record.content_stream().read()
                        found.add(record.rec_headers.get_header("WARC-Target-URI"))
    return found
