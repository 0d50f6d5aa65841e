"""More than 2 GB in one string column of a history: no 32-bit offset stands in publishing's way."""

import os

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, prose, urls

from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.documents import DROPPED_SCHEMA
from data.parquet import batches_of, read_all, write_parquet
from data.store import Store
from data.urls import document_id

pytestmark = pytest.mark.slow

ROWS, LETTERS, AT_ONCE = 150_000, 15_000, 5_000
"""2.25 GB in the column."""
NEEDED = 14 << 30
COLUMNS = ["lost_to", "warc_file", *(["url"] if "COWESE_LONG_TESTS" in os.environ else [])]
"""Addresses take minutes: they are read as Python strings, for takedowns and yields."""
LONG = "x" * LETTERS


def long_rows(column: str, first: int) -> pa.RecordBatch:
    numbers = range(first, first + AT_ONCE)
    given = {
        "id": [document_id(f"https://b.es/{number}") for number in numbers],
        "url": [f"https://b.es/{number}" for number in numbers],
        "host": ["b.es"] * AT_ONCE,
        "fetched_at": [0] * AT_ONCE,
        "warc_file": ["0001/a.warc.gz"] * AT_ONCE,
        "warc_offset": list(numbers),
        "reason": ["http/404"] * AT_ONCE,
        "recipe": ["r"] * AT_ONCE,
    }
    given[column] = [f"{value}{LONG}" for value in given.get(column, [""] * AT_ONCE)]
    columns = [pa.array(given.get(field.name, [None] * AT_ONCE), field.type) for field in DROPPED_SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=DROPPED_SCHEMA)


@pytest.mark.skipif(psutil.virtual_memory().available < NEEDED, reason="needs 14 GB of memory")
@pytest.mark.parametrize("column", COLUMNS)
def test_a_history_with_more_than_2_gb_in_a_column_is_published(tmp_path, column):
    store = Store.open(tmp_path / "store")
    pages = Round(1)
    for url in urls():
        pages.page(url, prose(url))
    pages.write(store)
    folder = store.documents / recipe_digest(CleaningSettings())
    write_parquet(folder / "0002-b.parquet", [], pq.read_schema(folder / "0001-segment.parquet"))
    batches = (long_rows(column, first) for first in range(0, ROWS, AT_ONCE))
    write_parquet(folder / "0002-b.dropped.parquet", batches, DROPPED_SCHEMA)
    done = publish(store, CleaningSettings(), PublishSettings())
    assert (done.documents, done.dropped) == (len(urls()), {"http/404": ROWS})
    files = sorted((done.path / "dropped").glob("*.parquet"))
    assert sum(pq.read_metadata(path).num_rows for path in files) == ROWS
    if column == "lost_to":
        lengths = [len(row["lost_to"]) for row in pq.ParquetFile(files[0]).read_row_group(0, ["lost_to"]).to_pylist()]
        assert set(lengths) == {LETTERS}


def test_a_part_of_a_long_column_is_written_as_plain_strings(tmp_path, monkeypatch):
    """A slice is cast without the buffer that it is cut from."""
    path = tmp_path / "a.parquet"
    write_parquet(path, [long_rows("url", 0)], DROPPED_SCHEMA)
    table = read_all([path, path], ["id", "url", "warc_file"])
    assert table.schema.field("url").type == pa.large_string()
    assert pa.types.is_dictionary(table.schema.field("warc_file").type)
    schema = pa.schema([DROPPED_SCHEMA.field(name) for name in table.schema.names])
    monkeypatch.setattr("data.parquet._OFFSETS", 1)
    batches = list(batches_of(table, schema, 100))
    assert sum(batch.num_rows for batch in batches) == 2 * AT_ONCE
    assert all(batch.schema == schema for batch in batches)
    assert max(batch.nbytes for batch in batches) < 200 * LETTERS
    assert pa.Table.from_batches(batches)["url"].to_pylist() == table["url"].to_pylist()
