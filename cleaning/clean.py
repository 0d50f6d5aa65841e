"""WARC files → documents and dropped pages: every record ends in one of the two, with its reason."""

import functools
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.engines.choice import opened
from cleaning.engines.engine import POOL, Engine, EngineSettings, Report
from cleaning.pages.page_process import PageProcesses
from cleaning.pending import Pending, cut_short, warc_files
from cleaning.recipe import recipe_digest
from cleaning.segment import Cleaned, clean_segment
from cleaning.settings import CleaningSettings
from cleaning.tally import Tally
from data.errors import StageError
from data.progress import Progress, quiet
from data.store import Store


class CleanSummary(BaseModel):
    """What a run of cleaning did."""

    model_config = ConfigDict(frozen=True)

    recipe: str
    segments: int
    """WARC files cleaned in this run."""
    already: int
    """WARC files that had been cleaned before."""
    records: int
    kept: int
    dropped: dict[str, int]
    """By reason."""
    cut_short: dict[str, int] = {}
    """Of the WARC files cleaned before those whose end is missing, and the byte at which it is."""
    seconds: float = 0.0


def clean(
    store: Store,
    settings: CleaningSettings,
    *,
    warcs: Sequence[Path] = (),
    engine: EngineSettings = POOL,
    progress: Progress = quiet,
) -> CleanSummary:
    """Clean every closed WARC file that has no twin yet, and those named.

    Raises:
        InputError: a named file is missing or is no WARC file.
        StageError: there is no WARC file at all; or, after all else was cleaned, one of them is cut short.
    """
    started = time.monotonic()
    recipe = recipe_digest(settings)
    folder = store.documents / recipe
    every = warc_files(store, warcs)
    pending = [one for one in every if not one.is_done(folder)]
    counts: Counter[str] = Counter()
    kept = 0
    torn = []
    with opened(engine) as running:
        for cleaned in _clean_all(pending, folder, settings, recipe, running, progress):
            kept += cleaned.kept
            counts.update(cleaned.dropped)
            torn += [cleaned] if cleaned.torn_at is not None else []
    if torn:
        raise StageError(
            f"{torn[0].name}: cut short or damaged at byte {torn[0].torn_at:,}; the whole records before are kept. "
            f"Run the next step, or fetch the file again and delete its pair in {folder}."
        )
    return CleanSummary(
        recipe=recipe,
        segments=len(pending),
        already=len(every) - len(pending),
        records=kept + counts.total(),
        kept=kept,
        dropped=dict(counts.most_common()),
        cut_short=cut_short(folder),
        seconds=round(time.monotonic() - started, 1),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """One WARC file to be cleaned."""

    pending: Pending
    folder: Path
    settings: CleaningSettings
    recipe: str
    processes: int
    """That read its pages."""


def _clean_all(
    pending: Sequence[Pending],
    folder: Path,
    settings: CleaningSettings,
    recipe: str,
    engine: Engine,
    progress: Progress,
) -> Iterator[Cleaned]:
    """Clean WARC files side by side, the largest first; few files share the workers among them."""
    if not pending:
        return
    largest_first = sorted(pending, key=lambda one: (-one.path.stat().st_size, one.name))
    processes = -(-engine.slots // min(engine.slots, len(pending)))
    tasks = [_Task(one, folder, settings, recipe, processes) for one in largest_first]
    tally = Tally([one.path.stat().st_size for one in largest_first])
    clean_one = _clean_one if engine.ends_processes else _clean_alone
    yield from engine.map(clean_one, tasks, columns=Tally.COLUMNS, watch=lambda board: tally.show(board, progress))


def _clean_one(task: _Task, report: Report) -> Cleaned:
    """In a process that ends with this stage: page processes outlive a file, since each takes a second to start."""
    return _clean(task, _processes(task.settings, task.processes), report)


@functools.cache
def _processes(settings: CleaningSettings, count: int) -> PageProcesses:
    return PageProcesses(settings, count)


def _clean_alone(task: _Task, report: Report) -> Cleaned:
    """In a process of somebody else, perhaps of another machine.

    Raises:
        StageError: other code is installed there, which would make other documents.
    """
    if recipe_digest(task.settings) != task.recipe:
        raise StageError(
            f"a worker on {os.uname().nodename} runs another version of cowese: documents would differ. Update it."
        )
    with PageProcesses(task.settings, min(task.processes, os.cpu_count() or 1)) as processes:
        return _clean(task, processes, report)


def _clean(task: _Task, processes: PageProcesses, report: Report) -> Cleaned:
    def tell(offset: int, counts: Counter[str]) -> None:
        report(Tally.row(offset, counts))

    return clean_segment(task.pending, task.folder, task.settings, task.recipe, processes, tell)
