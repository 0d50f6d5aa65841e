"""Starts a stage's process, reports its progress, and never leaves it behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from data.errors import StageError
from data.progress import Progress
from flows.stages.call_files import CallFolder, StageCall

P = ParamSpec("P")
R = TypeVar("R")

POLL = 0.25
"""Seconds between two polls of the child."""
PATIENCE = 25.0
"""Seconds for the child to save after SIGTERM; Prefect's worker kills us after 30."""
SIGNALLED = 128
"""Exit codes above it encode a signal, as in shells."""
_SIGNALS = {one.value: one for one in signal.Signals}


def run_in_child(
    stage: str, folder: Path, progress: Progress, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Call ``function`` in its own process, pass its progress on, and return its result.

    If this call ends in any way, the child ends: it gets SIGTERM and, after ``PATIENCE`` seconds, is killed with its
    children. If this process is killed, the kernel sends SIGTERM to the child.

    Raises:
        StageError: the process was killed; whatever the function raised is raised here too.
    """
    files = CallFolder(folder)
    files.prepare(StageCall(function=function, args=args, kwargs=kwargs, parent=os.getpid()))
    with files.log.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "flows.stages.child", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _watch(child, files, stage, progress)
    finally:
        _end(child)
    result: R = _result(child, files, stage)
    return result


def outcome_message(folder: Path) -> str | None:
    """The last message of an interrupted stage, such as where it saved."""
    outcome = CallFolder(folder).read_outcome()
    return str(outcome.error) if outcome and outcome.error else None


def _watch(child: "subprocess.Popen[bytes]", files: CallFolder, stage: str, progress: Progress) -> None:
    beat = 0.0
    while child.returncode is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(POLL)  # not sleep: a stage without work ends earlier
        told = files.read_progress()
        if "done" in told and told["beat"] != beat:
            beat = told["beat"]
            progress(told.get("stage", stage), told["done"], told["total"], told["counts"])


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # the child, if alive, and its children
    child.wait()


def _result(child: "subprocess.Popen[bytes]", files: CallFolder, stage: str) -> Any:
    outcome = files.read_outcome()
    if outcome is None:
        code = child.returncode
        ender = _SIGNALS.get(-code if code < 0 else code - SIGNALLED)
        how = f"ended with code {code}" if ender is None else f"was ended by {ender.name}"
        raise StageError(
            f"{stage}: its process {how}{' (out of memory?)' if ender == signal.SIGKILL else ''}. What was finished "
            f"is kept: run it again. {files.log} has its last lines."
        )
    if outcome.error is not None:
        raise outcome.error
    return outcome.value
