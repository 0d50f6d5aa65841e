"""What a run tells: a line of JSON every so many steps, TensorBoard events, speed."""

import json
import math
import time
import warnings
from pathlib import Path
from typing import Any

from data.files import storage_error, write_text
from training.electra.choices import Objective
from training.electra.presets import ModelShape, flops_per_token

METRICS_NAME = "metrics.jsonl"
REPLACED_LOW, REPLACED_HIGH = 0.02, 0.14
"""15 % are masked; a good generator leaves 7 %, one at its beginning more than 14 %, a broken task less than 2 %."""

PEAK_TFLOPS = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "V100": 125, "T4": 65}
"""Dense half-precision peak of GPUs by a part of their name (vendor's data sheets)."""


def ratio(part: float, whole: float) -> float:
    """Part of a whole; 0 of nothing."""
    return part / whole if whole else 0.0


def entropy(rate: float) -> float:
    """Nats a token that knowing nothing but this rate costs."""
    return -sum(share * math.log(share) for share in (rate, 1 - rate) if share > 0)


def rates(sums: dict[str, float], steps: int, objective: Objective = "both") -> dict[str, float]:
    """Figures a person reads, from sums over some steps; means are over those that were not skipped.

    Positions that the generator saw as they are stand apart from the hidden ones: it copies them.
    """
    sound = max(steps - sums["skipped"], 1)
    figures = {"loss": sums["loss"] / sound, "mlm_loss": sums["mlm_loss"] / sound}
    for name in ("hidden", "shown"):
        if sums[f"{name}_count"]:
            figures[f"{name}_loss"] = sums[f"{name}_nats"] / sums[f"{name}_count"]
            figures[f"{name}_accuracy"] = sums[f"{name}_right"] / sums[f"{name}_count"]
    if objective != "mlm":
        replaced_rate, disc_loss = ratio(sums["replaced"], sums["tokens"]), sums["disc_loss"] / sound
        figures |= {
            "disc_loss": disc_loss,
            "disc_gain": entropy(replaced_rate) - disc_loss,
            "replaced_rate": replaced_rate,
            "disc_accuracy": ratio(sums["disc_right"], sums["tokens"]),
            "disc_precision": ratio(sums["caught"], sums["flagged"]),
            "disc_recall": ratio(sums["caught"], sums["replaced"]),
        }
    return figures | {"grad_norm": sums["grad_norm"] / sound, "skipped": sums["skipped"], "tokens": sums["tokens"]}


def peak_flops(device_name: str) -> float | None:
    """A device's dense half-precision peak in FLOP/s, None where unknown."""
    return next((tflops * 1e12 for part, tflops in PEAK_TFLOPS.items() if part in device_name), None)


class MetricsLog:
    """metrics.jsonl and, where asked for, TensorBoard events; a resumed run goes on where its checkpoint was."""

    def __init__(self, run: Path, *, first_step: int, tensorboard: bool) -> None:
        self._run = run
        self._tensorboard = tensorboard
        self._begin(first_step)

    def _begin(self, first_step: int) -> None:
        kept = [line for line in read_metrics(self._run) if line["step"] <= first_step]
        write_text(self._run / METRICS_NAME, "".join(json.dumps(line) + "\n" for line in kept))
        self._file = (self._run / METRICS_NAME).open("a", encoding="utf-8")
        self._events = _event_writer(self._run / "tensorboard", first_step) if self._tensorboard else None

    def go_back(self, step: int) -> None:
        """Forget the lines after ``step`` steps."""
        self.close()
        self._begin(step)

    def write(self, line: dict[str, Any]) -> None:
        """Add one line; its ``step`` counts the steps done.

        Raises:
            DiskFullError, StoreError: it cannot be written.
        """
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            if self._events:
                for name, value in line.items():
                    if isinstance(value, int | float) and name != "step":
                        self._events.add_scalar(name, value, line["step"])
        except OSError as error:
            raise storage_error(error, self._run / METRICS_NAME) from error

    def close(self) -> None:
        """End the files.

        Raises:
            DiskFullError, StoreError: what was still to be written cannot be.
        """
        try:
            self._file.close()
            if self._events:
                self._events.close()
        except OSError as error:
            raise storage_error(error, self._run / METRICS_NAME) from error


def _event_writer(folder: Path, first_step: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorboard's imports warn of their own dependencies
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - half a second that only this needs

    return SummaryWriter(str(folder), purge_step=first_step + 1)


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of a run's metrics.jsonl; a last line that a kill cut short is left out."""
    path = run / METRICS_NAME
    if not path.exists():
        return []
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines


class Speed:
    """Tokens a second and the share of the machine's peak since the last reading."""

    def __init__(self, shape: ModelShape, device_name: str) -> None:
        self._shape = shape
        self._peak = peak_flops(device_name)
        self._since = time.perf_counter()

    def read(
        self, tokens: float, length: int, masked: int, devices: int, objective: Objective = "both"
    ) -> dict[str, float]:
        """Figures of the ``tokens`` trained since the last reading; mfu only where the peak is known."""
        now = time.perf_counter()
        seconds, self._since = max(now - self._since, 1e-9), now
        per_second = tokens / seconds
        achieved = per_second * flops_per_token(self._shape, length, masked, objective)
        figures = {"tokens_per_second": per_second, "tflops": achieved / 1e12}
        return figures | ({"mfu": achieved / (self._peak * devices)} if self._peak else {})
