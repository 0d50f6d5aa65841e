"""The form of the original CoWeSe: one text file, a blank line between documents; and lists to rebuild from."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from cleaning.corpus.splits import SPLITS
from data.errors import InputError
from data.files import whole_file
from data.progress import Progress, quiet
from data.store import Store

_SENTENCE_END = re.compile(r"(?<=[.!?…])[»”\")\]]*\s+(?=[¿¡«“\"(\[]*[A-ZÁÉÍÓÚÜÑ0-9])")
_ABBREVIATION = re.compile(
    r"\b(?:Dra?|Sra?|Srta|Dña|D|Prof|Lic|Ing|etc|p\. ?ej|pág|págs|art|núm|vol|fig|aprox|[A-Z])\.$"
)

Form = Literal["text", "sentences", "urls", "warc"]


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
    progress: Progress = quiet,
) -> ExportTextSummary:
    """Write a version as one file.

    ``text``: a paragraph a line, a blank line between documents; ``sentences``: a sentence a line; ``urls``: one URL a
    line; ``warc``: the WARC file, the offset and the URL of each document, tab-separated.

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
    with whole_file(target) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        for entry in _entries(files, form):
            out.write(entry)
            documents += 1
            if documents % 10_000 == 0:
                progress("export-text", documents, total, {})
    return ExportTextSummary(path=target, documents=documents, bytes=target.stat().st_size)


def sentences(paragraph: str) -> list[str]:
    """Cut a paragraph after each sentence; titles, initials and common abbreviations end none."""
    found: list[str] = []
    for piece in _SENTENCE_END.split(paragraph):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return [sentence.strip() for sentence in found if sentence.strip()]


def _entries(files: list[Path], form: Form) -> Iterator[str]:
    columns = {"urls": ["url"], "warc": ["warc_file", "warc_offset", "url"]}.get(form, ["text"])
    for path in files:
        for batch in pq.ParquetFile(path).iter_batches(1_000, columns=columns):
            yield from (_entry(row, form) for row in pa.Table.from_batches([batch]).select(columns).to_pylist())


def _entry(row: dict[str, str], form: Form) -> str:
    if form in ("urls", "warc"):
        return "\t".join(str(value) for value in row.values()) + "\n"
    lines = [line.strip() for line in row["text"].splitlines() if line.strip()]
    if form == "sentences":
        lines = [sentence for line in lines for sentence in sentences(line)]
    return "\n".join(lines) + "\n\n"
