"""Decides which pages are live: the latest event of each URL over all segments counts."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urljoin

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaning.stored_texts import Segments
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA, SECONDS_UTC, WIDE_DOCUMENT_SCHEMA, WIDE_DROPPED_SCHEMA
from data.errors import InputError, StageError
from data.parquet import read_wide
from data.takedowns import TAKEDOWN, Takedowns
from data.urls import canonical_url

_REMOVING = ("http/404", "http/410", "http/moved", "http/redirect")
_JUDGED = ("language/", "quality/", "extraction/", "judging/", "policy/", "kind/")
_WIDE = ("text", "title", "author", "quality", "verdicts")
NARROW = [name for name in DOCUMENT_SCHEMA.names if name not in _WIDE]
"""Columns for the decisions of publishing; text and other long columns are read when parts are written."""
LOST = DROPPED_SCHEMA.names
_PLACE = [pa.field("segment", pa.int32()), pa.field("row", pa.int32())]
KEPT_ROWS = pa.schema([*(WIDE_DOCUMENT_SCHEMA.field(name) for name in NARROW), *_PLACE])
"""Narrow columns of documents, with segment and row for the others."""
DROPPED_ROWS = pa.schema([*WIDE_DROPPED_SCHEMA, *_PLACE])
_EVENT = ["id", "fetched_at", "warc_file", "warc_offset"]


@dataclass(frozen=True, slots=True)
class LivePages:
    """The live documents by id, and the reasons of the other URLs."""

    documents: pa.Table
    """Narrow columns with ``first_seen_at`` filled in, and ``segment`` and ``row``."""
    dropped: pa.Table
    """WIDE_DROPPED_SCHEMA: for each URL that is not live, the first of its latest drops for the same reason."""
    funnel: Counter[str]
    """``records`` = ``superseded`` + ``urls``; ``urls`` = live + dropped."""


def live_documents(segments: Segments, takedowns: Takedowns) -> LivePages:
    """Replay all events of some segments in memory; ``shards`` does it for any size.

    Raises:
        StageError: the accounts do not balance.
    """
    kept = [numbered(read_wide(one, NARROW), number, KEPT_ROWS) for number, (one, _) in enumerate(segments)]
    gone = [numbered(read_wide(one, LOST), number, DROPPED_ROWS) for number, (_, one) in enumerate(segments)]
    return replay_events(pa.concat_tables(kept), pa.concat_tables(gone), takedowns)


def numbered(table: pa.Table, segment: int, schema: pa.Schema) -> pa.Table:
    """Add the number of the segment and of the row to the rows of a segment's file."""
    numbers = pa.repeat(pa.scalar(segment, pa.int32()), table.num_rows)
    rows = pa.array(np.arange(table.num_rows, dtype=np.int32))
    return table.append_column("segment", numbers).append_column("row", rows).cast(schema)


def replay_events(kept: pa.Table, gone: pa.Table, takedowns: Takedowns) -> LivePages:
    """Replay the events of some URLs: ``kept`` are all their documents (KEPT_ROWS), ``gone`` all others (DROPPED_ROWS).

    A page or a judged drop replaces the state of its URL; http/404, 410 and redirects remove it; revisits and transient
    failures keep it. If a URL is dropped for the same reason at each visit, the first of these rows is kept, so that a
    round without changes changes nothing. Events are ordered by time, then by their position in the WARC files. The
    order in which segments were cleaned does not matter.

    Raises:
        StageError: the accounts do not balance.
    """
    events = _with_ranks(pa.concat_tables([_kept_events(kept), _dropped_events(gone)]))
    events = events.sort_by([(name, "ascending") for name in _EVENT])
    begins, latest = _deciding_events(events)
    first_seen = events["fetched_at"].take(pa.array(begins))
    chosen = events.select(["place", "kept"]).take(pa.array(latest)).append_column("first_seen_at", first_seen)
    lives = chosen["kept"]
    documents = kept.take(chosen.filter(lives)["place"])
    at = documents.schema.get_field_index("first_seen_at")
    first_seen = chosen.filter(lives)["first_seen_at"].cast(SECONDS_UTC)
    documents = documents.set_column(at, documents.schema.field(at), first_seen)
    dropped = gone.take(chosen.filter(pc.invert(lives))["place"]).select(LOST)
    documents, dropped = _taken_down(documents, dropped, takedowns)
    funnel = Counter({"records": events.num_rows, "superseded": events.num_rows - len(latest), "urls": len(latest)})
    if documents.num_rows + dropped.num_rows != len(latest):
        raise StageError(
            f"the accounts do not balance: {len(latest):,} URLs, {documents.num_rows:,} living, "
            f"{dropped.num_rows:,} dropped. Please report this."
        )
    return LivePages(documents, dropped, funnel)


def dropped_rows(
    documents: pa.Table, reason: pa.Array, figure: pa.Array, lost_to: pa.Array, detail: pa.Array | None = None
) -> pa.Table:
    """The rows of live documents that publishing drops, with 64-bit offsets."""
    rows = documents.num_rows
    columns = {name: documents[name] for name in DROPPED_SCHEMA.names if name in documents.schema.names}
    columns |= {
        "status": pa.array([200] * rows, pa.int16()),
        "reason": reason,
        "figure": figure,
        "detail": pa.nulls(rows, pa.large_string()) if detail is None else detail,
        "lost_to": lost_to,
    }
    table = pa.table({name: columns[name] for name in DROPPED_SCHEMA.names})
    return table.cast(WIDE_DROPPED_SCHEMA)


def _kept_events(table: pa.Table) -> pa.Table:
    rows = table.num_rows
    reason = pa.repeat(pa.scalar("", pa.large_string()), rows)
    return _event_table(table, decides=pa.repeat(True, rows), reason=reason)


def _dropped_events(table: pa.Table) -> pa.Table:
    reasons = pc.dictionary_encode(table["reason"].combine_chunks())
    deciding = [one.startswith(_JUDGED) or one in _REMOVING for one in reasons.dictionary.to_pylist()]
    return _event_table(table, decides=pa.array(deciding, pa.bool_()).take(reasons.indices), reason=table["reason"])


def _with_ranks(events: pa.Table) -> pa.Table:
    """Replace the name of each WARC file by its rank among all names."""
    column = events["warc_file"].unify_dictionaries().combine_chunks()
    names = np.array(column.dictionary.to_pylist(), object)
    ranks = np.empty(len(names), np.int32)
    ranks[np.argsort(names)] = np.arange(len(names))
    at = events.schema.get_field_index("warc_file")
    return events.set_column(at, "warc_file", pa.array(ranks[column.indices.to_numpy()]))


def _event_table(table: pa.Table, *, decides: pa.Array, reason: pa.Array | pa.ChunkedArray) -> pa.Table:
    """A table of events; ``reason`` is empty for documents, ``place`` is the row in ``table``."""
    return pa.table(
        {
            **{name: table[name] for name in _EVENT},
            "place": np.arange(table.num_rows),
            "decides": decides,
            "reason": reason,
            "kept": pc.equal(reason, ""),
        }
    )


def _deciding_events(events: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each id, where its events begin, and its deciding event: the last one, or the first of the last equal drops.

    If no event decides, it is the first. ``events`` are sorted by id, then by time: rows of one id are adjacent, so
    that their borders group them. Without the sort each id would need a search of its own.
    """
    ids = pc.dictionary_encode(events["id"].combine_chunks()).indices.to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])) if len(ids) else np.zeros(0, np.int64)
    decides = events["decides"].combine_chunks().to_numpy(zero_copy_only=False)
    place = np.where(decides, np.arange(len(ids)), -1)
    if not len(begins):
        return begins, begins
    latest = np.maximum.reduceat(place, begins)
    reasons = pc.dictionary_encode(events["reason"].combine_chunks()).indices.to_numpy()
    kept = events["kept"].combine_chunks().to_numpy(zero_copy_only=False)
    since = _first_of_equal_drops(np.flatnonzero(decides), ids, reasons, kept)
    return begins, np.where(latest < 0, begins, since[latest])


def _first_of_equal_drops(
    deciding: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int32],
    reasons: npt.NDArray[np.int32],
    kept: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Map each deciding event to the first of consecutive drops for the same reason; a kept document maps to itself."""
    since = np.arange(len(ids))
    if len(deciding):
        same = (ids[deciding[1:]] == ids[deciding[:-1]]) & (reasons[deciding[1:]] == reasons[deciding[:-1]])
        begins_run = np.concatenate([[True], ~same | kept[deciding[1:]]])
        since[deciding] = deciding[np.maximum.accumulate(np.where(begins_run, np.arange(len(deciding)), 0))]
    return since


def _taken_down(documents: pa.Table, gone: pa.Table, takedowns: Takedowns) -> tuple[pa.Table, pa.Table]:
    """Move documents that were taken down to the dropped rows, with only their URL and the reason.

    URLs that were taken down are also removed from the columns of other rows.
    """
    if not takedowns.targets:
        return documents, gone
    addresses = zip(documents["url"].to_pylist(), documents["canonical"].to_pylist(), strict=True)
    taken = pa.array([takedowns.covers_page(url, canonical) for url, canonical in addresses], pa.bool_())
    removed = _as_taken_down(documents.filter(taken))
    left = pa.array([takedowns.covers(url) for url in gone["url"].to_pylist()], pa.bool_())
    stays = gone.filter(pc.invert(left))
    rows = zip(stays["url"].to_pylist(), stays["lost_to"].to_pylist(), strict=True)
    hidden = pa.array([bool(to) and takedowns.covers(_resolved(url, to)) for url, to in rows], pa.bool_())
    stays = _without_values(stays, "lost_to", hidden)
    stays = without_addresses(stays, "site", takedowns)
    gone = pa.concat_tables([stays, _as_taken_down(gone.filter(left)), removed])
    documents = without_addresses(documents.filter(pc.invert(taken)), "site", takedowns)
    return without_addresses(documents, "license_url", takedowns), gone


def without_addresses(table: pa.Table, name: str, takedowns: Takedowns) -> pa.Table:
    """Replace the URLs of a column that were taken down by null; the rows stay."""
    hidden = [one for one in pc.unique(table[name]).to_pylist() if one and _covers(takedowns, one)]
    return _without_values(table, name, pc.is_in(table[name], pa.array(hidden, pa.large_string())))


def _without_values(table: pa.Table, name: str, hidden: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    values = pc.if_else(hidden, pa.scalar(None, pa.large_string()), table[name])
    return table.set_column(at, table.schema.field(at), values)


def _covers(takedowns: Takedowns, url: str) -> bool:
    try:
        return takedowns.covers(canonical_url(url))
    except InputError:
        return False


def _resolved(url: str, target: str) -> str:
    """The canonical URL of a redirect from ``url``; empty if it is not valid."""
    try:
        return canonical_url(urljoin(url, target))
    except (InputError, ValueError):
        return ""


def _as_taken_down(table: pa.Table) -> pa.Table:
    rows = table.num_rows
    return dropped_rows(table, pa.repeat(TAKEDOWN, rows), pa.nulls(rows, pa.float32()), pa.nulls(rows, pa.string()))
