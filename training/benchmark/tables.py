"""TSV files of label and text: a row is something to classify."""

from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text

_HEAD = {"label", "etiqueta", "class", "clase"}


@dataclass(frozen=True, slots=True)
class Row:
    """A text and its label."""

    name: str
    label: str
    text: str
    place: str = field(default="", repr=False, compare=False)
    """Its file and line; for errors alone, so not in its representation, of which digests are made."""


def read_file(path: Path) -> list[Row]:
    """Read a file; a first line that calls its column ``label`` is its head.

    Raises:
        InputError: not UTF-8, or a line that is not a label, a tab and a text; names file and line.
    """
    rows = []
    lines = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM).split("\n")
    for number, line in enumerate(lines, 1):
        label, tab, text = line.rstrip("\r").partition("\t")
        if not line.strip() or (number == 1 and label.strip().lower() in _HEAD):
            continue
        if not tab or not label.strip() or not text.strip():
            raise InputError(f"{path}:{number}: not a label, a tab and a text: {line[:60]!r}.")
        rows.append(Row(f"{path.stem}-{number:06d}", label.strip(), text, f"{path}:{number}"))
    return rows
