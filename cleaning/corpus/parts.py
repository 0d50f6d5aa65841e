"""Part files: each document lies in the part that a hash of its id says, so most files outlive a version unchanged."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.living import TAKEDOWN
from cleaning.corpus.splits import fraction
from cleaning.lines import left_of
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Segments
from data.columns import PUBLISHED_SCHEMA
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, FEW_VALUES, WIDE_DOCUMENT_SCHEMA
from data.files import file_digest, read_json, value_digest, write_json
from data.manifest import Manifest
from data.parquet import batches_of, read_wide, write_parquet

PARTS_NAME = "parts.json"
"""Beside the manifest: what each part file was made of, by its path."""
WORDS_AT_ONCE = 40_000_000
"""Words of the parts that are filled in one pass over the segments: about 1 GB of memory."""
DROPPED_ROWS = 2_000_000
"""Rows in a part file of dropped pages at most, about."""
BATCH_ROWS = 1_000
GROUP_ROWS = 8_192
"""Rows of a row group of dropped pages: sorted by id, so that the statistics leave one to be read for a URL."""

_DECIDED = ("site", "license", "license_url", "text_digest", "n_words", "first_seen_at", "cluster_id", "cluster_size")
"""Columns that publishing decides; all others are as cleaning wrote them."""
_DEPENDS = ("id", "warc_file", "warc_offset", "recipe", *_DECIDED)


@dataclass(frozen=True, slots=True)
class Part:
    """One file to be: its path in the version, its documents' positions, the digest of what makes its bytes."""

    path: str
    positions: npt.NDArray[np.int64]
    digest: str


def part_count(total: int, most: int) -> int:
    """The least power of two of parts that hold no more than ``most`` each, on average."""
    return 1 << max(0, -(-total // most) - 1).bit_length()


def plan(kept: pa.Table, folder_of: Mapping[str, str], folders: Sequence[str], settings: PublishSettings) -> list[Part]:
    """Every part file of a version; empty ones too, so that a reader finds each split.

    ``folder_of`` gives for each id the one of ``folders`` that its document lies in.
    """
    ids = kept["id"].to_pylist()
    numbers = {folder: number for number, folder in enumerate(folders)}
    chosen = np.array([numbers[folder_of[identity]] for identity in ids], np.int64)
    places = np.array([_place(identity) for identity in ids])
    words = kept["n_words"].to_numpy()
    lines = _lines(kept)
    parts = []
    for number, folder in enumerate(folders):
        mine = chosen == number
        count = settings.parts or part_count(int(words[mine].sum()), settings.part_words)
        for part in range(count):
            positions = np.flatnonzero(mine & ((places * count).astype(np.int64) == part))
            path = f"{folder}/part-{part:05d}-of-{count:05d}.parquet"
            parts.append(Part(path, positions, _digest(lines, positions)))
    return parts


def part_of(identity: str, count: int) -> int:
    """In which of so many parts a document or a dropped page lies."""
    return int(_place(identity) * count)


def before(folder: Path | None) -> dict[str, str]:
    """What each part file of an earlier version was made of."""
    if folder is None or not (folder / PARTS_NAME).is_file():
        return {}
    return {str(path): str(digest) for path, digest in read_json(folder / PARTS_NAME).items()}


def write_parts(
    folder: Path,
    parts: Sequence[Part],
    kept: pa.Table,
    segments: Segments,
    lines: Sequence[frozenset[int]],
    previous: Path | None,
) -> dict[str, str]:
    """Write the part files, or link those that the previous version has already; give their SHA-256 by path.

    A file of the previous version that is no longer what its manifest lists is written anew.
    """
    digests = {} if previous is None else _linked(parts, previous, folder)
    new = [part for part in parts if part.path not in digests]
    for group in _groups(new, kept["n_words"].to_numpy()):
        for part, table in _filled(group, kept, segments, lines):
            path = folder / part.path
            batches = batches_of(table, DOCUMENT_SCHEMA, BATCH_ROWS)
            write_parquet(path, batches, PUBLISHED_SCHEMA, few_values=FEW_VALUES)
            digests[part.path] = file_digest(path)
    write_json(folder / PARTS_NAME, {part.path: part.digest for part in parts})
    return digests


def write_dropped(folder: Path, dropped: pa.Table) -> dict[str, str]:
    """Write the dropped pages into their part files, by id; give their SHA-256 by path.

    What was taken down stands in none of them: its address is nobody's to read.
    """
    dropped = dropped.filter(pc.not_equal(dropped["reason"], TAKEDOWN))
    count = part_count(dropped.num_rows, DROPPED_ROWS)
    places = np.array([part_of(one, count) for one in dropped["id"].to_pylist()], np.int64)
    digests = {}
    for part in range(count):
        path = folder / "dropped" / f"part-{part:05d}-of-{count:05d}.parquet"
        table = dropped.filter(pa.array(places == part)).sort_by("id")
        batches = batches_of(table, DROPPED_SCHEMA, BATCH_ROWS)
        write_parquet(path, batches, DROPPED_SCHEMA, few_values=FEW_VALUES, group_rows=GROUP_ROWS)
        digests[path.relative_to(folder).as_posix()] = file_digest(path)
    return digests


def _place(identity: str) -> float:
    return fraction(f"part:{identity}")


def _lines(kept: pa.Table) -> list[str]:
    """For each document all that its row follows from: where it was cut out, by which recipe, and its cluster."""
    columns = (kept[name].cast(pa.large_string()).to_pylist() for name in _DEPENDS)
    return ["\t".join(value or "" for value in row) for row in zip(*columns, strict=True)]


def _digest(lines: Sequence[str], positions: npt.NDArray[np.int64]) -> str:
    writer = value_digest({"pyarrow": pa.__version__, "schema": str(PUBLISHED_SCHEMA)})
    digest = hashlib.sha256(writer.encode())
    for position in positions:
        digest.update(f"\n{lines[position]}".encode())
    return digest.hexdigest()[:32]


def _linked(parts: Sequence[Part], previous: Path, folder: Path) -> dict[str, str]:
    """Link the files that are made of the same as in the version before; their SHA-256 by path."""
    known, listed = before(previous), Manifest.read(previous).files
    linked = {}
    for part in parts:
        path = folder / part.path
        if known.get(part.path) == part.digest and _link(previous / part.path, path):
            if file_digest(path) == listed.get(part.path):
                linked[part.path] = listed[part.path]
            else:
                path.unlink()
    return linked


def _link(there: Path, here: Path) -> bool:
    here.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(there, here)
    except OSError:  # no hard links here, or the file is gone: it is written anew
        return False
    return True


def _groups(parts: Sequence[Part], words: npt.NDArray[np.int32]) -> Iterator[list[Part]]:
    group: list[Part] = []
    held = 0
    for part in parts:
        size = int(words[part.positions].sum())
        if group and held + size > WORDS_AT_ONCE:
            yield group
            group, held = [], 0
        group.append(part)
        held += size
    if group:
        yield group


def _filled(
    group: Sequence[Part], kept: pa.Table, segments: Segments, lines: Sequence[frozenset[int]]
) -> Iterator[tuple[Part, pa.Table]]:
    """The whole rows of each part, in one pass over the segments; texts without their sites' lines."""
    wanted = np.concatenate([part.positions for part in group])
    segment = kept["segment"].to_numpy()
    row = kept["row"].to_numpy()
    tables, positions = [WIDE_DOCUMENT_SCHEMA.empty_table()], []
    for number in np.unique(segment[wanted]):
        here = wanted[segment[wanted] == number]
        here = here[np.argsort(row[here])]
        rows = read_wide(segments[number][0], DOCUMENT_SCHEMA.names).cast(WIDE_DOCUMENT_SCHEMA)
        tables.append(rows.take(pa.array(row[here])))
        positions.append(here)
    found = np.concatenate([np.zeros(0, np.int64), *positions])
    order = np.argsort(found)
    whole = pa.concat_tables(tables)
    for part in group:
        table = whole.take(
            pa.array(order[np.searchsorted(found, part.positions, sorter=order)] if len(part.positions) else order[:0])
        )
        decided = kept.take(pa.array(part.positions))
        texts = left_of(table["text"].to_pylist(), decided["repeated"].to_pylist(), lines)
        table = _replaced(table, "text", pa.array(texts, pa.large_string()))
        for name in _DECIDED:
            table = _replaced(table, name, decided[name])
        yield part, table


def _replaced(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(WIDE_DOCUMENT_SCHEMA.get_field_index(name), WIDE_DOCUMENT_SCHEMA.field(name), column)
