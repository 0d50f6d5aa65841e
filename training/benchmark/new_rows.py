"""Texts, pairs and questions to be told something of: JSON lines, CSV and TSV with a head, plain text, SQuAD's JSON."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from data.errors import InputError
from training.benchmark import squad
from training.benchmark.brat import BOM, read_text
from training.benchmark.columns import Record, read_records
from training.benchmark.new_texts import STDIN, decoded
from training.benchmark.records import TEXT, TEXTS
from training.benchmark.rows import MultiRow
from training.benchmark.squad import Question

NewRow = MultiRow | Question
"""A row without labels, or a question."""
_TABLES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


def read_new_rows(paths: Sequence[str], stdin: BinaryIO, *, questions: bool) -> list[NewRow]:
    """Read files and ``-`` (a text a line), in their order.

    Raises:
        InputError: nothing to read, an unknown ending, a damaged line, or columns of another kind.
    """
    found: list[NewRow] = []
    for given in paths:
        if given == STDIN:
            found += _lines("stdin", decoded(stdin.read()))
        else:
            found += _read(Path(given), questions=questions)
    if not found:
        raise InputError(f"{', '.join(paths)}: nothing in it. `cowese predict` reads .jsonl, .csv, .tsv, .txt and - .")
    wrong = next((row for row in found if isinstance(row, Question) is not questions), None)
    if wrong is not None:
        due = "questions (columns question and context, or SQuAD's JSON)" if questions else "texts"
        raise InputError(f"{wrong.place}: this model is asked of {due}.")
    return found


def _read(path: Path, *, questions: bool) -> Iterator[NewRow]:
    ending = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    if ending == ".json" and questions:
        yield from squad.read_file(path)
    elif ending in _TABLES:
        for number, record in enumerate(read_records(path), 1):
            yield _row(record, f"{path.stem}-{number:06d}")
    elif ending == ".txt":
        yield from _lines(str(path), read_text(path, missing=f"{path}: no such file."))
    else:
        raise InputError(f"{path}: `cowese predict` reads .jsonl, .csv, .tsv, .parquet, .txt (a text a line) and - .")


def _lines(where: str, text: str) -> Iterator[NewRow]:
    """A text a line; a tab makes it a pair."""
    stem = Path(where).stem
    for number, line in enumerate(text.removeprefix(BOM).split("\n"), 1):
        if line.strip():
            texts = tuple(part.strip("\r ") for part in line.split("\t"))
            yield MultiRow(f"{stem}-{number:06d}", (), texts[:2], f"{where}:{number}")


def _row(record: Record, name: str) -> NewRow:
    own: Any = record.row.get("id", record.row.get("name"))
    name = name if own is None else str(own)
    columns = record.row.keys()
    if {"question", "context"} <= columns:
        return Question(name, str(record.row["question"]), str(record.row["context"]), (), record.place)
    pair = next((pair for pair in TEXTS if set(pair) <= columns), None)
    texts = pair or next(((column,) for column in TEXT if column in columns), None)
    if texts is None or not all(isinstance(record.row[column], str) for column in texts):
        raise InputError(
            f"{record.place}: no text in columns {', '.join(columns)}. It is in {', '.join(TEXT)}, or a pair."
        )
    return MultiRow(name, (), tuple(record.row[column] for column in texts), record.place)
