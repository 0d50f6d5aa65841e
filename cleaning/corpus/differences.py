"""Compares a version with what would be written in its place: rows by column, other files by name, figures by name."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaning.corpus.versions import BESIDE
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.errors import InputError
from data.files import file_digest
from data.manifest import MANIFEST_NAME, Manifest
from data.parquet import read_parquet

SHOWN = 5
"""Examples for each column."""
FORGOTTEN = "forgotten"
"""A figure that only a version has from which pages were removed since; nothing else tells it."""
_LONGEST = 60


@dataclass(slots=True)
class RowDifferences:
    """Differing columns of common rows, and rows of only one version."""

    schema: pa.Schema
    noun: str
    prefix: str = ""
    """Stands before the names of columns."""
    columns: Counter[str] = field(default_factory=Counter)
    """Number of rows that differ, by column."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Some rows for each column: URL, old value, new value."""
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def compare(self, old: Path, new: Path) -> bool:
        """Compare two part files, and say whether any row differs. One that is missing or damaged has no rows."""
        before, after = self._read(old), self._read(new)
        places, new_places = (_places(table) for table in (before, after))
        removed, added = places.keys() - new_places.keys(), new_places.keys() - places.keys()
        self.removed |= removed
        self.added |= added
        both = sorted(places.keys() & new_places.keys())
        before, after = _taken(before, places, both), _taken(after, new_places, both)
        differ = [self._compare_column(name, before, after) for name in self.schema.names]
        return bool(removed or added or any(differ))

    def settle(self) -> None:
        """Forget rows that only moved into another part file."""
        moved = self.added & self.removed
        self.added -= moved
        self.removed -= moved

    def lines(self) -> Iterator[str]:
        """The differences in words, the most frequent column first."""
        for column, count in self.columns.most_common():
            words = f"{self.noun}s differ" if count > 1 else f"{self.noun} differs"
            yield f"{self.prefix}{column}: {count:,} {words}"
            yield from (f"  {example}" for example in self.examples[column])
        for what, ids in (("new", self.added), ("gone", self.removed)):
            if ids:
                words = f"{self.noun}s, first" if len(ids) > 1 else f"{self.noun},"
                yield f"{self.prefix}{what}: {len(ids):,} {words} {min(ids)}"

    def _compare_column(self, name: str, before: pa.Table, after: pa.Table) -> bool:
        pairs = zip(before[name].to_pylist(), after[name].to_pylist(), strict=True)
        differ = [(row, one, other) for row, (one, other) in enumerate(pairs) if one != other]
        if differ:
            self.columns[name] += len(differ)
            examples = self.examples.setdefault(name, [])
            for row, one, other in differ[: SHOWN - len(examples)]:
                examples.append(f"{after['url'][row].as_py()}: {_short(one)} → {_short(other)}")
        return bool(differ)

    def _read(self, path: Path) -> pa.Table:
        """The table with every column of the schema; one that it lacks is null."""
        try:
            table = read_parquet(path)
        except InputError:
            return self.schema.empty_table()
        if "id" not in table.column_names:
            return self.schema.empty_table()
        for name in self.schema.names:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(table.num_rows, self.schema.field(name).type))
        return table.select(self.schema.names)


def _documents() -> RowDifferences:
    return RowDifferences(DOCUMENT_SCHEMA, "document")


def _dropped() -> RowDifferences:
    return RowDifferences(DROPPED_SCHEMA, "page", "dropped/")


@dataclass(slots=True)
class Differences:
    """What differs between a version and what would be written in its place."""

    documents: RowDifferences = field(default_factory=_documents)
    dropped: RowDifferences = field(default_factory=_dropped)
    damaged: list[str] = field(default_factory=list)
    """Part files of the old version that its manifest does not list so."""
    rewritten: list[str] = field(default_factory=list)
    """Part files with other bytes but the same rows: another order, schema or writer."""
    files: list[str] = field(default_factory=list)
    """Other files that differ, that are missing or that no version has."""
    figures: list[str] = field(default_factory=list)
    """Figures and settings of the manifest that differ, with both values."""

    def lines(self) -> list[str]:
        """The differences in words; empty if there are none."""
        return [
            *(f"{path}: not what the manifest lists" for path in self.damaged),
            *self.documents.lines(),
            *self.dropped.lines(),
            *(f"{path}: other bytes, the same rows" for path in self.rewritten),
            *self.files,
            *self.figures,
        ]


def differences(old: Path, previous: Manifest, new: Path, made: Manifest, apart: Collection[str] = ()) -> Differences:
    """Compare the version in ``old`` with ``new``, one part file at a time.

    ``new`` has the part files, and the pages beside them as they would be under the name of the old version; ``made``
    is its manifest. Files in ``apart`` are not compared.
    """
    found = Differences()
    listed = previous.files
    found.damaged = [path for path, digest in listed.items() if _digest(old / path) != digest]
    found.damaged += [path for path in made.files if path not in listed and (old / path).is_file()]
    for path in sorted({*listed, *made.files}):
        if listed.get(path) == made.files.get(path) and path not in found.damaged:
            continue
        rows = found.dropped if path.startswith("dropped/") else found.documents
        if not rows.compare(old / path, new / path) and path not in found.damaged:
            found.rewritten.append(path)
    found.documents.settle()
    found.dropped.settle()
    found.files = list(_files(old, new, {*listed, *made.files}, {MANIFEST_NAME, *apart}))
    before = {name: value for name, value in previous.figures.items() if name != FORGOTTEN}
    found.figures = [
        *_values("figures", before, _as_json(made.figures)),
        *_values("settings", previous.settings, _as_json(made.settings)),
    ]
    return found


def _files(old: Path, new: Path, parts: Collection[str], apart: Collection[str]) -> Iterator[str]:
    """The files beside the part files that differ, and those that no version has. Hidden ones do not count."""
    there = {path.relative_to(old).as_posix() for path in old.rglob("*") if path.is_file()}
    for name in sorted({*there, *BESIDE} - {*parts, *apart}):
        if name in BESIDE:
            if _digest(old / name) != _digest(new / name):
                yield f"{name}: {'differs' if name in there else 'is missing'}"
        elif not name.rpartition("/")[2].startswith("."):
            yield f"{name}: no file of a version"


def _values(name: str, before: Any, after: Any) -> Iterator[str]:
    """The values that differ in nested mappings."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _values(f"{name}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield f"{MANIFEST_NAME}: {name}: {_short(before)} → {_short(after)}"


def _as_json(value: Any) -> Any:
    """The value as it is read again from a file."""
    return json.loads(json.dumps(value, default=str))


def _places(table: pa.Table) -> dict[str, int]:
    return {identity: row for row, identity in enumerate(table["id"].to_pylist())}


def _taken(table: pa.Table, places: Mapping[str, int], ids: Collection[str]) -> pa.Table:
    return table.take(pa.array([places[one] for one in ids], pa.int64()))


def _digest(path: Path) -> str | None:
    return file_digest(path) if path.is_file() else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
