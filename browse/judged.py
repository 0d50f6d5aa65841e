"""The pages of a version with their measures and the labels that readers gave them: what rules are tried on."""

from collections.abc import Iterator
from dataclasses import dataclass

from browse.extracted import Extracted
from browse.index import Index
from browse.labels import Label
from cleaning.measures_file import MeasuresFile
from cleaning.pages.measures import Measures, NotMeasuredError, RememberedText
from cleaning.pages.page import Drop, Page
from cleaning.pages.quality import Rule
from cleaning.pages.verdict import verdict_of
from cleaning.settings import JudgingSettings
from data.parquet import read_batches

BATCH_ROWS = 200
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Judged:
    """A page that was measured."""

    id: str
    published_reason: str | None
    """Why the version does not have it; None where it does."""
    measures: Measures
    label: Label | None

    def verdict(self, settings: JudgingSettings, rules: tuple[Rule, ...]) -> str | None:
        """``kept``, or the reason for which cleaning drops it under some settings; None where it cannot be told."""
        try:
            outcome = verdict_of(_NO_PAGE, RememberedText(self.measures), settings, rules)
        except NotMeasuredError:
            return None
        return outcome.reason if isinstance(outcome, Drop) else KEPT


_NO_PAGE = Page("")
"""A verdict follows from the measures alone."""


def judged_pages(index: Index, extracted: Extracted, labels: dict[tuple[str, str], Label]) -> Iterator[Judged]:
    """Every page of a version that has measures, by WARC file."""
    with index.database() as database:
        names = [name for (name,) in database.execute("SELECT DISTINCT warc_file FROM page ORDER BY warc_file")]
    for name in names:
        texts = extracted.files.get(name)
        measures = extracted.measures_of(texts) if texts is not None else None
        if texts is None or measures is None:
            continue
        with index.database() as database:
            columns = "warc_offset, page.id, reason, digest"
            statement = f"SELECT {columns} FROM page LEFT JOIN body USING (number) WHERE warc_file = ?"  # noqa: S608
            rows = {offset: rest for offset, *rest in database.execute(statement, (name,))}
        with MeasuresFile(measures, texts, BATCH_ROWS) as file:
            for batch in read_batches(texts, BATCH_ROWS, ["warc_offset"]):
                _, known = file.next(batch.num_rows)
                for offset, one in zip(batch.column(0).to_pylist(), known, strict=True):
                    if offset in rows and one.characters is not None:
                        identity, reason, digest = rows[offset]
                        yield Judged(identity, reason, one, labels.get((identity, digest or "")))
