"""The CDXJ beside a WARC file: keys as pywb 2.10 makes them (surt 0.3.1), sorted by bytes, leading to the records."""

import gzip
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.warc.cdxj import cdxj_path, surt
from crawler.warc.index import index_closed
from crawler.warc.record import NOT_MODIFIED, SAME_DIGEST, payload_digest
from crawler.warc.rows import rows_path
from crawler.warc.writer import WarcWriter

WHEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
HTML = [(b"Content-Type", b"text/html; charset=utf-8")]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://www.salud.es/", "es,salud)/"),
        ("https://www2.salud.es/A/", "es,salud)/a"),
        ("http://wwwsalud.es/", "es,wwwsalud)/"),
        ("http://www.salud.es.:8080/a", "es,salud:8080)/a"),
        ("http://.salud..es/", "es,salud)/"),
        ("https://salud.es:443/", "es,salud)/"),
        ("http://salud.es:443/", "es,salud:443)/"),
        ("http://a.salud.es:8080/x", "es,salud,a:8080)/x"),
        ("http://10.0.0.1:8080/", "1,0,0,10:8080)/"),
        ("http://[2a00:1450::1]/a", "2a00:1450::1)/a"),
        ("http://xn--nios-hqa.es/ni%C3%B1o", "es,xn--nios-hqa)/ni%c3%b1o"),
        ("http://salud.es/a//b///c//", "es,salud)/a/b/c"),
        ("http://salud.es/it%27s%20(1)", "es,salud)/it's%20(1)"),
        ("http://salud.es/a%2Fb%252Fc", "es,salud)/a/b/c"),
        ("http://salud.es/a%2F..%2Fb", "es,salud)/b"),
        ("http://salud.es/%23%25?%23=%25", "es,salud)/%23%25?%23=%25"),
        ("http://salud.es/B?z=1&a=2", "es,salud)/b?a=2&z=1"),
        ("http://salud.es/?a-b=1&a=1&a&=", "es,salud)/?=&a&a=1&a-b=1"),
        ("http://salud.es/x?b=%2F&a=%20&a=", "es,salud)/x?a=&a=%20&b=/"),
        ("http://salud.es/x?url=http://otro.es/a%3Fb=1", "es,salud)/x?url=http://otro.es/a?b=1"),
    ],
)
def test_a_key_is_what_replay_tools_look_up(url, key):
    assert surt(url) == key


@pytest.fixture
def warc(tmp_path):
    writer = WarcWriter(tmp_path, "x", 1 << 30, {})
    urls = ["https://www.salud.es/B/?z=1&a=2", "http://10.0.0.1:8080/", "http://a.salud.es/", "http://salud.es/~b"]
    for number, url in enumerate([*urls, "http://salud.es/a-b", "http://salud.es/a/b", "http://salud.es/a"]):
        writer.response(url, WHEN + timedelta(days=number), b"HTTP/1.1 200 OK", HTML, url.encode(), {})
    named = {"WARC-Refers-To-Target-URI": urls[2], "WARC-Payload-Digest": payload_digest(urls[2].encode())}
    writer.revisit(urls[2], WHEN + timedelta(30), b"HTTP/1.1 200 OK", HTML, SAME_DIGEST, named)
    writer.revisit(urls[2], WHEN + timedelta(60), b"HTTP/1.1 304 Not Modified", HTML, NOT_MODIFIED, named)
    writer.response("http://salud.es/no", WHEN, b"HTTP/1.1 404 Not Found", [], b"no", {})
    writer.close()
    return next(tmp_path.glob("*.warc.gz"))


@pytest.mark.parametrize("noted", [True, False])
def test_lines_are_sorted_by_bytes_and_lead_to_their_records(warc, noted):
    if not noted:
        rows_path(warc).unlink()  # as a kill leaves it: the rows are read from the file itself
    index_closed(warc.parent)
    written = cdxj_path(warc).read_bytes()
    lines = written.splitlines(keepends=True)
    assert lines == sorted(lines)
    assert all(line.endswith(b"}\n") for line in lines)
    seen = []
    for line in lines:
        key, stamp, fields = line.decode().split(" ", 2)
        told = json.loads(fields)
        assert set(told) == {"url", "mime", "status", "digest", "length", "offset", "filename"}
        assert {type(value) for value in told.values()} == {str}
        assert (key, told["filename"]) == (surt(told["url"]), warc.name)
        member = warc.read_bytes()[int(told["offset"]) :][: int(told["length"])]
        record = next(iter(ArchiveIterator(io.BytesIO(member))))
        assert gzip.decompress(member).startswith(b"WARC/1.1\r\n")
        assert record.rec_headers.get_header("WARC-Target-URI") == told["url"]
        assert re.sub(r"\D", "", record.rec_headers.get_header("WARC-Date")) == stamp
        assert record.rec_headers.get_header("WARC-Payload-Digest") == f"sha1:{told['digest']}"
        assert record.http_headers.get_statuscode() == told["status"]
        assert told["mime"] == ("warc/revisit" if record.rec_type == "revisit" else told["mime"])
        seen.append((key, told["mime"], told["status"]))
    assert seen == [
        ("1,0,0,10:8080)/", "text/html", "200"),
        ("es,salud)/a", "text/html", "200"),
        ("es,salud)/a-b", "text/html", "200"),
        ("es,salud)/a/b", "text/html", "200"),
        ("es,salud)/b?a=2&z=1", "text/html", "200"),
        ("es,salud)/no", "unk", "404"),
        ("es,salud)/~b", "text/html", "200"),
        ("es,salud,a)/", "text/html", "200"),
        ("es,salud,a)/", "warc/revisit", "200"),
    ]


def test_a_304_has_no_line_so_that_the_capture_before_it_is_shown(warc):
    index_closed(warc.parent)
    stamps = [line.split(b" ")[1] for line in cdxj_path(warc).read_bytes().splitlines() if b"a.salud.es" in line]
    assert stamps == [b"20260306050607", b"20260403050607"]
