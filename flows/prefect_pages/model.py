"""Prefect artifacts of a model: curves of what it learns, its figures beside the card's, links."""

import base64
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact

from data.files import write_text
from data.manifest import Manifest
from flows.console import readable
from flows.prefect_pages.curve import curve
from flows.prefect_pages.log_lines import in_one_line
from flows.prefect_pages.store_links import StoreLinks
from training.benchmark.run import BenchmarkSummary
from training.benchmark.table import TableSummary
from training.results.evaluate import EvaluationSummary
from training.results.export import ExportSummary
from training.results.report import write_report
from training.runs.metrics import read_metrics
from training.runs.pretrain import PretrainSummary
from training.runs.pretrain_settings import Plan
from training.tokens.pack import PackSummary
from training.tokens.tokenizer import TokenizerSummary

CURVES = {
    "hidden_loss": "nats at hidden tokens",
    "disc_gain": "the discriminator's gain over the prior, nats a token",
}
"""Figures of a run that are drawn. The loss is not: phases minimise different losses, so that it jumps between them."""


def curves_of(run: Path) -> dict[str, str]:
    """Images of a run's figures over its steps, with its phases, by figure; none of a figure that it does not have."""
    stages = Plan.model_validate(Manifest.read(run).settings).stages
    phases = {stage.begin: f"{stage.objective}, rows of {stage.length}" for stage in stages}
    found = {name: [(line["step"], line[name]) for line in read_metrics(run) if name in line] for name in CURVES}
    return {name: curve(points, CURVES[name], "steps", phases) for name, points in found.items() if points}


def show_run(summary: PretrainSummary, links: StoreLinks) -> None:
    """Show what generator and discriminator learn, inside the training task."""
    name = summary.path.name
    for figure, drawn in curves_of(summary.path).items():
        image = summary.path / f"{figure}.svg"
        write_text(image, drawn)
        inline = f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
        create_image_artifact(
            links.place(image) if links.base else inline,
            key=figure.replace("_", "-"),
            description=f"{name}: {CURVES[figure]} over {summary.steps:,} steps",
        )
    report = write_report(summary.path)
    figures = ("hidden_loss", "hidden_accuracy", "disc_gain", "replaced_rate", "tokens_seen", "tokens_per_second")
    known = {figure: value for figure in figures if not math.isnan(value := getattr(summary, figure))}
    lines = [f"- {figure.replace('_', ' ')}: {readable(value)}" for figure, value in known.items()]
    create_markdown_artifact(
        f"## {name}\n\n{summary.steps:,} steps.\n\n" + "\n".join(lines) + f"\n- {links.to(report, 'all its curves')}\n",
        key="pretraining-run",
        description=f"The run {name}",
    )


def show_evaluation(summary: EvaluationSummary, links: StoreLinks) -> None:
    """Show the figures by the card's definitions, inside the evaluating task."""
    create_table_artifact(
        [
            {
                "figure": name,
                "this run": f"{value:.4f}",
                "all called original": f"{summary.all_original[name]:.4f}",
                "BIOMEDTRA-small's card": readable(summary.published[name]),
            }
            for name, value in summary.discriminator.items()
        ],
        key="evaluation",
        description=f"{summary.run}, step {summary.step:,}, on {summary.tokens:,} tokens of {summary.split}",
    )
    report = write_report(summary.path.parents[1])  # now with these figures
    create_markdown_artifact(links.to(report, "curves and figures"), key="pretraining-report", description=summary.run)


def show_model(summary: ExportSummary, links: StoreLinks) -> None:
    """Show the paths of the two models and their cards, inside the exporting task."""
    parts = {"discriminator": summary.discriminator, "generator": summary.generator}
    lines = [
        f"- **{name}**, {summary.parameters[name]:,} parameters: {links.to(folder / 'README.md', 'model card')}, "
        f"`{folder}`"
        for name, folder in parts.items()
    ]
    create_markdown_artifact(
        f"## {summary.path.name}\n\nStep {summary.step:,}.\n\n" + "\n".join(lines) + "\n",
        key="model",
        description=f"The model {summary.path.name}",
    )


def show_benchmark(summary: BenchmarkSummary, links: StoreLinks) -> None:
    """The figures on the test split, inside the task that scored."""
    create_table_artifact(
        [
            {"figure": name, "mean": f"{mean:.4f}", "deviation": f"{summary.deviation.get(name, 0.0):.4f}"}
            for name, mean in summary.mean.items()
        ],
        key="benchmark",
        description=f"{summary.model} on {summary.task}, {summary.seeds} seeds",
    )
    create_markdown_artifact(links.to(summary.report, "report"), key="benchmark-report", description=summary.task)


PAGES: dict[str, Callable[[Any, StoreLinks], None]] = {
    "pretrain": show_run,
    "evaluate": show_evaluation,
    "export": show_model,
    "benchmark": show_benchmark,
}
"""By stage."""


@in_one_line.register
def _(summary: TokenizerSummary) -> str:
    return f"{summary.path.name}: {summary.entries:,} entries"


@in_one_line.register
def _(summary: PackSummary) -> str:
    return f"{summary.path.name}: " + ", ".join(f"{split} {count:,} tokens" for split, count in summary.tokens.items())


@in_one_line.register
def _(summary: PretrainSummary) -> str:
    if summary.reused:
        return f"{summary.path.name} had been finished before, {summary.steps:,} steps"
    resumed = f", resumed at {summary.resumed_at:,}" if summary.resumed_at else ""
    return f"{summary.path.name}: {summary.steps:,} steps{resumed}, loss {summary.loss:.4g} on rows of {summary.length}"


@in_one_line.register
def _(summary: EvaluationSummary) -> str:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in summary.discriminator.items())
    return f"{summary.run} on {summary.split}: {figures}"


@in_one_line.register
def _(summary: ExportSummary) -> str:
    return f"{summary.path}"


@in_one_line.register
def _(summary: BenchmarkSummary) -> str:
    figures = ", ".join(f"{name} {value:.4f}" for name, value in summary.mean.items())
    return f"{summary.model} on {summary.task}, {summary.seeds} seeds ({summary.made} made now): {figures}"


@in_one_line.register
def _(summary: TableSummary) -> str:
    return f"{summary.runs} runs in {summary.markdown}"
