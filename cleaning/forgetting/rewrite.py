"""Texts, measures and pairs without pages that are forgotten, as if cleaning had read the blanked records.

Each file is replaced whole; to do it again changes nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaning.ids import ids_path, write_ids
from cleaning.measures_file import forget_rows
from cleaning.pending import CRAWLER, TORN_AT, pair_in, texts_in
from data.documents import DICTIONARY_COLUMNS
from data.parquet import get_metadata, parquet_file, read_parquet
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
        table = read_parquet(path)
        rows = _rows(table, blanked)
        changed = _blanked(table, rows, blanked, receipt)
        measures = [texts_in(one, stem) for one in sorted(folder.glob("measures-*"))]
        with forget_rows([one for one in measures if one.is_file()], path, rows):
            _write(path, changed, notes=_notes(path))
        _forget_rights(texts_in(store.rights / folder.name, stem), blanked)
        written += 1
    return written


def _forget_rights(path: Path, blanked: Mapping[int, str]) -> None:
    """Take out of the ledger what blanked records said."""
    if path.is_file():
        table = read_parquet(path)
        stays = ~np.isin(table["warc_offset"].to_numpy(), list(blanked))
        _write(path, table.filter(pa.array(stays)))


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
        kept, lost = read_parquet(documents), read_parquet(dropped)
        going = _rows(kept, blanked)
        moved = _as_dropped(kept.take(pa.array(going)), lost.schema, blanked, receipt)
        lost = _without(_blanked(lost, _rows(lost, blanked), blanked, receipt), moved)
        lost = pa.concat_tables([lost, moved]).sort_by("warc_offset")
        kept = kept.filter(pa.array(~np.isin(np.arange(kept.num_rows), going)))
        write_ids(ids_path(documents), kept["id"].to_pylist(), lost["id"].to_pylist())
        _write(dropped, lost, notes=_notes(dropped), group_rows=_GROUP_ROWS)
        _write(documents, kept)  # last: after a cut before it the documents are there, and are moved again
        written += 1
    return written


def _without(lost: pa.Table, moved: pa.Table) -> pa.Table:
    """Without the rows that a run moved which was cut off before it wrote the documents."""
    return lost.filter(pa.array(~np.isin(lost["warc_offset"].to_numpy(), moved["warc_offset"].to_numpy())))


def _rows(table: pa.Table, blanked: Mapping[int, str]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.isin(table["warc_offset"].to_numpy(), list(blanked)))


def _blanked(table: pa.Table, rows: npt.NDArray[np.int64], blanked: Mapping[int, str], receipt: str) -> pa.Table:
    """The table with these rows replaced by what their blanked records give."""
    new = _as_dropped(table.take(pa.array(rows)), table.schema, blanked, receipt)
    places = np.arange(table.num_rows)
    places[rows] = table.num_rows + np.arange(len(rows))
    return pa.concat_tables([table, new]).take(pa.array(places))


def _as_dropped(table: pa.Table, schema: pa.Schema, blanked: Mapping[int, str], receipt: str) -> pa.Table:
    """Rows of a schema of dropped pages, from rows of any: nothing but their place, their date and the receipt."""
    rows = []
    for row in table.select([name for name in _STAYS if name in table.schema.names]).to_pylist():
        url = blanked[row["warc_offset"]]
        known = {"id": document_id(url), "url": url, "host": host_of(url), "reason": REASON, "detail": receipt, **row}
        rows.append({field.name: known.get(field.name, _nothing(field)) for field in schema})
    return pa.Table.from_pylist(rows, schema=schema)


def _nothing(field: pa.Field) -> Any:
    if field.nullable:
        return None
    return [] if pa.types.is_list(field.type) else False if pa.types.is_boolean(field.type) else ""


def _notes(path: Path) -> dict[str, str]:
    """What is remembered of the WARC file in the metadata of what was made of it."""
    return {name: said for name in (TORN_AT, CRAWLER) if (said := get_metadata(path, name)) is not None}


def _write(
    path: Path, table: pa.Table, *, notes: Mapping[str, str] | None = None, group_rows: int | None = None
) -> None:
    few = [name for name in DICTIONARY_COLUMNS if name in table.schema.names]
    with parquet_file(path, table.schema, dictionary_columns=few, group_rows=group_rows) as file:
        for batch in table.to_batches(_BATCH_ROWS):
            file.write(batch)
        for name, said in (notes or {}).items():
            file.set_metadata(name, said)
