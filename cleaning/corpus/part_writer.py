"""Writes part files: every segment is read once, its rows are sorted into files by part, then each part is written.

No process holds more than one part, or the documents of one task's segments. Meanwhile the disk holds an uncompressed
copy of all documents that are written.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.corpus.final_rows import DECIDED, FinalRows
from cleaning.lines import left_of
from cleaning.stored_texts import Segments
from data.arrow_files import arrow_file, read_arrow, read_arrows
from data.columns import PUBLISHED_SCHEMA
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, WIDE_DOCUMENT_SCHEMA
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, save
from data.errors import StageError
from data.files import file_digest
from data.parquet import batches_of, read_wide, write_parquet

ROWS_AT_ONCE = 40_000
"""Documents of a task that reads segments, at least; segments are not split."""
OPEN_PARTS = 400
"""Part files that are open for decided rows at the same time."""
BATCH_ROWS = 1_000


def write_parts(
    folder: Path,
    paths: Mapping[int, str],
    finished: FinalRows,
    kept: pa.Table,
    segments: Segments,
    engine: Engine,
    work: Path,
) -> dict[str, str]:
    """Write the part files ``paths``, by number, into ``folder``; return their SHA-256 by path.

    ``kept`` has a row for each kept document, in the order of positions: part, segment, row.
    """
    if not paths:
        return {}
    numbers = sorted(paths)
    _lay_decided(finished, numbers, work)
    gathered = _gather_all(kept, numbers, segments, engine, work)
    tasks = [
        _Filling(folder / paths[number], paths[number], _decided_path(work, number), gathered, place)
        for place, number in enumerate(numbers)
    ]
    return dict(run_all(engine, _fill, tasks))


def _decided_path(work: Path, part: int) -> Path:
    return work / f"decided-{part:06d}.arrow"


def _lay_decided(finished: FinalRows, numbers: Sequence[int], work: Path) -> None:
    """Write the decided columns of each document to a file for its part."""
    for start in range(0, len(numbers), OPEN_PARTS):
        some = numbers[start : start + OPEN_PARTS]
        with ExitStack() as stack:
            writers = {part: stack.enter_context(arrow_file(_decided_path(work, part))) for part in some}
            for path in finished.kept:
                table = read_arrow(path)
                part_of = table["part"].to_numpy()
                order = np.argsort(part_of, kind="stable")
                begins = np.searchsorted(part_of[order], some)
                ends = np.searchsorted(part_of[order], some, side="right")
                for part, begin, end in zip(some, begins.tolist(), ends.tolist(), strict=True):
                    if begin < end:
                        writers[part](table.select(_COLUMNS).take(pa.array(order[begin:end])))


_COLUMNS = ["position", *DECIDED, "repeated"]


@dataclass(frozen=True, slots=True)
class _Gathering:
    segments: Mapping[int, tuple[Path, Path]]
    wanted: Path
    """Columns of all wanted documents, segment by segment: segment, row, part (its number among those written),
    position."""
    start: int
    stop: int
    parts: int
    target: Path
    begins: Path
    """Offsets of the parts' rows in ``target``; one more than parts."""


def _gather_all(
    kept: pa.Table, numbers: Sequence[int], segments: Segments, engine: Engine, work: Path
) -> tuple[_Gathering, ...]:
    part_of, segment, row = (kept[name].to_numpy() for name in ("part", "segment", "row"))
    wanted = np.flatnonzero(np.isin(part_of, numbers))
    # In the order of the files: unsorted, every part would read every segment again.
    wanted = wanted[np.lexsort((row[wanted], segment[wanted]))]
    place = np.searchsorted(numbers, part_of[wanted])
    saved = save(work / "wanted.npy", np.stack([segment[wanted], row[wanted], place, wanted]).astype(np.int64))
    tasks = []
    for start, stop in _whole_segments(segment[wanted]):
        used = {int(one): segments[one] for one in np.unique(segment[wanted[start:stop]])}
        target, begins = work / f"gathered-{start:010d}.arrow", work / f"gathered-{start:010d}.npy"
        tasks.append(_Gathering(used, saved, start, stop, len(numbers), target, begins))
    run_all(engine, _gather, tasks)
    return tuple(tasks)


def _whole_segments(segment: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    ends = [*(np.flatnonzero(np.diff(segment)) + 1).tolist(), len(segment)] if len(segment) else []
    start = 0
    for end in ends:
        if end - start >= ROWS_AT_ONCE or end == len(segment):
            yield start, end
            start = end


def _gather(task: _Gathering, report: Report) -> None:
    segment, row, part, position = np.asarray(mapped(task.wanted)[:, task.start : task.stop])
    tables = []
    for number, pair in task.segments.items():
        here = np.flatnonzero(segment == number)
        rows = read_wide(pair[0], DOCUMENT_SCHEMA.names).cast(WIDE_DOCUMENT_SCHEMA).take(pa.array(row[here]))
        tables.append(rows.append_column("position", pa.array(position[here])))
    # Grouped by part, so that each part reads one range of this file instead of scanning it.
    order = np.lexsort((position, part))
    with arrow_file(task.target) as write:
        write(pa.concat_tables(tables).take(pa.array(order)))
    save(task.begins, np.searchsorted(part[order], np.arange(task.parts + 1)))
    report([len(order)])


@dataclass(frozen=True, slots=True)
class _Filling:
    target: Path
    name: str
    decided: Path
    gathered: tuple[_Gathering, ...]
    place: int
    """Its number among the parts that are written."""


def _fill(task: _Filling, report: Report) -> tuple[str, str]:
    """Write one part; return its path in the version and its SHA-256."""
    schema = WIDE_DOCUMENT_SCHEMA.append(pa.field("position", pa.int64()))
    tables = [schema.empty_table()]
    for one in task.gathered:
        begin, end = mapped(one.begins)[task.place : task.place + 2].tolist()
        if begin < end:
            tables.append(read_arrow(one.target).slice(begin, end - begin).cast(schema))
    rows = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    rows = rows.take(pa.array(np.argsort(rows["position"].to_numpy(), kind="stable")))
    decided = pa.concat_tables(read_arrows([task.decided])) if rows.num_rows else None
    if decided is not None:
        decided = decided.combine_chunks()
        if not np.array_equal(decided["position"].to_numpy(), rows["position"].to_numpy()):
            raise StageError(f"{task.name}: documents are missing. Please report this.")
        for name in DECIDED:
            rows = _replaced(rows, name, decided[name])
    batches = _batches(rows.drop_columns(["position"]), decided)
    write_parquet(task.target, batches, PUBLISHED_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS)
    report([rows.num_rows])
    return task.name, file_digest(task.target)


def _batches(rows: pa.Table, decided: pa.Table | None) -> Iterator[pa.RecordBatch]:
    """The rows in batches, with texts without site lines."""
    for start in range(0, rows.num_rows, BATCH_ROWS):
        some = np.arange(start, min(start + BATCH_ROWS, rows.num_rows))
        batch = rows.take(pa.array(some))
        assert decided is not None
        repeated = decided["repeated"].slice(start, len(some)).to_pylist()
        texts = left_of(batch["text"].to_pylist(), repeated)
        yield from batches_of(_replaced(batch, "text", pa.array(texts, pa.large_string())), DOCUMENT_SCHEMA, BATCH_ROWS)


def _replaced(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    return table.set_column(WIDE_DOCUMENT_SCHEMA.get_field_index(name), WIDE_DOCUMENT_SCHEMA.field(name), column)
