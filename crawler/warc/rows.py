"""What lies where in a WARC file, noted beside it while it is written: its index needs no second reading."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

SUFFIX = ".rows"
"""Follows the name of the closed WARC file; the file goes once the index is there."""
INDEX_SUFFIX = ".index.parquet"
"""Follows the name of the WARC file, after .warc.gz."""
LEFT_OUT = "left_out.parquet"
"""In the folder of an archive's part: the answers that it has of our hosts and that were not fetched."""
ANSWERS = ("response", "revisit")
"""The kinds of records that an index has."""
FIELDS = ("url", "kind", "fetched_at", "digest", "offset", "length", "status", "mime", "charset")


class RowLog:
    """One JSON line a record, warcinfo included. Never synced: what a kill cuts is read from the WARC file again."""

    def __init__(self, warc: Path) -> None:
        self._file: TextIO = rows_path(warc).open("w", encoding="utf-8")

    def add(self, row: Sequence[Any]) -> None:
        """Note a record; values in the order of ``FIELDS``, ``fetched_at`` in seconds since 1970."""
        self._file.write(json.dumps(row) + "\n")

    def close(self) -> None:
        """Write out what is held."""
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
    """The rows of all answers in a closed WARC file; None where the notes do not cover it to its last byte."""
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
