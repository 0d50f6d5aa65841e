"""Where the texts of documents lie, and how they are read: some at a time, here or in another process."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.lines import left_of
from data.parquet import read_wide

T = TypeVar("T")
Segments = Sequence[tuple[Path, Path]]
Positions = npt.NDArray[np.int64]
Texts = Callable[[Positions], Iterator[tuple[Positions, Sequence[str]]]]
"""Gives the texts at ascending positions, in batches and in any order."""

READ_ROWS = 2_000
"""Texts that are read at a time."""


@dataclass(frozen=True, slots=True)
class StoredTexts:
    """The texts of living documents, by position. What it holds is where they lie, so it travels to other processes."""

    segments: Segments
    documents: pa.Table
    """Columns ``segment`` and ``row``, and ``repeated`` where lines of the site are left out."""
    lines: Sequence[frozenset[int]] = ()
    """Sets of digests of lines; ``repeated`` says which of them a document goes without, −1 none."""

    def __len__(self) -> int:
        return int(self.documents.num_rows)

    def __call__(self, positions: Positions) -> Iterator[tuple[Positions, list[str]]]:
        """The texts at some positions, as ``read_texts`` gives them, without the lines of their sites."""
        texts = read_texts(self.segments, self.documents, positions)
        if not self.lines:
            return texts
        repeated = self.documents["repeated"].to_numpy()
        return ((found, left_of(batch, repeated[found].tolist(), self.lines)) for found, batch in texts)

    def every(self) -> Iterator[tuple[Positions, list[str]]]:
        """All of them."""
        return self(np.arange(len(self)))

    def at(self, positions: Positions) -> "StoredTexts":
        """Those at some positions, counted from 0 from then on, with no more segments and lines than they need."""
        columns = [name for name in ("segment", "row", "repeated") if name in self.documents.column_names]
        documents = self.documents.select(columns).take(pa.array(positions))
        documents, segments = _only_used(documents, "segment", self.segments)
        if self.lines:
            documents, lines = _only_used(documents, "repeated", self.lines)
            return StoredTexts(segments, documents, lines)
        return StoredTexts(segments, documents)

    def chunks(self, least: int) -> Iterator[Positions]:
        """All positions, in runs of whole segments with at least so many texts, so that no segment is read twice."""
        segment = self.documents["segment"].to_numpy()
        order = np.argsort(segment, kind="stable")
        begins = np.flatnonzero(np.diff(segment[order], prepend=-1))
        start = 0
        for stop in [*begins[1:].tolist(), len(order)]:
            if stop - start >= least or (stop == len(order) and stop > start):
                yield order[start:stop]
                start = stop


def _only_used(documents: pa.Table, name: str, values: Sequence[T]) -> tuple[pa.Table, list[T]]:
    """Those of ``values`` that a column names by number, and the column with their new numbers; −1 names none."""
    column = documents[name].to_numpy()
    used = np.unique(column[column >= 0])
    numbers = np.where(column >= 0, np.searchsorted(used, column), -1)
    at = documents.schema.get_field_index(name)
    renumbered = documents.set_column(at, name, pa.array(numbers, documents.schema.field(at).type))
    return renumbered, [values[number] for number in used]


def read_texts(segments: Segments, documents: pa.Table, positions: Positions) -> Iterator[tuple[Positions, list[str]]]:
    """The texts of the documents at ascending positions, segment by segment, some at a time."""
    segment = documents["segment"].to_numpy()[positions]
    row = documents["row"].to_numpy()[positions]
    for number in np.unique(segment):
        here = np.flatnonzero(segment == number)
        here = here[np.argsort(row[here])]
        texts = read_wide(segments[number][0], ["text"])["text"]
        for start in range(0, len(here), READ_ROWS):
            some = here[start : start + READ_ROWS]
            yield positions[some], texts.take(pa.array(row[some])).to_pylist()
