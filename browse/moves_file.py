"""The file of a comparison: which page moves from which verdict to which, by its number in the version's index."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.parquet import get_metadata, parquet_file, read_parquet

FOLDER = "compared"
MOST_KEPT = 200
"""Comparisons that are kept; the oldest beyond go."""
_ABOUT = "cowese.compared"
COMES, GOES, CHANGES, COPIES = "comes", "goes", "changes", "copies"
KINDS = (COMES, GOES, CHANGES, COPIES)
"""``copies`` lost to a page that goes and would be kept: publishing lets one of each group take its place."""
COLUMNS = ("number", "kind", "before", "after")
_SCHEMA = pa.schema([pa.field("number", pa.int32()), *(pa.field(name, pa.string()) for name in COLUMNS[1:])])


def write_moves(path: Path, rows: list[tuple[int, str, str, str]], about: dict[str, Any]) -> None:
    """Write a comparison, whole or not at all, and let go of the oldest beyond MOST_KEPT.

    Raises:
        DiskFullError, StoreError: it cannot be written.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    arrays = [pa.array(list(values), field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    with parquet_file(path, _SCHEMA, dictionary_columns=COLUMNS[1:]) as file:
        file.write(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
        file.set_metadata(_ABOUT, json.dumps(about))
    kept = sorted(path.parent.glob("*.parquet"), key=lambda one: one.stat().st_mtime_ns)
    for old in kept[:-MOST_KEPT]:
        old.unlink(missing_ok=True)


def read_moves(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of a comparison, and what was noted of it.

    Raises:
        InputError: the file is missing or damaged.
    """
    return read_parquet(path), json.loads(get_metadata(path, _ABOUT) or "{}")


def numbers_among(folder: Path, among: str, made_from: str) -> npt.NDArray[np.int64] | None:
    """The numbers of the pages that ``KEY:KIND`` or ``KEY:KIND:BEFORE:AFTER`` means in a folder of comparisons.

    None where that comparison is not there, or is one of another index. ``among`` comes from a reader: its key is no
    path.
    """
    key, *group = among.split(":")
    path = folder / f"{key}.parquet"
    if not (key.isascii() and key.isalnum()) or len(group) not in (1, 3) or group[0] not in KINDS or not path.is_file():
        return None
    table, about = read_moves(path)
    if about.get("index") != made_from:
        return None
    for name, value in zip(COLUMNS[1:], group, strict=False):
        table = table.filter(pc.equal(table[name], value))
    numbers: npt.NDArray[np.int64] = table["number"].to_numpy().astype(np.int64)
    return numbers
