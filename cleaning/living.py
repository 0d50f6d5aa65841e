"""Which pages live: the latest event of each URL over all segments decides."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaning.clean import DROPPED, KEPT
from data.documents import DROPPED_SCHEMA
from data.errors import StageError
from data.parquet import read_parquet
from data.takedowns import Takedowns

_REMOVING = ("http/404", "http/410", "http/moved", "http/redirect")
_JUDGED = ("language/", "quality/", "extraction/", "policy/", "kind/")


@dataclass(slots=True)
class State:
    """What is known of one document id."""

    first_seen_at: datetime
    at: tuple[datetime, str, int]
    """Order of the event that decided: when, in which file, where in it."""
    segment: int
    row: int
    kept: bool


@dataclass(slots=True)
class Living:
    """The living documents and why the others are not."""

    documents: pa.Table
    """Sorted by id, ``first_seen_at`` filled in."""
    dropped: list[dict[str, Any]]
    """One row for each URL that is not in the corpus: its latest event."""
    funnel: Counter[str] = field(default_factory=Counter)
    """``records`` = ``superseded`` + ``urls``; ``urls`` = living + dropped by reason."""


def pairs(folder: Path) -> list[tuple[Path, Path]]:
    """The whole pairs of a recipe's folder, in order."""
    kept = (path for path in sorted(folder.glob(f"*{KEPT}")) if not path.name.endswith(DROPPED))
    both = ((path, path.with_name(path.name.removesuffix(KEPT) + DROPPED)) for path in kept)
    return [(documents, dropped) for documents, dropped in both if dropped.is_file()]


def living_documents(segments: Sequence[tuple[Path, Path]], takedowns: Takedowns) -> Living:
    """Replay every event of every segment.

    Raises:
        StageError: the accounts do not balance.
    """
    states: dict[str, State] = {}
    records = 0
    for number, (documents, dropped) in enumerate(segments):
        for event in _events(documents, dropped):
            records += 1
            _apply(states, number, *event)
    tables = [read_parquet(documents) for documents, _ in segments]
    wanted: list[list[int]] = [[] for _ in segments]
    fates: list[tuple[str, State]] = []
    for identity, state in states.items():
        if state.kept:
            wanted[state.segment].append(state.row)
        else:
            fates.append((identity, state))
    chosen = pa.concat_tables([table.take(sorted(rows)) for table, rows in zip(tables, wanted, strict=True)])
    chosen = chosen.sort_by("id")
    chosen, removed = _without_taken_down(chosen, takedowns)
    first_seen = pa.array(
        [states[identity].first_seen_at for identity in chosen["id"].to_pylist()],
        chosen.schema.field("first_seen_at").type,
    )
    chosen = chosen.set_column(
        chosen.schema.get_field_index("first_seen_at"), chosen.schema.field("first_seen_at"), first_seen
    )
    gone = [*_dropped_rows(fates, segments), *removed]
    funnel = Counter({"records": records, "superseded": records - len(states), "urls": len(states)})
    if chosen.num_rows + len(gone) != len(states):
        raise StageError(
            f"the accounts do not balance: {len(states):,} URLs, {chosen.num_rows:,} living, {len(gone):,} dropped. "
            "Please report this."
        )
    return Living(chosen, gone, funnel)


def _events(documents: Path, dropped: Path) -> Iterator[tuple[str, tuple[datetime, str, int], int, str | None]]:
    columns = ["id", "fetched_at", "warc_file", "warc_offset"]
    kept = read_parquet(documents, columns).to_pydict()
    for row, (identity, *at) in enumerate(zip(*(kept[name] for name in columns), strict=True)):
        yield identity, (at[0], at[1], at[2]), row, None
    left = read_parquet(dropped, [*columns, "reason"]).to_pydict()
    for row, (identity, *at, reason) in enumerate(zip(*(left[name] for name in [*columns, "reason"]), strict=True)):
        yield identity, (at[0], at[1], at[2]), row, reason


def _apply(
    states: dict[str, State], segment: int, identity: str, at: tuple[datetime, str, int], row: int, reason: str | None
) -> None:
    """A page or a judged drop replaces the state, removals remove; revisits and passing failures keep it."""
    decides = reason is None or reason.startswith(_JUDGED) or reason in _REMOVING
    known = states.get(identity)
    if known is None:
        states[identity] = State(
            at[0], at if decides else (datetime.min.replace(tzinfo=at[0].tzinfo), *at[1:]), segment, row, reason is None
        )
        return
    known.first_seen_at = min(known.first_seen_at, at[0])
    if decides and at > known.at:
        known.at, known.segment, known.row, known.kept = at, segment, row, reason is None


def _without_taken_down(table: pa.Table, takedowns: Takedowns) -> tuple[pa.Table, list[dict[str, Any]]]:
    taken = pa.array([takedowns.covers(url) for url in table["url"].to_pylist()], pa.bool_())
    removed = [dropped_row(row, "takedown") for row in table.filter(taken).select(_SHARED).to_pylist()]
    return table.filter(pc.invert(taken)), removed


_SHARED = ["id", "url", "host", "site", "fetched_at", "warc_file", "warc_offset", "recipe"]


def dropped_row(
    document: dict[str, Any], reason: str, *, figure: float | None = None, lost_to: str | None = None
) -> dict[str, Any]:
    """The row of a document that publishing drops."""
    shared = {name: document[name] for name in _SHARED}
    return {**shared, "status": 200, "reason": reason, "figure": figure, "detail": None, "lost_to": lost_to}


def _dropped_rows(
    fates: Sequence[tuple[str, State]], segments: Sequence[tuple[Path, Path]]
) -> Iterator[dict[str, Any]]:
    by_segment: dict[int, list[int]] = {}
    for _, state in fates:
        by_segment.setdefault(state.segment, []).append(state.row)
    for segment, rows in by_segment.items():
        yield from read_parquet(segments[segment][1]).cast(DROPPED_SCHEMA).take(sorted(rows)).to_pylist()
