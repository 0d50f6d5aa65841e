"""``cowese archive``: pages from archives and open corpora → WARC files, permissions first."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from crawler.sources.open_corpora import CorpusRecord, Skipped

archive = typer.Typer(name="archive", help="Bring pages from archives and open corpora. docs/sources.md tells of each.")


@archive.callback(invoke_without_command=True)
def entry(context: typer.Context) -> None:
    """Bring pages from archives and open corpora. docs/sources.md tells of each."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


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


@archive.command("wayback")
def wayback(
    host: Annotated[
        list[str] | None,
        typer.Option("--host", help="A host of a start URL; may be given again.  [those that the crawl found gone]"),
    ] = None,
    store: StoreOption = None,
    seeds: SeedsOption = None,
    contact: ContactOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read the index: hosts and pages.")] = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the last captures of start URLs whose host is gone from the Wayback Machine.

    Slow on purpose: 30 pages a minute.

    Example: cowese archive wayback --contact me@example.org --dry-run
    """
    from crawler.sources.wayback.run import archive_wayback
    from crawler.views.dead_hosts import dead_hosts

    settings = read_settings(config, store, assign, crawl__seeds=seeds, crawl__contact=contact)
    opened = Store.open(settings.store)
    hosts = host or dead_hosts(opened, settings.crawl)
    with opened.exclusive("archive"), shown_progress() as progress:
        summary = archive_wayback(
            opened, settings.crawl, settings.archive.wayback, hosts=hosts, dry_run=dry_run, progress=progress
        )
    show(summary, "dry run" if dry_run else "archive", as_json=as_json)


DayOption = Annotated[
    str | None, typer.Option("--date", metavar="DATE", help="When it was fetched, as 2026-06-15.  [its file's day]")
]
OnlySeedsOption = Annotated[
    bool, typer.Option("--only-seeds", help="Leave out what lies in the scope of no start URL.")
]


@archive.command("medlineplus")
def medlineplus(
    file: Annotated[Path, typer.Argument(help="mplus_topics_DATE.xml, or its zip, of medlineplus.gov/xml.html.")],
    store: StoreOption = None,
    seeds: SeedsOption = None,
    date: DayOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the Spanish health topics of MedlinePlus out of its XML file.

    They are in the public domain of the United States.

    Example: cowese archive medlineplus mplus_topics_2026-11-28.xml
    """
    from crawler.sources.medlineplus import SOURCE, topics

    given = _Given(config, store, assign, seeds)
    given.bring(SOURCE, topics(file, read_date(date, "--date")), as_json=as_json)


@archive.command("scielo")
def scielo(
    files: Annotated[list[Path], typer.Argument(help="JATS XML files, folders of them, or zip packages.")],
    store: StoreOption = None,
    seeds: SeedsOption = None,
    date: DayOption = None,
    only_seeds: OnlySeedsOption = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take the Spanish full texts out of SciELO's JATS files, each with its licence.

    Example: cowese archive scielo articles/
    """
    from crawler.sources.scielo import SOURCE, articles

    given = _Given(config, store, assign, seeds)
    given.bring(SOURCE, articles(files, read_date(date, "--date")), only_seeds=only_seeds, as_json=as_json)


@archive.command("texts")
def texts(
    folder: Annotated[list[Path], typer.Argument(help="Parquet or JSONL files with text and url, or folders of them.")],
    name: Annotated[str, typer.Option("--name", help="What the source is called, as fineweb-2.")],
    store: StoreOption = None,
    seeds: SeedsOption = None,
    date: DayOption = None,
    licence: Annotated[
        str | None, typer.Option("--license", help="Of rows without one: an address, or a name as ODC-By-1.0.")
    ] = None,
    only_seeds: OnlySeedsOption = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take texts with addresses that others have extracted, in FineWeb-2's form.

    They are judged, deduplicated and split like pages; no page lies behind them, so they cannot be extracted again.

    Example: cowese archive texts fineweb-2/spa_Latn --name fineweb-2 --only-seeds
    """
    from crawler.sources.texts import check_name, licence_named
    from crawler.sources.texts import texts as rows

    given = _Given(config, store, assign, seeds)
    found = rows(folder, read_date(date, "--date"), licence_named(licence))
    given.bring(check_name(name), found, only_seeds=only_seeds, as_json=as_json)


class _Given:
    """Common parts of the commands for open corpora."""

    def __init__(self, config: Path | None, store: Path | None, assign: list[str] | None, seeds: Path | None) -> None:
        settings = read_settings(config, store, assign, crawl__seeds=seeds)
        self._store = Store.open(settings.store)
        self._seeds = settings.crawl.seeds

    def bring(
        self, source: str, found: "Iterable[CorpusRecord | Skipped]", *, as_json: bool, only_seeds: bool = False
    ) -> None:
        """Import a corpus and print the summary."""
        from crawler.permissions.scope import Scope
        from crawler.sources.open_corpora import import_corpus
        from data.seeds import load_seeds

        scope = Scope(load_seeds(self._seeds))
        with self._store.exclusive("archive"), shown_progress() as progress:
            summary = import_corpus(self._store, source, found, scope, only_seeds=only_seeds, progress=progress)
        show(summary, source, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(archive)
