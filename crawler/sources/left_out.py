"""The list of archive records that were not fetched, each with its reason, for ``cowese why``."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from crawler.warc.rows import LEFT_OUT
from data.documents import SECONDS_UTC
from data.parquet import write_parquet

__all__ = ["LEFT_OUT", "LeftOut", "write_left_out"]
_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),  # canonical
        pa.field("reason", pa.string(), nullable=False),
        pa.field("fetched_at", SECONDS_UTC, nullable=False),  # by the archive
    ]
)
GROUP_ROWS = 8_192
"""Rows of a row group, which are read to look up one page."""


class LeftOut(NamedTuple):
    """A record of an archive that was not fetched, and the reason."""

    id: str
    """Of the document."""
    url: str
    reason: str
    fetched_at: datetime


def write_left_out(path: Path, rows: Sequence[LeftOut]) -> None:
    """Write the list of a part of an archive, sorted by id; it replaces the previous one.

    Raises:
        DiskFullError, StoreError: it cannot be written.
    """
    dicts = [one._asdict() for one in sorted(rows)]
    batches = [pa.RecordBatch.from_pylist(dicts, _SCHEMA)] if dicts else []
    write_parquet(path, batches, _SCHEMA, dictionary_columns=("reason",), group_rows=GROUP_ROWS)
