"""``cowese benchmark --compare A B``: the figures of two models side by side, each difference with a verdict."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store
from training.benchmark.counts import Counts, figures_of
from training.benchmark.seeds import COUNTS, seed_name
from training.benchmark.significance import Difference, differences
from training.benchmark.tasks import find_task

_UNWRITTEN = {"heads": "one", "pooling": "first", "readout": "last", "transitions": "none", "hidden": 0.0}
"""What a manifest leaves out of the settings (``BenchmarkSettings.shaping``)."""
NO_DIFFERENCE = "no difference shown"


class Row(BaseModel):
    """One figure of two models on a task."""

    model_config = ConfigDict(frozen=True)

    figure: str
    first: float
    second: float
    difference: float
    """First − second."""
    low: float
    high: float
    """The 95 % interval of the difference."""
    p: float
    verdict: str


class TaskComparison(BaseModel):
    """Two models on one task."""

    model_config = ConfigDict(frozen=True)

    task: str
    items: int
    """Documents, rows or questions of the test split."""
    seeds: int
    """Seeds that both models have."""
    settings: list[str]
    """Settings of fine-tuning in which the two differ."""
    rows: list[Row]


class Comparison(BaseModel):
    """Two models on all tasks that both were run on."""

    model_config = ConfigDict(frozen=True)

    first: str
    second: str
    tasks: list[TaskComparison]
    without: list[str]
    """Tasks that only one of them was run on."""


def compare(store: Store, first: str, second: str, task: str | None = None) -> Comparison:
    """Compare two runs of a store by their names in it, on one task or on all that both have.

    Raises:
        InputError: they share no (such) task; they were run on other data; counts of a seed are missing.
    """
    if first == second:
        raise InputError(f"--compare {first} {second}: name two models.")
    wanted = find_task(task).name if task else None
    by_task = {
        name: {path.parent.parent.name for path in store.benchmarks.glob(f"*/{name}/{MANIFEST_NAME}")}
        for name in (first, second)
    }
    both = sorted(one for one in by_task[first] & by_task[second] if wanted in (None, one))
    if not both:
        on = f" on {wanted}" if wanted else ""
        told = "; ".join(f"{name}: {', '.join(sorted(tasks)) or 'none'}" for name, tasks in by_task.items())
        raise InputError(f"{store.benchmarks}: {first} and {second} have no finished task in common{on} ({told}).")
    tasks = [_on_task(store.benchmarks / one, first, second) for one in both]
    alone = sorted(by_task[first] ^ by_task[second]) if wanted is None else []
    return Comparison(first=first, second=second, tasks=tasks, without=alone)


def as_markdown(comparison: Comparison) -> str:
    """The comparison as people read it."""
    parts = [_section(comparison, task) for task in comparison.tasks]
    if comparison.without:
        parts.append(f"Only one of the two was run on: {', '.join(comparison.without)}.\n")
    return "\n".join(parts)


def _section(comparison: Comparison, task: TaskComparison) -> str:
    rows = "".join(
        f"| {row.figure.replace('_', ' ')} | {row.first:.4f} | {row.second:.4f} | {row.difference:+.4f} | "
        f"{row.low:+.4f} to {row.high:+.4f} | {row.p:.4f} | {row.verdict} |\n"
        for row in task.rows
    )
    about = f"{task.items:,} test items, {task.seeds} seed{'s' if task.seeds > 1 else ''} a model."
    if task.seeds == 1:
        about += " With one seed each this is about these two fitted models, not about fine-tuning them again."
    if task.settings:
        about += f" Fine-tuned with other settings: {'; '.join(task.settings)}."
    head = f"| | {comparison.first} | {comparison.second} | difference | 95 % interval | p | verdict |"
    return f"### {task.task}\n\n{head}\n|---|---|---|---|---|---|---|\n{rows}\n{about}\n"


def _on_task(folder: Path, first: str, second: str) -> TaskComparison:
    ours, theirs = Manifest.read(folder / first), Manifest.read(folder / second)
    if ours.made_from["data"] != theirs.made_from["data"]:
        raise InputError(f"{folder.name}: {first} and {second} were run on other data, so they cannot be compared.")
    seeds = range(1, min(ours.figures["seeds"], theirs.figures["seeds"]) + 1)
    counts = [[Counts.read(folder / name / seed_name(seed) / COUNTS) for seed in seeds] for name in (first, second)]
    items, columns = counts[0][0].items, counts[0][0].columns
    if any((one.items, one.columns) != (items, columns) for side in counts for one in side):
        raise InputError(
            f"{folder}: the seeds' counts are not of the same items. `cowese benchmark --rescore` mends it."
        )
    stacked = [np.stack([one.values for one in side]) for side in counts]
    found = differences(stacked[0], stacked[1], lambda sums: figures_of(columns, sums))
    rows = [_row(name, one, (first, second)) for name, one in found.items()]
    other = _other_settings(ours, theirs)
    return TaskComparison(task=folder.name, items=len(items), seeds=len(seeds), settings=other, rows=rows)


def _row(figure: str, one: Difference, names: Sequence[str]) -> Row:
    better = names[0] if one.difference > 0 else names[1]
    return Row(
        figure=figure,
        first=round(one.first, 6),
        second=round(one.second, 6),
        difference=round(one.difference, 6),
        low=round(one.low, 6),
        high=round(one.high, 6),
        p=round(one.p, 6),
        verdict=f"{better} is better" if one.is_shown else NO_DIFFERENCE,
    )


def _other_settings(ours: Manifest, theirs: Manifest) -> list[str]:
    """Settings in which two runs differ, beside new weights, which are what is compared."""
    names = sorted((ours.settings.keys() | theirs.settings.keys()) - {"fresh"})
    first, second = ({**_UNWRITTEN, **one.settings} for one in (ours, theirs))
    pairs = ((name, first.get(name), second.get(name)) for name in names)
    return [f"{name} {one} and {other}" for name, one, other in pairs if one != other]
