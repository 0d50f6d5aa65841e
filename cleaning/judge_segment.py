"""A file of extracted texts → its pair of documents and dropped pages; no WARC file is read."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cleaning.document_rows import document_row, dropped_row
from cleaning.extracted_rows import outcome_of_row
from cleaning.ids import ids_path, write_ids
from cleaning.in_order import in_order
from cleaning.pages.page import Drop, Page
from cleaning.pages.page_process import PageProcesses
from cleaning.pending import TORN_AT, pair_in
from cleaning.row_batches import BATCH_ROWS, RowBatches
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, FEW_VALUES
from data.parquet import parquet_file, readable, remembered, row_count

GROUP_ROWS = 8_192
"""Rows of a row group of dropped pages: so many are read for one of them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the records of one WARC file."""

    name: str
    """As documents call the file."""
    kept: int
    dropped: dict[str, int]
    torn_at: int | None
    """Where the WARC file was cut short."""


Tell = Callable[[Counter[str], int], None]
"""Called now and then with the rows so far, kept and dropped by reason, and how many there are in all."""


def judge_segment(
    texts: Path,
    folder: Path,
    recipe: str,
    processes: PageProcesses,
    tell: Tell = lambda _counts, _rows: None,
) -> Judged:
    """Judge one file of extracted texts; rows are in its order.

    Raises:
        InputError: the file is damaged.
    """
    counts: Counter[str] = Counter()
    name, torn_at, rows = texts.stem, remembered(texts, TORN_AT), row_count(texts)
    kept_path, dropped_path = pair_in(folder, texts.stem)
    # Closed from the inner to the outer: documents come last and are the sign of a whole pair and of its ids.
    with (
        parquet_file(kept_path, DOCUMENT_SCHEMA, few_values=FEW_VALUES) as kept_file,
        parquet_file(dropped_path, DROPPED_SCHEMA, few_values=FEW_VALUES, group_rows=GROUP_ROWS) as dropped_file,
    ):
        documents, dropped = RowBatches(kept_file), RowBatches(dropped_file)
        for row, outcome in in_order(_extracted(texts), processes):
            name = row["warc_file"]
            if isinstance(outcome, Drop):
                dropped.add(dropped_row(row, outcome) | {"recipe": recipe})
                counts[outcome.reason] += 1
            else:
                documents.add(document_row(row, outcome) | {"recipe": recipe})
                counts["kept"] += 1
            tell(counts, rows)
        documents.flush()
        dropped.flush()
        if torn_at is not None:
            dropped_file.remember(TORN_AT, torn_at)
        write_ids(ids_path(kept_path), documents.ids, dropped.ids)
    kept = counts.pop("kept", 0)
    return Judged(name, kept, dict(counts), None if torn_at is None else int(torn_at))


def _extracted(texts: Path) -> Iterator[tuple[dict[str, Any], Page | Drop]]:
    """Each row, without its text, and what is to be judged, or why there is nothing to judge."""
    with readable(texts), pq.ParquetFile(texts) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                outcome = outcome_of_row(row)
                del row["text"]
                yield row, outcome
