"""Reads Parquet or JSONL files with a text and a URL in each row, as FineWeb-2 has them.

Columns: ``text`` and ``url``; ``date`` (ISO 8601), ``license`` and ``license_url`` are optional. FineWeb-2's other
columns are not read: language and quality are judged like those of any page. Such a text has no page, so it cannot be
extracted again; its documents have ``text_given``.
"""

import codecs
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.sources.open_corpora import TEXT, CorpusRecord, Skipped, day_of, files_in
from data.errors import InputError
from data.rights.licences import Licence, licence_at

ENDINGS = (".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
"""A valid source name; it becomes a folder and a value of the column ``source``."""
RESERVED = frozenset({"crawl", "files", "common-crawl", "wayback", "medlineplus", "scielo"})
_COLUMNS = ("text", "url", "date", "license", "license_url")
_BATCH_ROWS = 1_000
_MAX_LINE = 64 << 20
"""Bytes of a line of JSON that are read."""


def texts(
    paths: Sequence[Path], day: datetime | None = None, licence: Licence | None = None
) -> Iterator[CorpusRecord | Skipped]:
    """The rows of some files and folders, in the order of their names.

    ``day`` is of rows without a date, else that of their file; ``licence`` of rows without one.

    Raises:
        InputError: a file is missing, damaged, or has no text or url.
    """
    for path in files_in(paths, ENDINGS):
        when = day_of(path, day)
        rows = _parquet(path) if path.name.lower().endswith(".parquet") else _json_lines(path)
        for number, row in rows:
            yield _given(row, f"{path.parent.name}/{path.name} {path.stat().st_size} {number}", when, licence)


def check_name(name: str) -> str:
    """A name for a source of texts.

    Raises:
        InputError: it is not valid, or is another source's.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise InputError(f"--name {name}: lower-case letters, digits and hyphens, and no source's own, as fineweb-2.")
    return name


def licence_named(said: str | None) -> Licence | None:
    """A licence by its address or its name."""
    if not said:
        return None
    return licence_at(said) if "://" in said else Licence(said.strip()[:200])


def _given(
    row: Mapping[str, Any] | None, place: str, when: datetime, licence: Licence | None
) -> CorpusRecord | Skipped:
    if row is None:
        return Skipped("damaged")
    text, url = row.get("text"), row.get("url")
    if not isinstance(text, str) or not text.strip():
        return Skipped("empty")
    if not isinstance(url, str) or not url.strip():
        return Skipped("no_address")
    own = _licence(row.get("license"), row.get("license_url"))
    return CorpusRecord(
        place, url.strip(), _moment(row.get("date")) or when, TEXT, text.encode("utf-8", "replace"), own or licence
    )


def _licence(name: object, url: object) -> Licence | None:
    address = name if isinstance(name, str) and "://" in name else url
    at = licence_at(address) if isinstance(address, str) and address else None
    said = name.strip()[:200] if isinstance(name, str) and name.strip() and name is not address else None
    if at is None:
        return Licence(said) if said else None
    return Licence(at.name or said, at.url)


def _moment(said: object) -> datetime | None:
    if isinstance(said, date) and not isinstance(said, datetime):
        return datetime(said.year, said.month, said.day, tzinfo=UTC)
    if isinstance(said, datetime):
        return (said if said.tzinfo else said.replace(tzinfo=UTC)).replace(microsecond=0)
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def _parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with pq.ParquetFile(path) as file:
            there = [name for name in _COLUMNS if name in file.schema_arrow.names]
            _check_columns(path, there)
            number = 0
            for batch in file.iter_batches(_BATCH_ROWS, columns=there, use_threads=False):
                for row in batch.to_pylist():
                    yield number, row
                    number += 1
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: damaged, or no Parquet file ({str(error)[:200]}).") from error


def _json_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """The objects of a file; None for a line that is not an object."""
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as file:
            number = 0
            while line := file.readline(_MAX_LINE):
                if number == 0:
                    line = line.removeprefix(codecs.BOM_UTF8)
                if line.strip():
                    row = _object(line)
                    if number == 0:
                        _check_columns(path, list(row or ()))
                    yield number, row
                number += 1
    except (OSError, EOFError) as error:
        raise InputError(f"{path}: damaged, or cannot be read ({error}).") from error


def _object(line: bytes) -> Mapping[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _check_columns(path: Path, there: Sequence[str]) -> None:
    missing = [name for name in ("text", "url") if name not in there]
    if missing:
        raise InputError(f"{path}: no column {' and '.join(missing)}. Rename yours: a text and its address a row.")
