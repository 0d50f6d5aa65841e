"""Tables that a stage keeps on disk while it runs: Arrow files, read by memory mapping.

A memory-mapped column costs no memory of the process: the kernel loads the pages that are read and may drop them again.
Read into memory, the tables of all pages would set the size of the machine.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa


@contextmanager
def arrow_file(path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Write tables of one schema into a file; the body calls the given function once for each table.

    The format is Arrow's stream, in which each batch may bring its own dictionaries. Not fsynced: after a crash
    nobody reads it.
    """
    with pa.OSFile(str(path), "wb") as sink:
        writer: pa.ipc.RecordBatchStreamWriter | None = None
        try:

            def write(table: pa.Table) -> None:
                nonlocal writer
                if writer is None:
                    writer = pa.ipc.new_stream(sink, table.schema)
                writer.write_table(table.unify_dictionaries().combine_chunks())

            yield write
        finally:
            if writer is not None:
                writer.close()


def read_arrow(path: Path) -> pa.Table:
    """Read a file into which ``arrow_file`` wrote at least one table; the columns stay in the file (memory mapping)."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
        return reader.read_all()


def read_arrows(paths: Iterable[Path]) -> list[pa.Table]:
    """Read every file that is not empty."""
    return [read_arrow(path) for path in paths if path.is_file() and path.stat().st_size]
