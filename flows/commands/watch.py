"""``cowese watch``: a run of a deployment, stage by stage."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from flows.console import PLAIN_INTERVAL, err, out

if TYPE_CHECKING:
    from rich.console import Group

    from flows.serving.watch import Seen


def watch(
    run: Annotated[str | None, typer.Argument(help="A run's name or id.  [the one submitted last]")] = None,
) -> None:
    """Show the stages of a served run as they go.

    Counts, rate, time left, the training's loss; from any folder. Ends with the run, with code 0 if it completed;
    Ctrl-C ends only the watching. No --store is needed: the server knows (Prefect's profile says which).

    Example: cowese watch cocky-turtle
    """
    from rich.live import Live

    from flows.serving import watch as source

    if err().is_terminal:
        with Live(console=err(), refresh_per_second=4) as live:
            for seen in source.watch(run):
                live.update(picture(seen))
    else:
        printed: dict[str, tuple[float, str]] = {}
        for seen in source.watch(run):
            for line in news(seen, printed):
                err().print(line, markup=False)
    out().print(f"{seen.name}: {seen.state}{': ' + seen.message if seen.message else ''}", markup=False)
    sys.exit(0 if seen.completed else 1)


def picture(seen: "Seen") -> "Group":
    """The run as a live table."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for stage in seen.stages:
        table.add_row(stage.name, ProgressBar(total=100, completed=stage.percent, width=24), Text(stage.words))
    return Group(Text(f"{seen.name}: {seen.state}"), table)


def news(seen: "Seen", printed: dict[str, tuple[float, str]]) -> list[str]:
    """Changes as lines, for output that is not a terminal; limited for each stage."""
    now = time.monotonic()
    lines = [] if printed.get("", (0, ""))[1] == seen.state else [f"{seen.name}: {seen.state}"]
    printed[""] = (now, seen.state)
    for stage in seen.stages:
        since, words = printed.get(stage.name, (-PLAIN_INTERVAL, ""))
        is_due = now - since >= PLAIN_INTERVAL or stage.percent >= 100  # noqa: PLR2004 - per cent
        if stage.words != words and is_due:
            printed[stage.name] = (now, stage.words)
            lines.append(f"{stage.name}: {stage.words}")
    return lines


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(watch)
