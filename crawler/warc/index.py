"""The index of a WARC file: a Parquet file with each record's offset, so that a lookup does not read a gigabyte."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.warc.cdxj import write_cdxj
from crawler.warc.rows import index_path, logged_rows, mime_of, rows_path, unindexed
from data.documents import SECONDS_UTC
from data.parquet import write_parquet

INDEX_SCHEMA = pa.schema(
    [
        pa.field("url", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # response or revisit
        pa.field("fetched_at", SECONDS_UTC, nullable=False),
        pa.field("digest", pa.string()),  # WARC-Payload-Digest
        pa.field("file", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),  # bytes of the gzip member
        pa.field("status", pa.int16()),
        pa.field("mime", pa.string()),
        pa.field("charset", pa.string()),  # that the header declares
    ]
)
GROUP_ROWS = 4_096
"""Rows of a row group; in a sorted file the statistics lead to one row group for each URL."""


def index_closed(folder: Path) -> int:
    """Write the missing indexes of closed WARC files, sorted by URL like CDX files; return how many.

    Raises:
        StoreError: an index cannot be written.
    """
    missing = unindexed(folder)
    for path in missing:
        rows = logged_rows(path) or list(records_of(path))
        write_cdxj(path, rows)
        write_index(path, rows)
        rows_path(path).unlink(missing_ok=True)
    return len(missing)


def write_index(warc: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write the index of a WARC file from the rows of its records."""
    rows = sorted(records, key=lambda row: (row["url"], row["offset"]))
    batch = pa.RecordBatch.from_pylist(rows, schema=INDEX_SCHEMA)
    dictionary_columns = ("kind", "file", "status", "mime", "charset")
    write_parquet(index_path(warc), [batch], INDEX_SCHEMA, dictionary_columns=dictionary_columns, group_rows=GROUP_ROWS)


def records_of(path: Path) -> Iterator[dict[str, Any]]:
    """The index rows of a WARC file without a complete row log, in its order."""
    held: dict[str, Any] | None = None
    with path.open("rb") as file:
        for record in ArchiveIterator(file, parse_http=True):
            offset = record.stream_pos
            if held is not None:
                yield {**held, "length": offset - held["offset"]}
            held = _row_of(record, path.name, offset)
    if held is not None:
        yield {**held, "length": path.stat().st_size - held["offset"]}


def _row_of(record: Any, file: str, offset: int) -> dict[str, Any] | None:
    if record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
        return None
    http = record.http_headers
    status = ((http.status_line or "") if http is not None else "").split(" ")[1:2]
    mime, charset = mime_of((http.get("Content-Type") or "") if http is not None else "")
    return {
        "url": record.headers.get("WARC-Target-URI") or "",
        "kind": "revisit" if record.record_type == WarcRecordType.revisit else "response",
        "fetched_at": (record.record_date or datetime.fromtimestamp(0, UTC)).replace(microsecond=0),
        "digest": record.headers.get("WARC-Payload-Digest"),
        "file": file,
        "offset": offset,
        "status": int(status[0]) if status and status[0].isdigit() else None,
        "mime": mime,
        "charset": charset,
    }
