"""Compares the documents of two versions that should be equal, by document and column."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.documents import DOCUMENT_SCHEMA
from data.files import file_digest
from data.parquet import read_parquet

SHOWN = 5
"""Examples for each column."""
_LONGEST = 60


@dataclass(slots=True)
class Differences:
    """Differing columns of common documents, and documents of only one version."""

    columns: Counter[str] = field(default_factory=Counter)
    """Number of documents that differ, by column."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Some documents for each column: URL, old value, new value."""
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    damaged: list[str] = field(default_factory=list)
    """Files of the old version that do not match its manifest."""

    def lines(self) -> list[str]:
        """The differences in words, the most frequent column first; empty if there are none."""
        lines = [f"{path}: not what the manifest lists" for path in self.damaged]
        for column, count in self.columns.most_common():
            lines.append(f"{column}: {count:,} document{'s' if count > 1 else ''} differ{'' if count > 1 else 's'}")
            lines += [f"  {example}" for example in self.examples[column]]
        for what, ids in (("new", self.added), ("gone", self.removed)):
            if ids:
                lines.append(f"{what}: {len(ids):,} documents, first {min(ids)}")
        return lines


def differences(old: Path, listed: Mapping[str, str], new: Path, made: Mapping[str, str]) -> Differences:
    """Compare the documents of the version in ``old`` with those in ``new``, one part file at a time.

    ``listed`` and ``made`` give the SHA-256 of each file by its path, as the versions' manifests do.
    """
    found = Differences()
    found.damaged = [path for path, digest in listed.items() if _digest(old / path) != digest]
    parts = sorted({path for path in (*listed, *made) if not path.startswith("dropped/")})
    for path in parts:
        if listed.get(path) == made.get(path) and path not in found.damaged:
            continue
        before, after = _rows(old / path), _rows(new / path)
        found.removed |= before.keys() - after.keys()
        found.added |= after.keys() - before.keys()
        for identity in sorted(before.keys() & after.keys()):
            _compare(before[identity], after[identity], found)
    moved = found.added & found.removed  # into another part file
    found.added -= moved
    found.removed -= moved
    return found


def _compare(before: Mapping[str, Any], after: Mapping[str, Any], found: Differences) -> None:
    for column in DOCUMENT_SCHEMA.names:
        if before[column] != after[column]:
            found.columns[column] += 1
            examples = found.examples.setdefault(column, [])
            if len(examples) < SHOWN:
                examples.append(f"{after['url']}: {_short(before[column])} → {_short(after[column])}")


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    """The documents of a part file by id; empty if it is missing or cannot be read."""
    if not path.is_file():
        return {}
    try:
        rows = read_parquet(path).to_pylist()
    except (OSError, ValueError):
        return {}
    return {row["id"]: {name: row.get(name) for name in DOCUMENT_SCHEMA.names} for row in rows}


def _digest(path: Path) -> str | None:
    return file_digest(path) if path.is_file() else None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
