"""What a stage's process and its parent tell each other, in one folder of files.

``call.pickle`` goes in; ``progress.json`` is replaced while the stage runs, at least every ``HEARTBEAT`` seconds;
``outcome.pickle`` comes out; ``log.txt`` takes everything that is printed. Files and no pipes: a parent that is killed
leaves nothing that a child could block on, nor a pipe that a child would hold open.
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
"""Seconds between two signs of life."""


@dataclass(frozen=True, slots=True)
class StageCall:
    """A function and its arguments; all of it can be pickled."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    parent: int
    """Process that waits for it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the function returned, or the error that it raised."""

    value: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class CallFolder:
    """The files of one stage of one run."""

    path: Path

    @property
    def log(self) -> Path:
        """Everything that the stage and its libraries print."""
        return self.path / "log.txt"

    @property
    def progress(self) -> Path:
        """How far it is."""
        return self.path / "progress.json"

    def prepare(self, call: StageCall) -> None:
        """Write the job and remove what an earlier attempt left."""
        for left in ("outcome.pickle", "progress.json"):
            (self.path / left).unlink(missing_ok=True)
        write_bytes(self.path / "call.pickle", pickle.dumps(call))

    def read_call(self) -> StageCall:
        """The job, in the child."""
        call: StageCall = pickle.loads((self.path / "call.pickle").read_bytes())  # noqa: S301 - our own parent wrote it
        return call

    def write_outcome(self, outcome: Outcome) -> None:
        """Tell how it ended; an error that cannot be pickled is told by its text."""
        try:
            pickled = pickle.dumps(outcome)
            pickle.loads(pickled)  # noqa: S301 - some errors go in and do not come out
        except Exception:  # noqa: BLE001 - anything may be wrong with an error's class
            error = CoweseError(f"{type(outcome.error).__name__}: {outcome.error}")
            pickled = pickle.dumps(Outcome(error=error))
        write_bytes(self.path / "outcome.pickle", pickled)

    def read_outcome(self) -> Outcome | None:
        """How it ended; None where it was killed before it could tell."""
        try:
            outcome: Outcome = pickle.loads((self.path / "outcome.pickle").read_bytes())  # noqa: S301 - our own child
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        return outcome

    def write_progress(self, values: Mapping[str, Any]) -> None:
        """Replace the progress file; it need not survive a power cut, so nothing waits for the disk."""
        temporary = self.path / f".progress.{os.getpid()}"
        temporary.write_text(json.dumps({**values, "beat": time.time()}), encoding="utf-8")
        temporary.replace(self.progress)

    def read_progress(self) -> Mapping[str, Any]:
        """How far it is; empty before the first word."""
        try:
            values: Mapping[str, Any] = read_json(self.progress)
        except CoweseError:
            return {}
        return values
