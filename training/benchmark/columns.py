"""Files of rows with named columns: Parquet, Arrow, JSON lines, a JSON list, CSV, TSV; and the names of labels."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyarrow import ipc, parquet

from data.errors import InputError
from data.files import read_json
from training.benchmark.brat import BOM, read_text

ENDINGS = (".parquet", ".arrow", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_TABLES = (".csv", ".tsv")
_JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Record:
    """A row by its columns."""

    row: Mapping[str, Any]
    place: str
    """Its file, and line or number."""


def read_records(path: Path) -> Iterator[Record]:
    """The rows of a file; cells of CSV and TSV are strings, or numbers where all of their column are.

    Raises:
        InputError: the file is damaged, or a row is no object; names the line.
    """
    ending = path.suffix.lower()
    if ending in (".parquet", ".arrow"):
        rows: list[Any] = _table(path).to_pylist()
        yield from (Record(row, f"{path}: row {number}") for number, row in enumerate(rows, 1))
        return
    text = read_text(path, missing=f"{path}: no such file.").removeprefix(BOM)
    if ending in _TABLES:
        yield from _cells(path, text)
    elif ending in _JSON_LINES or not text.lstrip().startswith("["):
        yield from _lines(path, text)
    else:
        rows = read_json(path)
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                raise InputError(f"{path}: item {number} is no object. It is a list of objects.")
            yield Record(row, f"{path}: item {number}")


def class_names(path: Path, column: str) -> tuple[str, ...]:
    """The names of a column's ClassLabel: in the file itself, or in README.md or dataset_infos.json above it."""
    if path.suffix.lower() in (".parquet", ".arrow"):
        is_parquet = path.suffix.lower() == ".parquet"
        schema = parquet.read_schema(path) if is_parquet else _table(path).schema
        stored = (schema.metadata or {}).get(b"huggingface")
        features = json.loads(stored)["info"]["features"] if stored else {}
        if found := _names(features.get(column)):
            return found
    for folder in path.parents[:3]:
        for file in ("README.md", "dataset_infos.json", "dataset_info.json"):
            if (folder / file).is_file() and (found := _declared(folder / file, column)):
                return found
    return ()


def _table(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() == ".parquet":
            return parquet.read_table(path)
        with pa.memory_map(str(path)) as source:
            return ipc.open_stream(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]}). Is it a Git LFS pointer?") from error


def _lines(path: Path, text: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}:{number}: not JSON ({error}).") from error
        if not isinstance(row, dict):
            raise InputError(f'{path}:{number}: no object. Each line is one, as {{"text": …, "label": …}}.')
        yield Record(row, f"{path}:{number}")


def _cells(path: Path, text: str) -> Iterator[Record]:
    """Rows below a head. TSV takes quotation marks as they are, CSV as quotes; its columns may stand between ``;``."""
    head: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for line, cells in _cut(path, text):
        if not head:
            head = [cell.strip() for cell in cells]
        elif any(cell.strip() for cell in cells):
            if len(cells) != len(head):
                raise InputError(f"{path}:{line}: {len(cells)} cells under {len(head)} columns.")
            rows.append((line, cells))
    numbers = [bool(rows) and all(_is_real(cells[place]) for _, cells in rows) for place in range(len(head))]
    is_score = [
        numbers[place] and any(not cells[place].strip().isdecimal() for _, cells in rows) for place in range(len(head))
    ]
    for line, cells in rows:
        row = {name: float(cell) if score else cell for name, cell, score in zip(head, cells, is_score, strict=True)}
        yield Record(row, f"{path}:{line}")


def _cut(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """The last line and the cells of each row."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a cell of 131,072 characters is an error else
    file = io.StringIO(text, newline="")
    if path.suffix.lower() == ".tsv":
        reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        head = text.partition("\n")[0]
        reader = csv.reader(file, delimiter=";" if ";" in head and "," not in head else ",")  # as Excel has it in Spain
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: not a row of CSV ({error}).") from error


def _is_real(cell: str) -> bool:
    try:
        return isfinite(float(cell))
    except ValueError:
        return False


def _declared(file: Path, column: str) -> tuple[str, ...]:
    """A column's names in a dataset's card or infos; nothing where it is of another shape."""
    try:
        if file.suffix == ".md":
            head = file.read_text(encoding="utf-8").split("---")
            said = yaml.safe_load(head[1]) if len(head) > 2 else {}  # noqa: PLR2004 - before, between and behind
            infos = said.get("dataset_info", ()) if isinstance(said, dict) else ()
        else:
            said = read_json(file)
            infos = list(said.values()) if "features" not in said else [said]
    except (yaml.YAMLError, UnicodeDecodeError, InputError):
        return ()
    for info in infos if isinstance(infos, list) else [infos]:
        features = info.get("features", ()) if isinstance(info, dict) else ()
        if isinstance(features, list):
            features = {one.get("name"): one for one in features if isinstance(one, dict)}
        if found := _names(features.get(column) if isinstance(features, dict) else None):
            return found
    return ()


def _names(feature: Any) -> tuple[str, ...]:
    """The names that a feature's description holds, at whatever depth (a list of ClassLabel has them within)."""
    if isinstance(feature, list):
        return next((found for one in feature if (found := _names(one))), ())
    if not isinstance(feature, dict):
        return ()
    names = feature.get("names")
    if isinstance(names, dict):
        return tuple(str(names[key]) for key in sorted(names, key=int))
    if isinstance(names, list):
        return tuple(map(str, names))
    return next((found for one in feature.values() if (found := _names(one))), ())


def has_named_columns(path: Path) -> bool:
    """Whether a TSV's first line names two columns or more that rows of texts have, in another order than ours."""
    with path.open("rb") as file:
        head = file.readline(4096).decode("utf-8", "replace").removeprefix(BOM)
    names = [name.strip().lower() for name in head.rstrip("\r\n").split("\t")]
    return sum(name in _KNOWN for name in names) > 1 and names[:1] != ["label"]


_KNOWN = frozenset(
    ("label", "gold_label", "labels", "score", "similarity_score", "sentence1", "sentence2", "premise", "hypothesis",
     "hypo", "text", "text1", "text2", "full_text")
)  # fmt: skip
"""Names that a head of columns has; a row of a label and a text has two of them by no chance."""
