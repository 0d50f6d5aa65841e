"""Texts → their band keys, chunk by chunk side by side: the signatures that the band index does not hold yet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.minhash import BATCH, Signer
from cleaning.duplicates.shingles import Numbers
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import LaidOut, StoredTexts
from data.engines.engine import Board, Engine, Report, run_all
from data.engines.scratch import mapped, save

TEXTS_AT_ONCE = 20_000
"""Texts of a task at least: seconds of work beside the tenth that a process costs."""
INDEXED_AT_ONCE = 250_000
"""Texts whose band keys are held in memory, and that become a segment of the index: 64 MB at 32 bands."""


@dataclass(frozen=True, slots=True)
class _Task:
    texts: LaidOut
    settings: PublishSettings
    target: Path
    """Band keys, bands × texts."""


def sign_missing(
    index: BandIndex,
    digests: Numbers,
    texts: StoredTexts,
    settings: PublishSettings,
    engine: Engine,
    work: Path,
    on_progress: Callable[[int, int], None],
) -> None:
    """Add to the index those of the ascending ``digests`` that it lacks; ``on_progress`` hears how many of how many."""
    missing = np.searchsorted(digests, index.missing(digests))
    if not len(missing):
        return
    laid_out = texts.at(missing).lay_out(work / "to-sign.arrow", TEXTS_AT_ONCE)
    done = 0
    for some in at_once(laid_out, INDEXED_AT_ONCE):
        tasks = [_Task(task, settings, work / f"bands-{task.start:09d}.npy") for task in some]

        def watch(board: Board, before: int = done) -> None:
            on_progress(before + sum(signed for (signed,) in board), len(missing))

        run_all(engine, _sign, tasks, watch)
        positions = np.concatenate([task.positions for task in some])
        keys = np.concatenate([mapped(task.target) for task in tasks], axis=1)
        index.add(digests[missing[positions]], keys, digests)
        done += len(positions)
        for task in tasks:
            task.target.unlink()


def at_once(tasks: Sequence[LaidOut], most: int) -> Iterator[list[LaidOut]]:
    """Runs of tasks of so many texts together; a larger task is a run of its own."""
    held: list[LaidOut] = []
    for task in tasks:
        if held and sum(map(len, held)) + len(task) > most:
            yield held
            held = []
        held.append(task)
    if held:
        yield held


def _sign(task: _Task, report: Report) -> None:
    settings = task.settings
    signer = Signer(
        permutations=settings.permutations,
        bands=settings.bands,
        rows=settings.rows,
        shingle_words=settings.shingle_words,
    )
    keys = np.empty((settings.bands, len(task.texts)), np.uint64)
    done = 0
    for places, batch in task.texts.every():
        for start in range(0, len(batch), BATCH):
            some = batch[start : start + BATCH]
            keys[:, places[start : start + len(some)]] = signer.band_keys(some)
            done += len(some)
            report([done])
    save(task.target, keys)
