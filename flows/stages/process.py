"""A stage's process seen from its parent: start it, tell how far it is, never leave it behind."""

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
"""Seconds between two looks at the child."""
PATIENCE = 25.0
"""Seconds for the child to save after it was asked to end; Prefect's worker kills us after 30."""
SIGNALLED = 128
"""An exit code above it tells which signal ended the process, as shells have it."""
_SIGNALS = {one.value: one for one in signal.Signals}


def run_in_child(
    stage: str, folder: Path, progress: Progress, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> R:
    """Call ``function`` in a process of its own, with a ``progress`` that reaches ours, and return what it returned.

    Whatever ends this call ends the child: it is asked first and killed, with all that it started, when it has not
    ended after ``PATIENCE`` seconds. If this whole process is killed, the kernel asks the child instead.

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
    """What a stage that was cut off said at its end, such as where it saved."""
    outcome = CallFolder(folder).read_outcome()
    return str(outcome.error) if outcome and outcome.error else None


def _watch(child: "subprocess.Popen[bytes]", files: CallFolder, stage: str, progress: Progress) -> None:
    beat = 0.0
    while child.returncode is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(POLL)  # and not sleep: a stage that finds nothing to do is over in less
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
        os.killpg(child.pid, signal.SIGKILL)  # the child, if it still lives, and what it left
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
