"""Does anything in a store hold a run of words that was forgotten? Every file is opened, whatever made it.

Parquet by its text columns, WARC files by what each record says, SQLite by its tables, all else as text. Arrays of
numbers are skipped: the caller that knows the tokenizer decodes packed tokens and gives them as ``texts``.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from cleaning.forgetting.bodies import bodies_of, readings
from cleaning.forgetting.runs import Auditor, ForgottenRuns
from data.parquet import parquet_errors
from data.store import Store

_NUMBERS = (".npy", ".npz", ".tokens", ".safetensors", ".pt", ".onnx")
"""Endings of files of numbers."""
_WARC = (".warc", ".warc.gz", ".warc.open", ".warc.gz.open")
_BATCH_ROWS = 500
_CHUNK = 4 << 20
"""Characters of a text file that are searched at a time."""
_OVERLAP = 4_096
"""Characters of one piece that are searched again with the next, so that no run is cut."""


class Audit(BaseModel):
    """What an audit read and found."""

    model_config = ConfigDict(frozen=True)

    receipts: int
    runs: int
    """Hashes of runs that nothing may hold."""
    read: dict[str, int]
    """Files that were read, by kind."""
    hits: dict[str, int]
    """Runs that a file still holds, by its path in the store; empty where the store keeps its word."""

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return not self.hits


def audit(
    store: Store,
    forgotten: ForgottenRuns,
    receipts: int,
    foreign: Iterable[Path] = (),
    tokens: Iterable[tuple[str, Iterable[list[str]]]] = (),
    on_progress: Callable[[int], None] = lambda _files: None,
) -> Audit:
    """Search every file of a store, WARC files of others, and the texts that packed tokens say.

    ``tokens`` gives a name and batches of texts; ``on_progress`` hears how many files were read.

    Raises:
        InputError: a file is damaged.
    """
    auditor = Auditor(forgotten)
    read: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for name, kind, batches in _everything(store, foreign, tokens):
        for texts in batches:
            held = auditor.held(texts)
            if held:
                hits[name] += held
        read[kind] += 1
        on_progress(read.total())
    return Audit(receipts=receipts, runs=len(forgotten.hashes), read=dict(sorted(read.items())), hits=dict(hits))


def _everything(
    store: Store, foreign: Iterable[Path], tokens: Iterable[tuple[str, Iterable[list[str]]]]
) -> Iterator[tuple[str, str, Iterable[list[str]]]]:
    for path in sorted(store.root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            kind = _kind(path)
            yield path.relative_to(store.root).as_posix(), kind, _texts(path, kind)
    for path in foreign:
        yield str(path), "WARC", _texts(path, "WARC")
    for name, batches in tokens:
        yield name, "tokens", batches


def _kind(path: Path) -> str:
    if path.name.endswith(_WARC):
        return "WARC"
    if path.suffix == ".parquet":
        return "Parquet"
    if path.suffix in _NUMBERS:
        return "numbers"
    with path.open("rb") as file:
        return "SQLite" if file.read(16) == b"SQLite format 3\0" else "text"


def _texts(path: Path, kind: str) -> Iterable[list[str]]:
    if kind == "WARC":
        return (body.texts for body in bodies_of(path))
    readers = {"Parquet": _parquet, "SQLite": _sqlite, "text": _plain}
    return readers[kind](path) if kind in readers else ()


def _parquet(path: Path) -> Iterator[list[str]]:
    with parquet_errors(path):
        for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS):
            for column in batch.columns:
                yield from _strings(column)


def _strings(column: pa.Array) -> Iterator[list[str]]:
    """The strings of a column, of its lists and of its structs."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        yield [one for one in column.to_pylist() if one]
    elif pa.types.is_list(column.type):
        yield from _strings(column.flatten())
    elif pa.types.is_struct(column.type):
        for part in column.flatten():
            yield from _strings(part)


def _sqlite(path: Path) -> Iterator[list[str]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the name comes from the file's own list
            while some := rows.fetchmany(_BATCH_ROWS):
                yield [value for row in some for value in row if isinstance(value, str)]


def _plain(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        before = ""
        while piece := file.read(_CHUNK):
            yield readings(before + piece)
            before = piece[-_OVERLAP:]
