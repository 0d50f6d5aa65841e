"""The row log: index rows written beside a WARC file while it grows, so that indexing need not read the file again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

SUFFIX = ".rows"
"""Suffix after the WARC file's name; the log is deleted when the index exists."""
INDEX_SUFFIX = ".index.parquet"
"""Suffix after the WARC file's name."""
LEFT_OUT = "left_out.parquet"
"""In the folder of an archive's part: the records that were not fetched."""
ANSWERS = ("response", "revisit")
"""The record types in an index."""
FIELDS = ("url", "kind", "fetched_at", "digest", "offset", "length", "status", "mime", "charset")


class RowLog:
    """One JSON line for each record. Never fsynced: rows that a crash loses are read from the WARC file again."""

    def __init__(self, warc: Path) -> None:
        self._file: TextIO = rows_path(warc).open("w", encoding="utf-8")

    def add(self, row: Sequence[Any]) -> None:
        """Log a record; values in the order of ``FIELDS``, ``fetched_at`` in seconds since 1970."""
        self._file.write(json.dumps(row) + "\n")

    def close(self) -> None:
        """Write the buffer out."""
        self._file.close()


def rows_path(warc: Path) -> Path:
    """The rows of a WARC file, by its final name."""
    return warc.with_name(warc.name + SUFFIX)


def index_path(warc: Path) -> Path:
    """The index of a WARC file."""
    return warc.with_name(warc.name + INDEX_SUFFIX)


def unindexed(folder: Path) -> list[Path]:
    """The closed WARC files below a folder that have no index yet."""
    return [path for path in sorted(folder.glob("**/*.warc.gz")) if not index_path(path).exists()]


def logged_rows(warc: Path) -> list[dict[str, Any]] | None:
    """The rows of all responses in a closed WARC file; None if the log does not cover it to its last byte."""
    end, rows = 0, []
    try:
        with rows_path(warc).open(encoding="utf-8") as file:
            for line in file:
                row = dict(zip(FIELDS, json.loads(line), strict=True))
                if row["offset"] != end:
                    return None
                end += row["length"]
                if row["kind"] in ANSWERS:
                    rows.append(
                        {**row, "file": warc.name, "fetched_at": datetime.fromtimestamp(row["fetched_at"], UTC)}
                    )
    except (OSError, ValueError):
        return None
    return rows if end == warc.stat().st_size else None


def mime_of(content_type: str) -> tuple[str | None, str | None]:
    """Type and charset of a Content-Type field."""
    mime, *parameters = (part.strip() for part in content_type.lower().split(";"))
    charsets = [one.partition("=")[2].strip("\"' ") for one in parameters if one.startswith("charset=")]
    return mime[:100] or None, (charsets[0][:40] or None) if charsets else None
