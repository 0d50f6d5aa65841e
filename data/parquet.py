"""Parquet files with zstd and an explicit schema; the same table always gives the same bytes."""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.documents import IN_MEMORY_DICTIONARIES, wide
from data.errors import InputError
from data.files import atomic_file

_OFFSETS = 1 << 31
"""Bytes that the 32-bit offsets of an ordinary string column can address."""
_TAIL = struct.Struct("<I4s")
"""The end of a Parquet file: the length of its footer, and PAR1."""
ROW_GROUP_BYTES = 128 << 20
"""Largest row group in memory; readers handle 100–300 MB well."""


class ParquetFile:
    """A Parquet file that is being written: batches are held until they fill a row group."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema, group_rows: int | None = None) -> None:
        self.schema = schema
        self.rows = 0
        self._writer = writer
        self._group_rows = group_rows
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Add a batch of the file's schema."""
        self.rows += batch.num_rows
        self._held.append(batch)
        self._bytes += batch.nbytes
        if self._bytes >= ROW_GROUP_BYTES:
            self.flush()

    def set_metadata(self, name: str, value: str) -> None:
        """Store a name and a value in the file's metadata; ``remembered`` reads them."""
        self._writer.add_key_value_metadata({name: value})

    def flush(self) -> None:
        """End the row group."""
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held, self.schema), self._group_rows)
        self._held, self._bytes = [], 0


@contextmanager
def parquet_file(
    path: Path, schema: pa.Schema, *, dictionary_columns: Iterable[str] = (), group_rows: int | None = None
) -> Iterator[ParquetFile]:
    """Write one Parquet file batch by batch, atomically.

    ``dictionary_columns`` names the columns with few distinct values: they get a dictionary. ``group_rows`` makes row
    groups small: in a sorted file the statistics then lead to single rows (``data.lookup``). Content-defined chunking
    keeps equal content in equal pages, so that an upload of the next version sends only what changed.

    Raises:
        DiskFullError, StoreError: as ``atomic_file``.
    """
    with (
        atomic_file(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=[name for name in dictionary_columns if name in schema.names],
            use_content_defined_chunking=True,
            write_page_index=True,
        ) as writer,
    ):
        file = ParquetFile(writer, schema, group_rows)
        yield file
        file.flush()


def write_parquet(
    path: Path,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    *,
    dictionary_columns: Iterable[str] = (),
    group_rows: int | None = None,
) -> int:
    """Write batches into one Parquet file as ``parquet_file`` does, and return its number of rows."""
    with parquet_file(path, schema, dictionary_columns=dictionary_columns, group_rows=group_rows) as file:
        for batch in batches:
            file.write(batch)
    return file.rows


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file.

    Raises:
        InputError: the file is missing, damaged, or lacks a column asked for.
    """
    with parquet_errors(path):
        return pq.read_table(path, columns=columns, partitioning=None)


def read_batches(path: Path, rows: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a Parquet file in batches of exactly ``rows`` rows; only the last may have fewer.

    Raises:
        InputError: the file is missing, damaged, or lacks a column asked for.
    """
    with parquet_errors(path), pq.ParquetFile(path) as file:
        held = file.schema_arrow.empty_table().select(columns or file.schema_arrow.names)
        for batch in file.iter_batches(rows, columns=columns):
            held = pa.concat_tables([held, pa.Table.from_batches([batch])])
            while held.num_rows >= rows:
                yield held.slice(0, rows).combine_chunks().to_batches()[0]
                held = held.slice(rows)
        yield from held.combine_chunks().to_batches()


def get_metadata(path: Path, name: str) -> str | None:
    """The value that ``ParquetFile.set_metadata`` stored under a name; only the footer is read.

    Raises:
        InputError: the file is missing or damaged.
    """
    with parquet_errors(path):
        value = (pq.read_metadata(path).metadata or {}).get(name.encode())
    return None if value is None else value.decode()


def schema_of(path: Path) -> pa.Schema:
    """The columns of a Parquet file, without its metadata; only the footer is read.

    Raises:
        InputError: the file is missing or damaged.
    """
    with parquet_errors(path):
        return pq.read_schema(path).remove_metadata()


def row_count(path: Path) -> int:
    """How many rows a Parquet file has; only the footer is read.

    Raises:
        InputError: the file is missing or damaged.
    """
    with parquet_errors(path):
        return int(pq.read_metadata(path).num_rows)


def footer_digest(path: Path) -> str:
    """SHA-256 of the footer of a Parquet file: schema, offsets, sizes and statistics, without the rows themselves.

    Raises:
        InputError: the file is missing or damaged.
    """
    with parquet_errors(path), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL.size))
        tail = file.read()
        length, magic = _TAIL.unpack(tail) if len(tail) == _TAIL.size else (0, tail)
        if magic != b"PAR1" or length > size - _TAIL.size:
            raise pa.ArrowInvalid("its end is no Parquet footer")
        file.seek(size - _TAIL.size - length)
        return hashlib.sha256(file.read(length)).hexdigest()


def read_all(paths: Iterable[Path], columns: list[str]) -> pa.Table:
    """Some columns of several files, concatenated; strings have 64-bit offsets, so that a column may exceed 2 GB.

    Raises:
        InputError: a file is missing, damaged, or lacks a column.
    """
    return pa.concat_tables([read_wide(path, columns) for path in paths], promote_options="permissive")


def read_wide(path: Path, columns: list[str]) -> pa.Table:
    """Some columns of a file, in the given order, with the types of ``data.documents.wide``.

    Raises:
        InputError: the file is missing, damaged, or lacks a column.
    """
    repeated = [name for name in IN_MEMORY_DICTIONARIES if name in columns]
    with parquet_errors(path):
        table = pq.read_table(path, columns=columns, partitioning=None, read_dictionary=repeated).select(columns)
    return table.cast(wide(table.schema))


def batches_of(table: pa.Table, schema: pa.Schema, rows: int) -> Iterator[pa.RecordBatch]:
    """The table in batches of ``rows`` rows, cast to a schema; the strings of a batch must stay below 2 GB."""
    is_long = table.nbytes >= _OFFSETS
    for batch in table.to_batches(rows):
        whole = (
            batch.take(pa.array(np.arange(batch.num_rows))) if is_long else batch
        )  # a cast looks at the slice's whole buffer
        yield whole.cast(schema)


@contextmanager
def parquet_errors(path: Path) -> Iterator[None]:
    """Translate errors of the body, which reads a Parquet file.

    Raises:
        InputError: the file is missing, damaged, or lacks a column asked for.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except (OSError, pa.ArrowException, KeyError) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from error
