"""Rows as Python objects on their way into a Parquet file, some at a time."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from data.parquet import ParquetFile

BATCH_ROWS = 500
BATCH_CHARS = 16_000_000
"""Rows and characters that are held as Python objects."""


@dataclass(slots=True)
class RowBatches:
    """Rows on their way into a file."""

    file: ParquetFile
    _held: list[dict[str, Any]] = field(default_factory=list)
    _chars: int = 0

    def add(self, row: dict[str, Any]) -> None:
        """Take a row; it is written with others."""
        self._held.append(row)
        self._chars += len(row.get("text") or "")
        if len(self._held) >= BATCH_ROWS or self._chars >= BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        """Hand over what is held."""
        if self._held:
            self.file.write(pa.RecordBatch.from_pylist(self._held, self.file.schema))
        self._held, self._chars = [], 0
