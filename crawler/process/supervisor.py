"""Starts the crawl's process, follows its progress, ends it with the parent, translates its exit code."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from crawler.frontier.hosts import STATES
from crawler.process.job import DISK_FULL, STORE_BROKEN, Job
from data.errors import CoweseError, DiskFullError, InputError, StageError, StoreError
from data.files import read_json
from data.progress import Progress

POLL = 0.5
"""Seconds between two looks at the child."""
PATIENCE = 30.0
"""Seconds that an interrupted child may take to finish requests in flight."""


def run_child(job: Job, progress: Progress) -> Mapping[str, Any]:
    """Run one round in a process of its own; return its last report.

    Raises:
        DiskFullError: no room for WARC files or state. StoreError: they cannot be written. InputError: the job is
        invalid. StageError: the process died.
    """
    job.progress.unlink(missing_ok=True)
    with job.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler.process.child"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert child.stdin is not None
        child.stdin.write(job.model_dump_json().encode())
        child.stdin.close()
        while child.poll() is None:
            time.sleep(POLL)
            _tell(job.progress, progress)
    except BaseException:
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    if child.returncode == DISK_FULL:
        raise DiskFullError(
            f"{job.warc_folder.parents[1]}: no room left on the device. What was fetched is kept: free some space, and "
            "the same command goes on from there."
        )
    if child.returncode == STORE_BROKEN:
        raise StoreError(
            f"{job.warc_folder.parents[1]}: the crawl could not write there. Check the disk and its permissions."
        )
    report = _read(job.progress)
    if report.get("state") == "failed":
        raise (InputError if report.get("exit_code") == InputError.exit_code else StoreError)(report["error"])
    if child.returncode != 0 or report.get("state") not in ("finished", "waiting", "stopped"):
        raise StageError(
            f"the crawl's process ended with code {child.returncode}. {job.log} says why; "
            "what was fetched is kept, and the same command goes on from there."
        )
    return report


def _read(path: Path) -> Mapping[str, Any]:
    try:
        report: Mapping[str, Any] = read_json(path)
    except CoweseError:
        return {}
    return report


def _tell(path: Path, progress: Progress) -> None:
    report = _read(path)
    if "counts" not in report:
        return
    counts = report["counts"]
    done = report["answers"]
    shown: dict[str, float | str] = {
        "pages/s": report["answers_a_second"],
        "MB": round(counts.get("crawl/bytes", 0) / 1e6, 1),
        "hosts": _hosts(report["hosts"]),
        **_time_left(report),
        "304": f"{report['share_unchanged']:.0%}",
        **_errors(counts),
    }
    progress("crawl", done, done + report["queued"], shown)


def _hosts(counts: Mapping[str, int]) -> str:
    """How many hosts are active or waiting, and how many are in a state in which they are not fetched from."""
    shown = ["active", "waiting", "broken", *(state for state in STATES if counts.get(state))]
    return ", ".join(f"{counts[state]} {state}" for state in shown)


def _time_left(report: Mapping[str, Any]) -> dict[str, float | str]:
    """The remaining time of the run, with the slowest host if it decides."""
    left, slowest = report.get("seconds_left"), report.get("slowest_seconds_left")
    if not left:
        return {}
    shown = str(timedelta(seconds=left))
    host = report.get("slowest_host")
    return {"left": f"{shown} ({host})" if host and slowest and slowest >= left else shown}


def _errors(counts: Mapping[str, int]) -> dict[str, float | str]:
    """Failures by kind, the most frequent first."""
    failed = Counter({name.removeprefix("crawl/failed/"): n for name, n in counts.items() if "/failed/" in name})
    return {"errors": ", ".join(f"{name} {count}" for name, count in failed.most_common(4))} if failed else {}
