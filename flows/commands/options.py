"""Options shared by commands, and the conversion of flags into settings."""

import contextlib
import json
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from data.errors import InputError
from data.store import Store
from flows.console import TerminalProgress, out, show_summary

if TYPE_CHECKING:
    from pydantic import BaseModel

    from flows.settings import Settings

StoreOption = Annotated[Path | None, typer.Option("--store", help="The folder that holds everything.  [./store]")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings.  [./cowese.toml]")]
SeedsOption = Annotated[Path | None, typer.Option("--seeds", help="A seed file or folder.  [the built-in list]")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Any setting, as crawl.delay_min=1; lists as JSON; may be given again."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Revisit = Literal["due", "all"]
RevisitOption = Annotated[
    Revisit, typer.Option("--revisit", help="Which known pages a new round asks for: those due, or all.")
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="The crawl's clock, as 2026-11-24 or with a time.")
]


def read_settings(config: Path | None, store: Path | None, assignments: list[str] | None, **flags: Any) -> "Settings":
    """Compose the settings of a command; ``flags`` are dotted names with ``__`` for the dot.

    Raises:
        InputError: an assignment without ``=``, or a setting that does not fit.
    """
    from flows.settings import load_settings

    given = {name.replace("__", "."): value for name, value in flags.items()}
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--set {assignment}: write NAME=VALUE, as in --set crawl.delay_min=1.")
        given[name.strip()] = _read_value(name.strip(), value)
    return load_settings(config, {"store": store, **given})


def _read_value(name: str, text: str) -> Any:
    """Parse lists and tables as JSON, as in ``COWESE_*`` variables; the setting itself parses other values."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        example = f'--set \'{name}=["one", "two"]\''
        raise InputError(f"--set {name}={text}: lists and tables are written as JSON, as in {example}.") from error


def existing_store(config: Path | None, store: Path | None) -> Store:
    """The store of a read-only command without other settings.

    Raises:
        InputError: there is none.
    """
    return Store.open_for_reading(read_settings(config, store, None).store)


def command_here(store: Path | None, config: Path | None, assign: list[str] | None = None) -> Callable[[str], str]:
    """A function that turns a command's name into its command line for the same store and settings."""
    given = [("--store", store), ("--config", config), *(("--set", one) for one in assign or ())]
    options = "".join(f" {name} {shlex.quote(str(value))}" for name, value in given if value is not None)
    return lambda command: f"{command}{options}"


def read_date(text: str | None, option: str = "--as-of") -> datetime | None:
    """Parse a date with an optional time; the default time zone is UTC.

    Raises:
        InputError: not a date.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: not a date. Write it as 2026-11-24 or 2026-11-24T08:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@contextlib.contextmanager
def shown_progress() -> Iterator[TerminalProgress]:
    """Show progress on standard error, apart from results."""
    with TerminalProgress() as progress:
        yield progress


def show(result: "BaseModel", title: str, *, as_json: bool) -> None:
    """Print a result for a person or for a script."""
    if as_json:
        typer.echo(result.model_dump_json(indent=1))
    else:
        out().print()
        show_summary(result, title)
