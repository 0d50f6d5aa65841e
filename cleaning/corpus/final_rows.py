"""Builds the rows of a version, shard by shard: the decided columns of each document, and all dropped pages."""

import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.figures import FigureCounts
from cleaning.corpus.live_pages import dropped_rows
from cleaning.corpus.shards import Shards
from cleaning.corpus.splits import SPLITS
from data.arrow_files import arrow_file, read_arrow
from data.columns import PUBLISHED_SCHEMA
from data.documents import WIDE_DOCUMENT_SCHEMA, WIDE_DROPPED_SCHEMA
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped
from data.files import value_digest
from data.takedowns import TAKEDOWN

DECIDED = ("site", "license", "license_url", "text_digest", "n_words", "first_seen_at", "cluster_id", "cluster_size")
"""Columns that publishing decides; cleaning wrote all others."""
_DEPENDS = ("id", "warc_file", "warc_offset", "recipe", *DECIDED)


@dataclass(frozen=True, slots=True)
class FinalRows:
    """The row files of all shards, in the order of ids, and their figures."""

    kept: tuple[Path, ...]
    """``position`` among all kept documents, ``part``, segment and row, DECIDED, ``repeated``."""
    dropped: tuple[Path, ...]
    """Rows of WIDE_DROPPED_SCHEMA, without pages that were taken down, whose URLs must not be published."""
    counts: FigureCounts


def build_final_rows(shards: Shards, kept: Path, drops: pa.Table, left: Path, engine: Engine) -> FinalRows:
    """Build the rows of each shard.

    ``kept`` has a row for each kept document (place, part, folder, cluster_size, repeated), ``drops`` a row of DROPS
    for each other one, by place; ``left`` has the digests and words of texts without site lines.
    """
    lost_to = drops["lost_to"].combine_chunks()
    ids = pa.array(shards.ids(lost_to.drop_null().to_numpy()), pa.large_string())
    keepers = pc.replace_with_mask(drops["foreign"].combine_chunks(), lost_to.is_valid(), ids)
    drops_path = shards.folder / "drops.arrow"
    with arrow_file(drops_path) as write:
        write(drops.set_column(drops.schema.get_field_index("lost_to"), "lost_to", keepers).drop_columns(["foreign"]))
    tasks = [_Task(shards, shard, kept, drops_path, left) for shard in range(len(shards))]
    counts = FigureCounts()
    for found in run_all(engine, _finish, tasks):
        counts.add(found)
    return FinalRows(tuple(task.kept_rows for task in tasks), tuple(task.dropped_rows for task in tasks), counts)


def part_digests(finished: FinalRows, parts: int) -> list[str]:
    """For each part a digest of everything that its bytes depend on."""
    writer = value_digest({"pyarrow": pa.__version__, "schema": str(PUBLISHED_SCHEMA)})
    digests = [hashlib.sha256(writer.encode()) for _ in range(parts)]
    for path in finished.kept:
        table = read_arrow(path)
        columns = [table[name].combine_chunks().cast(pa.large_string()) for name in _DEPENDS]
        separator = pa.scalar("\t", pa.large_string())
        lines = pc.binary_join_element_wise(*columns, separator, null_handling="replace", null_replacement="")
        part_of = table["part"].to_numpy()
        order = np.argsort(part_of, kind="stable")
        begins = np.searchsorted(part_of[order], np.arange(parts + 1))
        for part in np.unique(part_of).tolist():
            rows = lines.take(pa.array(order[begins[part] : begins[part + 1]])).to_pylist()
            digests[part].update("".join(f"\n{line}" for line in rows).encode())
    return [digest.hexdigest()[:32] for digest in digests]


@dataclass(frozen=True, slots=True)
class _Task:
    shards: Shards
    shard: int
    kept: Path
    drops: Path
    left: Path

    @property
    def kept_rows(self) -> Path:
        return self.shards.folder / f"kept-{self.shard:05d}.arrow"

    @property
    def dropped_rows(self) -> Path:
        return self.shards.folder / f"gone-{self.shard:05d}.arrow"


def _finish(task: _Task, report: Report) -> FigureCounts:
    begin, end = task.shards.begins[task.shard : task.shard + 2]
    documents = _trimmed(task.shards.documents(task.shard), begin, task.left)
    counts = FigureCounts()
    start, kept = _between(read_arrow(task.kept), begin, end)
    rows = documents.take(pa.array(kept["place"].to_numpy() - begin))
    rows = _set(_set(rows, "cluster_id", rows["id"]), "cluster_size", kept["cluster_size"])
    is_main = pc.less(kept["folder"], len(SPLITS))
    counts.add_kept(rows.filter(is_main))
    counts.add_side(rows.filter(pc.invert(is_main)))
    numbers = {"position": pa.array(np.arange(start, start + len(kept)), pa.int64()), "part": kept["part"]}
    columns = {name: rows[name] for name in _DEPENDS} | {"repeated": kept["repeated"]}
    with arrow_file(task.kept_rows) as write:
        write(pa.table(numbers | columns))
    dropped = _dropped(task, documents, begin, end)
    counts.add_dropped(dropped)
    with arrow_file(task.dropped_rows) as write:
        write(dropped.filter(pc.not_equal(dropped["reason"], TAKEDOWN)))
    report([documents.num_rows])
    return counts


def _dropped(task: _Task, documents: pa.Table, begin: int, end: int) -> pa.Table:
    _, drops = _between(read_arrow(task.drops), begin, end)
    lost = documents.take(pa.array(drops["place"].to_numpy() - begin))
    rows = dropped_rows(lost, drops["reason"], drops["figure"], drops["lost_to"], drops["detail"])
    return pa.concat_tables([task.shards.dropped(task.shard).cast(WIDE_DROPPED_SCHEMA), rows]).sort_by("id")


def _trimmed(documents: pa.Table, begin: int, path: Path) -> pa.Table:
    """Documents of a shard, with digest and words of their texts without site lines."""
    left = mapped(path)
    # bisect looks at a few places; np.searchsorted would copy all of them out of the rows
    start, stop = (bisect_left(left["place"], place) for place in (begin, begin + documents.num_rows))
    some = np.array(left[start:stop])
    if not len(some):
        return documents
    mask = np.zeros(documents.num_rows, np.bool_)
    mask[some["place"] - begin] = True
    digests = pa.array([digest.decode() for digest in some["digest"].tolist()], pa.large_string())
    for name, values in (("text_digest", digests), ("n_words", pa.array(some["words"].astype(np.int32)))):
        documents = _set(
            documents, name, pc.replace_with_mask(documents[name].combine_chunks(), pa.array(mask), values)
        )
    return documents


def _between(table: pa.Table, begin: int, end: int) -> tuple[int, pa.Table]:
    """The rows between two places, and the number of the first row."""
    start, stop = np.searchsorted(table["place"].to_numpy(), [begin, end]).tolist()
    return start, table.slice(start, stop - start)


def _set(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), WIDE_DOCUMENT_SCHEMA.field(name), column)
