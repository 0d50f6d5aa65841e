"""Atomic writes: write to a temporary name, fsync, rename.

The order matters. The fsync comes before the rename: otherwise a power cut can leave the new name on a file whose bytes
never reached the disk. The folder is synced after the rename, or the rename itself can be lost.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import DiskFullError, InputError, StoreError

TEMPORARY = ".part"
"""Suffix of a file that is being written; after a crash it may be deleted."""
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")
"""numpy's message for an incomplete write, as on a full disk; its OSError has no errno."""


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on a clean exit it is fsynced and renamed to ``path``.

    The temporary name carries the process id, so that two writers of one file never mix. When the body
    raises, the temporary file is removed and ``path`` stays as it was.

    Raises:
        DiskFullError: no room left on the device.
        StoreError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise storage_error(error, path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def storage_error(error: OSError, path: Path) -> StoreError:
    """The error a person should see for an OSError met while writing ``path``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or _SHORT_WRITE.search(str(error)):
        return DiskFullError(
            f"{path}: no room left on the device. Nothing finished was lost: free some space and run it again."
        )
    return StoreError(f"{path}: cannot be written ({error.strerror or error}). Check the folder's permissions.")


def sync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Force a folder's names to the disk, so that a rename survives a power cut."""
    sync_file(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, content.encode())


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON atomically; the same value always gives the same bytes."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; a byte order mark is ignored.

    Raises:
        InputError: the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}).") from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def value_digest(value: Any) -> str:
    """A 16-digit digest of a JSON-like value, the same in every process."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def code_digest(*sources: Path) -> str:
    """A 16-digit digest of source files: it changes when the code does."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.name}\0".encode() + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
