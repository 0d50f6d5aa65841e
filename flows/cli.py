"""The ``cowese`` command: a thin entry point; each module of ``flows/commands`` is a group of commands."""

import gc
import logging
import sys

import typer
from typer.exceptions import Abort, TyperException

from data.errors import CoweseError
from data.version import code_version
from flows.commands import (
    archive,
    benchmark,
    browse,
    build,
    corpus,
    crawl,
    doctor,
    forget,
    hosts,
    model,
    seeds,
    serve,
    settings,
    store,
    tag,
    takedown,
    watch,
)
from flows.console import first_line, print_error
from flows.serving.loopback import ask_directly

GARBAGE_THRESHOLD = 50_000
"""New objects before Python looks for garbage; its own is 700, or 2,000."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells."""

app = typer.Typer(
    name="cowese",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Build CoWeSe, a living corpus of Spanish health web pages, and BIOMEDTRA, ELECTRA pretrained on it.",
)
for group in (
    build,
    crawl,
    archive,
    hosts,
    corpus,
    browse,
    model,
    benchmark,
    tag,
    seeds,
    store,
    takedown,
    forget,
    settings,
    serve,
    watch,
    doctor,
):
    group.register(app)


@app.callback(invoke_without_command=True)
def entry(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and end."),  # noqa: FBT001 - a typer option
) -> None:
    """Build CoWeSe, a living corpus of Spanish health web pages, and BIOMEDTRA, ELECTRA pretrained on it."""
    if version:
        typer.echo(code_version())
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command; an error that a user can correct is one or two lines and an exit code."""
    if sys.argv[1:] == ["--version"]:  # typer would load pydantic to read an option, as long as all the rest
        typer.echo(code_version())
        return
    # imports make 75,000 objects that stay: 0.03 s of the 0.54 of `cowese why` went into looking for garbage among them
    gc.set_threshold(GARBAGE_THRESHOLD)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("huggingface_hub").propagate = False  # it has a handler of its own
    ask_directly()  # otherwise Prefect's client would use a network's proxy for a server on this machine
    first_line.expect(f"{_command()} runs …")
    try:
        code = app(standalone_mode=False) or 0
    except CoweseError as error:
        print_error(str(error))
        sys.exit(error.exit_code)
    except TyperException as error:
        print_error(f"{_sentence(error.format_message())} See `{_command()} --help`.")
        sys.exit(2)
    except (Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        sys.exit(1)
    finally:
        first_line.cancel()
        gc.freeze()  # Python would look through all objects once more before it ends
    if code == INTERRUPTED:  # typer turns a KeyboardInterrupt into this code
        print_error("interrupted. What was finished is kept; the same command goes on from there.")
    sys.exit(code)


def _sentence(message: str) -> str:
    """Typer's message on one line, without its own prefix, with a full stop."""
    line = " ".join(message.replace("Value error, ", "").split()).rstrip(".")
    return line if line.endswith("?") else f"{line}."


def _command() -> str:
    """The name of the command on the command line, with its group."""
    words = ["cowese"]
    level: typer.Typer | None = app
    for word in sys.argv[1:]:
        if level is None:
            break
        groups = {
            str(one.typer_instance.info.name): one.typer_instance
            for one in level.registered_groups
            if one.typer_instance
        }
        if word in groups:
            level = groups[word]
            words.append(word)
        elif word in _names(level):
            level = None
            words.append(word)
    return " ".join(words)


def _names(level: typer.Typer) -> set[str]:
    return {
        command.name or getattr(command.callback, "__name__", "").replace("_", "-")
        for command in level.registered_commands
    }
