"""Where the texts of documents lie, and how they are read: some at a time, here or in another process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.lines import left_of
from data.arrow_files import arrow_file, read_arrow
from data.parquet import read_wide

Segments = Sequence[tuple[Path, Path]]
Positions = npt.NDArray[np.int64]
Texts = Callable[[Positions], Iterator[tuple[Positions, Sequence[str]]]]
"""Gives the texts at ascending positions, in batches and in any order."""

REPEATED_LINES = pa.large_list(pa.uint64())
"""Type of the column ``repeated``: the digests of the lines that a text goes without; null or empty: none."""
READ_ROWS = 2_000
"""Texts that are read at a time."""
_LAID_OUT_AT_ONCE = 1_000_000
"""Rows that are held in memory while places of texts are written to a file."""


@dataclass(frozen=True, slots=True)
class StoredTexts:
    """The texts of documents, by position."""

    segments: Segments
    documents: pa.Table
    """Columns ``segment`` and ``row``, and ``repeated`` where lines of the site are left out: their digests."""
    chosen: Positions | None = None
    """Rows of ``documents`` that count, in this order; None: all."""

    def __len__(self) -> int:
        return int(self.documents.num_rows) if self.chosen is None else len(self.chosen)

    def __call__(self, positions: Positions) -> Iterator[tuple[Positions, list[str]]]:
        """The texts at some positions, some at a time, without the lines of their sites."""
        return read_texts(dict(enumerate(self.segments)), self._places(positions), positions)

    def every(self) -> Iterator[tuple[Positions, list[str]]]:
        """All of them."""
        return self(np.arange(len(self)))

    def at(self, positions: Positions) -> "StoredTexts":
        """Those at some positions, counted from 0 from then on."""
        return StoredTexts(self.segments, self.documents, self._rows(positions))

    def lay_out(self, path: Path, least: int) -> list["LaidOut"]:
        """Write into a file where the texts lie, segment by segment, and cut it into tasks.

        A task has at least ``least`` texts and whole segments, so that no segment is read twice.
        """
        segment = self._segment_numbers()
        order = np.argsort(segment, kind="stable")
        ordered = segment[order]
        with arrow_file(path) as write:
            for start in range(0, len(order), _LAID_OUT_AT_ONCE):
                some = order[start : start + _LAID_OUT_AT_ONCE]
                write(self._places(some).append_column("position", pa.array(some)))
        begins = np.flatnonzero(np.diff(ordered, prepend=-1))
        found, start = [], 0
        for stop in [*begins[1:].tolist(), len(order)]:
            if stop - start >= least or (stop == len(order) and stop > start):
                used = {int(number): self.segments[number] for number in np.unique(ordered[start:stop])}
                found.append(LaidOut(path, start, stop, used))
                start = stop
        return found

    def _rows(self, positions: Positions) -> Positions:
        return positions if self.chosen is None else self.chosen[positions]

    def _places(self, positions: Positions) -> pa.Table:
        columns = [name for name in ("segment", "row", "repeated") if name in self.documents.column_names]
        return self.documents.select(columns).take(pa.array(self._rows(positions)))

    def _segment_numbers(self) -> npt.NDArray[np.int32]:
        numbers: npt.NDArray[np.int32] = self.documents["segment"].to_numpy()
        return numbers if self.chosen is None else numbers[self.chosen]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Texts of one task, as a range of the file that ``StoredTexts.lay_out`` wrote: little travels with the task."""

    path: Path
    start: int
    stop: int
    segments: Mapping[int, tuple[Path, Path]]

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def positions(self) -> Positions:
        """The positions of the texts among all, in the order of the file."""
        positions: Positions = self._places()["position"].to_numpy()
        return positions

    def every(self) -> Iterator[tuple[Positions, list[str]]]:
        """The texts, some at a time, with their places in the order of the file, from 0."""
        return read_texts(self.segments, self._places(), np.arange(len(self)))

    def _places(self) -> pa.Table:
        return read_arrow(self.path).slice(self.start, len(self))


def read_texts(
    segments: Mapping[int, tuple[Path, Path]], places: pa.Table, names: Positions
) -> Iterator[tuple[Positions, list[str]]]:
    """The texts at some places (columns segment, row, repeated), segment by segment, each under its name."""
    segment = places["segment"].to_numpy()
    row = places["row"].to_numpy()
    repeated = places["repeated"] if "repeated" in places.column_names else None
    for number in np.unique(segment):
        here = np.flatnonzero(segment == number)
        here = here[np.argsort(row[here])]  # in the file's order: ``take`` is much slower at random places
        texts = read_wide(segments[int(number)][0], ["text"])["text"]
        for start in range(0, len(here), READ_ROWS):
            some = here[start : start + READ_ROWS]
            batch = texts.take(pa.array(row[some])).to_pylist()
            if repeated is not None:
                batch = left_of(batch, repeated.take(pa.array(some)).to_pylist())
            yield names[some], batch
