"""``cowese benchmark --table``: our runs beside published figures, by task, as Markdown and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import StageError
from data.files import write_text
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store
from training.benchmark.card import Section, put_into_cards
from training.benchmark.eval_results import eval_results
from training.benchmark.models import folder_digest
from training.benchmark.published import published_on
from training.benchmark.report import environment
from training.benchmark.tasks import find_task

FIGURES = (
    "seqeval_f1", "exact_f1", "micro_f1", "macro_f1", "accuracy", "pearson", "spearman", "f1", "exact_match", "best_f1",
)  # fmt: skip
"""In the order of their columns; a task has some of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One system on one task."""

    system: str
    cells: tuple[str, ...]
    source: str
    ours: bool
    rank: float


@dataclass(frozen=True, slots=True)
class TaskTable:
    """A task's systems, the best first."""

    task: str
    figures: tuple[str, ...]
    lines: tuple[Line, ...]


class TableSummary(BaseModel):
    """Where the table went."""

    model_config = ConfigDict(frozen=True)

    markdown: Path
    html: Path
    cards: list[Path]
    """Model cards that it was put into."""
    runs: int


def write_table(store: Store) -> TableSummary:
    """Write ``benchmarks/table.md`` and ``.html``, and each model's own part into its card.

    Raises:
        StageError: no benchmark was run yet.
        DiskFullError, StoreError: a file cannot be written.
    """
    found = runs(store)
    if not found:
        raise StageError(f"{store.benchmarks}: no finished benchmark in it. `cowese benchmark` runs one.")
    tables = task_tables(found)
    markdown, page = store.benchmarks / "table.md", store.benchmarks / "table.html"
    write_text(markdown, as_markdown(tables))
    write_text(page, environment().get_template("table.html.jinja").render(tables=tables))
    return TableSummary(markdown=markdown, html=page, cards=put_into_cards(store, section_of), runs=len(found))


def runs(store: Store) -> list[Manifest]:
    """Every finished benchmark of a store."""
    return [Manifest.read(path.parent) for path in sorted(store.benchmarks.glob(f"*/*/{MANIFEST_NAME}"))]


def task_tables(found: Sequence[Manifest]) -> list[TaskTable]:
    """A table a task."""
    return [_table(task, found) for task in sorted({one.figures["task"] for one in found})]


def as_markdown(tables: Sequence[TaskTable]) -> str:
    """The tables as Markdown."""
    parts = []
    for table in tables:
        head = " | ".join(figure.replace("_", " ") for figure in table.figures)
        rows = "".join(f"| {one.system} | {' | '.join(one.cells)} | {one.source} |\n" for one in table.lines)
        parts.append(f"### {table.task}\n\n| | {head} | from |\n|---|{'---|' * len(table.figures)}---|\n{rows}")
    return "\n".join(parts)


def section_of(store: Store, model: Path) -> Section | None:
    """What the card of the model in a folder says of its benchmarks; None where these very weights have none."""
    found = runs(store)
    digest = folder_digest(model) if found else ""
    mine = [one for one in found if one.made_from["model"] == digest]
    if not mine:
        return None
    text = (
        f"{as_markdown(task_tables(mine))}\n"
        "Test splits; means over the seeds ± their standard deviation; the epoch was chosen on the development split.\n"
        "`seqeval` counts tags of words as the published figures do, though their words are cut otherwise; `exact`\n"
        "counts character spans as the tasks' own scorers do. Figures of others are as published, not run here.\n"
    )
    results = [
        result
        for one in mine
        for result in eval_results(one.figures["task"], one.figures["mean"], one.settings.get("documents"))
    ]
    hubs = {hub for one in mine if (hub := find_task(one.figures["task"]).hub)}
    return Section(text, results, sorted(hubs))


def _table(task: str, found: Sequence[Manifest]) -> TaskTable:
    mine = [one for one in found if one.figures["task"] == task]
    figures = tuple(name for name in FIGURES if any(name in one.figures["mean"] for one in mine))
    lines = [_our_line(one, figures) for one in mine]
    for other in published_on(task):
        cells = tuple(f"{other.f1:.4f}" if name in ("seqeval_f1", "f1") else "" for name in figures)
        lines.append(Line(f"{other.system} ({other.size})", cells, other.source, ours=False, rank=other.f1))
    return TaskTable(task, figures, tuple(sorted(lines, key=lambda line: -line.rank)))


def _our_line(one: Manifest, figures: Sequence[str]) -> Line:
    spread = one.figures["deviation"]
    means = one.figures["mean"]
    cells = tuple(
        (f"{means[name]:.4f}" + (f" ± {spread[name]:.4f}" if name in spread else "")) if name in means else ""
        for name in figures
    )
    seeds = one.figures["seeds"]
    fresh = "fresh weights, " if one.settings.get("fresh") else ""
    about = f"measured here, {fresh}{seeds} seed{'s' if seeds > 1 else ''}, {', '.join(one.figures['devices'])}"
    shaped = one.settings
    if "learning_rate" in shaped:
        how = "searched" if shaped.get("search") else "not searched"
        about += f"; rate {shaped['learning_rate']:g}, batch {shaped['batch']}, {shaped['epochs']} epochs ({how})"
    limit = one.settings.get("documents")
    part = f", at most {limit} documents a split" if limit else ""
    train = one.settings.get("train_documents")
    part += f", at most {train} training documents" if train else ""
    return Line(f"**{one.name}**", cells, f"{about}{part}", ours=True, rank=means.get(figures[0], 0.0))
