"""Finishes WARC files: a complete file gets its final name, a torn one is truncated first."""

import contextlib
import fcntl
import zlib
from pathlib import Path
from typing import BinaryIO

from crawler.warc.rows import rows_path
from data.files import storage_error, sync_file, sync_folder

OPEN = ".open"
"""Suffix of a file that is being written."""
_GZIP_WINDOW = 31
"""16 + 15 bits: gzip's header is read."""


def finish(path: Path) -> None:
    """Rename a complete ``.open`` file to its final name."""
    sync_file(path)
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    sync_folder(path.parent)


def recover(folder: Path) -> int:
    """Truncate the torn tail of every ``.open`` file of a killed crawl, and close the file; return how many.

    The writer's lock protects files of live processes: without it, this would truncate a file that is being written.

    Raises:
        StoreError: a file cannot be written.
    """
    closed = 0
    for path in sorted(folder.glob(f"**/*{OPEN}")):
        try:
            with path.open("r+b") as file, contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _close_torn(path, file)
                closed += 1
        except OSError as error:
            raise storage_error(error, path) from error
    return closed


def _close_torn(path: Path, file: BinaryIO) -> None:
    whole = whole_members(path)
    if whole == 0:
        path.unlink()
        rows_path(path.with_name(path.name.removesuffix(OPEN))).unlink(missing_ok=True)
        return
    file.truncate(whole)
    finish(path)


def whole_members(path: Path) -> int:
    """The length of a file of gzip members up to the end of the last complete member."""
    whole = position = 0
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            while chunk:
                try:
                    unpacker.decompress(chunk)
                except zlib.error:
                    return whole
                if not unpacker.eof:
                    position += len(chunk)
                    break
                position += len(chunk) - len(unpacker.unused_data)
                whole, chunk, unpacker = position, unpacker.unused_data, zlib.decompressobj(_GZIP_WINDOW)
    return whole
