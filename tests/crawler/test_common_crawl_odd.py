"""Odd archives, after reports on tools that read Common Crawl: each ends in all records or in a line that helps."""

import gzip
import random

import pyarrow as pa
import pytest
from common_crawl import Archive, Capture, copied, month, serving
from corpus_rounds import prose
from warc_files import html

from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.run import archive_common_crawl
from crawler.sources.member import Member
from crawler.warc.record import gzip_member, new_record_id, record
from data.errors import StageError

CRAWL = "CC-MAIN-2026-05"
HOST = "https://www.salud.example"


@pytest.fixture
def ours(tmp_path):
    path = tmp_path / "seeds.tsv"
    path.write_text(
        f"url\tname\tcountry\tcategory\tscope\n{HOST}/\tSalud\tES\thospital\thost\n"
        "https://revistas.example/salud-hoy\tRevista\tES\tjournal\tprefix\n",
        encoding="utf-8",
    )
    return CrawlSettings(seeds=path)


@pytest.fixture
def archive():
    with serving(Archive()) as found:
        yield found


def pages(count=60):
    return [Capture(f"{HOST}/p{number:02d}", html(prose(number)), month(1)) for number in range(count)]


def others(count=200):
    """Hosts before and behind ours in the order of keys."""
    names = ("aaa", "salud.otra", "saludable", "salu", "zzz")
    return [Capture(f"https://{names[n % 5]}.example/p{n}", b"<p>otra</p>", month(1)) for n in range(count)]


@pytest.mark.slow
def test_an_index_whose_rows_are_in_no_order_is_read_all_the_same(store, archive, ours):
    """Some crawls' parts are two sorted streams, row by row (commoncrawl/cc-index-table)."""

    def shuffled(table):
        order = list(range(table.num_rows))
        if not order:
            return table
        random.Random(1).shuffle(order)
        return table.take(order)

    archive.add(CRAWL, pages() + others(), arrange=shuffled)
    assert archive_common_crawl(store, ours, archive.settings(), [CRAWL]).fetched == 60


@pytest.mark.slow
def test_an_index_of_years_ago_has_fewer_columns(store, archive, ours):
    late = ["fetch_redirect", "content_languages", "content_charset", "content_truncated", "content_mime_detected"]

    def early(table):
        digest = table.schema.get_field_index("content_digest")
        return table.drop_columns(late).set_column(digest, "content_digest", pa.nulls(table.num_rows, pa.string()))

    moved = Capture(f"{HOST}/vieja", b"", month(1), status=301, headers=(("Location", f"{HOST}/nueva"),))
    archive.add(CRAWL, [*pages(5), moved], arrange=early)
    settings = archive.settings(languages=["spa"])
    assert archive_common_crawl(store, ours, settings, [CRAWL]).fetched == 6


def test_a_server_that_knows_no_ranges_is_told_of_before_a_gigabyte_is_read(store, archive, ours):
    archive.add(CRAWL, pages(5))
    archive.fault = lambda _number, path, _span: (200, {}) if path.endswith(".parquet") else None
    with pytest.raises(StageError, match=r"HTTP 200 where 206 is due\. Check the address"):
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])


def test_another_range_than_the_one_that_was_asked_for_is_asked_for_again(store, archive, ours):
    archive.add(CRAWL, pages(20))
    wrong = iter(range(3))

    def fault(_number, path, _span):
        if path.endswith(".warc.gz") and next(wrong, None) is not None:
            return 206, {"Content-Range": "bytes 0-22/1000000"}
        return None

    archive.fault = fault
    assert archive_common_crawl(store, ours, archive.settings(), [CRAWL]).fetched == 20


@pytest.mark.slow
def test_a_server_that_cannot_be_reached_is_told_of_at_once(store, archive, ours):
    settings = archive.settings(base_url="http://127.0.0.1:9/", backoff=600)
    with pytest.raises(StageError, match=r"the connection failed .* Check the network, the proxy and the address"):
        archive_common_crawl(store, ours, settings, [CRAWL])


def test_a_portal_s_page_in_place_of_the_list_of_files(store, archive, ours):
    archive.files[f"crawl-data/{CRAWL}/cc-index-table.paths.gz"] = b"<html>Accept our terms</html>"
    with pytest.raises(StageError, match=r"not a list of files .* Check archive\.common_crawl\.base_url"):
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])


@pytest.mark.slow
def test_an_index_file_that_is_damaged_or_gone(store, archive, ours):
    archive.add(CRAWL, pages(5))
    (path,) = (one for one in archive.files if "subset=warc/part-00000" in one)
    content = archive.files[path]
    archive.files[path] = content[:-8] + b"\xff\xff\xff\x7fPAR1"
    with pytest.raises(StageError, match=r"part-00000.*its footer is longer than the file"):
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    archive.files[path] = content[: len(content) // 2]
    with pytest.raises(StageError, match="not a Parquet file"):
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    del archive.files[path]
    with pytest.raises(StageError, match="though the crawl's list of index files names it"):
        archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    archive.files[path] = content
    assert archive_common_crawl(store, ours, archive.settings(), [CRAWL]).fetched == 5


@pytest.mark.slow
def test_only_what_a_start_url_s_prefix_takes(store, archive, ours):
    inside = ["salud-hoy", "salud-hoy/1", "salud-hoy-2026/n"]
    outside = ["salud", "otra/1", ""]
    said = Capture("https://revistas.example/robots.txt", b"", month(1), mime="text/plain", languages=None)
    captures = [Capture(f"https://revistas.example/{one}", html(prose(one)), month(1)) for one in inside + outside]
    archive.add(CRAWL, [said, *captures])
    summary = archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    assert (summary.records, summary.hosts_with_robots) == (4, 1)


def odd(url, head, body, fields=()):
    named = {"WARC-Target-URI": url, **dict(fields)}
    content = (head, body)
    return gzip_member(
        record("response", new_record_id(), month(1), "application/http; msgtype=response", content, named)
    )


@pytest.mark.parametrize(
    "head",
    [
        b"ICY 200 OK\r\nContent-Type: text/html\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"",
    ],
    ids=["status", "encoding", "chunks", "no head"],
)
def test_an_answer_whose_head_lies_is_copied_as_it_is(head):
    url = f"{HOST}/a"
    member = Member.read(odd(url, head, html(prose(1))))
    assert (member.url, member.kind) == (url, "response")
    assert member.packed().member == member.content


def test_a_second_run_after_the_index_was_written_anew_keeps_what_is_there(store, archive, ours):
    """The same records at other places: they are brought again under their new places, and the corpus has one page."""
    archive.add(CRAWL, pages(5))
    archive_common_crawl(store, ours, archive.settings(), [CRAWL])
    before = copied(store.warc / "common-crawl")
    assert archive_common_crawl(store, ours, archive.settings(), [CRAWL]).fetched == 0
    assert copied(store.warc / "common-crawl") == before
    assert all(gzip.decompress(one) for one in before)
