"""One fine-tuning run: all epochs, judged on the development split after each, the best one kept."""

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from data.errors import InputError, StageError
from data.progress import Progress
from training.benchmark.layer_decay import parameter_groups
from training.benchmark.models import Source
from training.benchmark.scores import Epoch
from training.benchmark.settings import USUAL_BATCH, BenchmarkSettings
from training.benchmark.task_type import Head, Logits, TaskType
from training.benchmark.transitions import FASTER, STEPS
from training.benchmark.windows import INPUTS, Feature
from training.runs.time_left import duration

CLIP = 1.0
BETAS, EPSILON = (0.9, 0.999), 1e-6
"""As ELECTRA's fine-tuning has them."""
TIMED_STEPS = 3
"""Steps before the time that is left is told."""
TARGETS = "targets"
"""A list of a feature that is as long for all, and not padded."""
_FILL = {"input_ids": 0, "attention_mask": 0, "token_type_ids": 0, "labels": -100}


@dataclass
class Clock:
    """Tells ahead how long all seeds will take; steps of several seeds count on one scale."""

    total: int
    progress: Progress
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    begun: int = 0

    def step(self, counts: Mapping[str, float | str]) -> None:
        """One more step is done."""
        self.done += 1
        taken = self.done - self.begun
        left = (time.monotonic() - self.started) / taken * (self.total - self.done)
        told = {"left": duration(left)} if taken >= TIMED_STEPS else {}
        self.progress("benchmark", self.done, self.total, {**told, **counts})


@dataclass(frozen=True, slots=True)
class FineTuned:
    """A model at its best epoch."""

    model: nn.Module
    best_epoch: int
    curve: list[Epoch]


def steps_of(features: int, settings: BenchmarkSettings) -> int:
    """Optimiser steps of one seed."""
    return settings.epochs * -(-features // _batch_of(settings))


def _batch_of(settings: BenchmarkSettings) -> int:
    return settings.batch or USUAL_BATCH


def fine_tune(
    source: Source, kind: TaskType, settings: BenchmarkSettings, seed: int, device: torch.device, clock: Clock
) -> FineTuned:
    """Train on the training split with this seed; of equal epochs the first is the best.

    Raises:
        InputError: the model cannot be loaded.
        StageError: the loss is not finite.
    """
    torch.manual_seed(seed)
    model: nn.Module = source.load(kind.auto, kind.scoring.labels, settings.dropout).to(device)
    model = kind.attach(model)
    features, held_out = kind.features("train"), kind.features("dev")
    optimizer = _optimizer(model, source, settings)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _Triangle(steps_of(len(features), settings), settings))
    curve: list[Epoch] = []
    best: tuple[float, int, dict[str, Tensor]] | None = None
    pad = int(source.tokenizer.pad_token_id or 0)
    for epoch in range(1, settings.epochs + 1):
        started, losses = time.monotonic(), []
        draw = np.random.default_rng([seed, epoch])
        for batch in _batches(features, _batch_of(settings), draw):
            shown = hidden(batch, source.tokenizer, settings.mask_share, draw) if settings.mask_share else batch
            losses.append(_step(model, kind, shown, settings, pad, optimizer))
            schedule.step()
            if not np.isfinite(losses[-1]):
                raise StageError(
                    f"seed {seed}, epoch {epoch}: the loss is not finite. Lower benchmark.learning_rate "
                    f"({settings.learning_rate:g})."
                )
            clock.step({"seed": seed, "epoch": epoch, "loss": round(losses[-1], 4)})
        scores = kind.judge("dev", predict(model, kind, held_out, settings, pad))
        took = round(time.monotonic() - started, 1)
        curve.append(Epoch(epoch=epoch, loss=round(float(np.mean(losses)), 5), dev=scores.figures, seconds=took))
        if best is None or scores.figures[kind.scoring.selects] > best[0]:
            best = (scores.figures[kind.scoring.selects], epoch, copy.deepcopy(model.state_dict()))
    assert best is not None
    model.load_state_dict(best[2])
    return FineTuned(model, best[1], curve)


def predict(model: nn.Module, kind: Head, features: Sequence[Feature], settings: BenchmarkSettings, pad: int) -> Logits:
    """The logits of every window, dropout off; windows of like length go together."""
    model.eval()
    order = sorted(range(len(features)), key=lambda number: len(features[number]["input_ids"]))
    found: dict[int, Any] = {}
    with torch.no_grad():
        for start in range(0, len(order), settings.micro_batch):
            some = order[start : start + settings.micro_batch]
            batch = _tensors([features[number] for number in some], pad, _device_of(model))
            logits = kind.logits(_forward(model, batch)).float().cpu().numpy()
            for row, number in enumerate(some):
                length = len(features[number]["input_ids"])
                found[number] = logits[row, :length] if logits.ndim > 2 else logits[row]  # noqa: PLR2004 - a figure a token
    return [found[number] for number in range(len(features))]


def hidden(batch: Sequence[Feature], tokenizer: Any, share: float, draw: np.random.Generator) -> list[Feature]:
    """The batch with this share of its tokens replaced by [MASK]; special tokens stay.

    Raises:
        InputError: the tokenizer has no mask.
    """
    if tokenizer.mask_token_id is None:
        raise InputError("benchmark.mask_share: this model's tokenizer has no [MASK]. Set it to 0.")
    found = []
    for feature in batch:
        ids_L = np.array(feature["input_ids"])
        is_hidden_L = (draw.random(len(ids_L)) < share) & ~np.isin(ids_L, tokenizer.all_special_ids)
        found.append({**feature, "input_ids": np.where(is_hidden_L, tokenizer.mask_token_id, ids_L).tolist()})
    return found


class _Triangle:
    """Rise to 1 over the warm-up, then fall to 0 at the last step."""

    def __init__(self, steps: int, settings: BenchmarkSettings) -> None:
        self._steps = steps
        self._warmup = max(1, round(steps * settings.warmup))

    def __call__(self, step: int) -> float:
        """The factor of the step, counted from 0."""
        return min((step + 1) / self._warmup, (self._steps - step) / max(1, self._steps - self._warmup), 1.0)


def _optimizer(model: nn.Module, source: Source, settings: BenchmarkSettings) -> torch.optim.Optimizer:
    assert settings.learning_rate is not None
    assert settings.layer_decay is not None
    named = dict(model.named_parameters())
    steps = named.pop(STEPS, None)
    groups = parameter_groups(
        named.items(),
        layers=source.config.num_hidden_layers,
        rate=settings.learning_rate,
        decay=settings.layer_decay,
        weight_decay=settings.weight_decay,
        head=settings.head_rate or 1.0,
    )
    if steps is not None:
        groups.append({"params": [steps], "lr": FASTER * settings.learning_rate, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, betas=BETAS, eps=EPSILON)


def _batches(features: Sequence[Feature], size: int, draw: np.random.Generator) -> Iterator[list[Feature]]:
    order = draw.permutation(len(features))
    for start in range(0, len(order), size):
        yield [features[number] for number in order[start : start + size]]


def _step(
    model: nn.Module,
    kind: TaskType,
    batch: Sequence[Feature],
    settings: BenchmarkSettings,
    pad: int,
    optimizer: torch.optim.Optimizer,
) -> float:
    """One optimiser step over a batch, some windows at a time; the loss is the mean over all that counts in it."""
    model.train()
    batch = sorted(batch, key=lambda feature: len(feature["input_ids"]))
    total = torch.zeros((), device=_device_of(model))
    counted = torch.zeros((), device=_device_of(model))
    for start in range(0, len(batch), settings.micro_batch):
        tensors = _tensors(batch[start : start + settings.micro_batch], pad, _device_of(model))
        loss, count = kind.loss(_forward(model, tensors), tensors)
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
        counted += count
    counted.clamp_(min=1)
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad /= counted
    torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(total / counted)


def _forward(model: nn.Module, batch: Mapping[str, Tensor]) -> Any:
    device = _device_of(model)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        return model(**{name: batch[name] for name in INPUTS if name in batch})


def _tensors(features: Sequence[Feature], pad: int, device: torch.device) -> dict[str, Tensor]:
    """Lists padded to the longest of the batch, (B, L); single numbers as (B,)."""
    length = max(len(feature["input_ids"]) for feature in features)
    fill = {**_FILL, "input_ids": pad}
    tensors = {}
    for name, first in features[0].items():
        rows = [feature[name] for feature in features]
        if isinstance(first, list) and name != TARGETS:
            empty = fill.get(name, 0)
            pad_with = [empty] * len(first[0]) if isinstance(first[0], Sequence) else empty  # labels: one a head
            rows = [row + [pad_with] * (length - len(row)) for row in rows]
        tensors[name] = torch.tensor(rows, device=device)
    return tensors


def _device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device
