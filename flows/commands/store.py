"""The commands about a store as a whole: status and why."""

from typing import Annotated

import typer

from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SeedsOption,
    SetOption,
    StoreOption,
    command_here,
    existing_store,
    read_settings,
)
from flows.console import out, show_summary


def status(
    store: StoreOption = None,
    seeds: SeedsOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a store holds, what is stale and what mends it.

    Example: cowese status --store store
    """
    from rich.table import Table

    from flows.status import status as look

    settings = read_settings(config, store, assign, crawl__seeds=seeds)
    found = look(existing_store(config, settings.store), settings)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    show_summary(found.corpus.model_copy(update={"versions": [], "stale": []}), "corpus")
    mended = command_here(store, config, assign)
    table = Table(title="versions and what was made of them", title_justify="left", box=None, pad_edge=False)
    for heading in ("", "holds", "state", "command"):
        table.add_column(heading)
    for version in found.corpus.versions:
        table.add_row(version.name, f"{version.documents:,} documents, {version.words:,} words", "published", "")
    if found.forgetting:
        table.add_row("forgetting", "", "was cut off", mended("cowese forget --yes"))
    for stale in found.corpus.stale:
        table.add_row("corpus", "", stale.what, mended(stale.command))
    for part in found.model:
        table.add_row(part.name, part.holds, part.state, mended(part.mend) if part.mend else "")
    out().print(table)


def why(
    url: Annotated[str, typer.Argument(help="The page, in any spelling.")],
    store: StoreOption = None,
    seeds: SeedsOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the whole story of one URL.

    Crawled or refused, kept or dropped and why, its place in every version. Ends with exit code 1 where
    the store has never heard of it.

    Example: cowese why https://www.example.org/page
    """
    from flows.why import why as look
    from flows.why_text import story_lines

    settings = read_settings(config, store, assign, crawl__seeds=seeds)
    told = look(existing_store(config, settings.store), settings, url)
    if as_json:
        typer.echo(told.model_dump_json(indent=1))
    else:
        for line in story_lines(told):
            typer.echo(line)
    if not told.known:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)
    app.command()(why)
