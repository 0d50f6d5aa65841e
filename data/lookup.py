"""Reads single rows of a Parquet file; only the row groups whose statistics allow them are read.

Nothing here uses ``pyarrow.compute``: to import it takes 0.03 s, a third of what `cowese why` has for looking up.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from data.parquet import parquet_errors

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_MICRO = _PER_SECOND["us"]
_BATCH_ROWS = 2_048
_NARROW = (pa.string(), pa.binary())
"""Types whose offsets have 32 bits."""
_TEXTS = (*_NARROW, pa.large_string(), pa.large_binary())
_FEW = 16
"""Candidates that are compared one by one, rows of a batch that are cut out one by one, values looked for so."""


def rows_where(path: Path, column: str, values: Collection[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows whose ``column`` has one of the given values. Fast in a file sorted by it, correct in any file.

    Raises:
        InputError: the file is missing, damaged, or lacks a column.
    """
    rows: list[dict[str, Any]] = []
    with parquet_errors(path), pq.ParquetFile(path) as file:
        for group in _groups_with(file.metadata, column, values):
            keys = file.read_row_group(group, [column], use_threads=False)[column]
            rows += _rows_at(file, group, _places(keys, values), columns)
    return rows


def row_at(path: Path, row: int, columns: Sequence[str]) -> dict[str, Any]:
    """The row with this number, counted from 0.

    Raises:
        InputError: the file is missing, damaged, or lacks a column.
    """
    with parquet_errors(path), pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            here = file.metadata.row_group(group).num_rows
            if row < here:
                return _rows_at(file, group, [row], columns)[0]
            row -= here
    raise IndexError(row)


def _rows_at(file: pq.ParquetFile, group: int, places: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Some rows of a row group, in ascending places; it is read as far as the last of them."""
    found: list[dict[str, Any]] = []
    first = 0
    if places:
        for batch in file.iter_batches(_BATCH_ROWS, [group], list(columns), use_threads=False):
            here = [place - first for place in places if first <= place < first + batch.num_rows]
            some = [batch.take(pa.array(here))] if len(here) > _FEW else [batch.slice(place, 1) for place in here]
            found += _as_rows(pa.Table.from_batches(some, batch.schema))
            first += batch.num_rows
            if places[-1] < first:
                break
    return found


def _groups_with(metadata: pq.FileMetaData, column: str, values: Collection[str]) -> Iterator[int]:
    """The row groups whose minimum and maximum enclose one of ``values``."""
    place = next(at for at in range(metadata.num_columns) if metadata.schema.column(at).path == column)
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        if not statistics or not statistics.has_min_max:
            yield group
            continue
        least, most = statistics.min, statistics.max  # each access makes an object
        wanted = _encoded(values) if isinstance(least, bytes) else values
        if any(least <= value <= most for value in wanted):
            yield group


def _places(keys: pa.ChunkedArray, values: Collection[str]) -> list[int]:
    """The rows of a column that have one of ``values``, ascending."""
    encoded = _encoded(values)
    either = {*values, *encoded}
    places: list[int] = []
    first = 0
    for chunk in keys.chunks:
        if chunk.type in _TEXTS and len(encoded) <= _FEW:
            here = sorted(_equal(chunk, encoded))
        else:  # many values, a dictionary, or another type that a foreign writer chose
            here = [place for place, key in enumerate(chunk.to_pylist()) if key in either]
        places += [first + place for place in here]
        first += len(chunk)
    return places


def _encoded(values: Collection[str]) -> set[bytes]:
    return {value.encode("utf-8", "surrogatepass") for value in values}


def _equal(strings: pa.Array, values: Collection[bytes]) -> list[int]:
    """The rows of an array of strings that are one of ``values``: those of its length, compared from their end."""
    valid, ends_buffer, bytes_buffer = strings.buffers()
    width = np.dtype(np.int32 if strings.type in _NARROW else np.int64)
    bounds: npt.NDArray[Any] = np.frombuffer(ends_buffer, width)[strings.offset : strings.offset + len(strings) + 1]
    text = np.frombuffer(bytes_buffer or b"", np.uint8)
    lengths = bounds[1:] - bounds[:-1]
    same: list[int] = []
    for value in values:
        rows: npt.NDArray[np.intp] = np.flatnonzero(lengths == len(value))
        for back in range(1, len(value) + 1):  # addresses differ at their end, ids anywhere
            if len(rows) <= _FEW:
                break
            rows = rows[text[bounds[rows + 1] - back] == value[-back]]
        same += [row for row in rows.tolist() if text[bounds[row] : bounds[row + 1]].tobytes() == value]
    return same if valid is None else [row for row in same if strings[row].is_valid]


def _as_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as Python objects, datetimes in UTC. Arrow's own conversion of zoned timestamps would import pandas."""
    moments = {field.name: field.type for field in table.schema if pa.types.is_timestamp(field.type)}
    for name in moments:
        chunks = [chunk.view(pa.int64()) for chunk in table[name].chunks]
        table = table.set_column(table.schema.get_field_index(name), name, pa.chunked_array(chunks, pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        row |= {name: _moment(row[name], unit.unit) for name, unit in moments.items() if row[name] is not None}
    return rows


def _moment(count: int, unit: str) -> datetime:
    """The time that many units after 1970, to the microsecond."""
    return _EPOCH + timedelta(microseconds=count * _MICRO // _PER_SECOND[unit])
