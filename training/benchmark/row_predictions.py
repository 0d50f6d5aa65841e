"""What was told of each row of a split, an object a line: name, predicted, label, texts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import write_text
from training.benchmark.brat import read_text
from training.benchmark.rows import MultiRow, ScoreRow


def write_predictions(path: Path, rows: Sequence[MultiRow | ScoreRow], told: Sequence[Any]) -> None:
    """Write a line a row."""
    lines = (
        json.dumps({"name": row.name, "predicted": one, "label": row.label, "texts": row.texts}, ensure_ascii=False)
        for row, one in zip(rows, told, strict=True)
    )
    write_text(path, "".join(f"{line}\n" for line in lines))


def read_predictions(path: Path, rows: Sequence[MultiRow | ScoreRow]) -> list[Any]:
    """What was told of each row.

    Raises:
        InputError: another number of rows, or other rows; names file and line.
    """
    lines = [line for line in read_text(path, missing=f"{path}: no such file.").split("\n") if line]
    if len(lines) != len(rows):
        raise InputError(f"{path}: not the predictions of {len(rows):,} rows. Is --data what was predicted on?")
    told = []
    for number, (row, line) in enumerate(zip(rows, lines, strict=True), 1):
        try:
            read = json.loads(line)
            same = (read["name"], read["texts"]) == (row.name, list(row.texts))
            told.append(read["predicted"])
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path}:{number}: no prediction of `cowese benchmark`.") from error
        if not same:
            raise InputError(f"{path}:{number}: not the row of {row.place}. Is --data what was predicted on?")
    return told
