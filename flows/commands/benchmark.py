"""The command of benchmarks: fine-tune and score a model on a task; the table of all runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from data.errors import InputError
from data.store import Store
from flows.commands.model import checked_name
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    existing_store,
    read_settings,
    show,
    shown_progress,
)

TASK_HELP = "PharmaCoNER, CANTEMIST, DisTEMIST, CARES, STS-es … (docs/benchmarks.md), or a name of your own."
DATA_HELP = "Its folder with train, dev, test: brat, CoNLL, TSV, Parquet, JSON lines, BioC, SQuAD's JSON."


def benchmark(
    model: Annotated[
        str | None, typer.Option("--model", help="A Hugging Face folder or name, or an exported model's name.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", help=TASK_HELP)] = None,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help=DATA_HELP)] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What it is called in tables.  [the model's name, with -fresh for the control]"),
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, help="Runs.  [5]")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", min=1, help="Passes over the training split.  [10]")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="The control: the same network and tokenizer with new weights.")
    ] = False,
    search: Annotated[
        bool, typer.Option("--search", help="Choose rate, batch and epochs on the development split, from one grid.")
    ] = False,
    keep: Annotated[
        Literal["best", "all", "none"] | None,
        typer.Option("--keep", help="Whose fine-tuned model stays: the best seed's, every seed's or none.  [best]"),
    ] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Write the kept models as ONNX too.")] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Instead: all runs beside published figures, and into the model cards.")
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Instead: which of two is better, on --task or on all tasks."),
    ] = None,
    rescore: Annotated[
        bool, typer.Option("--rescore", help="Instead: score the kept predictions of --task again; needs --data.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune a model on a task and score it.

    One run a seed; finished seeds are kept.

    Example: cowese benchmark --model PlanTL-GOB-ES/bsc-bio-ehr-es --task PharmaCoNER --data pharmaconer
    """
    if table:
        show_table(existing_store(config, store), as_json=as_json)
        return
    if compare is not None:
        show_comparison_of(existing_store(config, store), compare, task, as_json=as_json)
        return
    if rescore:
        score_again(existing_store(config, store), task, data, name or model, as_json=as_json)
        return
    if model is None or task is None or data is None:
        raise InputError("cowese benchmark needs --model, --task and --data (or --table). See cowese benchmark --help.")
    from training.benchmark.run import benchmark as run_benchmark

    settings = read_settings(
        config,
        store,
        assign,
        benchmark__seeds=seeds,
        benchmark__epochs=epochs,
        benchmark__fresh=fresh or None,
        benchmark__search=search or None,
        benchmark__keep=keep,
        benchmark__onnx=onnx or None,
    )
    opened = Store.open(settings.store)
    with opened.exclusive("benchmark"), shown_progress() as progress:
        summary = run_benchmark(
            opened,
            settings.benchmark,
            model=model,
            task=checked_name(task, "--task") or task,
            data=data,
            name=checked_name(name),
            progress=progress,
        )
    show(summary, "benchmark", as_json=as_json)


def show_table(store: Store, *, as_json: bool) -> None:
    """Write the table and print it."""
    from training.benchmark.table import write_table

    with store.exclusive("benchmark-table"):
        summary = write_table(store)
    if not as_json:
        typer.echo(summary.markdown.read_text(encoding="utf-8"))
    show(summary, "benchmark --table", as_json=as_json)


def show_comparison_of(store: Store, names: tuple[str, str], task: str | None, *, as_json: bool) -> None:
    """Compare two runs and print the tables."""
    from training.benchmark.compare import as_markdown, compare

    comparison = compare(store, *names, task)
    typer.echo(comparison.model_dump_json(indent=1) if as_json else as_markdown(comparison))


def score_again(store: Store, task: str | None, data: Path | None, name: str | None, *, as_json: bool) -> None:
    """Score the predictions of a task's models, or of one of them, again."""
    from training.benchmark.rescore import rescore

    if task is None or data is None:
        raise InputError("--rescore needs --task and --data, the folder that was predicted on.")
    with store.exclusive("benchmark"), shown_progress() as progress:
        summary = rescore(store, task=task, data=data, name=name, progress=progress)
    show(summary, "benchmark --rescore", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(benchmark)
