"""``cowese benchmark --search``: rate, batch and epochs chosen on the development split, from one grid for all models.

Each point of the grid is one fine-tuning with seed 1; the test split is not looked at. ``search.json`` keeps every
point, so that a search that was cut off goes on, and the choice, which the same command takes again.
"""

import itertools
from pathlib import Path
from typing import Any

import torch

from data.errors import StageError
from data.files import read_json, write_json
from data.progress import Progress
from training.benchmark.finetune import Clock, fine_tune, steps_of
from training.benchmark.models import Source
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.task_type import TaskType

SEARCH = "search.json"
SEED = 1
Point = dict[str, Any]
"""The settings that a point of the grid has of its own, by their names."""


def grid_of(settings: BenchmarkSettings) -> list[Point]:
    """Every point, in the order in which they are tried.

    >>> len(grid_of(BenchmarkSettings()))
    10
    """
    grid = settings.grid
    every = itertools.product(grid.epochs, grid.batches, grid.learning_rates)
    return [{"learning_rate": rate, "batch": batch, "epochs": epochs} for epochs, batch, rate in every]


def steps_of_search(settings: BenchmarkSettings, features: int) -> int:
    """Optimiser steps of the whole grid: what the search costs."""
    return sum(steps_of(features, settings.model_copy(update=point)) for point in grid_of(settings))


def searched(
    folder: Path,
    made_from: dict[str, str],
    source: Source,
    kind: TaskType,
    settings: BenchmarkSettings,
    device: torch.device,
    progress: Progress,
) -> BenchmarkSettings:
    """The settings with the point that is best on the development split; of equal ones the cheapest, then the first.

    Raises:
        StageError: no point of the grid has a finite loss.
    """
    features = len(kind.features("train"))
    points = grid_of(settings)
    base = {"made_from": made_from, "settings": settings.shaping()}
    tried = _tried(folder / SEARCH, base)
    left = [point for point in points if _key(point) not in tried]
    clock = Clock(sum(steps_of(features, settings.model_copy(update=point)) for point in left), progress)
    if left:
        progress("search", 0, clock.total, {"fine-tunings": len(left)})
    for point in left:
        tried[_key(point)] = {**point, "dev": _dev(source, kind, settings.model_copy(update=point), device, clock)}
        write_json(folder / SEARCH, {**base, "points": list(tried.values())})
    known = [tried[_key(point)] for point in points if tried[_key(point)]["dev"] is not None]
    if not known:
        raise StageError(f"{folder}: no point of benchmark.grid has a finite loss. Give it lower learning rates.")
    best = max(known, key=lambda one: (one["dev"], -steps_of(features, settings.model_copy(update=_alone(one)))))
    chosen = _alone(best)
    write_json(folder / SEARCH, {**base, "points": [tried[_key(point)] for point in points], "chosen": chosen})
    return settings.model_copy(update=chosen)


def _dev(
    source: Source, kind: TaskType, settings: BenchmarkSettings, device: torch.device, clock: Clock
) -> float | None:
    """The figure that chooses, at the best epoch; None where the loss is not finite."""
    begun = clock.done
    try:
        curve = fine_tune(source, kind, settings, SEED, device, clock).curve
    except StageError:
        clock.done = begun + steps_of(len(kind.features("train")), settings)
        return None
    return max(epoch.dev[kind.scoring.selects] for epoch in curve)


def _tried(path: Path, base: dict[str, Any]) -> dict[tuple[Any, ...], Point]:
    """The points of an earlier search of the same model, data and settings."""
    if not path.is_file():
        return {}
    before = read_json(path)
    same = before["made_from"] == base["made_from"] and before["settings"] == base["settings"]
    return {_key(point): point for point in before["points"]} if same else {}


def _key(point: Point) -> tuple[Any, ...]:
    return point["learning_rate"], point["batch"], point["epochs"]


def _alone(point: Point) -> Point:
    """A point without its figure."""
    return {name: point[name] for name in ("learning_rate", "batch", "epochs")}
