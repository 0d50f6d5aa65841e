"""A run that is told to stop ends soon and whole, and the next one goes on: what users of Nutch and Browsertrix met."""

import multiprocessing
import os
import signal
import time

import pytest
from crawl_processes import child_of, run_it
from crawler_web import Web, html, rows, serving
from warcio.archiveiterator import ArchiveIterator

from crawler.frontier.numbers import DONE
from crawler.process.run import crawl
from crawler.warc.recovery import OPEN
from data.store import Store

PAGES = 60


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


def slowly(answer, seconds):
    def answered(_):
        time.sleep(seconds)
        return answer

    return answered


@pytest.mark.slow
def test_a_limit_that_is_reached_while_robots_txt_fails_ends_the_run(web, store, tmp_path):
    """NUTCH-2573: what waits for robots.txt must not be taken up again once the run is over."""
    web.pages = {"http://a.test/": html("/uno", "/dos"), "http://a.test/uno": html(), "http://a.test/dos": html()}
    web.pages["http://malo.test/robots.txt"] = slowly((503, {"Retry-After": "2"}, b""), 0.5)
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://malo.test/")
    summary = crawl(store, web.settings(seeds, max_pages=1))
    assert (summary.new, summary.finished) == (1, False)
    asked = web.urls().count("http://malo.test/robots.txt")
    assert asked <= 2
    summary = crawl(store, web.settings(seeds))
    assert rows(store)["http://a.test/dos"].state == DONE


@pytest.mark.slow
@pytest.mark.parametrize("signals", [1, 2])
def test_a_signal_or_two_leave_whole_files_and_the_next_run_goes_on(web, tmp_path, signals):
    """Browsertrix #504 and #348: the second signal must not cost what was fetched, nor a slow answer the end."""
    links = [f"/p{n}" for n in range(PAGES)]
    web.pages = {f"http://h{host}.test{link}": html(text=f"{host} {link}") for host in range(3) for link in links}
    web.pages |= {f"http://h{host}.test/": html(*links) for host in range(3)}
    web.pages["http://lento.test/"] = slowly(html(text="lento"), 4.0)
    names = [*(f"http://h{host}.test/" for host in range(3)), "http://lento.test/"]
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", *names), delay_min=0.05, timeout=10.0)
    root = tmp_path / "store"
    process = multiprocessing.get_context("spawn").Process(target=run_it, args=(root, settings))
    process.start()
    until = time.monotonic() + 90
    while "http://lento.test/" not in web.urls() and time.monotonic() < until:
        time.sleep(0.05)
    child = child_of(process.pid)
    for _ in range(signals):
        os.kill(int(child.name), signal.SIGTERM)
        time.sleep(0.3)
    process.join(180)
    assert process.exitcode == 0
    store = Store.open(root)
    assert not list(store.warc.glob(f"**/*{OPEN}"))
    kept = {record.rec_headers.get_header("WARC-Target-URI") for record in records(store)}
    assert {url for url, row in rows(store).items() if row.state == DONE and row.status == 200} <= kept
    summary = crawl(store, settings)
    assert summary.finished
    assert all(row.state == DONE for row in rows(store).values())
    kept = [record.rec_headers.get_header("WARC-Target-URI") for record in records(store)]
    pages = [url for url in kept if url in web.pages]
    assert len(set(pages)) == 3 * PAGES + 4
    assert len(pages) - len(set(pages)) <= 4  # what was in flight at the second signal


def records(store):
    for path in sorted(store.warc.glob("**/*.warc.gz")):
        with path.open("rb") as file:
            yield from (record for record in ArchiveIterator(file) if record.rec_type == "response")
