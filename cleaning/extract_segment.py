"""One WARC file → its Parquet file of extracted texts, in bounded memory: a row for every record, kept or not."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from cleaning.extracted_rows import extracted_row
from cleaning.in_order import in_order
from cleaning.pages.measures import Measures
from cleaning.pages.page import Drop, Raw
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.triage import said_by, triage
from cleaning.pages.warc import Record, Segment
from cleaning.pending import CRAWLER, TORN_AT, Pending
from cleaning.rights_rows import RightsRows
from cleaning.row_batches import RowBatches
from cleaning.settings import ExtractionSettings
from cleaning.tally import EXTRACTED
from data.documents import DICTIONARY_COLUMNS, EXTRACTED_SCHEMA
from data.parquet import parquet_file
from data.rights.ledger import RIGHTS_DICTIONARY_COLUMNS, RIGHTS_SCHEMA

OnProgress = Callable[[int, Counter[str]], None]
"""Called now and then with the offset reached and the rows so far: extracted, and dropped by reason."""


def extract_segment(
    pending: Pending,
    texts: Path,
    rights: Path,
    settings: ExtractionSettings,
    recipe: str,
    processes: PageProcesses,
    on_progress: OnProgress = lambda _offset, _counts: None,
) -> None:
    """Extract one WARC file into the file ``texts``, and what it says of rights into ``rights``, which is whole first.

    Rows are in the order of the records.

    Raises:
        InputError: it is no WARC file, or damaged.
    """
    segment = Segment(pending.path)
    counts: Counter[str] = Counter()
    with (
        parquet_file(texts, EXTRACTED_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS) as file,
        parquet_file(rights, RIGHTS_SCHEMA, dictionary_columns=RIGHTS_DICTIONARY_COLUMNS) as rights_file,
    ):
        rows, rights_rows = RowBatches(file), RowBatches(rights_file)
        for record, outcome in in_order(_triaged(segment, settings, pending.name, rights_rows), processes):
            assert not isinstance(outcome, Measures)
            rows.add(extracted_row(record, outcome) | {"warc_file": pending.name, "recipe": recipe})
            counts[outcome.reason if isinstance(outcome, Drop) else EXTRACTED] += 1
            on_progress(record.offset, counts)
        rows.flush()
        rights_rows.flush()
        if segment.crawler is not None:
            file.set_metadata(CRAWLER, segment.crawler)
        if segment.torn_at is not None:
            file.set_metadata(TORN_AT, str(segment.torn_at))


def _triaged(
    segment: Segment, settings: ExtractionSettings, name: str, rights_rows: RowBatches
) -> Iterator[tuple[Record, Raw | Drop]]:
    """Each record with its page or its reason; what it says of rights is written on the way."""
    rights = RightsRows(name)
    for record in segment.records(settings.max_bytes):
        signals = said_by(record)
        for row in rights.rows_of(record, signals):
            rights_rows.add(row)
        yield record.without_body(), triage(record, settings, signals)
