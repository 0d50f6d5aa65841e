"""A file of extracted texts → its pair of documents and dropped pages; no WARC file is read.

What is measured of a text is kept beside the texts, whatever became of it: when a threshold changes, the decision is
made again from the measures, and only a text of which something was never asked is looked at again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from cleaning.document_rows import document_rows, dropped_rows
from cleaning.extracted_rows import outcomes_of_rows
from cleaning.ids import ids_path, write_ids
from cleaning.in_order import in_order
from cleaning.measures_file import MeasuresFile
from cleaning.pages.measures import Measures, NotMeasuredError, RememberedText
from cleaning.pages.page import OPTED_OUT, Drop, Page
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.page_work import Unmeasured
from cleaning.pages.quality import Rule, rules_of
from cleaning.pages.text import count_words
from cleaning.pages.verdict import verdict_of
from cleaning.pending import CRAWLER, TORN_AT, pair_in
from cleaning.settings import JudgingSettings
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.parquet import get_metadata, parquet_file, read_batches, read_parquet, row_count
from data.rights.ledger import Ledger

BATCH_ROWS = 200
"""Rows that are judged, and held as Python objects, at a time."""
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


OnProgress = Callable[[Counter[str], int], None]
"""Called now and then with the rows so far, kept and dropped by reason, and how many there are in all."""


def judge_segment(
    texts: Path,
    rights: Path,
    measures: Path,
    folder: Path,
    settings: JudgingSettings,
    recipe: str,
    processes: PageProcesses,
    on_progress: OnProgress = lambda _counts, _rows: None,
) -> Judged:
    """Judge one file of extracted texts; rows are in its order. A page that its own WARC file reserves is dropped.

    ``rights`` holds what that file says. ``measures`` is read, and written where it grows.

    Raises:
        InputError: a file is damaged.
    """
    counts: Counter[str] = Counter()
    name, torn_at, rows = texts.stem, get_metadata(texts, TORN_AT), row_count(texts)
    kept_path, dropped_path = pair_in(folder, texts.stem)
    ids: tuple[list[str], list[str]] = ([], [])
    judge = _Judge(settings, rules_of(settings), processes, Ledger([read_parquet(rights)]))
    # Closed from the inner to the outer: documents come last and are the sign of a whole pair and of its ids.
    with (
        parquet_file(kept_path, DOCUMENT_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS) as kept_file,
        parquet_file(
            dropped_path, DROPPED_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS, group_rows=GROUP_ROWS
        ) as dropped_file,
        MeasuresFile(measures, texts, BATCH_ROWS) as measures_file,
    ):
        for extracted in read_batches(texts, BATCH_ROWS):
            name = extracted.column("warc_file")[0].as_py()
            outcomes, words = judge.batch(extracted, measures_file)
            kept = {number: one for number, one in enumerate(outcomes) if isinstance(one, Page)}
            dropped = {number: one for number, one in enumerate(outcomes) if isinstance(one, Drop)}
            for ids_of, file, batch in (
                (ids[0], kept_file, document_rows(extracted, kept, recipe)),
                (ids[1], dropped_file, dropped_rows(extracted, dropped, words, recipe)),
            ):
                file.write(batch)
                ids_of.extend(batch.column("id").to_pylist())
            counts.update(one.reason if isinstance(one, Drop) else "kept" for one in outcomes)
            on_progress(counts, rows)
        for note in (TORN_AT, CRAWLER):
            if (said := get_metadata(texts, note)) is not None:
                dropped_file.set_metadata(note, said)
        write_ids(ids_path(kept_path), *ids)
    kept_rows = counts.pop("kept", 0)
    return Judged(name, kept_rows, dict(counts), None if torn_at is None else int(torn_at))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Decides on batches of texts, by their measures where these say enough."""

    settings: JudgingSettings
    rules: Sequence[Rule]
    processes: PageProcesses
    ledger: Ledger

    def batch(self, extracted: pa.RecordBatch, file: MeasuresFile) -> tuple[list[Page | Drop], list[int | None]]:
        """What becomes of each row, and the words of its extracted text where it is dropped."""
        before, measures = file.next(extracted.num_rows)
        outcomes: list[Page | Drop] = []
        grown = False
        found = in_order(self._work(self._permitted(extracted), measures), self.processes)
        for number, (page, result) in enumerate(found):
            if isinstance(result, Measures):
                assert page is not None
                measures[number], grown = result, True
                outcomes.append(self._verdict(page, result))
            else:
                outcomes.append(result)
        grown |= _count_words(extracted, outcomes, measures)
        file.put(before, measures, grown=grown)
        return outcomes, [one.words for one in measures]

    def _permitted(self, extracted: pa.RecordBatch) -> list[Page | Drop]:
        """The pages as they were extracted, those that their own WARC file reserves as drops."""
        outcomes = outcomes_of_rows(extracted)
        places = extracted.select(["url", "fetched_at", "warc_file", "warc_offset"]).to_pylist()
        for number, (one, row) in enumerate(zip(outcomes, places, strict=True)):
            if isinstance(one, Page):
                place = row["warc_file"], row["warc_offset"]
                refused = self.ledger.refusal(row["url"], row["fetched_at"], place)
                if refused is not None:
                    outcomes[number] = Drop(OPTED_OUT, detail=refused.detail)
        return outcomes

    def _work(
        self, extracted: Sequence[Page | Drop], measures: Sequence[Measures]
    ) -> Iterator[tuple[Page | None, Unmeasured | Page | Drop]]:
        """Each page with its verdict, or with its text where something of it was never asked."""
        for page, known in zip(extracted, measures, strict=True):
            if isinstance(page, Drop):
                yield None, page
                continue
            try:
                yield page, self._verdict(page, known)
            except NotMeasuredError:
                yield page, Unmeasured(page.text, page.figures, known)

    def _verdict(self, page: Page, known: Measures) -> Page | Drop:
        return verdict_of(page, RememberedText(known), self.settings, self.rules)


def _count_words(extracted: pa.RecordBatch, outcomes: Sequence[Page | Drop], measures: Sequence[Measures]) -> bool:
    """Count the words of dropped texts that were never counted; whether there were any."""
    texts = extracted.column("text")
    has_text = texts.is_valid().to_pylist()
    new = [
        number
        for number, outcome in enumerate(outcomes)
        if has_text[number] and measures[number].words is None and isinstance(outcome, Drop)
    ]
    for number in new:
        measures[number].words = count_words(texts[number].as_py())
    return bool(new)
