"""The commands of the corpus: clean and publish."""

from pathlib import Path
from typing import Annotated

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

WarcsArgument = Annotated[list[Path] | None, typer.Argument(help="WARC files of others to clean too.")]
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes.  [one a core]")]


def clean(
    warcs: WarcsArgument = None,
    store: StoreOption = None,
    workers: WorkersOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn every WARC segment that has no clean twin yet into documents and dropped pages with their reasons.

    Example: cowese clean CC-MAIN-20260101000000-00001.warc.gz
    """
    from cleaning.clean import clean as clean_segments

    settings = read_settings(config, store, assign)
    opened = Store.open(settings.store)
    with opened.exclusive("clean"), shown_progress() as progress:
        summary = clean_segments(opened, settings.clean, warcs=warcs or (), workers=workers, progress=progress)
    show(summary, "clean", as_json=as_json)


def publish(
    store: StoreOption = None,
    cold: Annotated[bool, typer.Option("--cold", help="Rebuild from nothing but the WARC files.")] = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deduplicate the documents and cut a new corpus version where anything changed.

    Example: cowese publish --store store
    """
    from cleaning.publish import publish as publish_version

    settings = read_settings(config, store, assign)
    opened = Store.open(settings.store)
    with opened.exclusive("publish"), shown_progress() as progress:
        summary = publish_version(opened, settings.clean, settings.publish, cold=cold, progress=progress)
    show(summary, "publish", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(clean)
    app.command()(publish)
