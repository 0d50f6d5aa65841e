"""Digest, words and characters of texts without their site lines, in a cache.

The cache is keyed by the text and its removed lines; a deleted cache is computed again with the same result.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning.document_rows import text_digest
from cleaning.pages.text import count_words
from cleaning.stored_texts import LaidOut, StoredTexts
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, save
from data.files import atomic_file

Keys = npt.NDArray[np.uint64]
StrippedRows = npt.NDArray[np.void]
TEXTS_AT_ONCE = 20_000
"""Texts of a task, at least."""
STRIPPED_ROW = np.dtype([("key", np.uint64), ("digest", "S32"), ("words", np.int32), ("chars", np.int32)])


class StrippedTexts:
    """The file ``trimmed.npy``: a row for each text that lost lines."""

    def __init__(self, memory: Path) -> None:
        self._path = memory / "trimmed.npy"

    def rows_for(self, keys: Keys, texts: StoredTexts, engine: Engine, work: Path) -> StrippedRows:
        """A row for each of ``texts``; missing ones are computed. Afterwards the cache has these rows only."""
        remembered = self._load()
        rows = np.zeros(len(keys), STRIPPED_ROW)
        known = np.zeros(len(keys), np.bool_)
        if len(remembered):
            at = np.minimum(np.searchsorted(remembered["key"], keys), len(remembered) - 1)
            known = remembered["key"][at] == keys
            rows[known] = remembered[at[known]]
        new = np.flatnonzero(~known)
        if len(new):
            laid_out = texts.at(new).lay_out(work / "to-trim.arrow", TEXTS_AT_ONCE)
            tasks = [_Task(task, work / f"trimmed-{task.start:09d}.npy") for task in laid_out]
            run_all(engine, _strip, tasks)
            for task in tasks:
                rows[new[task.texts.positions]] = mapped(task.target)
                task.target.unlink()
        rows["key"] = keys
        if len(new) or len(remembered) != len(rows):
            self._save(rows)
        return rows

    def _load(self) -> StrippedRows:
        try:
            remembered = np.load(self._path, mmap_mode="r")
        except (OSError, ValueError):
            return np.zeros(0, STRIPPED_ROW)
        return remembered if remembered.dtype == STRIPPED_ROW else np.zeros(0, STRIPPED_ROW)

    def _save(self, rows: StrippedRows) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(self._path) as temporary, temporary.open("wb") as file:
            np.save(file, rows[np.argsort(rows["key"], kind="stable")])


@dataclass(frozen=True, slots=True)
class _Task:
    texts: LaidOut
    target: Path


def _strip(task: _Task, report: Report) -> None:
    rows = np.zeros(len(task.texts), STRIPPED_ROW)
    for places, batch in task.texts.every():
        for place, text in zip(places.tolist(), batch, strict=True):
            rows[place] = (0, text_digest(text).encode(), count_words(text), len(text))
        report([len(batch)])
    save(task.target, rows)
