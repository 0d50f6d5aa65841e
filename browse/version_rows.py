"""The pages of a version, kept and dropped, as one table: the order of its rows numbers the pages of an index.

Kept pages come first, file by file in their order; then dropped ones, by WARC file and offset. So the texts of both are
read in the order of the numbers, from files that are read once each.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from browse.extracted import Extracted
from cleaning.document_rows import text_digest
from cleaning.pages.privacy import masked
from data.parquet import parquet_errors, read_wide

KEPT = "kept"
TEXT = pa.large_string()
ROWS = pa.schema(
    [
        pa.field("id", TEXT),
        pa.field("url", TEXT),
        pa.field("host", TEXT),
        pa.field("title", TEXT),
        pa.field("split", TEXT),
        pa.field("reason", TEXT),  # null: kept
        pa.field("figure", pa.float64()),
        pa.field("detail", TEXT),
        pa.field("lost_to", TEXT),
        pa.field("country", TEXT),
        pa.field("category", TEXT),
        pa.field("mime", TEXT),
        pa.field("language", TEXT),
        pa.field("health", pa.float64()),
        pa.field("fetched_at", pa.timestamp("s")),
        pa.field("published", pa.date32()),
        pa.field("n_words", pa.int32()),
        pa.field("cluster_id", TEXT),
        pa.field("cluster_size", pa.int32()),
        pa.field("canonical", TEXT),
        pa.field("warc_file", TEXT),
        pa.field("warc_offset", pa.int64()),
    ]
)
_KEPT = ["id", "url", "host", "title", "country", "category", "mime", "language", "health", "fetched_at", "published"]
_KEPT += ["n_words", "cluster_id", "cluster_size", "canonical", "warc_file", "warc_offset"]
_DROPPED = ["id", "url", "host", "reason", "figure", "detail", "lost_to", "fetched_at", "n_words"]
_DROPPED += ["warc_file", "warc_offset"]
_OF_TEXTS = ["title", "country", "category", "mime", "published", "canonical"]
_OF_MEASURES = ["language", "health"]
BATCH_ROWS = 1_000


def kept_files(folder: Path) -> list[tuple[str, Path]]:
    """The part files of the documents with the split, or side corpus, that each is of."""
    splits = [(path.parent.name, path) for path in sorted((folder / "data").rglob("*.parquet"))]
    sides = [(f"side/{path.parent.name}", path) for path in sorted((folder / "side").rglob("*.parquet"))]
    return splits + sides


def version_rows(folder: Path, extracted: Extracted) -> pa.Table:
    """All pages of a version's folder in the order of their numbers.

    Raises:
        InputError: a file is damaged.
    """
    tables = [_as_rows(read_wide(path, _KEPT), split=pa.scalar(split)) for split, path in kept_files(folder)]
    dropped = sorted((folder / "dropped").glob("*.parquet"))
    if dropped:
        gone = pa.concat_tables([read_wide(path, _DROPPED) for path in dropped])
        gone = gone.set_column(gone.schema.get_field_index("warc_file"), "warc_file", gone["warc_file"].cast(TEXT))
        gone = gone.sort_by([("warc_file", "ascending"), ("warc_offset", "ascending")])
        tables += [_with_texts(part, name, extracted) for name, part in _by_warc_file(gone)]
    return pa.concat_tables([ROWS.empty_table(), *tables])


def texts_in_order(folder: Path, rows: pa.Table, extracted: Extracted) -> Iterator[tuple[int, str, str]]:
    """Number, text and digest of each page that has a text, by ascending number.

    Dropped pages have their extracted text with personal data masked, as documents have.
    """
    number = 0
    for _, path in kept_files(folder):
        with parquet_errors(path), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS, columns=["text", "text_digest"]):
                for text, digest in zip(*(batch.column(name).to_pylist() for name in range(2)), strict=True):
                    yield number, text, digest
                    number += 1
    offsets = rows["warc_offset"].to_numpy()
    for name, part in _by_warc_file(rows.slice(number)):
        place, end = number, number + part.num_rows
        for batch in extracted.batches(name, ["text"]):
            found = batch.column(0).to_numpy()
            wanted = place + np.flatnonzero(np.isin(offsets[place:end], found))
            at = np.searchsorted(found, offsets[wanted])
            texts = batch.column(1).take(pa.array(at)).to_pylist()
            for which, text in zip(wanted.tolist(), texts, strict=True):
                if text:
                    shown = masked(text)[0]
                    yield which, shown, text_digest(shown)
        number = end


def _by_warc_file(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Runs of rows of one WARC file, of rows that are sorted by it."""
    if not table.num_rows:
        return
    names = pc.dictionary_encode(table["warc_file"].combine_chunks())
    names = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
    codes = names.indices.to_numpy()
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    for begin, end in zip(begins, [*begins[1:], len(codes)], strict=True):
        yield names.dictionary[int(codes[begin])].as_py(), table.slice(begin, end - begin)


def _with_texts(part: pa.Table, warc_file: str, extracted: Extracted) -> pa.Table:
    """The dropped pages of one WARC file with what extraction and measuring knew of them."""
    path = extracted.files.get(warc_file)
    if path is None:
        return _as_rows(part)
    known = read_wide(path, ["warc_offset", *_OF_TEXTS])
    measures = extracted.measures_of(path)
    if measures is not None:
        of_measures = read_wide(measures, _OF_MEASURES)
        if of_measures.num_rows == known.num_rows:
            for name in _OF_MEASURES:
                known = known.append_column(name, of_measures[name])
    offsets = known["warc_offset"].to_numpy()
    at = np.minimum(np.searchsorted(offsets, part["warc_offset"].to_numpy()), max(len(offsets) - 1, 0))
    is_there = offsets[at] == part["warc_offset"].to_numpy() if len(offsets) else np.zeros(part.num_rows, bool)
    taken = known.drop_columns(["warc_offset"]).take(pa.array(at, mask=~is_there))
    return _as_rows(part, **{name: taken[name] for name in taken.column_names})


def _as_rows(table: pa.Table, **more: Any) -> pa.Table:
    """A table of the schema ROWS; what is not known is null."""
    columns = {name: table[name] for name in table.column_names} | more
    count = table.num_rows
    filled = []
    for field in ROWS:
        column = columns.get(field.name)
        if column is None:
            filled.append(pa.nulls(count, field.type))
        elif isinstance(column, pa.Scalar):
            filled.append(pa.repeat(column.cast(field.type), count))
        else:
            filled.append(column.cast(field.type))
    return pa.table(filled, schema=ROWS)
