"""Whether the store can be written and has room for the next round."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from data.store import Store
from flows.doctor.finding import Finding, bad, ok, warning

SPARE = 1e9
"""Bytes that should be left beside a round: databases, logs, a checkpoint."""
TIMES = 3
"""A round writes its WARC files, and texts, documents, signatures and a version, which together are smaller than twice
these."""


def room(store: Store) -> Iterator[Finding]:
    """Permissions and free space, held against what the largest round so far wrote."""
    if not os.access(store.root, os.W_OK | os.X_OK):
        yield bad("store", f"{store.root} cannot be written", "Give the user who runs cowese the folder: chown -R.")
        return
    largest = max((_size(folder) for folder in _rounds(store)), default=0)
    needed = TIMES * largest + SPARE
    free = shutil.disk_usage(store.root).free
    words = f"{_gigabytes(free)} free; the next round may take {_gigabytes(needed)}"
    remedy = "Free some space: folders of earlier recipes may be deleted (docs/operations.md, Upgrade)."
    if free < SPARE:
        yield bad("disk", words, remedy)
    elif free < needed:
        yield warning("disk", words, remedy)
    else:
        yield ok("disk", words)


def newest_write(store: Store) -> float | None:
    """When a round last wrote, in seconds since 1970; None where none did."""
    files = [path for folder in _rounds(store) for path in folder.iterdir()]
    return max((path.stat().st_mtime for path in files), default=None)


def _rounds(store: Store) -> list[Path]:
    return [folder for folder in store.warc.glob("*") if folder.is_dir()]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"
