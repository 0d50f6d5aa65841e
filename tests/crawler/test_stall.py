"""The crawl's reactor stays free: long bodies, full files and crowded hosts hold nothing else up."""

import gzip
import threading
import time
from datetime import UTC, datetime

import pytest
from crawler_web import Web, html, rows, serving

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import DONE
from crawler.frontier.records import FoundUrl
from crawler.permissions.scope import Scope
from crawler.process.round import Round
from crawler.process.run import crawl
from crawler.process.scheduler import MOST_SITEMAPS
from crawler.settings import CrawlSettings
from crawler.warc import writer as warc_writer
from crawler.warc.recovery import OPEN, recover, whole_members
from crawler.warc.writer import WarcWriter
from data.errors import StoreError
from data.markup import MAX_SCANNED, tags_and_text
from data.seeds import Seed

WHEN = datetime(2026, 5, 1, tzinfo=UTC)
MOST_CPU = 5.0
"""CPU seconds: far above what the pieces take under coverage on a busy machine, far below a whole file in one turn.

How long a turn really is, bench/crawl_stall.py measures.
"""


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


@pytest.mark.slow
def test_sitemaps_of_40_megabytes_leave_the_reactor_free(web, store, tmp_path):
    """Plain, packed as a file, packed on the wire: all digested, packed and unpacked in threads."""
    about = "".join(f"<image:caption>La presión de la sangre, nota {n}.</image:caption>" for n in range(15))
    names = [f"http://{host}.test" for host in ("llano", "fichero", "cable")]
    whole = "".join(f"<url><loc>http://{{}}.test/p{n}</loc>{about}</url>" for n in range(50_000)).encode()
    whole = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">' + whole + b"</urlset>"
    packed = gzip.compress(whole, 1)
    xml = {"Content-Type": "application/xml"}
    web.pages = {f"{name}/": html() for name in names}
    web.pages[f"{names[0]}/sitemap.xml"] = (200, xml, whole)
    web.pages[f"{names[1]}/sitemap.xml"] = (200, {"Content-Type": "application/gzip"}, packed)
    web.pages[f"{names[2]}/sitemap.xml"] = (200, {**xml, "Content-Encoding": "gzip"}, packed)
    seeds = web.seeds(tmp_path / "seeds.tsv", *(f"{name}/" for name in names))
    summary = crawl(store, web.settings(seeds, timeout=60.0))
    assert (summary.sitemaps, summary.failed, summary.finished) == (3, {}, True)
    assert summary.longest_stall_cpu < MOST_CPU
    for path in store.warc.glob("**/*.warc.gz"):
        assert whole_members(path) == path.stat().st_size


@pytest.mark.slow
def test_few_sitemaps_are_asked_for_at_a_time(web, store, tmp_path):
    """Each may take 50 MB of memory; each host's is asked for in the end."""
    running, most, lock = [0], [0], threading.Lock()

    def sitemap(_):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.3)
        with lock:
            running[0] -= 1
        return 200, {"Content-Type": "application/xml"}, b"<urlset></urlset>"

    names = [f"http://h{host}.test" for host in range(12)]
    web.pages = {f"{name}/": html() for name in names} | {f"{name}/sitemap.xml": sitemap for name in names}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", *(f"{name}/" for name in names))))
    assert (summary.sitemaps, summary.finished) == (12, True)
    assert 1 <= most[0] <= MOST_SITEMAPS


@pytest.mark.slow
def test_a_large_page_is_kept_and_its_links_are_followed(web, store, tmp_path):
    page = html("/uno", text="La tensión alta. " * 60_000)
    web.pages = {"http://a.test/": page, "http://a.test/uno": html(text="uno")}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/")))
    assert (summary.new, summary.failed) == (2, {})
    again = crawl(store, web.settings(tmp_path / "seeds.tsv"), revisit="all")
    assert (again.changed, again.same + again.not_modified) == (0, 2)
    assert rows(store)["http://a.test/"].state == DONE


@pytest.mark.parametrize("piece", [b"<", b"<!-- -->", b"<script></script>", b"<script>", b"<b>", b"<a ", b"<a b=c>"])
def test_pages_of_nothing_but_openings_are_looked_at_in_bounds(piece):
    body = b"<p>hola</p>" + piece * (MAX_SCANNED // len(piece))
    began = time.thread_time()
    _, text = tags_and_text(body)
    assert time.thread_time() - began < MOST_CPU
    assert text.startswith(b"hola")


def test_a_host_that_is_left_out_is_not_counted_again_and_others_are_taken(tmp_path, monkeypatch):
    seeds = [
        Seed(url=f"http://{name}.test/", name="x", country="ES", category="hospital", scope="host") for name in "ab"
    ]
    frontier = Frontier("sqlite://")
    frontier.commit([], [FoundUrl(f"http://a.test/{n}", "a.test", seeds[0].url) for n in range(50)])
    warc = WarcWriter(tmp_path, "x", 1 << 30, {})
    current = Round(1, CrawlSettings(), frontier, Scope(seeds), warc, WHEN)
    current.roster.rest(current.hosts["a.test"], 86_400.0)
    counted = []
    count = frontier.queued_by_host
    monkeypatch.setattr(frontier, "queued_by_host", lambda names: counted.extend(names) or count(names))
    assert current.is_over()
    assert counted == []
    frontier.commit([], [FoundUrl("http://b.test/", "b.test", seeds[1].url)])  # as another process would
    assert not current.is_over()
    assert counted == ["b.test"]
    assert current.hosts["b.test"].queued == 1
    warc.close()
    frontier.close()


def append(writer, number):
    writer.response(f"http://a.test/{number}", WHEN, b"HTTP/1.1 200 OK", [], b"x" * 5_000, {})


def test_a_full_file_is_finished_in_a_thread_and_stays_locked_until_it_has_its_name(tmp_path, monkeypatch):
    goes_on = threading.Event()
    finish = warc_writer.finish
    monkeypatch.setattr(warc_writer, "finish", lambda path: (goes_on.wait(30), finish(path)))
    writer = WarcWriter(tmp_path, "x", 1, {})
    for number in range(3):
        append(writer, number)
    names = sorted(path.name for path in tmp_path.glob("*.open"))
    assert names == [f"x-0000{n}.warc.gz{OPEN}" for n in range(3)]
    assert recover(tmp_path) == 0
    goes_on.set()
    writer.close()
    assert sorted(path.name for path in tmp_path.glob("*.warc.gz")) == [f"x-0000{n}.warc.gz" for n in range(3)]


def test_a_full_file_that_cannot_be_finished_is_told_at_the_next_flush(tmp_path, monkeypatch):
    def fails(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(warc_writer, "finish", fails)
    writer = WarcWriter(tmp_path, "x", 1, {})
    append(writer, 1)
    with pytest.raises(StoreError, match="cannot be written"):
        flush_for(writer, seconds=30)


def flush_for(writer, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        writer.flush()
        time.sleep(0.01)
