"""Parquet as the field reads it best: zstd, explicit schema, the same table always the same bytes."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import InputError
from data.files import whole_file

ROW_GROUP_BYTES = 128 << 20
"""Largest row group in memory; 100–300 MB is what readers handle well (FACTS)."""


def write_parquet(
    path: Path, batches: Iterable[pa.RecordBatch], schema: pa.Schema, *, few_values: Iterable[str] = ()
) -> int:
    """Write batches into one Parquet file, whole or not at all, and return its number of rows.

    ``few_values`` names the columns of few distinct values, the only ones that gain by a dictionary.
    Content-defined chunking keeps pages alike between versions, so that a re-upload sends what changed.

    Raises:
        DiskFullError, StoreError: as ``whole_file``.
    """
    rows = 0
    with (
        whole_file(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            compression_level=3,
            use_dictionary=[name for name in few_values if name in schema.names],
            use_content_defined_chunking=True,
            write_page_index=True,
        ) as writer,
    ):
        held: list[pa.RecordBatch] = []
        held_bytes = 0
        for batch in batches:
            rows += batch.num_rows
            held.append(batch)
            held_bytes += batch.nbytes
            if held_bytes >= ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(held, schema))
                held, held_bytes = [], 0
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))
    return rows


def read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read one Parquet file.

    Raises:
        InputError: the file is missing, damaged, or lacks a column asked for.
    """
    try:
        return pq.read_table(path, columns=columns, partitioning=None)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except (OSError, pa.ArrowException, KeyError) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from error
