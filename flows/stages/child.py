"""The process of one stage. Run as ``python -m flows.stages.child FOLDER``.

SIGTERM asks it to end: the trainer saves, the crawl finishes requests in flight, other stages stop at once. The signal
comes from a cancelled parent, or from the kernel when the parent dies. ``GRACE`` seconds later the process kills itself
and its children, so that nothing keeps a GPU or a lock.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from data.parent_watchdog import end_with_parent
from flows.stages.call_files import HEARTBEAT, CallFolder, Outcome

GRACE = 60.0
"""Seconds from SIGTERM or the parent's death to the end."""
SHOWN_EVERY = 0.5
"""Seconds between two writes of the progress file, at least."""


class Terminated(BaseException):
    """SIGTERM came."""


class Heartbeat:
    """A thread that writes heartbeats and ends this process after the grace period."""

    def __init__(self, folder: CallFolder, parent: int) -> None:
        self._folder = folder
        self._parent = parent
        self._told: Mapping[str, Any] = {}
        self._written = 0.0
        self._deadline: float | None = None
        self._lock = threading.Lock()
        self._write()
        threading.Thread(target=self._watch, daemon=True).start()

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """A ``data.progress.Progress`` that writes a file."""
        with self._lock:
            self._told = {"stage": stage, "done": done, "total": total, "counts": dict(counts)}
        if done == total or time.monotonic() - self._written >= SHOWN_EVERY:
            self._write()

    def count_down(self) -> None:
        """Start the grace period of ``GRACE`` seconds."""
        self._deadline = self._deadline or time.monotonic() + GRACE

    def _write(self) -> None:
        with self._lock:
            self._written = time.monotonic()
            self._folder.write_progress({**self._told, "pid": os.getpid()})

    def _watch(self) -> None:
        asked = False
        while True:
            time.sleep(HEARTBEAT)
            if os.getppid() != self._parent:
                self.count_down()
                if not asked:
                    os.kill(os.getpid(), signal.SIGTERM)
                    asked = True
            if self._deadline is not None and time.monotonic() > self._deadline:
                os.killpg(0, signal.SIGKILL)
            try:
                self._write()
            except OSError:  # a full disk: the stage itself will report it
                continue


def main() -> None:
    """Run the call of a folder and write its outcome."""
    folder = CallFolder(Path(sys.argv[1]))
    call = folder.read_call()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    heartbeat = Heartbeat(folder, call.parent)

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_IGN)
        heartbeat.count_down()
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent
    end_with_parent(call.parent)
    try:
        outcome = Outcome(value=call.function(*call.args, progress=heartbeat, **call.kwargs))
    except Terminated:
        sys.exit(128 + signal.SIGTERM)
    except BaseException as error:
        logging.getLogger("flows.stages").exception("the stage failed")
        outcome = Outcome(error=error)
    folder.write_outcome(outcome)


if __name__ == "__main__":
    main()
