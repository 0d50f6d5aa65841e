"""Checkpoints: whole or nothing, checksummed, written beside the training.

    <run>/checkpoints/step-000000200/model.safetensors       parameters by name, float32
                                     optimizer.safetensors   Adam's moments by name
                                     state.json              step, counters, SHA-256 of the two; written last

A folder is filled under a temporary name and renamed: whatever a kill leaves, the one before is whole.
"""

import hashlib
import json
import logging
import os
import re
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from data.errors import StageError, StoreError
from data.files import TEMPORARY, file_digest, storage_error, sync_file, sync_folder
from training.electra.weights import first_not_finite

MODEL_NAME = "model.safetensors"
OPTIMIZER_NAME = "optimizer.safetensors"
STATE_NAME = "state.json"
FOLDER = re.compile(r"step-(\d{9})$")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run's state between two steps, in the host's memory."""

    step: int
    """Steps done."""
    model: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    state: dict[str, Any]
    """Counters and what the run is made from; JSON-like."""


def checkpoint_folder(run: Path, step: int) -> Path:
    """Where the checkpoint after ``step`` steps lies."""
    return run / "checkpoints" / f"step-{step:09d}"


def checkpoints(run: Path) -> list[Path]:
    """Finished checkpoint folders, oldest first."""
    return sorted(path for path in (run / "checkpoints").glob("step-*") if FOLDER.search(path.name))


def step_of(folder: Path) -> int:
    """The number of steps in a checkpoint folder's name."""
    found = FOLDER.search(folder.name)
    assert found
    return int(found[1])


def save(run: Path, snapshot: Snapshot) -> Path:
    """Write one checkpoint and return its folder.

    Raises:
        DiskFullError, StoreError: it cannot be written; earlier ones stay.
    """
    folder = checkpoint_folder(run, snapshot.step)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}{TEMPORARY}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        files = {
            name: _write(temporary / name, safetensors.torch.save(tensors))
            for name, tensors in ((MODEL_NAME, snapshot.model), (OPTIMIZER_NAME, snapshot.optimizer))
        }
        state = {**snapshot.state, "step": snapshot.step, "files": files}
        _write(temporary / STATE_NAME, json.dumps(state, indent=1, sort_keys=True).encode())
        # Everything reaches the disk before the rename: a power cut must not leave a checkpoint of empty files.
        sync_folder(temporary)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise storage_error(error, folder) from error
    return folder


def _write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    sync_file(path)
    return hashlib.sha256(content).hexdigest()


def load(folder: Path) -> Snapshot:
    """Read one checkpoint.

    Raises:
        StoreError: a file is missing, cut short or changed, or holds numbers that are not finite; says which.
    """
    try:
        state = json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))
        for name, digest in state["files"].items():
            if file_digest(folder / name) != digest:
                raise StoreError(f"{folder / name}: cut short or changed since it was written. Delete {folder}.")
        model = safetensors.torch.load_file(folder / MODEL_NAME)
        optimizer = safetensors.torch.load_file(folder / OPTIMIZER_NAME)
    except (OSError, ValueError, KeyError, AttributeError, SafetensorError) as error:
        raise StoreError(f"{folder}: not a whole checkpoint ({error}). Delete it.") from error
    for name, tensors in ((MODEL_NAME, model), (OPTIMIZER_NAME, optimizer)):
        if (broken := first_not_finite(tensors)) is not None:
            raise StoreError(f"{folder / name}: {broken} holds numbers that are not finite. Delete {folder}.")
    return Snapshot(step=state["step"], model=model, optimizer=optimizer, state=state)


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of a checkpoint's tensors by file name."""
    state = json.loads((folder / STATE_NAME).read_text(encoding="utf-8"))
    return dict(state["files"])


def load_newest(run: Path) -> Snapshot | None:
    """The newest checkpoint that is whole; damaged ones are named in the log and skipped.

    Raises:
        StageError: there are checkpoints and none is whole.
    """
    damaged: list[str] = []
    for folder in reversed(checkpoints(run)):
        try:
            return load(folder)
        except StoreError as error:
            log.warning("%s The one before is used.", error)
            damaged.append(folder.name)
    if damaged:
        raise StageError(f"{run / 'checkpoints'}: none of {', '.join(damaged)} is whole. Delete {run} to begin again.")
    return None


def prune(run: Path, *, keep: int, milestone: int) -> None:
    """Delete what a kill left and all checkpoints but the newest ``keep`` and multiples of ``milestone`` steps."""
    for left in (run / "checkpoints").glob(f".step-*{TEMPORARY}"):
        shutil.rmtree(left, ignore_errors=True)
    for folder in checkpoints(run)[:-keep]:
        if step_of(folder) % milestone:
            shutil.rmtree(folder)


class BackgroundWriter:
    """Writes one checkpoint at a time beside the training; what fails is raised at the next call."""

    def __init__(self, run: Path, *, keep: int, milestone: int) -> None:
        self._run = run
        self._keep = keep
        self._milestone = milestone
        self._thread: threading.Thread | None = None
        self._error: StoreError | None = None

    def submit(self, snapshot: Snapshot) -> None:
        """Begin to write, after the one before is finished.

        Raises:
            DiskFullError, StoreError: the one before could not be written.
        """
        self.wait()
        # not a daemon: an interpreter that ends waits for the file
        self._thread = threading.Thread(target=self._write, args=(snapshot,), name="checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Wait for the checkpoint in hand.

        Raises:
            DiskFullError, StoreError: it could not be written.
        """
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._error:
            error, self._error = self._error, None
            raise error

    def _write(self, snapshot: Snapshot) -> None:
        try:
            save(self._run, snapshot)
            prune(self._run, keep=self._keep, milestone=self._milestone)
        except StoreError as error:
            self._error = error
        except OSError as error:
            self._error = storage_error(error, self._run)
