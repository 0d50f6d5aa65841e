"""The commands about a store as a whole: status, why and takedown."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from data.errors import InputError, StoreError
from data.store import Store
from data.takedowns import Takedowns
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SetOption,
    StoreOption,
    existing_store,
    open_store,
    read_settings,
)
from flows.console import out, show_summary
from flows.settings import Settings


def status(
    store: StoreOption = None, config: ConfigOption = None, assign: SetOption = None, as_json: JsonOption = False
) -> None:
    """Show what a store holds, what is stale and what mends it.

    Example: cowese status --store store
    """
    from flows.status import status as look

    settings = read_settings(config, store, assign)
    found = look(existing_store(config, settings.store), settings)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    show_summary(found.corpus.model_copy(update={"versions": [], "stale": []}), "corpus")
    table = Table(title="versions and what was made of them", title_justify="left", box=None, pad_edge=False)
    for heading in ("", "holds", "state", "command"):
        table.add_column(heading)
    for version in found.corpus.versions:
        table.add_row(version.name, f"{version.documents:,} documents, {version.words:,} words", "published", "")
    for stale in found.corpus.stale:
        table.add_row("corpus", "", stale.what, stale.command)
    for part in found.model:
        table.add_row(part.name, part.holds, part.state, part.mend or "")
    out.print(table)


def why(
    url: Annotated[str, typer.Argument(help="The page, in any spelling.")],
    store: StoreOption = None,
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
    from flows.why_words import story_lines

    settings = read_settings(config, store, assign)
    told = look(existing_store(config, settings.store), settings, url)
    if as_json:
        typer.echo(told.model_dump_json(indent=1))
    else:
        for line in story_lines(told):
            typer.echo(line)
    if not told.known:
        raise typer.Exit(1)


def takedown(
    targets: Annotated[list[str] | None, typer.Argument(help="URLs or host names.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with one URL or host a line.")] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Take pages or whole hosts out of every later version.

    They are never fetched again. The next `cowese publish` cuts a version without them.

    Example: cowese takedown https://www.example.org/page other.example
    """
    asked = [*(targets or ()), *_lines(file)]
    if not asked:
        raise InputError("nothing to take down. Name URLs or hosts, or a --file with one a line.")
    opened = open_store(config, store)
    takedowns = Takedowns.load(opened)
    today = datetime.now(UTC).date()
    for target in asked:
        new = takedowns.add(target, today)
        typer.echo(f"{'taken down' if new else 'was taken down before'}: {target}")
    settings = read_settings(config, store, None)
    for target in targets or ():  # a file may name thousands: they are not looked up
        if "://" in target and not _is_known(opened, settings, target):
            typer.echo(f"not in the store so far; noted: no later crawl or version will hold it: {target}")
    typer.echo("next: cowese publish")


def _is_known(store: Store, settings: Settings, url: str) -> bool:
    """Whether a store has ever met a URL; also where it cannot tell, since its crawl state is out of reach."""
    from flows.why import why as look

    try:
        return look(store, settings, url).known
    except StoreError:
        return True


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)
    app.command()(why)
    app.command()(takedown)
