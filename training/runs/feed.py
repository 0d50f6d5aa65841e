"""Brings each step's rows to the device: from the GPU's own memory where the corpus fits, else ahead of time.

B rows of this process, L length, N rows of the stream.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.electra.masking import SpecialIds
from training.runs.distributed import Place
from training.runs.loader import Batches, Rows
from training.runs.pretrain_settings import Plan

RESIDENT_SHARE = 0.25
"""Of the GPU's free memory, at most this much for the corpus."""
RESIDENT_CHUNK = 1 << 16
"""Rows copied at once."""


class Feed:
    """``batch(step)`` gives ids (B, L) int64 and the rows' numbers in the global batch (B,) int64, on the device."""

    def __init__(self, plan: Plan, stream: Any, place: Place) -> None:
        lengths = {stage.length for stage in plan.stages}
        cut = stream.pairs if plan.pairs else stream.rows
        self._batches = Batches(plan, {length: cut(length) for length in lengths}, place.rank, place.world)
        self.special = special_ids(stream)
        self._place = place
        self._resident: dict[int, Tensor | None] = {}
        self._ahead: tuple[int, Future[Tensor]] | None = None
        self._pool = ThreadPoolExecutor(1, "feed") if place.device.type == "cuda" else None

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """The step's rows; on a GPU nothing here waits for it."""
        rows_B = torch.from_numpy(self._batches.slots(step))
        if not self._pool:
            return torch.from_numpy(self._batches.ids(step).astype(np.int64)), rows_B
        device = self._place.device
        resident_NL = self._resident_rows(step)
        if resident_NL is not None:
            numbers_B = torch.from_numpy(self._batches.numbers(step)).pin_memory().to(device, non_blocking=True)
            ids_BL = resident_NL[numbers_B].to(torch.int64) & 0xFFFF
        else:
            ids_BL = self._prefetched(step).to(device, non_blocking=True).to(torch.int64) & 0xFFFF
        return ids_BL, rows_B.pin_memory().to(device, non_blocking=True)

    def _resident_rows(self, step: int) -> Tensor | None:
        """All rows of this step's length on the device (N, L), int16 bit for bit; None where they do not fit."""
        rows = self._batches.rows(step)
        length = self._batches.plan.length_at(step)
        if length not in self._resident:
            self._resident.clear()
            torch.cuda.empty_cache()  # what the phase before held counts as free
            free, _ = torch.cuda.mem_get_info(self._place.device)
            fits = len(rows) * length * 2 <= free * RESIDENT_SHARE
            self._resident[length] = _copy_rows(rows, length, self._place.device) if fits else None
        return self._resident[length]

    def _prefetched(self, step: int) -> Tensor:
        """This step's rows in pinned memory, while the next step's are read."""
        assert self._pool
        if self._ahead is None or self._ahead[0] != step:
            self._ahead = (step, self._pool.submit(self._pinned, step))
        rows_BL = self._ahead[1].result()
        if step + 1 < self._batches.plan.steps:
            self._ahead = (step + 1, self._pool.submit(self._pinned, step + 1))
        return rows_BL

    def _pinned(self, step: int) -> Tensor:
        return torch.from_numpy(self._batches.ids(step).view(np.int16)).pin_memory()

    def close(self) -> None:
        """End the thread."""
        if self._pool:
            self._pool.shutdown()


def _copy_rows(rows: Rows, length: int, device: torch.device) -> Tensor:
    all_NL = torch.empty(len(rows), length, dtype=torch.int16, device=device)
    for at in range(0, len(rows), RESIDENT_CHUNK):
        numbers = np.arange(at, min(at + RESIDENT_CHUNK, len(rows)))
        all_NL[at : at + len(numbers)] = torch.from_numpy(rows.batch(numbers).view(np.int16)).to(device)
    return all_NL


def special_ids(stream: Any) -> SpecialIds:
    """The stream's special tokens as the objective needs them."""
    special = stream.special
    return SpecialIds(pad=special.pad, cls=special.cls, sep=special.sep, mask=special.mask)
