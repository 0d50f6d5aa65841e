"""Targets of takedown and forget, from the command line and from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from data.errors import InputError
from data.takedowns import read_target

TargetsArgument = Annotated[list[str] | None, typer.Argument(help="URLs, patterns as https://host/p*, or host names.")]
TargetsFileOption = Annotated[
    Path | None, typer.Option("--file", help="A file with one URL, pattern or host a line; # begins a comment.")
]


def read_targets(named: Sequence[str] | None, file: Path | None) -> list[str]:
    """The normalised targets, each once.

    Raises:
        InputError: one is not valid, or the file cannot be read.
    """
    return list(dict.fromkeys([*map(read_target, named or ()), *_listed(file)]))


def _listed(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}).") from error
    return [
        read_target(line, f"{file}:{number}: ")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
