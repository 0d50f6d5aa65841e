"""The texts of any file, as a search for words wants them; packed files are unpacked while they are read.

The content tells what a file is, where its name does not: gzip, bzip2, xz, zstd, zip and tar, one inside another, are
streamed. What needs random access inside them (Parquet, SQLite, a zip) goes to a temporary file first.
"""

import bz2
import codecs
import contextlib
import gzip
import importlib
import io
import lzma
import shutil
import sqlite3
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaning.forgetting.bodies import MAX_BYTES, bodies_in, pdf_texts, readings
from data.errors import InputError
from data.parquet import parquet_errors

NUMBERS = (".npy", ".npz", ".tokens", ".safetensors", ".pt", ".onnx")
"""Endings of files of numbers: they hold no text that a search could find."""
_WARC = (".warc", ".warc.gz", ".warc.open", ".warc.gz.open")
_SIGNS = {
    b"PAR1": "Parquet",
    b"SQLite format 3\0": "SQLite",
    b"WARC/": "WARC",
    b"%PDF-": "PDF",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x5d\0\0": "lzma",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x1f\x9d": "compress",
}
"""The first bytes of a file by its kind."""
_TAR = slice(257, 262), b"ustar"
_UNKNOWN = {"7z", "rar", "lz4", "compress", "brotli"}
"""Packed in a way that nothing here unpacks."""
_RANDOM_ACCESS = {"Parquet", "SQLite", "zip"}
_ZSTD = ("compression.zstd", "backports.zstd")
_HEAD = 512
_DEEPEST = 6
"""Packed files inside one another that are opened."""
_BATCH_ROWS = 500
_BLOCK = 1 << 16
"""Bytes that are read at a time."""
_CHUNK = 4 << 20
"""Characters of a text file that are searched at a time."""
_OVERLAP = 4_096
"""Characters of one piece that are searched again with the next, so that no run is cut."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class NotSearchedError(InputError):
    """A file, or a part of it, cannot be searched; the message says why."""


def kind_of(path: Path) -> str:
    """What a file is: by its name where that says it, else by its first bytes."""
    with path.open("rb") as file:
        return _kind(path.name, file.read(_HEAD))


def texts_of_file(path: Path, kind: str) -> Iterator[list[str]]:
    """The texts of a file of a kind, in batches.

    Raises:
        NotSearchedError: the file is packed in an unknown way, encrypted or damaged; what came before it was given.
        InputError: it is no WARC or Parquet file, whatever its name says.
    """
    if kind == "Parquet":
        yield from _parquet(path)
    elif kind == "SQLite":
        yield from _sqlite(path)
    else:
        with path.open("rb") as file:
            yield from _streamed(file, path.name, kind, 0)


def _kind(name: str, head: bytes) -> str:
    low = name.lower()
    if low.endswith(_WARC):
        return "WARC"
    if low.endswith(".parquet"):
        return "Parquet"
    if low.endswith(NUMBERS):
        return "numbers"
    if low.endswith(".br"):
        return "brotli"
    at, sign = _TAR
    return "tar" if head[at] == sign else next((kind for sign, kind in _SIGNS.items() if head.startswith(sign)), "text")


def _streamed(file: IO[bytes], name: str, kind: str, depth: int) -> Iterator[list[str]]:
    """The texts of a stream whose kind is known."""
    if kind == "numbers":
        return
    if kind in _UNKNOWN:
        raise NotSearchedError(f"{name}: nothing here unpacks {kind}")
    if depth > _DEEPEST:
        raise NotSearchedError(f"{name}: packed files more than {_DEEPEST} deep")
    if kind in _READERS:
        yield from _READERS[kind](file, name)
        return
    try:
        if kind == "zip":
            yield from _zip(file, name, depth)
        elif kind == "tar":
            yield from _tar(file, name, depth)
        else:
            yield from _part(_unpacked(file, kind), name.rpartition(".")[0], depth)
    except _damages() as error:
        raise NotSearchedError(
            f"{name}: {kind} cannot be unpacked to its end ({error or type(error).__name__})"
        ) from error


def _part(stream: Any, name: str, depth: int) -> Iterator[list[str]]:
    """The texts of what a packed file holds."""
    with io.BufferedReader(stream, 1 << 16) as file:
        head = file.peek(_HEAD)[:_HEAD]
        kind = _kind("" if name.lower().endswith(_WARC) else name, head)  # x.warc.gz is unpacked before it is a WARC
        if kind not in _RANDOM_ACCESS:
            yield from _streamed(file, name, kind, depth + 1)
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(file, copy, 1 << 20)
            copy.flush()
            if kind == "zip":
                yield from _streamed(copy.file, name, kind, depth + 1)
            else:
                yield from texts_of_file(Path(copy.name), kind)


def _unpacked(file: IO[bytes], kind: str) -> Any:
    openers: dict[str, Callable[[IO[bytes]], Any]] = {
        "gzip": lambda packed: gzip.GzipFile(fileobj=packed, mode="rb"),
        "bzip2": bz2.BZ2File,
        "xz": lzma.LZMAFile,
        "lzma": lzma.LZMAFile,
        "zstd": lambda packed: _zstd().ZstdFile(packed),
    }
    return openers[kind](file)


def _zip(file: IO[bytes], name: str, depth: int) -> Iterator[list[str]]:
    failed: list[str] = []
    damages: tuple[type[Exception], ...] = (InputError, *_damages())
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            try:
                with archive.open(member) as content:
                    yield from _part(content, f"{name}/{member.filename}", depth)
            except damages as error:  # encrypted, say; the other members are searched all the same
                failed.append(str(error) or type(error).__name__)
    _refuse(name, failed)


def _tar(file: IO[bytes], name: str, depth: int) -> Iterator[list[str]]:
    failed: list[str] = []
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                try:
                    yield from _part(content, f"{name}/{member.name}", depth)
                except InputError as error:
                    failed.append(str(error))
    _refuse(name, failed)


def _refuse(name: str, failed: list[str]) -> None:
    if failed:
        more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
        raise NotSearchedError(f"{name}: {failed[0]}{more}")


def _zstd() -> Any:
    """Python's own module since 3.14, or the package of the same form that comes with Scrapy.

    Raises:
        NotSearchedError: neither is there.
    """
    for name in _ZSTD:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise NotSearchedError("zstd: the package backports.zstd is not installed")


def _damages() -> tuple[type[Exception], ...]:
    """What the unpackers raise."""
    found = [EOFError, OSError, ValueError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile]
    found += [tarfile.TarError, NotImplementedError]
    with contextlib.suppress(NotSearchedError):
        found.append(_zstd().ZstdError)
    return tuple(found)


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
    elif pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        yield [one.decode("utf-8", "replace") for one in column.to_pylist() if one]
    elif pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        yield from _strings(column.flatten())
    elif pa.types.is_struct(column.type):
        for part in column.flatten():
            yield from _strings(part)


def _sqlite(path: Path) -> Iterator[list[str]]:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                rows = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of the file's own list
                while some := rows.fetchmany(_BATCH_ROWS):
                    yield [value for row in some for value in row if isinstance(value, str)]
    except sqlite3.DatabaseError as error:
        raise NotSearchedError(f"{path}: SQLite cannot read it ({error})") from error


def _warc(file: IO[bytes], name: str) -> Iterator[list[str]]:
    return (body.texts for body in bodies_in(file, name))


def _pdf(file: IO[bytes], name: str) -> Iterator[list[str]]:
    body = file.read(MAX_BYTES + 1)
    found = pdf_texts(body) if len(body) <= MAX_BYTES else []
    if not found:
        raise NotSearchedError(f"{name}: a PDF that cannot be read, or larger than {MAX_BYTES:,} bytes")
    yield found


def _plain(file: Any, _name: str) -> Iterator[list[str]]:
    """A text in pieces; of one that is damaged what comes before is given first."""
    head = file.read(2)
    decoder = codecs.getincrementaldecoder("utf-16" if head in _UTF_16 else "utf-8")("replace")
    parts, characters, before = [decoder.decode(head)], 0, ""
    damage: Exception | None = None
    while True:
        try:
            block = file.read1(_BLOCK)
        except _damages() as error:
            damage = error
            break
        if not block:
            break
        parts.append(decoder.decode(block))
        characters += len(parts[-1])
        if characters >= _CHUNK:
            piece = before + "".join(parts)
            yield readings(piece)
            parts, characters, before = [], 0, piece[-_OVERLAP:]
    yield readings(before + "".join(parts))
    if damage is not None:
        raise damage


_READERS: dict[str, Callable[[IO[bytes], str], Iterable[list[str]]]] = {"WARC": _warc, "PDF": _pdf, "text": _plain}
