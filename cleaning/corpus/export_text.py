"""Exports a version as one file: the form of the original CoWeSe, JSON lines, or lists to rebuild from."""

import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.splits import SPLITS
from data.documents import DOCUMENT_SCHEMA
from data.errors import InputError
from data.files import atomic_file
from data.progress import Progress, no_progress
from data.store import Store

_SENTENCE_END = re.compile(r"(?<=[.!?…])[»”\")\]]*\s+(?=[¿¡«“\"(\[]*[A-ZÁÉÍÓÚÜÑ0-9])")
_ABBREVIATION = re.compile(
    r"\b(?:Dra?|Sra?|Srta|Dña|D|Prof|Lic|Ing|etc|p\. ?ej|pág|págs|art|núm|vol|fig|aprox|[A-Z])\.$"
)

Form = Literal["text", "sentences", "jsonl", "datatrove", "urls", "warc"]
_COLUMNS = {
    "text": ["text"],
    "sentences": ["text"],
    "jsonl": DOCUMENT_SCHEMA.names,
    "datatrove": DOCUMENT_SCHEMA.names,
    "urls": ["url"],
    "warc": ["warc_file", "warc_offset", "url"],
}


class ExportTextSummary(BaseModel):
    """What was written."""

    model_config = ConfigDict(frozen=True)

    path: Path
    documents: int
    bytes: int


def export_text(
    store: Store,
    target: Path,
    *,
    version: str = "latest",
    form: Form = "text",
    splits: tuple[str, ...] = SPLITS,
    progress: Progress = no_progress,
) -> ExportTextSummary:
    """Write a version as one file, gzipped if its name ends in .gz.

    ``text``: one paragraph a line, a blank line between documents; ``sentences``: one sentence a line; ``jsonl``: one
    JSON object a line with all columns; ``datatrove``: lines for datatrove's JsonlReader, with ``text``, ``id`` and the
    other columns as ``metadata``; ``urls``: one URL a line; ``warc``: WARC file, offset and URL of each document,
    tab-separated.

    Raises:
        InputError: there is no such version or split.
        DiskFullError, StoreError: the file cannot be written.
    """
    folder = store.corpus_version(version)
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise InputError(f"{unknown[0]!r}: no such split. There are {', '.join(SPLITS)}.")
    files = [path for split in splits for path in sorted((folder / "data" / split).glob("*.parquet"))]
    total = sum(pq.read_metadata(path).num_rows for path in files)
    documents = 0
    with atomic_file(target) as temporary, _opened(temporary, packed=target.suffix == ".gz") as out:
        for entry in _entries(files, form):
            out.write(entry)
            documents += 1
            if documents % 10_000 == 0:
                progress("export-text", documents, total, {})
    return ExportTextSummary(path=target, documents=documents, bytes=target.stat().st_size)


def sentences(paragraph: str) -> list[str]:
    """Split a paragraph into sentences; titles, initials and common abbreviations do not end a sentence."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(paragraph):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return [sentence.strip() for sentence in found if sentence.strip()]


@contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[TextIO]:
    """Open a UTF-8 file; the same text gives the same bytes, compressed or not."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("wb"))
        target = stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)) if packed else file
        yield stack.enter_context(io.TextIOWrapper(target, encoding="utf-8", newline="\n"))


def _entries(files: list[Path], form: Form) -> Iterator[str]:
    columns = _COLUMNS[form]
    for path in files:
        for batch in pq.ParquetFile(path).iter_batches(1_000, columns=columns):
            yield from (_entry(row, form) for row in pa.Table.from_batches([batch]).select(columns).to_pylist())


def _entry(row: dict[str, Any], form: Form) -> str:
    if form in ("urls", "warc"):
        return "\t".join(str(value) for value in row.values()) + "\n"
    if form in ("jsonl", "datatrove"):
        return json.dumps(_object(row) if form == "datatrove" else row, ensure_ascii=False, default=_plain) + "\n"
    lines = [line.strip() for line in row["text"].splitlines() if line.strip()]
    if form == "sentences":
        lines = [sentence for line in lines for sentence in sentences(line)]
    return "\n".join(lines) + "\n\n"


def _object(row: dict[str, Any]) -> dict[str, Any]:
    """Datatrove's document; null values are left out of the metadata."""
    metadata = {name: value for name, value in row.items() if name not in ("id", "text") and value is not None}
    return {"text": row["text"], "id": row["id"], "metadata": metadata}


def _plain(value: Any) -> str:
    """A date or datetime in ISO 8601, datetimes in UTC."""
    return str(value.isoformat())
