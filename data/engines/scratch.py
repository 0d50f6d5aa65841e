"""Files that tasks hand to one another; they last as long as the step that needs them."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.files import storage_error


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """An empty folder, removed at the end; what a killed run left in it goes first.

    Raises:
        DiskFullError, StoreError: it cannot be written.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def renamed(path: Path) -> Iterator[Path]:
    """A name to write under; at the end the file gets its own, so that a task that runs twice never mixes with itself.

    Not fsynced: after a crash nobody reads it.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{uuid.uuid4().hex}")
    yield temporary
    temporary.replace(path)


def save(path: Path, array: npt.NDArray[Any]) -> Path:
    """Write an array as .npy."""
    with renamed(path) as temporary, temporary.open("wb") as file:
        np.save(file, array)
    return path


def mapped(path: Path) -> npt.NDArray[Any]:
    """A memory-mapped array: only the pages that are used are read.

    Tasks take ranges of arrays of all pages; loaded whole, each process would hold a copy of every array.
    """
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved array of which only the slice that is asked for comes into memory.

    What a process has read of a mapped array stays among its pages as long as it is mapped.
    """

    path: Path

    def __len__(self) -> int:
        return len(mapped(self.path))

    def __getitem__(self, some: slice) -> npt.NDArray[Any]:
        return np.array(mapped(self.path)[some])

    def whole(self) -> npt.NDArray[Any]:
        """The array, mapped."""
        return mapped(self.path)
