"""Works one comparison of settings out in a process of its own: judging is Python, and would hold the server up.

Run as ``python -m browse.compare_process``. The job comes as a line of JSON on standard input; standard output gets a
line of JSON for each step, and at the end what went wrong, if anything did. It never outlives its parent.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from browse.building import PATIENCE, Building
from browse.compared import Job, compare
from cleaning.settings import CleaningSettings
from data.errors import CoweseError, StageError
from data.parent_watchdog import end_with_parent
from data.store import Store

NICER = 5
"""How much it steps back behind the pages that readers wait for."""


class Comparisons:
    """The comparisons that readers of a server ask for: one is computed at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: tuple[Path, Building] | None = None

    def wanted(self, job: Job) -> Path | Building:
        """The file of a comparison, or how far it is, which this call may begin. A failure is told once."""
        path = job.path()
        if path.is_file():
            return path
        with self._lock:
            if self._now is not None:
                at, state = self._now
                if state.is_running:
                    return state if at == path else Building(waits=True)
                self._now = None
                if at == path and state.problem is not None:
                    return state
            state = Building()
            self._now = path, state
            state.start(lambda: _work(job, state))
        state.wait(PATIENCE)
        return path if path.is_file() else state


def _work(job: Job, state: Building) -> None:
    """Have a process work a job out, and hear how far it is.

    Raises:
        StageError: it failed.
    """
    given = {
        "parent": os.getpid(),
        "store": str(job.store.root),
        "version": job.version,
        "before": job.before.model_dump(mode="json"),
        "after": job.after.model_dump(mode="json"),
    }
    command = [sys.executable, "-m", "browse.compare_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(given)}\n")
        process.stdin.flush()
        said: dict[str, Any] = {}
        for line in process.stdout:
            said = json.loads(line)
            if "done" in said:
                state("compare", said["done"], said["total"], {})
    if process.returncode:
        raise StageError(said.get("problem") or f"The comparison was ended (exit code {process.returncode}).")


def main() -> int:
    """Read the job, work it out, say how far it is."""
    given = json.loads(sys.stdin.readline())
    end_with_parent(given["parent"])
    os.nice(NICER)
    settings = (CleaningSettings.model_validate(given[name]) for name in ("before", "after"))
    try:
        compare(Job(Store.named(given["store"]), given["version"], *settings), _tell)
    except CoweseError as error:
        _say({"problem": str(error)})
        return 1
    return 0


def _tell(stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
    del stage, counts
    _say({"done": done, "total": total})


def _say(what: Mapping[str, Any]) -> None:
    print(json.dumps(what), flush=True)  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    sys.exit(main())
