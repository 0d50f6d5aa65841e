"""Rows with named columns, as the Hugging Face hub, doccano and others have them; the columns tell what they are.

| columns | item |
|---|---|
| tokens, and ner_tags (tags …) | a sentence with its mentions; numbers are named by the dataset's own ClassLabel |
| text, and spans: [start, end, type], or objects with start, end and label | a document with its mentions (doccano) |
| question, context, answers | a question |
| text, or sentence1 and sentence2, premise and hypothesis; and a label | a row: one label, a list of them, or a score |

Files are Parquet, Arrow, JSON lines, one JSON list, CSV or TSV with a head.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from data.errors import InputError
from training.benchmark.brat import BOM
from training.benchmark.columns import Record, class_names, read_records
from training.benchmark.conll import TAG, sentence
from training.benchmark.documents import Document, Mention
from training.benchmark.rows import AnyRow, MultiRow, Pair, Row, ScoreRow
from training.benchmark.squad import Question, answered
from training.benchmark.tasks import Task

TAGS = ("ner_tags", "tags", "ner", "labels", "iob_tags", "ner_labels")
SPANS = ("label", "labels", "entities", "spans", "mentions", "annotations")
TEXTS = (("premise", "hypothesis"), ("premise", "hypo"), ("sentence1", "sentence2"), ("text1", "text2"),
         ("sentence_1", "sentence_2"))  # fmt: skip
"""Names of a pair's columns."""
TEXT = ("text", "full_text", "sentence", "texto", "content", "report")
LABELS = ("label", "labels", "gold_label", "score", "similarity", "similarity_score", "category", "class", "etiqueta")
SPANISH = "es"
_SAME = {"contradictory": "contradiction"}
"""XNLI's translated training file writes one label otherwise than its test file."""
_NOT_ACCEPTED = ("reject", "ignore")
"""What Prodigy writes under ``answer`` of a text whose marks are wrong, or were skipped."""
_STARTS, _ENDS, _TYPES = ("start", "start_offset", "begin"), ("end", "end_offset"), ("label", "type", "entity")


def read_file(path: Path, name: str, task: Task) -> list[Any]:
    """The items of a file, named after it and their number.

    Raises:
        InputError: it cannot be read, or its columns are of none of the kinds above; names the file and the columns.
    """
    records = list(read_records(path))
    if any(record.row.get("language") == SPANISH for record in records):
        records = [record for record in records if record.row.get("language") == SPANISH]
    if not records:
        return []
    columns = tuple(dict.fromkeys(column for record in records for column in record.row))
    tags = next((column for column in TAGS if column in columns), None)
    if "tokens" in columns and tags:
        named = class_names(path, tags)
        return [_sentence(record, f"{name}-{n:06d}", tags, named, task) for n, record in enumerate(records, 1)]
    if {"question", "context"} <= set(columns):
        return [_question(record, f"{name}-{n:06d}") for n, record in enumerate(records, 1)]
    spans = _span_column(columns, records)
    if spans:
        records = [record for record in records if record.row.get("answer") not in _NOT_ACCEPTED]
        return [_document(record, f"{name}-{n:06d}", spans, task) for n, record in enumerate(records, 1)]
    texts, label = _columns(path, columns, task)
    named = class_names(path, label)
    rows = [_row(record, f"{name}-{n:06d}", texts, label, named) for n, record in enumerate(records, 1)]
    return _of_one_kind(rows)


def _columns(path: Path, columns: Sequence[str], task: Task) -> tuple[tuple[str, ...], str]:
    """The columns of the texts and of the label."""
    pair = next((pair for pair in TEXTS if set(pair) <= set(columns)), None)
    single = next(((column,) for column in TEXT if column in columns), None)
    texts = pair or single
    wanted = task.label
    label = next((one for one in ((wanted,) if wanted else LABELS) if one in columns), None)
    if texts is None or label is None:
        lacking = "a text" if texts is None else f"the label column {wanted}" if wanted else "a label"
        raise InputError(
            f"{path}: no column of {lacking} among {', '.join(columns)}. Texts are {', '.join(TEXT)} or a pair "
            f"(sentence1, sentence2); the label is one of {', '.join(LABELS)}, or what benchmark.label_column names."
        )
    return texts, label


def _row(record: Record, name: str, texts: Sequence[str], label: str, named: Sequence[str]) -> AnyRow:
    said = tuple(_text(record, column) for column in texts)
    value = record.row.get(label)
    if isinstance(value, list | tuple):
        return MultiRow(name, tuple(sorted({_named(record, one, named) for one in value})), said, record.place)
    if value is None or value == "" or (value == -1 and named) or (isinstance(value, float) and not isfinite(value)):
        raise InputError(f"{record.place}: no label in {label}. A split whose labels are kept back cannot be scored.")
    if isinstance(value, float) and not named:
        return ScoreRow(name, value, said, record.place)
    told = _named(record, value, named)
    told = _SAME.get(told, told)
    return (
        Row(name, told, said[0], record.place) if len(said) == 1 else Pair(name, told, said[0], record.place, said[1])
    )


def _of_one_kind(rows: list[AnyRow]) -> list[AnyRow]:
    """Scores where any label of a file is one: CSV and JSON write 3 and 2.5 in one column."""
    if not any(isinstance(row, ScoreRow) for row in rows):
        return rows
    found: list[AnyRow] = []
    for row in rows:
        if isinstance(row, Row):
            try:
                row = ScoreRow(row.name, float(row.label), row.texts, row.place)  # noqa: PLW2901 - the same row
            except ValueError as error:
                raise InputError(f"{row.place}: {row.label!r} is no number, as the other labels are.") from error
        found.append(row)
    return found


def _named(record: Record, value: Any, named: Sequence[str]) -> str:
    """A label by its name; a number is the place of it in a ClassLabel."""
    if not named or isinstance(value, str):
        return str(value).strip()
    if not 0 <= int(value) < len(named):
        raise InputError(f"{record.place}: label {value} is none of the {len(named)} that the dataset names.")
    return named[int(value)]


def _text(record: Record, column: str) -> str:
    value = record.row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{record.place}: no text in {column}.")
    return value


def _sentence(record: Record, name: str, column: str, named: Sequence[str], task: Task) -> Document:
    tokens, tags = record.row.get("tokens"), record.row.get(column)
    if not isinstance(tokens, list) or not isinstance(tags, list) or len(tokens) != len(tags) or not tokens:
        raise InputError(f"{record.place}: tokens and {column} are not two lists of one length.")
    said = [tag if isinstance(tag, str) else _tag(record, tag, column, named) for tag in tags]
    other = next((tag for tag in said if not TAG.fullmatch(tag)), None)
    if other is not None:
        raise InputError(f"{record.place}: {other!r} in {column} is no tag. Tags are O, B-TYPE or I-TYPE.")
    return sentence(name, list(zip(map(str, tokens), said, strict=True)), task.types, record.place)


def _tag(record: Record, tag: Any, column: str, named: Sequence[str]) -> str:
    if not named:
        raise InputError(
            f"{record.place}: {column} are numbers, and nothing names them. Put the dataset's README.md or "
            "dataset_infos.json beside it, or write the tags as text."
        )
    return _named(record, tag, named)


def _span_column(columns: Sequence[str], records: Sequence[Record]) -> str | None:
    """The column that holds places in the text."""
    if "text" not in columns:
        return None
    for column in SPANS:
        values = [record.row.get(column) for record in records]
        first = next((one for value in values if isinstance(value, list) for one in value), None)
        if first is not None and _span(first) is not None:
            return column
    return None


def _span(value: Any) -> tuple[int, int, str] | None:
    """[start, end, type], or an object of that."""
    if isinstance(value, Mapping):
        start, end, label = (_first(value, names) for names in (_STARTS, _ENDS, _TYPES))
    elif isinstance(value, list | tuple) and len(value) == 3:  # noqa: PLR2004 - start, end, type
        start, end, label = value
    else:
        return None
    is_place = isinstance(start, int) and isinstance(end, int) and isinstance(label, str)
    return (start, end, label) if is_place else None


def _first(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if name in value), None)


def _document(record: Record, name: str, column: str, task: Task) -> Document:
    text = _text(record, "text")
    mentions = []
    for one in record.row.get(column) or ():
        span = _span(one)
        if span is None or not 0 <= span[0] < span[1] <= len(text):
            raise InputError(
                f"{record.place}: {one!r} in {column} is no place in its text of {len(text):,} characters. "
                "It is [start, end, type]."
            )
        covered = text[span[0] : span[1]]
        start, end = span[0] + len(covered) - len(covered.lstrip()), span[1] - len(covered) + len(covered.rstrip())
        if start < end and (not task.types or span[2] in task.types):  # people mark blanks at the edges by mistake
            mentions.append(Mention.over(span[2], (start, end)))
    return Document(name, text, tuple(mentions), place=record.place)


def _question(record: Record, name: str) -> Question:
    context = _text(record, "context")
    given = record.row.get("answers") or ()
    if isinstance(given, Mapping):
        given = [
            {"text": text, "answer_start": start}
            for text, start in zip(given.get("text", ()), given.get("answer_start", ()), strict=True)
        ]
    said = [] if record.row.get("is_impossible") else [(str(one["text"]), int(one["answer_start"])) for one in given]
    own = str(record.row.get("id") or name).removeprefix(BOM)
    return answered(Question(own, _text(record, "question"), context, (), record.place), said)
