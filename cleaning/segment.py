"""One WARC file → its pair of Parquet files, in bounded memory, every record in one of the two."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaning.ids import ids_path, write_ids
from cleaning.pages.page import Drop, Page
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.triage import triage
from cleaning.pages.warc import Record, Segment
from cleaning.pending import TORN_AT, Pending
from cleaning.rows import document_row, dropped_row
from cleaning.settings import CleaningSettings
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, FEW_VALUES
from data.parquet import ParquetFile, parquet_file

WAITING = 2_000
"""Records that may stand behind a slow page before reading pauses."""
BATCH_ROWS = 500
BATCH_CHARS = 16_000_000
"""Rows and characters that are held as Python objects."""
GROUP_ROWS = 8_192
"""Rows of a row group of dropped pages: so many are read for one of them."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one WARC file."""

    name: str
    kept: int
    dropped: dict[str, int]
    torn_at: int | None


Tell = Callable[[int, Counter[str]], None]
"""Called now and then with the offset reached and the rows so far: kept, and dropped by reason."""


def clean_segment(
    pending: Pending,
    folder: Path,
    settings: CleaningSettings,
    recipe: str,
    processes: PageProcesses,
    tell: Tell = lambda _offset, _counts: None,
) -> Cleaned:
    """Clean one WARC file; the rows stand in the order of its records, whichever process was done first.

    Raises:
        InputError: it is no WARC file, or damaged.
    """
    segment = Segment(pending.path)
    counts: Counter[str] = Counter()
    kept_path, dropped_path = pending.pair(folder)
    # Closed from the inner to the outer: documents come last and are the sign of a whole pair and of its ids.
    with (
        parquet_file(kept_path, DOCUMENT_SCHEMA, few_values=FEW_VALUES) as kept_file,
        parquet_file(dropped_path, DROPPED_SCHEMA, few_values=FEW_VALUES, group_rows=GROUP_ROWS) as dropped_file,
    ):
        documents, dropped = _Rows(kept_file), _Rows(dropped_file)
        for record, outcome in _outcomes(segment, settings, processes):
            place = {"warc_file": pending.name, "warc_offset": record.offset, "recipe": recipe}
            if isinstance(outcome, Drop):
                dropped.add(dropped_row(record, outcome) | place)
                counts[outcome.reason] += 1
            else:
                documents.add(document_row(record, outcome) | place, len(outcome.text))
                counts["kept"] += 1
            tell(record.offset, counts)
        documents.flush()
        dropped.flush()
        if segment.torn_at is not None:
            dropped_file.remember(TORN_AT, str(segment.torn_at))
        write_ids(ids_path(kept_path), documents.ids, dropped.ids)
    kept = counts.pop("kept", 0)
    return Cleaned(pending.name, kept, dict(counts), segment.torn_at)


@dataclass(slots=True)
class _Rows:
    """Rows on their way into a file."""

    file: ParquetFile
    held: list[dict[str, Any]] = field(default_factory=list)
    chars: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, row: dict[str, Any], chars: int = 0) -> None:
        self.held.append(row)
        self.ids.append(row["id"])
        self.chars += chars
        if len(self.held) >= BATCH_ROWS or self.chars >= BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        if self.held:
            self.file.write(pa.RecordBatch.from_pylist(self.held, self.file.schema))
        self.held, self.chars = [], 0


@dataclass(slots=True)
class _Slot:
    """A record and its outcome, once there is one. The body is let go when a process has it."""

    record: Record
    outcome: Page | Drop | None = None


def _outcomes(
    segment: Segment, settings: CleaningSettings, processes: PageProcesses
) -> Iterator[tuple[Record, Page | Drop]]:
    """Each record with what became of it, in the order of the file."""
    slots: deque[_Slot] = deque()
    given: dict[int, _Slot] = {}
    number = 0
    for record in segment.records(settings.max_bytes):
        found = triage(record, settings)
        if isinstance(found, Drop):
            slots.append(_Slot(record.without_body(), found))
        else:
            while processes.is_full():
                _settle(processes, given)
            slot = _Slot(record.without_body())
            slots.append(slot)
            given[number] = slot
            processes.give(number, found)
            number += 1
        while len(slots) > WAITING and slots[0].outcome is None:
            _settle(processes, given)
        yield from _finished(slots)
    while not processes.is_idle():
        _settle(processes, given)
    yield from _finished(slots)


def _settle(processes: PageProcesses, given: dict[int, _Slot]) -> None:
    for number, outcome in processes.take():
        given.pop(number).outcome = outcome


def _finished(slots: deque[_Slot]) -> Iterator[tuple[Record, Page | Drop]]:
    while slots:
        outcome = slots[0].outcome
        if outcome is None:
            return
        yield slots.popleft().record, outcome
