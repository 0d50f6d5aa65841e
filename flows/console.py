"""Terminal output: a progress bar for each stage, a table at its end, figures with units."""

import functools
import sys
import time
from collections.abc import Mapping
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.progress import Progress, TaskID

MINUTE, HOUR, DAY = 60, 3_600, 86_400
PLAIN_INTERVAL = 10.0
"""Seconds between two lines of a stage if the output is not a terminal."""
FIRST_AFTER = 1.0
"""Seconds of silence after which a command says what it does."""
SHOWN_COUNTS = 7
"""Counters beside the bar; the table at the end has all."""
SHOWN_NESTED = 10
"""Counts shown of a nested figure, such as hosts; ``--json`` has all."""
FEWEST_FOR_A_RATE = 10
"""Stages with fewer units, such as the seven steps of serving, show no rate."""


@functools.cache
def out() -> "Console":
    """Standard output. rich is imported here, so that --help need not load it."""
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False, soft_wrap=True)


@functools.cache
def err() -> "Console":
    """Standard error."""
    from rich.console import Console  # noqa: PLC0415

    return Console(stderr=True, highlight=False, soft_wrap=True)


class FirstLine:
    """Says what a command does after a second of silence, while libraries load or a store opens.

    On standard error, a terminal or not: a container's log and a unit's journal are read while they grow.
    """

    def __init__(self) -> None:
        self._timer: Timer | None = None

    def expect(self, words: str) -> None:
        """Print ``words`` unless something else is printed first."""
        if sys.stderr is None:  # closed: print would write to standard output
            return
        self._timer = Timer(FIRST_AFTER, print, (words,), {"file": sys.stderr, "flush": True})
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Cancel the line: something else was printed."""
        if self._timer is not None:
            self._timer.cancel()


first_line = FirstLine()


class TerminalProgress:
    """A ``data.progress.Progress``: one bar for each stage on a terminal, otherwise a line at intervals."""

    def __init__(self) -> None:
        self._live = err().is_terminal
        self._bars = _bars(err())
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._printed: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """Show the progress of a stage."""
        first_line.cancel()
        now = time.monotonic()
        rate = done / max(now - self._started.setdefault(stage, now), 0.001)
        whole = f"{done:,}" + (f" of {total:,}" if total else "")
        beside = "  ".join(f"{name} {readable(value)}" for name, value in list(counts.items())[:SHOWN_COUNTS])
        if self._live:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=total, done=whole, counts=beside)
            self._bars.update(self._tasks[stage], completed=done, total=total, done=whole, counts=beside)
        elif now - self._printed.get(stage, 0.0) >= PLAIN_INTERVAL:
            self._printed[stage] = now
            fast = f", {readable(rate)}/s" if FEWEST_FOR_A_RATE <= done > rate else ""
            err().print(f"{stage}: {whole}{fast}  {beside}".rstrip(), markup=False)


def _bars(console: "Console") -> "Progress":
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[counts]}"),
        console=console,
    )


def readable(value: Any) -> str:
    """A figure for people: thousands separators, three or four significant digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"  # noqa: PLR2004 - from there on digits behind the point say nothing
    return str(value)


def duration(seconds: float) -> str:
    """A duration for people."""
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.2g} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.1f} h"
    return f"{seconds / DAY:.1f}".removesuffix(".0") + " days"


def show_summary(summary: "BaseModel", title: str) -> None:
    """Print a stage's summary as a table, nested figures one level down."""
    rows = [row for name, value in summary.model_dump(mode="json").items() for row in _rows(name, value)]
    width = max((len(label) for label, _ in rows), default=0)
    out().print(title, style="bold", markup=False)
    for label, figure in rows:  # not a Table, which cuts long URLs to the width of the terminal
        out().print(f"{label:<{width}}  {figure}".rstrip(), markup=False)


def _rows(name: str, value: Any) -> list[tuple[str, str]]:
    label = name.replace("_", " ")
    if isinstance(value, dict):
        counts = all(isinstance(figure, int) for figure in value.values())  # measures keep their order
        ranked = sorted(value.items(), key=lambda item: -item[1]) if counts else value.items()
        return [row for key, figure in ranked for row in _nested_rows(f"{label}: {key}", figure)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [(label if number == 0 else "", line) for number, line in enumerate(_lines(value))]
    if isinstance(value, list):
        return [(label, ", ".join(readable(item) for item in value))] if value else []
    return [] if value is None else [(label, readable(value))]


def _nested_rows(label: str, value: Any) -> list[tuple[str, str]]:
    """A nested figure: counts on one line, most frequent first; other values as at the top level."""
    counts = isinstance(value, dict) and all(isinstance(figure, (int, float)) for figure in value.values())
    if not counts:
        return _rows(label, value)
    ranked = sorted(value.items(), key=lambda item: -item[1])
    shown = [f"{name} {readable(figure)}" for name, figure in ranked[:SHOWN_NESTED]]
    more = [f"{len(ranked) - SHOWN_NESTED} more"] if len(ranked) > SHOWN_NESTED else []
    return [(label, ", ".join(shown + more))] if shown else []


def _lines(items: list[dict[str, Any]]) -> list[str]:
    """Records as aligned columns with a header; empty columns are left out."""
    names = [name for name in items[0] if any(item[name] is not None for item in items)]
    cells = [[name.replace("_", " ") for name in names]]
    cells += [["" if item[name] is None else readable(item[name]) for name in names] for item in items]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def show_comparison(title: str, columns: Mapping[str, Mapping[str, float]]) -> None:
    """Print figures of several columns side by side; missing ones are empty cells."""
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for metric in dict.fromkeys(metric for figures in columns.values() for metric in figures):
        row = (readable(figures[metric]) if metric in figures else "" for figures in columns.values())
        table.add_row(metric.replace("_", " "), *row)
    out().print(table)


def print_error(message: str) -> None:
    """Print an error on standard error."""
    first_line.cancel()
    print(f"error: {message}", file=sys.stderr, flush=True)  # noqa: T201 - plain, never wrapped or coloured
