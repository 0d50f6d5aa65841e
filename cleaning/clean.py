"""WARC files → documents and dropped pages: every record ends in one of the two, with its reason."""

import functools
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.page_process import PageProcesses
from cleaning.pending import Pending, warc_files
from cleaning.recipe import recipe_digest
from cleaning.segment import Cleaned, clean_segment
from cleaning.settings import CleaningSettings
from cleaning.tally import Tally
from data.errors import StageError
from data.lifeline import end_with_parent
from data.progress import Progress, quiet
from data.store import Store

SHOWN_EVERY = 0.5
"""Seconds between two looks at how far the processes are."""


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
    seconds: float = 0.0


def clean(
    store: Store,
    settings: CleaningSettings,
    *,
    warcs: Sequence[Path] = (),
    workers: int | None = None,
    progress: Progress = quiet,
) -> CleanSummary:
    """Clean every closed WARC file that has no twin yet, and those named.

    ``workers`` is the number of processes that read pages (default: one a core).

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
    for cleaned in _clean_all(pending, folder, settings, recipe, workers or os.cpu_count() or 1, progress):
        kept += cleaned.kept
        counts.update(cleaned.dropped)
        torn += [cleaned] if cleaned.torn_at is not None else []
    if torn:
        raise StageError(
            f"{torn[0].name}: cut short at byte {torn[0].torn_at:,}; the whole records before are kept. "
            f"Run the next step, or fetch the file again and delete its pair in {folder}."
        )
    return CleanSummary(
        recipe=recipe,
        segments=len(pending),
        already=len(every) - len(pending),
        records=kept + counts.total(),
        kept=kept,
        dropped=dict(counts.most_common()),
        seconds=round(time.monotonic() - started, 1),
    )


def _clean_all(
    pending: Sequence[Pending], folder: Path, settings: CleaningSettings, recipe: str, workers: int, progress: Progress
) -> Iterator[Cleaned]:
    """Clean WARC files side by side, the largest first; few files share the workers among them."""
    if not pending:
        return
    largest_first = sorted(pending, key=lambda one: (-one.path.stat().st_size, one.name))
    abreast = min(workers, len(pending))
    tally = Tally([one.path.stat().st_size for one in largest_first])
    with _pool(abreast, tally) as pool:
        left: set[Future[Cleaned]] = {
            pool.submit(_clean_one, number, one, folder, settings, recipe, -(-workers // abreast))
            for number, one in enumerate(largest_first)
        }
        while left:
            done, left = wait(left, timeout=SHOWN_EVERY, return_when=FIRST_COMPLETED)
            tally.show(progress)
            for future in done:
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    raise StageError(
                        "a cleaning process was killed (out of memory?). What was finished is kept: run it again, "
                        "with fewer --workers if memory is short."
                    ) from error


@contextmanager
def _pool(processes: int, tally: Tally) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with their parent's call, finished or not."""
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_share, initargs=(tally, os.getpid()))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_shared: list[Tally] = []


def _share(tally: Tally, parent: int) -> None:
    """In a process of the pool: what it counts into, and whom it must not outlive."""
    end_with_parent(parent)
    _shared[:] = [tally]


@functools.cache
def _processes(settings: CleaningSettings, count: int) -> PageProcesses:
    """In a process of the pool: workers that outlive a file, since each takes a second to start."""
    return PageProcesses(settings, count)


def _clean_one(
    number: int, pending: Pending, folder: Path, settings: CleaningSettings, recipe: str, workers: int
) -> Cleaned:
    processes = _processes(settings, workers)
    return clean_segment(pending, folder, settings, recipe, processes, _shared[0].teller(number))
