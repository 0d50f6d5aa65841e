"""TSV files of label and text: a row is something to classify. A third column makes the text a pair, as in XNLI.

Labels that are real numbers are scores (STS), ``M|N`` is two labels of one row.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data.errors import InputError
from training.benchmark.brat import BOM, read_text
from training.benchmark.rows import AnyRow, MultiRow, Pair, Row, ScoreRow

_HEAD = {"label", "etiqueta", "class", "clase", "gold_label"}
_FORM = "A row is a label, a tab and a text; a pair of texts has one tab more"
SEVERAL = "|"
"""Between several labels of one row."""
FEW = 2
"""So many labels may be all there are, however few the rows."""


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


def as_meant(splits: dict[str, list[Row]]) -> dict[str, list[AnyRow]]:
    """The rows with what their labels are: real numbers are scores, ``M|N`` is two labels.

    Raises:
        InputError: the first column is no label, the second no text; names the file and what its columns look like.
    """
    rows = splits["train"]
    labels = Counter(row.label for row in rows)
    if len(labels) > FEW and all(map(_is_number, labels)) and not all(map(str.isdecimal, labels)):
        _refuse_without_texts(rows)
        return {split: [_scored(row) for row in found] for split, found in splits.items()}
    several = any(SEVERAL in row.label for found in splits.values() for row in found)
    if several:
        labels = Counter(label for row in rows for label in _several(row).label)
    _refuse_other_tables(rows, labels)
    return {split: [_several(row) if several else row for row in found] for split, found in splits.items()}


def _scored(row: Row) -> ScoreRow:
    if not _is_number(row.label):
        raise InputError(f"{row.place}: {row.label!r} is no number, as the labels of training are.")
    return ScoreRow(row.name, float(row.label.replace(",", ".")), row.texts, row.place)


def _several(row: Row) -> MultiRow:
    labels = {label.strip() for label in row.label.split(SEVERAL)} - {""}
    return MultiRow(row.name, tuple(sorted(labels)), row.texts, row.place)


def _refuse_other_tables(rows: Sequence[Row], labels: Mapping[str, int]) -> None:
    file, texts = rows[0].place.rpartition(":")[0], {row.text for row in rows}
    if len(texts) < len(labels) or (2 * len(labels) > len(rows) and _are_texts(labels)):
        swapped = " Are the columns swapped?" if _are_texts(labels) else ""
        raise InputError(
            f"{file}: its first column is no label: {len(labels):,} different ones in {len(rows):,} rows. "
            f"{_FORM}.{swapped}"
        )
    _refuse_without_texts(rows)


def _refuse_without_texts(rows: Sequence[Row]) -> None:
    if not any(" " in row.text.strip() for row in rows):
        file = rows[0].place.rpartition(":")[0]
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
