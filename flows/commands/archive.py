"""``cowese archive``: pages that others have archived → WARC files, permissions first."""

from typing import Annotated

import typer

from data.store import Store
from flows.commands.crawl import ContactOption
from flows.commands.options import (
    ConfigOption,
    JsonOption,
    SeedsOption,
    SetOption,
    StoreOption,
    read_date,
    read_settings,
    show,
    shown_progress,
)

archive = typer.Typer(
    name="archive", no_args_is_help=True, help="Bring pages from archives: Common Crawl. docs/sources.md tells of each."
)


@archive.command("common-crawl")
def common_crawl(
    crawl: Annotated[list[str], typer.Option("--crawl", help="A crawl, as CC-MAIN-2026-30; may be given again.")],
    store: StoreOption = None,
    seeds: SeedsOption = None,
    contact: ContactOption = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only pages fetched since then, as 2026-06-15.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the index: hosts, records, bytes, requests.")
    ] = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring what Common Crawl has of the start URLs' hosts into the store.

    Example: cowese archive common-crawl --crawl CC-MAIN-2026-30 --contact me@example.org --dry-run
    """
    from crawler.sources.common_crawl.run import archive_common_crawl

    settings = read_settings(config, store, assign, crawl__seeds=seeds, crawl__contact=contact)
    opened = Store.open(settings.store)
    with opened.exclusive("archive"), shown_progress() as progress:
        summary = archive_common_crawl(
            opened,
            settings.crawl,
            settings.archive.common_crawl,
            crawl,
            since=read_date(since, "--since"),
            dry_run=dry_run,
            progress=progress,
        )
    show(summary, "dry run" if dry_run else "archive", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(archive)
