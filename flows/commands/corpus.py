"""The commands of the corpus: clean, publish, diff, export-text, push."""

import contextlib
from pathlib import Path
from typing import Annotated, Literal

import typer

from data.errors import InputError
from data.store import Store
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

WarcsArgument = Annotated[
    list[Path] | None, typer.Argument(help="WARC files of others; from then on they belong to the store.")
]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes.  [one a core]")]

DecontaminateOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--decontaminate",
        metavar="DIR",
        help="A benchmark whose texts the corpus must not hold (folder, file or tar); may be given again.",
    ),
]

AgainstOption = Annotated[
    list[str] | None,
    typer.Option(
        "--deduplicate-against",
        "--against",
        metavar="CORPUS",
        help="Drop what this corpus has (Parquet, a version, OWNER/NAME on the hub); may be given again.",
    ),
]


def clean(
    warcs: WarcsArgument = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", "--share", metavar="K/N", help="One of N shards of the WARC files, for array jobs."),
    ] = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn WARC files into documents and dropped pages.

    Every WARC file that was not cleaned yet; a dropped page is kept with its reason.

    Example: cowese clean CC-MAIN-20260101000000-00001.warc.gz
    """
    from cleaning.clean import clean as clean_segments
    from cleaning.shard import Shard

    settings = read_settings(config, store, assign, engine__workers=workers)
    opened = Store.open(settings.store)
    mine = None if shard is None else Shard.read(shard)
    if mine is not None and warcs:
        raise InputError("--shard: name WARC files of others in a run without it first; then they are dealt out too.")
    with contextlib.ExitStack() as stack:
        stack.enter_context(opened.exclusive("clean", shared=mine is not None))
        if mine is not None:
            stack.enter_context(opened.exclusive(f"clean-{mine}"))
        summary = clean_segments(
            opened,
            settings.clean,
            warcs=warcs or (),
            shard=mine,
            engine=settings.engine,
            progress=stack.enter_context(shown_progress()),
        )
    show(summary, "clean", as_json=as_json)


def publish(
    store: StoreOption = None,
    cold: Annotated[bool, typer.Option("--cold", help="Rebuild from nothing but the WARC files.")] = False,
    decontaminate: DecontaminateOption = None,
    against: AgainstOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="WARC",
            help="A WARC file that is gone: publish without its documents, from now on; may be given again.",
        ),
    ] = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deduplicate the documents and cut a new corpus version.

    If nothing has changed, there is no new version.

    Example: cowese publish --decontaminate benchmarks/pharmaconer --decontaminate benchmarks/cantemist
    """
    from cleaning.corpus.publish import publish as publish_version

    settings = read_settings(
        config,
        store,
        assign,
        publish__decontaminate=decontaminate or None,
        publish__deduplicate_against=against or None,
    )
    opened = Store.open(settings.store)
    with opened.exclusive("publish"), shown_progress() as progress:
        summary = publish_version(
            opened,
            settings.clean,
            settings.publish,
            rights=settings.rights,
            cold=cold,
            without=without or (),
            engine=settings.engine,
            progress=progress,
        )
    show(summary, "publish", as_json=as_json)


def diff(
    before: Annotated[str, typer.Argument(help="A version, as v0001.")],
    after: Annotated[str, typer.Argument(help="A later version.")] = "latest",
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what changed between two corpus versions.

    Documents added, changed, removed, moved, re-elected, by host and reason.

    Example: cowese diff v0001 v0002
    """
    from cleaning.corpus.diff import diff as compare

    show(
        compare(existing_store(config, store), before, after),
        f"from {before} to {after}",
        as_json=as_json,
    )


def export_text(
    target: Annotated[Path, typer.Argument(help="The file to write.")],
    version: Annotated[str, typer.Option("--version", help="A corpus version.")] = "latest",
    form: Annotated[
        Literal["text", "sentences", "jsonl", "datatrove", "urls", "warc"],
        typer.Option(
            help="text: a paragraph a line; sentences: a sentence a line; jsonl: all columns; datatrove: its document; "
            "urls; warc: file, offset, URL."
        ),
    ] = "text",
    split: Annotated[
        list[str] | None, typer.Option("--split", help="train, validation or test; may be given again.  [all]")
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a version as one text file, as CoWeSe was.

    A blank line between documents. A name that ends in .gz is packed.

    Example: cowese export-text CoWeSe.jsonl.gz --form datatrove --split train
    """
    from cleaning.corpus.export_text import export_text as write
    from cleaning.corpus.splits import SPLITS

    with shown_progress() as progress:
        summary = write(
            existing_store(config, store),
            target,
            version=version,
            form=form,
            splits=tuple(split) if split else SPLITS,
            progress=progress,
        )
    show(summary, "export-text", as_json=as_json)


def push(
    repository: Annotated[str, typer.Argument(help="Your repository on the Hugging Face hub, as me/cowese.")],
    version: Annotated[str, typer.Option("--version", help="A corpus version.")] = "latest",
    model: Annotated[
        str | None,
        typer.Option("--model", help="Instead: a model; its folder, an exported one's name, or TASK/MODEL."),
    ] = None,
    private: Annotated[bool, typer.Option("--private/--public", help="Who may see a new repository.")] = True,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Upload a version, or a model, to the Hugging Face hub.

    What the hub has already is not sent again. Log in first with `hf auth login`, or set HF_TOKEN.

    Example: cowese push me/cowese
    """
    if model is not None:
        push_model(existing_store(config, store), repository, model, private=private, as_json=as_json)
        return
    from cleaning.corpus.push import push as upload

    with shown_progress() as progress:
        summary = upload(
            existing_store(config, store),
            repository,
            version=version,
            private=private,
            progress=progress,
        )
    show(summary, "push", as_json=as_json)


def push_model(store: Store, repository: str, model: str, *, private: bool, as_json: bool) -> None:
    """Upload an exported or fine-tuned model."""
    from training.results.push_model import push_model as upload

    with shown_progress() as progress:
        summary = upload(store, repository, model=model, private=private, progress=progress)
    show(summary, "push", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (clean, publish, diff, export_text, push):
        app.command()(command)
