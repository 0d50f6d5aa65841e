"""The measures of a file of extracted texts: a row for each of its rows, null where nothing has asked yet.

It follows from the texts and the judging code alone, whatever the thresholds are; deleting it costs time only.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.pages.measures import FinalText, LanguageVerdict, Measures
from data.documents import MEASURES_SCHEMA
from data.errors import InputError
from data.parquet import ParquetFile, get_metadata, parquet_file, read_batches, row_count

_BATCH_ROWS = 1_000
_DICTIONARY_COLUMNS = ("language",)
_TEXTS = "cowese.texts"
"""In the file's metadata: which texts it is of. Measures of others are of no use."""


class MeasuresFile:
    """Batches of measures, read in the order of the texts; written again from the first batch that has grown."""

    def __init__(self, path: Path, texts: Path, batch_rows: int) -> None:
        self._path = path
        self._batch_rows = batch_rows
        self._texts = _name_of(texts)
        self._is_there = path.is_file() and _texts_of(path) == self._texts
        self._read = read_batches(path, batch_rows) if self._is_there else None
        self._passed = 0
        self._writing = ExitStack()
        self._file: ParquetFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._writing.__exit__(kind, error, trace)

    def next(self, rows: int) -> tuple[pa.RecordBatch | None, list[Measures]]:
        """The measures of the next batch of texts, as they lie on disk and as objects."""
        if self._read is None:
            return None, [Measures() for _ in range(rows)]
        batch = next(self._read)
        return batch, _measures(batch)

    def put(self, before: pa.RecordBatch | None, measures: Sequence[Measures], *, grown: bool) -> None:
        """Hand the batch back; ``grown`` says whether anything was added to it."""
        if grown and self._file is None:
            self._file = self._writing.enter_context(
                parquet_file(self._path, MEASURES_SCHEMA, dictionary_columns=_DICTIONARY_COLUMNS)
            )
            self._file.set_metadata(_TEXTS, self._texts)
            for batch in self._passed_batches():
                self._file.write(batch)
        if self._file is not None:
            unchanged = None if grown else before
            self._file.write(_batch(measures) if unchanged is None else unchanged)
        self._passed += 1

    def _passed_batches(self) -> Iterator[pa.RecordBatch]:
        """Those before, in which nothing was added."""
        if self._passed and self._is_there:
            again = read_batches(self._path, self._batch_rows)
            yield from (next(again) for _ in range(self._passed))
        elif self._passed:
            nothing = [Measures()] * self._batch_rows
            yield from (_batch(nothing) for _ in range(self._passed))


@contextmanager
def forget_rows(measures: Sequence[Path], texts: Path, rows: npt.NDArray[np.int64]) -> Iterator[None]:
    """Null some rows of measures files while the body writes their texts again with the same number of rows.

    Measures of other texts are deleted; so are those of a run that was cut off within the body.

    Raises:
        InputError: a file is damaged.
    """
    kept = [path for path in measures if _texts_of(path) == _name_of(texts)]
    for path in set(measures) - set(kept):
        path.unlink()
    yield
    for path in kept:
        start = 0
        with parquet_file(path, MEASURES_SCHEMA, dictionary_columns=_DICTIONARY_COLUMNS) as file:
            for batch in read_batches(path, _BATCH_ROWS):  # a whole column of texts may exceed 32-bit offsets
                places = np.arange(batch.num_rows)
                nulls = np.isin(places + start, rows)
                file.write(batch.take(pa.array(places, mask=nulls)).cast(MEASURES_SCHEMA))
                start += batch.num_rows
            file.set_metadata(_TEXTS, _name_of(texts))


def _name_of(texts: Path) -> str:
    """By which measures know the texts that they are of."""
    return f"{row_count(texts)} rows, {texts.stat().st_size} bytes"


def _texts_of(path: Path) -> str | None:
    """Which texts a file is of; None where it cannot be read."""
    try:
        return get_metadata(path, _TEXTS)
    except InputError:
        return None


def _batch(measures: Sequence[Measures]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_row(one) for one in measures], MEASURES_SCHEMA)


def _row(known: Measures) -> dict[str, Any]:
    row: dict[str, Any] = {"characters": known.characters, "foreign": known.foreign, "health": known.health}
    row["words"] = known.words
    if known.language is not None:
        row["language"], row["language_score"] = known.language.language, known.language.score
        row["verdicts"] = list(known.language.verdicts.items())
        row["beginning"] = known.language.beginning
    if known.figures:
        row["figures"] = list(known.figures.items())
    if known.final is not None:
        row["text"], row["n_words"] = known.final.text, known.final.n_words
        row["masked"] = list(known.final.masked.items())
    return row


def _measures(batch: pa.RecordBatch) -> list[Measures]:
    columns = {name: batch.column(name) for name in batch.schema.names}
    verdicts, masked = _pairs(columns.pop("verdicts")), _pairs(columns.pop("masked"))
    figures = [{rule: tuple(values) for rule, values in row.items()} for row in _pairs(columns.pop("figures"))]
    plain = pa.RecordBatch.from_pydict(columns).to_pylist()
    return [
        Measures(
            row["characters"],
            None
            if row["language"] is None
            else LanguageVerdict(row["language"], row["language_score"], verdicts[number], row["beginning"]),
            row["foreign"],
            figures[number],
            row["health"],
            None if row["n_words"] is None else FinalText(row["text"], masked[number], row["n_words"]),
            row["words"],
        )
        for number, row in enumerate(plain)
    ]


def _pairs(column: pa.ListArray) -> list[dict[str, Any]]:
    """Each row's names and values; empty where the row is null."""
    offsets = column.offsets.to_pylist()
    names, values = (column.values.field(number).to_pylist() for number in (0, 1))
    return [dict(zip(names[begin:end], values[begin:end], strict=True)) for begin, end in pairwise(offsets)]
