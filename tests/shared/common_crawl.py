"""A Common Crawl on loopback, of pages of the tests' own: WARC files, the columnar index in its layout, a server."""

import contextlib
import gzip
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.sources.settings import CommonCrawlSettings
from crawler.warc.cdxj import surt
from crawler.warc.record import gzip_member, new_record_id, payload_digest, record

INDEX = pa.schema(
    [
        ("url_surtkey", pa.string()),
        ("url", pa.string()),
        ("url_host_name", pa.string()),
        ("fetch_time", pa.timestamp("ms", tz="UTC")),
        ("fetch_status", pa.int16()),
        ("fetch_redirect", pa.string()),
        ("content_digest", pa.string()),
        ("content_mime_type", pa.string()),
        ("content_mime_detected", pa.string()),
        ("content_charset", pa.string()),
        ("content_languages", pa.string()),
        ("content_truncated", pa.string()),
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int32()),
        ("warc_record_length", pa.int32()),
        ("warc_segment", pa.string()),
    ]
)


@dataclass(frozen=True)
class Capture:
    """One answer that Common Crawl got."""

    url: str
    body: bytes
    when: datetime
    status: int = 200
    mime: str = "text/html"
    languages: str | None = "spa"
    headers: tuple[tuple[str, str], ...] = ()
    truncated: str | None = None
    content_type: str | None = None
    """The header as it is; by default the type alone."""

    @property
    def subset(self) -> str:
        if self.url.endswith("/robots.txt"):
            return "robotstxt"
        return "warc" if self.status == 200 else "crawldiagnostics"

    @property
    def redirect(self) -> str | None:
        return dict(self.headers).get("Location")

    def member(self) -> bytes:
        """Its WARC record as Common Crawl writes it: unpacked body, a gzip member."""
        fields = [
            ("Content-Type", self.content_type or self.mime),
            *self.headers,
            ("Content-Length", str(len(self.body))),
        ]
        head = f"HTTP/1.1 {self.status} Whatever\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
        named = {"WARC-Target-URI": self.url, "WARC-Payload-Digest": payload_digest(self.body)}
        named |= {"WARC-Truncated": self.truncated} if self.truncated else {}
        content = (head.encode() + b"\r\n", self.body)
        return gzip_member(
            record("response", new_record_id(), self.when, "application/http; msgtype=response", content, named)
        )


@dataclass
class Archive:
    """What the server has, by path, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    members: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """Every record's bytes, by file and offset."""
    asked: list[tuple[str, str | None, int]] = field(default_factory=list)
    """Path, Range, status of the answer."""
    fault: Callable[[int, str, str | None], tuple[int, dict[str, str]] | int | None] = lambda _number, _path, _span: (
        None
    )
    """By number of the request: an answer in place of the file (status, headers), or how many bytes are cut off."""
    port: int = 0

    def settings(self, **others: object) -> CommonCrawlSettings:
        given = {"base_url": f"http://127.0.0.1:{self.port}/", "requests_per_second": 1e6, "backoff": 0.01, **others}
        return CommonCrawlSettings.model_validate(given)

    def served(self) -> list[tuple[str, str | None]]:
        """What was asked for and given."""
        return [(path, span) for path, span, status in self.asked if status in (200, 206)]

    def record_requests(self) -> list[tuple[str, str | None]]:
        return [one for one in self.served() if one[0].startswith("crawl-data/") and one[0].endswith(".warc.gz")]

    def add(
        self,
        crawl: str,
        captures: Sequence[Capture],
        *,
        warcs: int = 3,
        parts: int = 2,
        group_rows: int = 40,
        page_rows: int = 10,
        page_index: bool = True,
        arrange: Callable[[pa.Table], pa.Table] = lambda table: table,
    ) -> None:
        """Add a crawl: its records in some WARC files, its index in some parts, each of several row groups.

        ``arrange`` is done to the rows of each part before they are written.
        """
        rows: dict[str, list[dict[str, object]]] = defaultdict(list)
        content: dict[str, bytearray] = defaultdict(bytearray)
        for number, one in enumerate(captures):
            name = f"crawl-data/{crawl}/segments/1700000000.1/{one.subset}/{crawl}-{number % warcs:05d}.warc.gz"
            member = one.member()
            rows[one.subset].append(_row(one, name, len(content[name]), len(member)))
            self.members[name, len(content[name])] = member
            content[name] += member
        self.files |= {name: bytes(data) for name, data in content.items()}
        paths = []
        for subset in ("crawldiagnostics", "robotstxt", "warc"):
            ordered = sorted(rows[subset], key=lambda row: str(row["url_surtkey"]))
            each = max(-(-len(ordered) // parts), 1)
            for part in range(parts):
                path = f"cc-index/table/cc-main/warc/crawl={crawl}/subset={subset}/part-{part:05d}-x.c000.gz.parquet"
                table = pa.Table.from_pylist(ordered[part * each : (part + 1) * each], INDEX)
                self.files[path] = _parquet(arrange(table), group_rows, page_rows, page_index)
                paths.append(path)
        listed = "".join(f"{path}\n" for path in [*paths, f"cc-index/table/cc-main/warc/crawl={crawl}/_SUCCESS"])
        self.files[f"crawl-data/{crawl}/cc-index-table.paths.gz"] = gzip.compress(listed.encode())


def _row(one: Capture, name: str, offset: int, length: int) -> dict[str, object]:
    return {
        "url_surtkey": surt(one.url),
        "url": one.url,
        "url_host_name": one.url.split("/")[2],
        "fetch_time": one.when,
        "fetch_status": one.status,
        "fetch_redirect": one.redirect,
        "content_digest": payload_digest(one.body).removeprefix("sha1:"),
        "content_mime_type": one.mime,
        "content_mime_detected": one.mime,
        "content_languages": one.languages,
        "content_truncated": one.truncated,
        "warc_filename": name,
        "warc_record_offset": offset,
        "warc_record_length": length,
        "warc_segment": "1700000000.1",
    }


def _parquet(table: pa.Table, group_rows: int, page_rows: int, page_index: bool) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=group_rows,
        max_rows_per_page=page_rows,
        write_page_index=page_index,
        compression="gzip",
    )
    return sink.getvalue().to_pybytes()


@contextlib.contextmanager
def serving(archive: Archive) -> Iterator[Archive]:
    """Serve an archive until the block ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, span = self.path.lstrip("/"), self.headers.get("Range")
            with lock:
                number = len(archive.asked)
                archive.asked.append((path, span, 0))
            fault = archive.fault(number, path, span)
            if isinstance(fault, tuple):
                status, headers, content, cut = *fault, b"<Error>SlowDown</Error>", 0
            else:
                status, headers, content = _answer(archive.files.get(path), span)
                cut = fault or 0
            archive.asked[number] = path, span, 0 if cut else status
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(content[: len(content) - cut])
            if cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", 0), Handler)
    archive.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(content: bytes | None, span: str | None) -> tuple[int, dict[str, str], bytes]:
    if content is None:
        return 404, {}, b"<Error>NoSuchKey</Error>"
    if span is None:
        return 200, {}, content
    first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", span).groups()
    begin = int(first) if first else max(len(content) - int(last), 0)
    end = min(int(last) + 1, len(content)) if first and last else len(content)
    if begin >= len(content):
        return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
    return 206, {"Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"}, content[begin:end]


def copied(folder: Path) -> Counter[bytes]:
    """The gzip members in the closed WARC files of a folder, each with how often it is there."""
    import zlib

    found: Counter[bytes] = Counter()
    for path in sorted(folder.glob("*.warc.gz")):
        content = path.read_bytes()
        while content:
            unpacker = zlib.decompressobj(31)
            unpacker.decompress(content)
            assert unpacker.eof, path
            found[content[: len(content) - len(unpacker.unused_data)]] += 1
            content = unpacker.unused_data
    return found


def month(number: int, day: int = 1, hour: int = 0) -> datetime:
    return datetime(2026, number, day, hour, tzinfo=UTC)
