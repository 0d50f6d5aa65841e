"""Part files: a hash of its id assigns each document to a part, so that most files do not change between versions."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.corpus.splits import fraction
from cleaning.publish_settings import PublishSettings
from data.arrow_files import read_arrow
from data.documents import DICTIONARY_COLUMNS, DROPPED_SCHEMA
from data.files import file_digest, read_json
from data.manifest import Manifest
from data.parquet import batches_of, write_parquet

PARTS_NAME = "parts.json"
"""File beside the manifest: digest of the inputs of each part file, by path."""
DROPPED_ROWS = 2_000_000
"""Rows in a part file of dropped pages, at most (approximately)."""
GROUP_ROWS = 8_192
"""Rows of a row group of dropped pages, which are sorted by id: a lookup reads one row group."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All part files of a version, including empty ones, so that readers find each split."""

    paths: tuple[str, ...]
    """Paths in the version, by number of the part."""
    part_of: npt.NDArray[np.int32]
    """The part of each document."""


def part_count(total: int, most: int) -> int:
    """The smallest power of two of parts with at most ``most`` each, on average."""
    return 1 << max(0, -(-total // most) - 1).bit_length()


def plan(
    folder_of: npt.NDArray[np.int16],
    folders: Sequence[str],
    words: npt.NDArray[np.int32],
    fractions: npt.NDArray[np.float64],
    settings: PublishSettings,
) -> Plan:
    """The part of each document, from its folder, its words and the ``part_fraction`` of its id."""
    paths: list[str] = []
    part_of = np.zeros(len(folder_of), np.int32)
    for number, folder in enumerate(folders):
        mine = folder_of == number
        count = settings.parts or part_count(int(words[mine].sum()), settings.part_words)
        part_of[mine] = len(paths) + (fractions[mine] * count).astype(np.int32)
        paths += [f"{folder}/part-{part:05d}-of-{count:05d}.parquet" for part in range(count)]
    return Plan(tuple(paths), part_of)


def part_of(identity: str, count: int) -> int:
    """The part of a document or dropped page, of ``count`` parts."""
    return int(fraction(f"part:{identity}") * count)


def before(folder: Path | None) -> dict[str, str]:
    """The input digests of an earlier version's part files."""
    if folder is None or not (folder / PARTS_NAME).is_file():
        return {}
    return {str(path): str(digest) for path, digest in read_json(folder / PARTS_NAME).items()}


def linked(made_of: dict[str, str], previous: Path | None, folder: Path) -> dict[str, str]:
    """Hard-link part files with the same inputs as in the version before; return their SHA-256 by path.

    A file that does not match the previous version's manifest is not linked.
    """
    if previous is None:
        return {}
    known, listed = before(previous), Manifest.read(previous).files
    found = {}
    for name, digest in made_of.items():
        path = folder / name
        if known.get(name) == digest and _link(previous / name, path):
            if file_digest(path) == listed.get(name):
                found[name] = listed[name]
            else:
                path.unlink()
    return found


def write_dropped(folder: Path, files: Sequence[Path]) -> dict[str, str]:
    """Write the dropped pages of ``files``, sorted by id, into their part files; return their SHA-256 by path."""
    count = part_count(sum(read_arrow(path).num_rows for path in files), DROPPED_ROWS)
    digests = {}
    for part in range(count):
        path = folder / "dropped" / f"part-{part:05d}-of-{count:05d}.parquet"
        write_parquet(
            path,
            _groups(files, part, count),
            DROPPED_SCHEMA,
            dictionary_columns=DICTIONARY_COLUMNS,
            group_rows=GROUP_ROWS,
        )
        digests[path.relative_to(folder).as_posix()] = file_digest(path)
    return digests


def _groups(files: Sequence[Path], part: int, count: int) -> Iterator[pa.RecordBatch]:
    """The rows of one part in batches of exactly one row group, independently of the files' borders."""
    waiting: list[pa.Table] = []
    for path in files:
        table = read_arrow(path)
        if count > 1:
            mine = [part_of(one, count) == part for one in table["id"].to_pylist()]
            table = table.filter(pa.array(mine, pa.bool_()))
        held = pa.concat_tables([*waiting, table])
        whole = held.num_rows // GROUP_ROWS * GROUP_ROWS
        yield from _batches(held.slice(0, whole))
        waiting = [held.slice(whole)]
    for rest in waiting:
        yield from _batches(rest)


def _batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    for begin in range(0, table.num_rows, GROUP_ROWS):
        rows = np.arange(begin, min(begin + GROUP_ROWS, table.num_rows))
        yield from batches_of(table.take(pa.array(rows)).combine_chunks(), DROPPED_SCHEMA, GROUP_ROWS)


def _link(there: Path, here: Path) -> bool:
    here.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(there, here)
    except OSError:  # no hard links here, or the file is gone: it is written again
        return False
    return True
