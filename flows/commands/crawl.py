"""``cowese crawl``: one round over the start URLs."""

from typing import Annotated

import typer

from data.store import Store
from flows.commands.options import (
    AsOfOption,
    ConfigOption,
    JsonOption,
    RevisitOption,
    SeedsOption,
    SetOption,
    StoreOption,
    read_date,
    read_settings,
    show,
    shown_progress,
)

ProxyOption = Annotated[str | None, typer.Option("--proxy", help="HTTP proxy, as http://127.0.0.1:8900.")]
MaxPagesOption = Annotated[int | None, typer.Option("--max-pages", min=1, help="Stop after so many pages.")]
MaxHoursOption = Annotated[float | None, typer.Option("--max-hours", help="Stop after so many hours.")]
MaxGigabytesOption = Annotated[
    float | None, typer.Option("--max-gigabytes", help="Stop after so many gigabytes over the wire.")
]
MaxPerHostOption = Annotated[int | None, typer.Option("--max-pages-per-host", min=1, help="At most so many a host.")]
ContactOption = Annotated[
    str | None, typer.Option("--contact", help="Address or page a webmaster can write to; a real crawl needs it.")
]
PartitionOption = Annotated[
    str | None, typer.Option("--partition", help="K/N: this process takes the K-th of N parts of the sites.")
]


def crawl(
    store: StoreOption = None,
    seeds: SeedsOption = None,
    proxy: ProxyOption = None,
    contact: ContactOption = None,
    max_pages: MaxPagesOption = None,
    max_hours: MaxHoursOption = None,
    max_gigabytes: MaxGigabytesOption = None,
    max_pages_per_host: MaxPerHostOption = None,
    partition: PartitionOption = None,
    revisit: RevisitOption = "due",
    as_of: AsOfOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be fetched first, and why.")] = False,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Crawl a round: start URLs → WARC files.

    An unfinished round goes on, else the next is started.

    Example: cowese crawl --contact me@example.org --max-pages-per-host 1000
    """
    from crawler.process.run import crawl as crawl_round

    settings = read_settings(
        config,
        store,
        assign,
        crawl__seeds=seeds,
        crawl__proxy=proxy,
        crawl__contact=contact,
        crawl__max_pages=max_pages,
        crawl__max_hours=max_hours,
        crawl__max_gigabytes=max_gigabytes,
        crawl__max_pages_per_host=max_pages_per_host,
        crawl__partition=partition,
    )
    if dry_run:
        from crawler.views.preview import preview

        looked_at = Store.named(settings.store)
        show(preview(looked_at, settings.crawl, revisit=revisit, as_of=read_date(as_of)), "dry run", as_json=as_json)
        return
    opened = Store.open(settings.store)
    with opened.exclusive("crawl"), shown_progress() as progress:
        summary = crawl_round(opened, settings.crawl, revisit=revisit, as_of=read_date(as_of), progress=progress)
    show(summary, "crawl", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(crawl)
