"""Texts → their band keys, chunk by chunk side by side: the signatures that the band index does not hold yet."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.minhash import BATCH, Signer
from cleaning.duplicates.shingles import Numbers
from cleaning.engines.engine import Board, Engine, Report, run_all
from cleaning.engines.scratch import mapped, save
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import StoredTexts

TEXTS_AT_ONCE = 20_000
"""Texts of a task at least: seconds of work beside the tenth that a process costs."""


@dataclass(frozen=True, slots=True)
class _Task:
    texts: StoredTexts
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
    tell: Callable[[int, int], None],
) -> None:
    """Add to the index those of the ascending ``digests`` that it lacks; ``tell`` hears how many of how many."""
    missing = np.searchsorted(digests, index.missing(digests))
    if not len(missing):
        return
    new = texts.at(missing)
    chunks = list(new.chunks(TEXTS_AT_ONCE))
    tasks = [_Task(new.at(chunk), settings, work / f"bands-{n:06d}.npy") for n, chunk in enumerate(chunks)]

    def watch(board: Board) -> None:
        tell(sum(done for (done,) in board), len(missing))

    run_all(engine, _sign, tasks, watch)
    keys = np.empty((settings.bands, len(missing)), np.uint64)
    for task, chunk in zip(tasks, chunks, strict=True):
        keys[:, chunk] = mapped(task.target)
        task.target.unlink()
    index.add(digests[missing], keys, digests)


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
    for positions, batch in task.texts.every():
        for start in range(0, len(batch), BATCH):
            some = batch[start : start + BATCH]
            keys[:, positions[start : start + len(some)]] = signer.band_keys(some)
            done += len(some)
            report([done])
    save(task.target, keys)
