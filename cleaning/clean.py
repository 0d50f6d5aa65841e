"""Cleaning: WARC files → extracted texts → documents and dropped pages; every record ends in one of the two.

Each WARC file takes two steps. Extraction reads it once for each extraction recipe and writes the text of every page to
``texts/``. Judging reads only these texts: after a change of a rule or a threshold no WARC file is opened.
"""

import contextlib
import functools
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.extract_segment import extract_segment
from cleaning.foreign_warcs import ForeignWarcs, members
from cleaning.gone_warcs import gone_warcs
from cleaning.judge_segment import Judged, judge_segment
from cleaning.pages.page_process import PageProcesses
from cleaning.pages.page_work import Step
from cleaning.pending import Pending, cut_short, extracted_stems, is_judged, texts_in
from cleaning.recipe import extraction_digest, measuring_digest, recipe_digest
from cleaning.settings import CleaningSettings
from cleaning.shard import Shard
from cleaning.site_yields import note_yields
from cleaning.tally import Tally
from data.engines.choice import opened
from data.engines.engine import POOL, Engine, EngineSettings, Report
from data.errors import StageError
from data.progress import Progress, no_progress
from data.store import Store

HERE_BYTES = 32 << 20
"""Compressed bytes of extracted texts up to which judging runs in this process: about 20,000 pages."""


_SHOWN = 3
"""Files that are cut short, of which an error tells beside the first."""


class CleanSummary(BaseModel):
    """What a run of cleaning did."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    segments: int
    """WARC files that got documents in this run."""
    extracted: int
    """Those of them that were extracted in this run; the texts of the others existed and were judged."""
    already: int
    """WARC files that had documents before."""
    records: int
    kept: int
    dropped: dict[str, int]
    """By reason."""
    cut_short: dict[str, int] = {}
    """WARC files cleaned before that are cut short, with the byte at which they end."""
    missing: list[str] = []
    """WARC files that are gone, the store's own and those of others; what was made of them is kept."""
    seconds: float = 0.0


def clean(
    store: Store,
    settings: CleaningSettings,
    *,
    warcs: Sequence[Path] = (),
    shard: Shard | None = None,
    engine: EngineSettings = POOL,
    progress: Progress = no_progress,
) -> CleanSummary:
    """Extract every closed WARC file without texts, and judge all texts without documents.

    ``warcs`` are files of others, or folders of them; they belong to the store from then on. With a ``shard`` only its
    WARC files are cleaned, while other processes clean the other shards.

    Raises:
        InputError: a named file is missing or is not a WARC file.
        StageError: there is neither a WARC file nor a text; or, after all else was cleaned, a file is cut short.
    """
    started = time.monotonic()
    folders = _Folders.from_settings(store, settings)
    ForeignWarcs.load(store).add(warcs)
    segments = _segments(store, folders)
    if shard is not None:
        segments = [one for one in segments if shard.has(one.stem)]
    pending = [one for one in segments if not is_judged(folders.documents, one.stem)]
    extracted = sum(not one.is_extracted for one in pending)
    counts: Counter[str] = Counter()
    kept = 0
    torn = []
    with opened(engine) as running:
        for judged in _clean_all(pending, folders, settings, running, progress):
            kept += judged.kept
            counts.update(judged.dropped)
            torn += [judged] if judged.torn_at is not None else []
    if shard is None:  # with shards, publishing does it
        note_yields(store, folders.documents)
    if torn:
        first, *others = (
            f"{one.name}: cut short or damaged at byte {one.torn_at:,}"
            for one in sorted(torn, key=lambda one: one.name)
        )
        shown = [*others[:_SHOWN], *([f"{len(others) - _SHOWN:,} files more"] if len(others) > _SHOWN else [])]
        raise StageError(
            f"{first}; the whole records before are kept. Run the next step, or fetch the file again and delete its "
            f"texts in {folders.texts} and its pair in {folders.documents}."
            + (f" The same holds for {'; '.join(shown)}." if shown else "")
        )
    return CleanSummary(
        recipe=folders.recipe,
        segments=len(pending),
        extracted=extracted,
        already=len(segments) - len(pending),
        records=kept + counts.total(),
        kept=kept,
        dropped=dict(counts.most_common()),
        cut_short=cut_short(folders.documents),
        missing=[one.name for one in gone_warcs(store)],
        seconds=round(time.monotonic() - started, 1),
    )


@dataclass(frozen=True, slots=True)
class _Folders:
    """The folders of the results for some settings, named by the two recipes."""

    texts: Path
    rights: Path
    measures: Path
    documents: Path

    @classmethod
    def from_settings(cls, store: Store, settings: CleaningSettings) -> "_Folders":
        texts = store.texts / extraction_digest(settings)
        measures = texts / f"measures-{measuring_digest(settings)}"
        return cls(texts, store.rights / texts.name, measures, store.documents / recipe_digest(settings))

    @property
    def recipe(self) -> str:
        return self.documents.name


@dataclass(frozen=True, slots=True)
class _Segment:
    """A WARC file, or the texts of one that is gone."""

    stem: str
    texts: Path
    rights: Path
    warc: Pending | None

    @property
    def is_extracted(self) -> bool:
        return self.texts.is_file()

    @property
    def size(self) -> int:
        """Bytes of the file that will be read."""
        return (self.texts if self.is_extracted or self.warc is None else self.warc.path).stat().st_size


def _segments(store: Store, folders: _Folders) -> list[_Segment]:
    """Every WARC file of the store and of its register, and every file of texts whose WARC file is gone.

    Raises:
        InputError, StageError: as ``clean``.
    """
    by_stem: dict[str, Pending | None] = dict.fromkeys(extracted_stems(folders.texts))
    by_stem |= {one.stem: one for one in members(store)}
    if not by_stem:
        raise StageError(f"{store.warc}: no WARC file to clean. `cowese crawl` makes them, or name some.")
    return [
        _Segment(stem, texts_in(folders.texts, stem), texts_in(folders.rights, stem), warc)
        for stem, warc in sorted(by_stem.items())
    ]


@dataclass(frozen=True, slots=True)
class _Task:
    """One WARC file to be cleaned."""

    segment: _Segment
    folders: _Folders
    settings: CleaningSettings
    processes: int
    """Page processes for it."""


def _clean_all(
    pending: Sequence[_Segment],
    folders: _Folders,
    settings: CleaningSettings,
    engine: Engine,
    progress: Progress,
) -> Iterator[Judged]:
    """Clean WARC files in parallel, the largest first; if there are few, each gets several workers."""
    if not pending:
        return
    largest_first = sorted(pending, key=lambda one: (one.is_extracted, -one.size, one.stem))
    processes = -(-engine.slots // min(engine.slots, len(pending)))
    tasks = [_Task(one, folders, settings, processes) for one in largest_first]
    tally = Tally([one.size for one in largest_first])
    if all(one.is_extracted for one in pending) and sum(one.size for one in pending) <= HERE_BYTES:
        yield from _clean_here(tasks, tally, progress)
        return
    clean_one = _clean_one if engine.ends_processes else _clean_alone
    yield from engine.map(clean_one, tasks, columns=Tally.COLUMNS, watch=lambda board: tally.show(board, progress))


def _clean_here(tasks: Sequence[_Task], tally: Tally, progress: Progress) -> Iterator[Judged]:
    """Judge few texts in this process: starting another one takes longer."""
    board = [Tally.row(0, Counter()) for _ in tasks]

    def report(number: int, row: Sequence[int]) -> None:
        board[number] = list(row)
        tally.show(board, progress)

    with contextlib.ExitStack() as stack:
        extracting, judging = (
            stack.enter_context(PageProcesses(tasks[0].settings, tasks[0].processes, step)) for step in Step
        )
        for number, task in enumerate(tasks):
            yield _clean(task, extracting, judging, functools.partial(report, number))


def _clean_one(task: _Task, report: Report) -> Judged:
    """Clean a file in a pool process. Page processes are reused for the next file: each takes a second to start."""
    extracting = _processes(task.settings, task.processes, Step.EXTRACTION)
    return _clean(task, extracting, _processes(task.settings, task.processes, Step.JUDGING), report)


@functools.cache
def _processes(settings: CleaningSettings, count: int, step: Step) -> PageProcesses:
    return PageProcesses(settings, count, step)


def _clean_alone(task: _Task, report: Report) -> Judged:
    """Clean a file in a process that is not ours, perhaps on another machine.

    Raises:
        StageError: other code or libraries are installed there, so that documents would differ.
    """
    if recipe_digest(task.settings) != task.folders.recipe:
        raise StageError(
            f"a worker on {os.uname().nodename} runs another version of cowese, or of the libraries that it reads "
            "pages with: documents would differ. Update it."
        )
    count = min(task.processes, os.cpu_count() or 1)
    with (
        PageProcesses(task.settings, count, Step.EXTRACTION) as extracting,
        PageProcesses(task.settings, count, Step.JUDGING) as judging,
    ):
        return _clean(task, extracting, judging, report)


def _clean(task: _Task, extracting: PageProcesses, judging: PageProcesses, report: Report) -> Judged:
    """Extract a file without texts, then judge the texts. If interrupted in between, the next run only judges."""
    segment, size, read_before = task.segment, task.segment.size, task.segment.is_extracted
    if not read_before and segment.warc is not None:
        extract_segment(
            segment.warc,
            segment.texts,
            segment.rights,
            task.settings,
            task.folders.texts.name,
            extracting,
            lambda offset, counts: report(Tally.row(offset, counts)),
        )

    def on_progress(counts: Counter[str], rows: int) -> None:
        left = rows - counts.total()
        row = Tally.row(size - size * left // rows, counts) if read_before else Tally.row(size, counts, left)
        report(row)

    folders = task.folders
    measures = texts_in(folders.measures, segment.stem)
    return judge_segment(
        segment.texts, segment.rights, measures, folders.documents, task.settings, folders.recipe, judging, on_progress
    )
