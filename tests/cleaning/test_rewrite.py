"""Blanking rows of texts, measures and pairs batch by batch: no whole column of texts is held, none is sorted."""

import pyarrow as pa
import pytest
from corpus_rounds import Round, prose

from cleaning import measures_file
from cleaning.forgetting import rewrite
from cleaning.forgetting.rewrite import rewrite_pairs, rewrite_texts
from cleaning.measures_file import MeasuresFile
from cleaning.pages.measures import FinalText, Measures
from cleaning.pending import pair_in, texts_in
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.documents import EXTRACTED_SCHEMA
from data.parquet import read_parquet, write_parquet

ROWS = 2_500
"""More than two batches."""
BLANKED = {offset: f"cowese://forgotten/{offset:016}" for offset in (0, 999, 1_000, 1_001, 2_499)}
STEM = "0001-a"


@pytest.fixture
def narrow_reads(monkeypatch):
    """Whole tables read with 32-bit strings beside ids: they may be filtered, never taken from or sorted."""
    seen = []

    def read(path, columns=None):
        table = read_parquet(path, columns)
        seen.extend(one.name for one in table.schema if one.name != "id" and one.type == pa.string())
        return table

    monkeypatch.setattr(rewrite, "read_parquet", read)
    return seen


def text_row(offset):
    row = {field.name: None if field.nullable else "" for field in EXTRACTED_SCHEMA}
    return row | {
        "id": f"{offset:032x}", "url": f"https://uno.es/{offset}", "fetched_at": 1_767_225_600, "warc_offset": offset,
        "text": prose(offset, 20), "text_given": False, "figures": [], "recipe": "r",
    }  # fmt: skip


def test_texts_and_their_measures_are_blanked_over_batches(store, narrow_reads):
    folder = store.texts / "r"
    texts = texts_in(folder, STEM)
    table = pa.Table.from_pylist([text_row(offset) for offset in range(ROWS)], EXTRACTED_SCHEMA)
    write_parquet(texts, table.to_batches(), EXTRACTED_SCHEMA)
    measures = texts_in(folder / "measures-m", STEM)
    with MeasuresFile(measures, texts, 1_000) as file:
        for start in range(0, ROWS, 1_000):
            before, found = file.next(min(1_000, ROWS - start))
            found = [Measures(words=start + at, final=FinalText("x", {}, 1)) for at in range(len(found))]
            file.put(before, found, grown=True)
    assert rewrite_texts(store, STEM, BLANKED, "f0001") == 1
    once = texts.read_bytes(), measures.read_bytes()
    rows, said = read_parquet(texts).to_pylist(), read_parquet(measures).to_pylist()
    assert len(rows) == len(said) == ROWS
    for offset, row in enumerate(rows):
        gone = offset in BLANKED
        assert row["warc_offset"] == offset
        assert row["text"] == (None if gone else prose(offset, 20))
        assert (row["reason"], row["url"]) == (
            ("forgotten", BLANKED[offset]) if gone else (None, f"https://uno.es/{offset}")
        )
        assert (said[offset]["words"], said[offset]["text"]) == ((None, None) if gone else (offset, "x"))
    assert rewrite_texts(store, STEM, BLANKED, "f0001") == 1
    assert (texts.read_bytes(), measures.read_bytes()) == once
    assert narrow_reads == []
    assert not hasattr(measures_file, "read_parquet")


def test_documents_are_moved_to_the_dropped_in_the_order_of_the_file(store, narrow_reads, monkeypatch):
    monkeypatch.setattr(rewrite, "_BATCH_ROWS", 7)
    sorted_types = []
    real = rewrite.batches_of
    monkeypatch.setattr(
        rewrite, "batches_of", lambda table, *rest: sorted_types.append(table.schema.types) or real(table, *rest)
    )
    made = Round(1, warc="a")
    for number in range(40):
        made.page(f"https://uno.es/{number}", prose(number))
    made.write(store)
    (documents,) = [path for path in store.documents.rglob("*.parquet") if not path.name.endswith(".dropped.parquet")]
    stem = documents.name.removesuffix(".parquet")
    _, dropped = pair_in(store.documents / recipe_digest(CleaningSettings()), stem)
    before = read_parquet(documents).to_pylist()
    going = {row["warc_offset"]: f"cowese://forgotten/{row['warc_offset']:016}" for row in before[::3]}
    assert rewrite_pairs(store, stem, going, "f0001") == 1
    kept, lost = read_parquet(documents).to_pylist(), read_parquet(dropped).to_pylist()
    assert kept == [row for row in before if row["warc_offset"] not in going]
    assert [row["warc_offset"] for row in lost if row["reason"] == "forgotten"] == sorted(going)
    assert [row["warc_offset"] for row in lost] == sorted(row["warc_offset"] for row in lost)
    assert {row["detail"] for row in lost if row["reason"] == "forgotten"} == {"f0001"}
    assert narrow_reads == []
    assert sorted_types
    assert all(pa.string() not in types for types in sorted_types)
