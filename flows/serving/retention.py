"""Logs do not grow for ever: those of served processes are rotated, those of old runs are deleted."""

import gzip
import shutil
from pathlib import Path

OLDER = 3
"""Rotated logs that are kept."""
DAY = 86_400.0


def rotate(log: Path, most_bytes: float) -> bool:
    """Move a log that has grown too large to ``<log>.1.gz``, and older ones one place on; say whether it was.

    The file is copied and truncated, not renamed, since its process has it open for appending. A line that is written
    between copy and truncation is lost.
    """
    if not log.is_file() or log.stat().st_size <= most_bytes:
        return False
    for number in range(OLDER, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}.gz")
        if older.is_file():
            older.replace(log.with_name(f"{log.name}.{number}.gz"))
    temporary = log.with_name(f".{log.name}.part")
    with log.open("rb") as source, gzip.open(temporary, "wb") as target:
        shutil.copyfileobj(source, target)
    temporary.replace(log.with_name(f"{log.name}.1.gz"))
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def delete_old_runs(runs: Path, now: float, keep_days: float) -> list[str]:
    """Delete the folders of runs in which nothing was written for ``keep_days``; the names of those deleted.

    A stage that runs rewrites its progress every two seconds.
    """
    deleted = []
    for folder in sorted(runs.glob("*")):
        if folder.is_dir() and not folder.is_symlink() and _last_written(folder) < now - keep_days * DAY:
            shutil.rmtree(folder, ignore_errors=True)
            deleted.append(folder.name)
    return deleted


def _last_written(folder: Path) -> float:
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.lstat().st_mtime)
        except FileNotFoundError:  # deleted meanwhile
            continue
    return max(times)
