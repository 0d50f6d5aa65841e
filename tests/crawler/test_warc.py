"""WARC files: what others read of them, torn tails, the index."""

import fcntl
import gzip
import subprocess
import sys
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.index import index_closed, records_of
from crawler.warc.record import NOT_MODIFIED
from crawler.warc.recovery import recover, whole_members
from crawler.warc.rows import SUFFIX, index_path, logged_rows, rows_path
from crawler.warc.writer import WarcWriter

WHEN = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
HEADERS = [(b"Content-Type", b"text/html; charset=ISO-8859-1"), (b"Content-Encoding", b"gzip")]


def write_some(folder, count=5, max_bytes=1 << 30):
    writer = WarcWriter(folder, "cowese-0001", max_bytes, {"software": "cowese"})
    for number in range(count):
        body = gzip.compress(f"<p>La página número {number} del hospital</p>".encode("latin-1") * 50, mtime=0)
        url = f"http://a.test/{number}"
        digest = writer.response(url, WHEN, b"HTTP/1.1 200 OK", HEADERS, body, {"CoWeSe-Seed": "http://a.test/"})
        writer.revisit(url, WHEN, b"HTTP/1.1 304 Not Modified", [], NOT_MODIFIED, {"WARC-Payload-Digest": digest})
    return writer


def test_warcio_reads_and_checks_every_record(tmp_path):
    write_some(tmp_path).close()
    (path,) = tmp_path.glob("*.warc.gz")
    with path.open("rb") as file:
        iterator = ArchiveIterator(file, check_digests="raise")
        records = [(record.rec_type, record.rec_headers, record.content_stream().read()) for record in iterator]
    assert [kind for kind, _, _ in records] == ["warcinfo", *["response", "revisit"] * 5]
    _, headers, body = records[3]
    assert headers.get_header("WARC-Target-URI") == "http://a.test/1"
    assert headers.get_header("WARC-Date") == "2026-05-01T12:30:00Z"
    assert headers.get_header("CoWeSe-Seed") == "http://a.test/"
    assert "La página número 1 del hospital" in body.decode("latin-1")
    command = [sys.executable, "-m", "warcio.cli", "check", path]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_index_says_where_each_record_lies(tmp_path):
    write_some(tmp_path).close()
    assert index_closed(tmp_path) == 1
    assert index_closed(tmp_path) == 0
    (path,) = tmp_path.glob("*.warc.gz")
    rows = pq.read_table(index_path(path)).to_pylist()
    assert [(row["url"], row["kind"], row["status"]) for row in rows[:2]] == [
        ("http://a.test/0", "response", 200),
        ("http://a.test/0", "revisit", 304),
    ]
    assert (rows[0]["mime"], rows[0]["charset"], rows[0]["fetched_at"]) == ("text/html", "iso-8859-1", WHEN)
    raw = path.read_bytes()
    for row in rows:
        member = gzip.decompress(raw[row["offset"] : row["offset"] + row["length"]])
        assert member.startswith(b"WARC/1.1\r\n")
        assert f"WARC-Target-URI: {row['url']}\r\n".encode() in member
        assert f"WARC-Payload-Digest: {row['digest']}\r\n".encode() in member


def test_what_is_noted_while_writing_is_what_the_file_says(tmp_path):
    write_some(tmp_path).close()
    (path,) = tmp_path.glob("*.warc.gz")
    assert logged_rows(path) == list(records_of(path))
    notes = rows_path(path).read_bytes()
    rows_path(path).write_bytes(notes[:-30])
    assert logged_rows(path) is None
    rows_path(path).write_bytes(notes)
    index_closed(tmp_path)
    assert not rows_path(path).exists()


def test_files_are_closed_at_their_size_and_never_overwritten(tmp_path):
    write_some(tmp_path, max_bytes=2_000).close()
    first = sorted(path.name for path in tmp_path.glob("*.warc.gz*") if not path.name.endswith(SUFFIX))
    assert len(first) > 1
    assert not [name for name in first if name.endswith(".open")]
    write_some(tmp_path, count=1).close()
    assert len(list(tmp_path.glob("*.warc.gz"))) == len(first) + 1


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_a_torn_tail_is_cut_and_the_rest_kept(tmp_path, cut):
    writer = write_some(tmp_path)
    writer.flush()
    (left,) = tmp_path.glob("*.open")
    whole = left.read_bytes()
    writer._file.close()  # as the kernel does at a kill
    writer._rows.close()
    left.write_bytes(whole[:-cut])
    assert recover(tmp_path) == 1
    (path,) = tmp_path.glob("*.warc.gz")
    assert logged_rows(path) is None
    assert whole.startswith(path.read_bytes())
    with path.open("rb") as file:
        assert sum(1 for _ in ArchiveIterator(file, check_digests="raise")) == 10


def test_a_file_with_nothing_whole_goes_and_one_that_is_written_stays(tmp_path):
    (tmp_path / "torn.warc.gz.open").write_bytes(gzip.compress(b"WARC/1.1")[:9])
    living = tmp_path / "living.warc.gz.open"
    living.write_bytes(gzip.compress(b"WARC/1.1"))
    with living.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert recover(tmp_path) == 1
        assert [path.name for path in tmp_path.iterdir()] == [living.name]


def test_whole_members_ends_at_rubbish(tmp_path):
    path = tmp_path / "file"
    members = gzip.compress(b"uno") + gzip.compress(b"dos")
    path.write_bytes(members + b"rubbish")
    assert whole_members(path) == len(members)
