"""How long a run still takes, for its display."""

import time
from collections import deque
from collections.abc import Callable, Sequence

from training.electra.masking import masked_per_row
from training.electra.phases import Stage
from training.electra.presets import ModelShape, flops_per_token

WINDOW = 10
"""Readings that the speed is taken over."""
MINUTE = 60


class TimeLeft:
    """Seconds that a run still takes, by the arithmetic of the steps to come and the speed of the last readings.

    Phases differ in length, rows and objective, so their steps do not count alike.
    """

    def __init__(self, stages: Sequence[Stage], shape: ModelShape, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._work = [(stage, work_of_step(stage, shape)) for stage in stages]
        self._read: deque[tuple[float, float]] = deque(maxlen=WINDOW)

    def read(self, step: int) -> float | None:
        """After so many steps; None while nothing is known of the speed."""
        now, done = self._clock(), self._done(step)
        if self._read and done <= self._read[-1][1]:
            self._read.clear()  # rolled back
        self._read.append((now, done))
        since, before = self._read[0]
        total = sum(work * stage.steps for stage, work in self._work)
        return (total - done) * (now - since) / (done - before) if done > before else None

    def _done(self, step: int) -> float:
        return sum(work * min(max(step - stage.begin, 0), stage.steps) for stage, work in self._work)


def work_of_step(stage: Stage, shape: ModelShape) -> float:
    """Floating-point operations of a step."""
    masked = masked_per_row(stage.length, stage.mask_share)
    return flops_per_token(shape, stage.length, masked, stage.objective) * stage.batch * stage.length


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    minutes, seconds = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
