"""``cowese hosts``: the operator's view of the crawl, host by host."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from data.errors import InputError
from flows.commands.options import (
    AsOfOption,
    ConfigOption,
    JsonOption,
    SeedsOption,
    SetOption,
    StoreOption,
    existing_store,
    read_date,
    read_settings,
    show,
)
from flows.console import out, readable

if TYPE_CHECKING:
    from crawler.views.host_records import HostView

Order = Literal["host", "state", "pages", "queued", "answers", "bytes", "rate", "due", "traps", "refused", "failed"]
SHOWN = 40
"""Default number of hosts shown."""


def hosts(
    host: Annotated[str | None, typer.Argument(help="One host, with or without www: its whole story.")] = None,
    store: StoreOption = None,
    seeds: SeedsOption = None,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", "--standing", help="Only hosts in this state, as blocked; may be given again."),
    ] = None,
    match: Annotated[str | None, typer.Option(help="Only hosts whose name contains this.")] = None,
    sort: Annotated[Order, typer.Option(help="What comes first; figures from the largest on.")] = "queued",
    limit: Annotated[int, typer.Option(min=1, help="Hosts shown; --json shows all.")] = SHOWN,
    as_of: AsOfOption = None,
    config: ConfigOption = None,
    assign: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every host of the crawl, or the story of one.

    Its state and cause, pages, statuses, pace, budget, next date, opt-outs, traps and bytes.

    Example: cowese hosts --state blocked --state sick --sort pages
    """
    from crawler.views.host_records import OperatorState
    from crawler.views.hosts import host_story, host_views

    settings = read_settings(config, store, assign, crawl__seeds=seeds)
    opened = existing_store(config, settings.store)
    now = read_date(as_of)
    if host is not None:
        show(host_story(opened, settings.crawl, host, as_of=now), host, as_json=as_json)
        return
    known = get_args(OperatorState)
    for one in state or ():
        if one not in known:
            raise InputError(f"--state {one}: no such state. Known: {', '.join(known)}.")
    views = [
        view
        for view in host_views(opened, settings.crawl, as_of=now)
        if (not state or view.state in state) and (match is None or match.lower() in view.host)
    ]
    views.sort(key=lambda view: _key(view, sort))
    if as_json:
        typer.echo(json.dumps([view.model_dump(mode="json") for view in views], ensure_ascii=False, indent=1))
        return
    for line in _lines(views[:limit]):
        out().print(line, markup=False)
    counts: dict[str, int] = {}
    for view in views:
        counts[view.state] = counts.get(view.state, 0) + 1
    told = ", ".join(f"{name} {counts[name]:,}" for name in known if name in counts)
    out().print(f"{len(views):,} hosts ({told or 'none'}), {min(limit, len(views)):,} shown", markup=False)


def _key(view: "HostView", order: Order) -> tuple[float, str]:
    figures = {
        "host": 0.0,
        "state": 0.0,
        "pages": -view.pages,
        "queued": -view.queued,
        "answers": -view.answers,
        "bytes": -view.megabytes,
        "rate": -(view.answers_a_second or 0.0),
        "due": view.next_due.timestamp() if view.next_due else float("inf"),
        "traps": -sum(view.traps.values()),
        "refused": -sum(view.refused.values()) - sum(view.opt_outs.values()),
        "failed": -sum(view.failed.values()),
    }
    return figures[order], f"{view.state} {view.host}" if order == "state" else view.host


COLUMNS = (
    "host", "state", "pages", "queued", "this round", "a second", "MB", "opt-outs", "traps", "rests until",
    "next due", "statuses", "why",
)  # fmt: skip


def _lines(views: "list[HostView]") -> list[str]:
    """Aligned columns with a header, never truncated to the width of the terminal."""
    rows = [COLUMNS, *(_cells(view) for view in views)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _cells(view: "HostView") -> tuple[str, ...]:
    budget = f"{view.done_in_round:,}" + (f" of {view.page_cap:,}" if view.page_cap is not None else "")
    return (
        view.host,
        view.state,
        f"{view.pages:,}",
        f"{view.queued:,}",
        budget,
        readable(view.answers_a_second) if view.answers_a_second is not None else "",
        readable(view.megabytes),
        f"{sum(view.opt_outs.values()):,}",
        f"{sum(view.traps.values()):,}",
        _date(view.rests_until),
        _date(view.next_due),
        ", ".join(f"{status} {count:,}" for status, count in list(view.statuses.items())[:3]),
        view.why or "",
    )


def _date(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else ""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(hosts)
