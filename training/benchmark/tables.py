"""TSV files of label and text: a row is something to classify. A third column makes the text a pair, as in XNLI."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text

_HEAD = {"label", "etiqueta", "class", "clase", "gold_label"}
_FORM = "A row is a label, a tab and a text; a pair of texts has one tab more"
FEW = 2
"""So many labels may be all there are, however few the rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """A text and its label."""

    name: str
    label: str
    text: str
    place: str = field(default="", repr=False, compare=False)
    """Its file and line; for errors alone, so not in its representation, of which digests are made."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What is classified."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Pair(Row):
    """Two texts and the label of what is between them."""

    second: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Both."""
        return (self.text, self.second)


def read_file(path: Path, name: str | None = None) -> list[Row]:
    """Read a file, rows named after it (or ``name``) and their line; a first line that names its columns is its head.

    Raises:
        InputError: not UTF-8, or a line that is no row of the form of the first; names file and line.
    """
    rows: list[Row] = []
    columns = 0
    lines = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM).split("\n")
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r").split("\t")
        if not line.strip() or (number == 1 and fields[0].strip().lower() in _HEAD):
            continue
        if len(fields) < 2 or not all(one.strip() for one in fields):  # noqa: PLR2004 - label and text
            raise InputError(f"{path}:{number}: not a label, a tab and a text: {line[:60]!r}.")
        columns = columns or len(fields)
        if len(fields) > 3 or len(fields) != columns:  # noqa: PLR2004 - label and two texts
            raise InputError(f"{path}:{number}: {len(fields)} columns. {_FORM}, and all rows have the same columns.")
        kind = Pair if columns > 2 else Row  # noqa: PLR2004 - a label and two texts
        rows.append(
            kind(f"{name or path.stem}-{number:06d}", fields[0].strip(), fields[1], f"{path}:{number}", *fields[2:])
        )
    return rows


def refuse_other_tables(rows: Sequence[Row]) -> None:
    """Refuse tables whose first column is no label or whose second is no text.

    Raises:
        InputError: names the file and what its columns look like.
    """
    if not rows:
        return
    file = rows[0].place.rpartition(":")[0]
    labels, texts = Counter(row.label for row in rows), {row.text for row in rows}
    if len(labels) > FEW and all(_is_number(label) for label in labels) and not all(map(str.isdecimal, labels)):
        raise InputError(
            f"{file}: its labels are real numbers ({', '.join(list(labels)[:3])} …): scores are not classified. "
            "Make classes of them."
        )
    if len(texts) < len(labels) or (2 * len(labels) > len(rows) and _are_texts(labels)):
        swapped = " Are the columns swapped?" if _are_texts(labels) else ""
        raise InputError(
            f"{file}: its first column is no label: {len(labels):,} different ones in {len(rows):,} rows. "
            f"{_FORM}.{swapped}"
        )
    if not any(" " in row.text.strip() for row in rows):
        raise InputError(
            f"{file}: its second column is no text: no row has two words, as {rows[0].text[:40]!r}. {_FORM}."
        )


def _is_number(label: str) -> bool:
    try:
        float(label.replace(",", "."))
    except ValueError:
        return False
    return True


def _are_texts(labels: Iterable[str]) -> bool:
    """Whether most have a blank in them."""
    blanks = [" " in label for label in labels]
    return 2 * sum(blanks) > len(blanks)
