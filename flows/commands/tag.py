"""The commands that use a fine-tuned model: tag and predict."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from data.store import Store
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    read_settings,
    show,
    shown_progress,
)
from flows.console import err


def tag(
    model: Annotated[str, typer.Argument(help="A fine-tuned model's folder, or TASK/MODEL of the store.")],
    files: Annotated[list[str], typer.Argument(help="Texts: .txt, CoNLL, .jsonl, folders of them, or - .")],
    out: Annotated[Path | None, typer.Option("--out", help="A file, for brat a folder.  [standard output]")] = None,
    form: Annotated[
        Literal["brat", "jsonl", "iob2"], typer.Option("--form", help="How the mentions are written.")
    ] = "jsonl",
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find mentions in new texts.

    It decodes as `cowese benchmark` scores. Offsets are characters of the text as it was given.

    Example: cowese tag PharmaCoNER/biomedtra-small notes --form brat --out tagged
    """
    from training.benchmark.tag import tag as tag_texts

    settings = read_settings(config, store, assign)
    with shown_progress() as progress:
        summary = tag_texts(
            Store(settings.store), settings.benchmark, model=model, files=files, form=form, out=out, progress=progress
        )
    if out is None:
        err().print(f"{summary.texts:,} texts, {summary.mentions:,} mentions by {summary.model}", markup=False)
    else:
        show(summary, "tag", as_json=as_json)


def predict(
    model: Annotated[str, typer.Argument(help="A fine-tuned model's folder, or TASK/MODEL of the store.")],
    files: Annotated[list[str], typer.Argument(help="Rows: .jsonl, .csv, .tsv, .txt (a text a line), or - .")],
    out: Annotated[Path | None, typer.Option("--out", help="A file.  [standard output]")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Classify or score new texts or pairs, or answer questions.

    It decodes as `cowese benchmark` scores; the output is a JSON object a row.

    Example: cowese predict CARES/biomedtra-small informes.jsonl --out codes.jsonl
    """
    from training.benchmark.predict import predict as predict_rows

    settings = read_settings(config, store, assign)
    with shown_progress() as progress:
        summary = predict_rows(
            Store(settings.store), settings.benchmark, model=model, files=files, out=out, progress=progress
        )
    if out is None:
        err().print(f"{summary.rows:,} rows by {summary.model}", markup=False)
    else:
        show(summary, "predict", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(tag)
    app.command()(predict)
