"""The command that takes pages and hosts down."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from data.errors import InputError, StoreError
from data.store import Store
from data.takedowns import Takedowns
from flows.commands.options import ConfigOption, StoreOption, command_here, existing_store, read_settings
from flows.commands.targets import TargetsArgument, TargetsFileOption, read_targets

if TYPE_CHECKING:
    from flows.settings import Settings

_COPIES_SHOWN = 10
_HOLDERS_SHOWN = 5
_LOOKED_UP = 20
"""URLs that are looked up if no version has them, at most; a lookup takes a tenth of a second."""


def takedown(
    targets: TargetsArgument = None,
    file: TargetsFileOption = None,
    copies: Annotated[
        bool, typer.Option("--copies", help="Other pages with the same or nearly the same text, too.")
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
) -> None:
    """Take pages or whole hosts out of every later version.

    They are never fetched again. The next `cowese publish` cuts a version without them. All targets are taken down or,
    where one is no target, none.

    Example: cowese takedown https://www.example.org/page other.example
    """
    from cleaning.corpus.takedown_impact import takedown_impact

    asked = read_targets(targets, file)
    if not asked:
        raise InputError("nothing to take down. Name URLs or hosts, or a --file with one a line.")
    opened = existing_store(config, store)
    takedowns = Takedowns.load(opened)
    today = datetime.now(UTC).date()
    new = set(takedowns.add(asked, today))
    try:
        reached = takedown_impact(opened, takedowns, asked)
    except InputError as error:
        typer.echo(f"taken down: {', '.join(asked)}")
        raise InputError(f"its impact cannot be determined: {error}") from error
    unknown = [one for one in asked if "://" in one and not reached.documents[one] + reached.dropped[one]]
    unheard = _unheard(opened, read_settings(config, store, None), unknown[:_LOOKED_UP])
    for target in asked:
        said = "taken down" if target in new else "was taken down before"
        counted = _counted(reached.documents[target], reached.dropped[target])
        what = counted or (
            "not in the store so far; no later crawl or version will hold it" if target in unheard else ""
        )
        typer.echo(f"{said}: {target}{f' ({what})' if what else ''}")
        if "://" in target and urlsplit(target).path == "/" and not urlsplit(target).query:
            typer.echo(f"  its home page alone; the whole host: cowese takedown {urlsplit(target).hostname}")
    if copies:
        for url in takedowns.add(reached.copies, today):
            typer.echo(f"taken down: {url} (the same text)")
    elif reached.copies:
        _tell_copies(reached.copies)
    for line in _still_held(opened, takedowns.only([*asked, *(reached.copies if copies else ())])):
        typer.echo(line)
    typer.echo(f"next: {command_here(store, config)('cowese publish')}")


def _still_held(store: Store, takedowns: Takedowns) -> Iterator[str]:
    """Artifacts that still hold these pages, one line for each kind."""
    from cleaning.forgetting.pages import find_pages
    from data.lineage import artifacts_of_versions

    held = find_pages(store, takedowns)
    made = artifacts_of_versions(store, held.versions)
    kinds = {
        "versions": list(held.versions),
        "WARC files, with their texts and documents": sorted(held.records),
        "tokens": [path.name for path in made if path.parent == store.tokens],
        "made from it": [path.relative_to(store.root).as_posix() for path in made if path.parent != store.tokens],
    }
    if any(kinds.values()):
        yield "what was made before still holds it (cowese forget takes it out there too):"
    for kind, names in kinds.items():
        if names:
            more = f" and {len(names) - _HOLDERS_SHOWN:,} more" if len(names) > _HOLDERS_SHOWN else ""
            yield f"  {kind}: {', '.join(names[:_HOLDERS_SHOWN])}{more}"


def _counted(documents: int, dropped: int) -> str:
    parts = []
    if documents:
        parts.append(f"{documents:,} document{'s' if documents > 1 else ''}")
    if dropped:
        parts.append(f"{dropped:,} page{'s' if dropped > 1 else ''} that {'were' if dropped > 1 else 'was'} none")
    return ", ".join(parts)


def _tell_copies(copies: tuple[str, ...]) -> None:
    have = "pages have" if len(copies) > 1 else "page has"
    typer.echo(
        f"{len(copies):,} other {have} the same text or one alike, and would stand in the next version; "
        "give --copies to take such pages down too:"
    )
    for url in copies[:_COPIES_SHOWN]:
        typer.echo(f"  {url}")
    if len(copies) > _COPIES_SHOWN:
        typer.echo(f"  and {len(copies) - _COPIES_SHOWN:,} more")


def _unheard(store: Store, settings: "Settings", urls: list[str]) -> set[str]:
    """The URLs that a store does not know; empty if its crawl state cannot be opened."""
    from flows.why import why as look

    try:
        return {one for one in urls if not look(store, settings, one).known}
    except StoreError:
        return set()


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(takedown)
