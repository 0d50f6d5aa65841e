"""Decides which pages are live, shard by shard: a process holds the rows of one shard at most.

Every segment is read once and its rows are written to one file for each shard. Then each shard replays the events of
its URLs independently, since events of different URLs do not interact. A shard is a range of ids: concatenated shards
are sorted by id, and the number of shards does not affect the published files.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.corpus.live_pages import DROPPED_ROWS, KEPT_ROWS, LOST, NARROW, numbered, replay_events
from cleaning.corpus.reservations import drop_reserved, ledger_of, with_licences
from cleaning.corpus.splits import fraction
from cleaning.duplicates.dedup import text_numbers
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import Positions, Segments
from data.arrow_files import arrow_file, read_arrow, read_arrows
from data.engines.engine import Engine, Report, run_all
from data.engines.scratch import mapped, save
from data.parquet import read_wide, row_count
from data.rights.ledger import Ledger
from data.rights.settings import RightsSettings
from data.takedowns import Takedowns

MOST_SHARDS = 256
"""Shards, at most: a task that writes shards has two open files for each."""
ROWS_AT_ONCE = 200_000
"""Rows of a task's segments, at least."""
_FILES = {"documents": KEPT_ROWS, "dropped": DROPPED_ROWS}


@dataclass(frozen=True, slots=True)
class Shards:
    """The live documents and the other URLs, in files. A document's place is its number in the order of ids."""

    folder: Path
    begins: tuple[int, ...]
    """The first place of each shard; one more than shards."""
    funnel: Counter[str]
    """``records`` = ``superseded`` + ``urls``; ``urls`` = live + dropped."""

    def __len__(self) -> int:
        return len(self.begins) - 1

    def documents(self, shard: int) -> pa.Table:
        """Narrow columns of a shard's documents, sorted by id, with ``segment`` and ``row``."""
        return read_arrow(self.folder / f"documents-{shard:05d}.arrow")

    def dropped(self, shard: int) -> pa.Table:
        """Rows of WIDE_DROPPED_SCHEMA, one for each URL of the shard that is not live."""
        return read_arrow(self.folder / f"dropped-{shard:05d}.arrow")

    def placed(self) -> pa.Table:
        """The columns for steps over all documents, by place: about 45 bytes for each document."""
        tables = [read_arrow(self.folder / f"placed-{shard:05d}.arrow") for shard in range(len(self))]
        whole = pa.concat_tables(tables).unify_dictionaries()
        return whole.append_column("place", pa.array(np.arange(whole.num_rows)))

    def fractions(self, column: int) -> npt.NDArray[np.float64]:
        """By place, the number in [0, 1) that decides the split of a document (column 0) or its part (1)."""
        parts = [mapped(self.folder / f"fractions-{shard:05d}.npy")[column] for shard in range(len(self))]
        return np.concatenate(parts)

    def ids(self, places: Positions) -> list[str]:
        """The ids of documents at some places."""
        found = np.empty(len(places), object)
        shard_of = np.searchsorted(self.begins, places, side="right") - 1
        for shard in np.unique(shard_of).tolist():
            here = np.flatnonzero(shard_of == shard)
            rows = pa.array(places[here] - self.begins[shard])
            found[here] = self.documents(shard)["id"].take(rows).to_pylist()
        ids: list[str] = found.tolist()
        return ids


@dataclass(frozen=True, slots=True)
class Rights:
    """The folder of the ledger, and the settings to read it."""

    folder: Path
    segments: tuple[tuple[Path, Path], ...]
    settings: PublishSettings
    words: RightsSettings


def build_shards(
    segments: Segments, takedowns: Takedowns, rights: Rights, shard_rows: int, engine: Engine, folder: Path
) -> Shards:
    """Write the rows of all segments into shards of about ``shard_rows`` records, and decide which pages are live.

    Raises:
        StageError: the accounts do not balance.
    """
    counts = [row_count(documents) + row_count(dropped) for documents, dropped in segments]
    shards = min(MOST_SHARDS, 1 << max(0, -(-sum(counts) // shard_rows) - 1).bit_length())
    laying = [
        _Laying({number: segments[number] for number in some}, shards, folder, at)
        for at, some in enumerate(_runs(counts, ROWS_AT_ONCE))
    ]
    run_all(engine, _lay, laying)
    files = {kind: [[task.path(kind, shard) for task in laying] for shard in range(shards)] for kind in _FILES}
    deciding = [
        _Deciding(shard, files["documents"][shard], files["dropped"][shard], folder, takedowns, rights)
        for shard in range(shards)
    ]
    done = sorted(run_all(engine, _decide, deciding), key=lambda one: one[0])
    begins = np.concatenate([[0], np.cumsum([documents for _, documents, _ in done])])
    funnel = Counter[str]()
    for _, _, found in done:
        funnel.update(found)
    return Shards(folder, tuple(begins.tolist()), funnel)


def _runs(counts: Sequence[int], least: int) -> Iterator[range]:
    """Ranges of segment numbers with at least ``least`` rows each."""
    start = held = 0
    for number, count in enumerate(counts):
        held += count
        if held >= least or number == len(counts) - 1:
            yield range(start, number + 1)
            start, held = number + 1, 0


@dataclass(frozen=True, slots=True)
class _Laying:
    segments: Mapping[int, tuple[Path, Path]]
    shards: int
    folder: Path
    number: int

    def path(self, kind: str, shard: int) -> Path:
        """The file for this task's rows of a shard."""
        return self.folder / f"laid-{kind}-{self.number:06d}-{shard:05d}.arrow"


def _lay(task: _Laying, report: Report) -> None:
    for which, (kind, schema) in enumerate(_FILES.items()):
        with ExitStack() as stack:
            writers: dict[int, Any] = {}
            for number, pair in task.segments.items():
                table = numbered(read_wide(pair[which], LOST if which else NARROW), number, schema)
                for shard, rows in _by_shard(table["id"], task.shards):
                    if shard not in writers:
                        writers[shard] = stack.enter_context(arrow_file(task.path(kind, shard)))
                    writers[shard](table.take(rows))
    report([len(task.segments)])


def _by_shard(ids: pa.ChunkedArray, shards: int) -> Iterator[tuple[int, pa.Array]]:
    """The rows of each non-empty shard; a shard is a range of the first four digits of the id."""
    first = np.array(pc.utf8_slice_codeunits(ids, 0, 4).to_pylist(), "S4")
    bounds = np.array([f"{(number << 16) // shards:04x}" for number in range(1, shards)], "S4")
    shard_of = np.searchsorted(bounds, first, side="right")
    order = np.argsort(shard_of, kind="stable")
    begins = np.searchsorted(shard_of[order], np.arange(shards + 1))
    for shard in range(shards):
        if begins[shard] < begins[shard + 1]:
            yield shard, pa.array(order[begins[shard] : begins[shard + 1]])


@dataclass(frozen=True, slots=True)
class _Deciding:
    shard: int
    documents: Sequence[Path]
    dropped: Sequence[Path]
    folder: Path
    takedowns: Takedowns
    rights: Rights


def _decide(task: _Deciding, report: Report) -> tuple[int, int, Counter[str]]:
    """Decide one shard; return its number, its live documents and its funnel."""
    kept = pa.concat_tables([KEPT_ROWS.empty_table(), *read_arrows(task.documents)])
    gone = pa.concat_tables([DROPPED_ROWS.empty_table(), *read_arrows(task.dropped)])
    living = replay_events(kept, gone, task.takedowns)
    ledger, settings = ledger_by(task.rights), task.rights.settings
    living = drop_reserved(living, ledger, settings, task.rights.words)
    living = with_licences(living, ledger, settings, task.takedowns)
    documents = living.documents
    ids = documents["id"].to_pylist()
    fractions = [[fraction(one) for one in ids], [fraction(f"part:{one}") for one in ids]]
    for name, table in (("documents", documents), ("dropped", living.dropped), ("placed", _placed(documents))):
        with arrow_file(task.folder / f"{name}-{task.shard:05d}.arrow") as write:
            write(table)
    save(task.folder / f"fractions-{task.shard:05d}.npy", np.array(fractions))
    for path in (*task.documents, *task.dropped):
        path.unlink(missing_ok=True)
    report([len(ids)])
    return task.shard, len(ids), living.funnel


def _placed(documents: pa.Table) -> pa.Table:
    few = {name: documents[name].combine_chunks().dictionary_encode() for name in ("host", "language", "category")}
    rest = {name: documents[name] for name in ("segment", "row", "n_words", "first_seen_at")}
    return pa.table(few | rest | {"text_digest": pa.array(text_numbers(documents["text_digest"]), pa.uint64())})


@functools.lru_cache(maxsize=1)
def ledger_by(rights: Rights) -> Ledger:
    """The ledger, cached for the tasks of a process."""
    return ledger_of(rights.folder, rights.segments)
