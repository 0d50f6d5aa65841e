"""Which rows a step reads: a pure function of the step, so that a position never has to be saved.

B rows of the global batch, L tokens a row, N rows of the stream.
"""

from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from training.electra.draws import Purpose, row_keys
from training.runs.pretrain_settings import Plan


class Rows(Protocol):
    """A token stream cut into rows of one length."""

    def __len__(self) -> int:
        """Rows."""

    def batch(self, indices: NDArray[np.int64]) -> NDArray[np.uint16]:
        """The rows of these numbers: (B, L) uint16."""


@lru_cache(maxsize=16)
def epoch_order(rows: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the rows in an epoch: a permutation (N,) that depends on nothing else."""
    keys_N = row_keys(seed, Purpose.ORDER, epoch, torch.arange(rows))
    return keys_N.argsort(stable=True).numpy()


def row_numbers(plan: Plan, rows: int, step: int, slots_B: NDArray[np.int64]) -> NDArray[np.int64]:
    """The stream's row in each slot (rising) of the global batch at a step.

    A phase goes on where the phases before it with rows of the same length stopped; each length has passes of its own.
    """
    stage = plan.stage_at(step)
    before = sum(one.steps * one.batch for one in plan.stages if one.end <= stage.begin and one.length == stage.length)
    at_B = before + (step - stage.begin) * stage.batch + slots_B
    seed = plan.seed + stage.length
    first, last = int(at_B[0]) // rows, int(at_B[-1]) // rows
    parts = []
    for epoch in range(first, last + 1):
        part = at_B - epoch * rows
        parts.append(epoch_order(rows, seed, epoch)[part[(part >= 0) & (part < rows)] if first < last else part])
    return np.concatenate(parts) if first < last else parts[0]


class Batches:
    """The rows that one process reads at each step."""

    def __init__(self, plan: Plan, rows_by_length: dict[int, Rows], rank: int = 0, world: int = 1) -> None:
        self.plan = plan
        self._rows = rows_by_length
        self._rank = rank
        self._world = world

    def slots(self, step: int) -> NDArray[np.int64]:
        """This process's places in the global batch."""
        batch = self.plan.batch_at(step)
        return np.arange(batch * self._rank // self._world, batch * (self._rank + 1) // self._world)

    def numbers(self, step: int) -> NDArray[np.int64]:
        """The stream's row numbers of this process at a step."""
        return row_numbers(self.plan, len(self.rows(step)), step, self.slots(step))

    def rows(self, step: int) -> Rows:
        """The stream in the length of this step."""
        return self._rows[self.plan.length_at(step)]

    def ids(self, step: int) -> NDArray[np.uint16]:
        """This process's part of the batch: (B, L) uint16."""
        return self.rows(step).batch(self.numbers(step))
