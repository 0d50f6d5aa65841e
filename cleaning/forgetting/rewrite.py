"""Texts, measures and pairs without pages that are forgotten, as if cleaning had read the blanked records.

Each file is replaced whole; to do it again changes nothing. Files are read batch by batch: a whole column of texts may
be larger than the 2 GB that the offsets of an ordinary string column can address.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.ids import ids_path, write_ids
from cleaning.measures_file import forget_rows
from cleaning.pending import CRAWLER, TORN_AT, pair_in, texts_in
from data.documents import DICTIONARY_COLUMNS, wide
from data.parquet import batches_of, get_metadata, parquet_file, read_batches, read_parquet, schema_of
from data.store import Store
from data.urls import document_id, host_of

REASON = "forgotten"
"""Of a blanked record; the receipt stands in the detail."""
_GROUP_ROWS = 8_192
_BATCH_ROWS = 1_000
_STAYS = ("fetched_at", "warc_file", "warc_offset", "recipe")
"""Columns that a blanked record still gives."""


def rewrite_texts(store: Store, stem: str, blanked: Mapping[int, str], receipt: str) -> int:
    """Blank rows in the texts of a WARC file and in what was measured of them; how many files were written.

    ``blanked`` gives by the record's offset its new target.

    Raises:
        InputError: a file is damaged.
        DiskFullError, StoreError: a file cannot be written.
    """
    written = 0
    for folder in sorted(store.texts.glob("*")):
        path = texts_in(folder, stem)
        if not path.is_file():
            continue
        rows = _rows(read_parquet(path, ["warc_offset"]), blanked)
        changed = (_blanked(batch, blanked, receipt) for batch in read_batches(path, _BATCH_ROWS))
        measures = [texts_in(one, stem) for one in sorted(folder.glob("measures-*"))]
        with forget_rows([one for one in measures if one.is_file()], path, rows):
            _write(path, changed, schema_of(path), notes=_notes(path))
        _forget_rights(texts_in(store.rights / folder.name, stem), blanked)
        written += 1
    return written


def _forget_rights(path: Path, blanked: Mapping[int, str]) -> None:
    """Take out of the ledger what blanked records said."""
    if path.is_file():
        left = (_without(batch, list(blanked)) for batch in read_batches(path, _BATCH_ROWS))
        _write(path, left, schema_of(path))


def rewrite_pairs(store: Store, stem: str, blanked: Mapping[int, str], receipt: str) -> int:
    """Move the documents of blanked records to the dropped, and blank dropped rows; how many pairs were written.

    Raises:
        InputError: a file is damaged.
        DiskFullError, StoreError: a file cannot be written.
    """
    written = 0
    for folder in sorted(store.documents.glob("*")):
        documents, dropped = pair_in(folder, stem)
        if not (documents.is_file() and dropped.is_file()):
            continue
        schema = schema_of(dropped)
        places = [name for name in schema_of(documents).names if name in _STAYS]
        moved = pa.Table.from_batches(
            [
                _as_dropped(_only(batch, blanked), schema, blanked, receipt)
                for batch in read_batches(documents, _BATCH_ROWS, places)
            ],
            schema,
        )
        going = moved["warc_offset"].to_pylist()  # a run that was cut off may have written them to the dropped already
        lost = [_blanked(_without(batch, going), blanked, receipt) for batch in read_batches(dropped, _BATCH_ROWS)]
        merged = pa.concat_tables([pa.Table.from_batches(lost, schema), moved]).cast(wide(schema))
        merged = merged.sort_by("warc_offset")  # strings have 64-bit offsets: a sort joins all chunks
        kept_ids = _without(read_parquet(documents, ["id", "warc_offset"]), going)["id"].to_pylist()
        write_ids(ids_path(documents), kept_ids, merged["id"].to_pylist())
        _write(dropped, batches_of(merged, schema, _BATCH_ROWS), schema, notes=_notes(dropped), group_rows=_GROUP_ROWS)
        kept = (_without(batch, going) for batch in read_batches(documents, _BATCH_ROWS))
        _write(documents, kept, schema_of(documents))  # last: after a cut before it the documents are moved again
        written += 1
    return written


_T = TypeVar("_T", pa.Table, pa.RecordBatch)


def _without(rows: _T, offsets: Sequence[int]) -> _T:
    """Without the rows of some records."""
    return rows.filter(pa.array(~np.isin(rows["warc_offset"].to_numpy(zero_copy_only=False), offsets)))


def _only(batch: pa.RecordBatch, blanked: Mapping[int, str]) -> pa.RecordBatch:
    return batch.take(pa.array(_rows(batch, blanked)))


def _rows(table: pa.Table | pa.RecordBatch, blanked: Mapping[int, str]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.isin(table["warc_offset"].to_numpy(), list(blanked)))


def _blanked(batch: pa.RecordBatch, blanked: Mapping[int, str], receipt: str) -> pa.RecordBatch:
    """The batch with the rows of blanked records replaced by what these give."""
    rows = _rows(batch, blanked)
    if not len(rows):
        return batch
    new = _as_dropped(batch.take(pa.array(rows)), batch.schema, blanked, receipt)
    places = np.arange(batch.num_rows)
    places[rows] = batch.num_rows + np.arange(len(rows))
    return pa.concat_batches([batch, new]).take(pa.array(places))


def _as_dropped(batch: pa.RecordBatch, schema: pa.Schema, blanked: Mapping[int, str], receipt: str) -> pa.RecordBatch:
    """Rows of a schema of dropped pages, from rows of any: nothing but their place, their date and the receipt."""
    rows = []
    for row in batch.select([name for name in _STAYS if name in batch.schema.names]).to_pylist():
        url = blanked[row["warc_offset"]]
        known = {"id": document_id(url), "url": url, "host": host_of(url), "reason": REASON, "detail": receipt, **row}
        rows.append({field.name: known.get(field.name, _nothing(field)) for field in schema})
    return pa.RecordBatch.from_pylist(rows, schema=schema)


def _nothing(field: pa.Field) -> Any:
    if field.nullable:
        return None
    return [] if pa.types.is_list(field.type) else False if pa.types.is_boolean(field.type) else ""


def _notes(path: Path) -> dict[str, str]:
    """What is remembered of the WARC file in the metadata of what was made of it."""
    return {name: said for name in (TORN_AT, CRAWLER) if (said := get_metadata(path, name)) is not None}


def _write(
    path: Path,
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    *,
    notes: Mapping[str, str] | None = None,
    group_rows: int | None = None,
) -> None:
    few = [name for name in DICTIONARY_COLUMNS if name in schema.names]
    with parquet_file(path, schema, dictionary_columns=few, group_rows=group_rows) as file:
        for batch in batches:
            file.write(batch)
        for name, said in (notes or {}).items():
            file.set_metadata(name, said)
