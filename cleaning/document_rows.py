"""Extracted rows and what was judged of them → rows of the one file and of the other, a batch at a time.

What is known of a record already is copied as columns; only what was judged goes through Python.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

from cleaning.pages.page import Drop, Page
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, MASKED, QUALITY, VERDICTS
from data.sources import source_of


def document_rows(extracted: pa.RecordBatch, kept: Mapping[int, Page], recipe: str) -> pa.RecordBatch:
    """Rows of DOCUMENT_SCHEMA: those of ``extracted`` whose numbers are given, in order."""
    pages = list(kept.values())
    columns = _copied(extracted, kept, DOCUMENT_SCHEMA)
    texts = [page.text for page in pages]
    columns |= {
        "source": list(map(source_of, columns["warc_file"].to_pylist())),
        "first_seen_at": columns["fetched_at"],
        "language": [page.language for page in pages],
        "language_score": [page.language_score for page in pages],
        "text": texts,
        "n_words": [page.n_words for page in pages],
        "quality": _pairs([dict(sorted(page.quality.items())) for page in pages], QUALITY),
        "verdicts": _pairs([page.verdicts for page in pages], VERDICTS),
        "health": [page.health for page in pages],
        "masked": _pairs([dict(sorted(page.masked.items())) for page in pages], MASKED),
        "text_digest": list(map(text_digest, texts)),
        "recipe": [recipe] * len(pages),
    }
    return _batch(columns, len(pages), DOCUMENT_SCHEMA)


def dropped_rows(
    extracted: pa.RecordBatch, dropped: Mapping[int, Drop], words: Sequence[int | None], recipe: str
) -> pa.RecordBatch:
    """Rows of DROPPED_SCHEMA, likewise; ``words`` are those of every extracted text, None where there is none."""
    drops = list(dropped.values())
    columns = _copied(extracted, dropped, DROPPED_SCHEMA)
    columns |= {
        "reason": [drop.reason for drop in drops],
        "figure": [drop.figure for drop in drops],
        "n_words": [words[number] for number in dropped],
        "detail": [drop.detail for drop in drops],
        "lost_to": [drop.lost_to for drop in drops],
        "recipe": [recipe] * len(drops),
    }
    return _batch(columns, len(drops), DROPPED_SCHEMA)


def text_digest(text: str) -> str:
    """By which a text is known everywhere."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _copied(extracted: pa.RecordBatch, numbers: Iterable[int], schema: pa.Schema) -> dict[str, Any]:
    """The columns that the extracted rows have too."""
    chosen = extracted.take(pa.array(numbers, pa.int32()))
    return {name: chosen.column(name) for name in schema.names if name in chosen.schema.names}


def _pairs(rows: Sequence[Mapping[str, Any]], kind: pa.ListType) -> pa.ListArray:
    """A list of pairs for each row; built from flat lists, several times as fast as from rows."""
    first, second = kind.value_type.fields
    names = pa.array([name for row in rows for name in row], first.type)
    values = pa.array([value for row in rows for value in row.values()], second.type)
    offsets = pa.array(accumulate(map(len, rows), initial=0), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays([names, values], fields=[first, second]), kind)


def _batch(columns: Mapping[str, Any], rows: int, schema: pa.Schema) -> pa.RecordBatch:
    """Columns in the schema's order; one that is not given is null throughout."""
    arrays = []
    for field in schema:
        column = columns.get(field.name)
        if column is None:
            column = pa.nulls(rows, field.type)
        arrays.append(column if isinstance(column, pa.Array) else pa.array(column, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
