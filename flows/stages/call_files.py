"""The files through which a stage's process and its parent communicate.

``call.pickle`` is the input; ``progress.json`` is replaced at least every ``HEARTBEAT`` seconds; ``outcome.pickle`` is
the result; ``log.txt`` is the output. Files instead of pipes: after a killed parent a child could block on a full pipe,
or keep it open.
"""

import json
import os
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import CoweseError
from data.files import read_json, write_bytes

HEARTBEAT = 2.0
"""Seconds between two heartbeats."""


@dataclass(frozen=True, slots=True)
class StageCall:
    """A function and its arguments; all of it can be pickled."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    parent: int
    """Pid of the process that waits for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The function's result or error."""

    value: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class CallFolder:
    """The files of one stage of one run."""

    path: Path

    @property
    def log(self) -> Path:
        """The output of the stage and its libraries."""
        return self.path / "log.txt"

    @property
    def progress(self) -> Path:
        """The progress file."""
        return self.path / "progress.json"

    def prepare(self, call: StageCall) -> None:
        """Write the call and remove files of an earlier attempt."""
        for left in ("outcome.pickle", "progress.json"):
            (self.path / left).unlink(missing_ok=True)
        write_bytes(self.path / "call.pickle", pickle.dumps(call))

    def read_call(self) -> StageCall:
        """Read the call, in the child."""
        call: StageCall = pickle.loads((self.path / "call.pickle").read_bytes())  # noqa: S301 - our own parent wrote it
        return call

    def write_outcome(self, outcome: Outcome) -> None:
        """Write the outcome; an error that cannot be pickled is replaced by its text."""
        try:
            pickled = pickle.dumps(outcome)
            pickle.loads(pickled)  # noqa: S301 - some errors go in and do not come out
        except Exception:  # noqa: BLE001 - anything may be wrong with an error's class
            error = CoweseError(f"{type(outcome.error).__name__}: {outcome.error}")
            pickled = pickle.dumps(Outcome(error=error))
        write_bytes(self.path / "outcome.pickle", pickled)

    def read_outcome(self) -> Outcome | None:
        """The outcome; None if the child was killed before it wrote one."""
        try:
            outcome: Outcome = pickle.loads((self.path / "outcome.pickle").read_bytes())  # noqa: S301 - our own child
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return outcome

    def write_progress(self, values: Mapping[str, Any]) -> None:
        """Replace the progress file. No fsync: it need not survive a power cut."""
        temporary = self.path / f".progress.{os.getpid()}"
        temporary.write_text(json.dumps({**values, "beat": time.time()}), encoding="utf-8")
        temporary.replace(self.progress)

    def read_progress(self) -> Mapping[str, Any]:
        """The progress; empty before the first report."""
        try:
            values: Mapping[str, Any] = read_json(self.progress)
        except CoweseError:
            return {}
        return values
