"""The HTML page of a benchmark: figures, curves, confusion, predictions to look at; it needs nothing else."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from data.manifest import Manifest
from training.benchmark.published import published_on
from training.benchmark.scores import SeedResult, deviation, mean
from training.benchmark.spans import KINDS

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 200, 44, 12, 10, 26
TICKS = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves over epochs, one a seed, as SVG paths."""

    title: str
    paths: list[str]
    grid: list[tuple[float, str]]
    """Height and label of each line across."""
    last: int


def environment() -> Environment:
    """Templates of this room."""
    made = Environment(
        loader=PackageLoader("training.benchmark"), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters["share"] = lambda value: "" if value is None else f"{value:.4f}"
    made.filters["plain"] = _plain
    return made


def _plain(value: Any) -> str:
    """A setting or a count as a person reads it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value)) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


def report_page(manifest: Manifest, results: list[SeedResult]) -> str:
    """The page of one model on one task."""
    figures = manifest.figures
    return environment().get_template("report.html.jinja").render(
        name=manifest.name,
        figures=figures,
        settings=manifest.settings,
        made_from=manifest.made_from,
        results=results,
        published=published_on(figures["task"]),
        by_type=_by_type(results),
        confusion=_confusion(results),
        errors=_errors(results),
        charts=_charts(results),
        samples=results[0].samples,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": RIGHT, "bottom": BOTTOM},
    )  # fmt: skip


def _by_type(results: list[SeedResult]) -> dict[str, dict[str, float | None]]:
    """Means over the seeds, and the spread of F1 where there are two."""
    found: dict[str, dict[str, float | None]] = {}
    for label in sorted({label for result in results for label in result.test.by_type}):
        none = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0.0}
        rows = [result.test.by_type.get(label, none) for result in results]
        found[label] = {**mean(rows), "spread": deviation(rows).get("f1")}
    return found


def _confusion(results: list[SeedResult]) -> dict[str, Any]:
    """Means over the seeds of gold × predicted, the frequent first, empty columns left out."""
    total: dict[str, Counter[str]] = {}
    for result in results:
        for row, counted in result.test.confusion.items():
            total.setdefault(row, Counter()).update(counted)
    columns = sorted({column for row in total.values() for column in row})
    return {
        "columns": columns,
        "rows": {row: [counts[column] / len(results) for column in columns] for row, counts in sorted(total.items())},
        "largest": max((count / len(results) for row in total.values() for count in row.values()), default=1),
    }


def _errors(results: list[SeedResult]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.test.errors)
    return {kind: total[kind] / len(results) for kind in KINDS if kind in results[0].test.errors}


def _charts(results: list[SeedResult]) -> list[Chart]:
    names = list(results[0].curve[0].dev)
    charts = [_chart("Training loss", [[epoch.loss for epoch in result.curve] for result in results])]
    for name in names:
        if name.endswith(("f1", "accuracy", "exact_match", "pearson", "spearman")):
            values = [[epoch.dev[name] for epoch in result.curve] for result in results]
            charts.append(_chart(f"Development: {name.replace('_', ' ')}", values, top=1.0))
    return charts


def _chart(title: str, curves: list[list[float]], top: float | None = None) -> Chart:
    high = top or max(max(curve) for curve in curves) or 1.0
    last = max(len(curve) for curve in curves)

    def place(epoch: int, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (epoch / max(1, last - 1))
        return f"{x:.1f} {_height(max(0.0, value), high):.1f}"

    paths = ["M" + "L".join(place(epoch, value) for epoch, value in enumerate(curve)) for curve in curves]
    grid = [(_height(high * tick / TICKS, high), f"{high * tick / TICKS:.3g}") for tick in range(TICKS + 1)]
    return Chart(title, paths, grid, last)


def _height(value: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / high)
