"""The digests of every document's lines, one cache file for each segment; every publish reads them.

A deleted cache is computed again with the same result.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cleaning import lines
from cleaning.lines import line_digest
from cleaning.stored_texts import Segments
from data.engines.engine import Engine, Report, run_all
from data.files import atomic_file, code_digest, value_digest
from data.parquet import read_parquet

Digests = npt.NDArray[np.uint64]


class LineDigests:
    """One file for each segment: offsets of the documents, then the sorted distinct digests of each document."""

    def __init__(self, memory: Path, segments: Segments) -> None:
        self._segments = segments
        self._folder = memory / f"lines-{code_digest(Path(lines.__file__))}"
        self._names = [_name(documents) for documents, _ in segments]

    def make_missing(self, engine: Engine) -> None:
        """Compute missing or incomplete files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        paths = [self._folder / name for name in self._names]
        missing = [(pair[0], path) for pair, path in zip(self._segments, paths, strict=True) if not _is_whole(path)]
        run_all(engine, _make, missing)

    def read(self, segment: int) -> tuple[npt.NDArray[np.int64], Digests]:
        """The offsets of a segment's rows (one more than rows) and the digests."""
        held = np.load(self._folder / self._names[segment], mmap_mode="r")
        rows = int(held[0])
        return held[1 : rows + 2].astype(np.int64), held[rows + 2 :]

    def sweep(self) -> None:
        """Delete files of segments that no longer exist."""
        with contextlib.suppress(FileNotFoundError):
            for path in set(self._folder.iterdir()) - {self._folder / name for name in self._names}:
                path.unlink()


def _is_whole(path: Path) -> bool:
    try:
        held = np.load(path, mmap_mode="r")
        return bool(held.dtype == np.uint64 and len(held) == held[0] + 2 + held[int(held[0]) + 1])
    except (OSError, ValueError, IndexError):
        return False


def _make(task: tuple[Path, Path], report: Report) -> None:
    documents, path = task
    begins, found = [0], []
    for text in _texts(documents):
        found.append(np.unique(np.array([line_digest(line) for line in text.split("\n")], np.uint64)))
        begins.append(begins[-1] + len(found[-1]))
    held = np.concatenate([np.array([len(found), *begins], np.uint64), *found])
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, held)
    report([len(found)])


def _name(documents: Path) -> str:
    """The file's name. Pairs are immutable: recipe folder, name and size identify their content."""
    return f"{value_digest([documents.parent.name, documents.name, documents.stat().st_size])}.npy"


def _texts(documents: Path) -> Iterator[str]:
    for batch in read_parquet(documents, ["text"])["text"].iterchunks():
        for text in batch:
            yield text.as_py()
