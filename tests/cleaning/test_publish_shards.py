"""Publishing by shares: however the work is cut, the same bytes; and no column of a step ends at 2 GB."""

import numpy as np
import pyarrow as pa
import pytest
from corpus_rounds import Round, here, parquet_bytes, prose, slightly_changed

from cleaning.corpus import live_pages, part_writer, remaining, shards, site_lines
from cleaning.corpus.publish import publish
from cleaning.duplicates import candidates, containment, digest_segments, signing, sketches
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.arrow_files import arrow_file, read_arrow
from data.documents import WIDE_DOCUMENT_SCHEMA, WIDE_DROPPED_SCHEMA
from data.engines.engine import EngineSettings
from data.files import read_json
from data.store import Store

CLEANING = CleaningSettings()
SETTINGS = PublishSettings(site_line_documents=3, part_words=3_000)


@pytest.fixture
def cut_small(monkeypatch):
    """Cut every step into as many tasks as there are, and let them run in this process."""
    monkeypatch.setattr("cleaning.corpus.publish.opened", here)
    for module, name, value in (
        (shards, "ROWS_AT_ONCE", 1),
        (site_lines, "DOCUMENTS_AT_ONCE", 1),
        (signing, "TEXTS_AT_ONCE", 1),
        (signing, "INDEXED_AT_ONCE", 40),
        (sketches, "TEXTS_AT_ONCE", 1),
        (sketches, "SEGMENT_TEXTS", 40),
        (digest_segments, "FULL_SEGMENT", 60),
        (digest_segments, "MOST_SEGMENTS", 2),
        (candidates, "KEYS_AT_ONCE", 50),
        (candidates, "PAIRS_AT_ONCE", 10),
        (containment, "PAIRS_AT_ONCE", 10),
        (containment, "NUMBERS_AT_ONCE", 500),
        (part_writer, "ROWS_AT_ONCE", 1),
        (part_writer, "OPEN_PARTS", 2),
    ):
        monkeypatch.setattr(module, name, value)


def write_rounds(store: Store, last: int) -> None:
    """Pages with copies, near copies, contained pages, lines of their sites, moves and removals, over some rounds."""
    for number in range(1, last + 1):
        pages = Round(number)
        for page in range(24):
            text = prose((number, page) if page % 4 else page, 60)  # each fourth page is there in every round
            if page % 12 == 4 and number > 1:
                text = slightly_changed(text, number)
            elif page % 12 == 8 and number == 2:
                text = f"{text} {prose(('longer', page), 80)}"
            pages.page(f"https://h{page % 5}.es/{min(number, 3)}/{page}", f"{text}\nPida cita en la unidad de salud.")
            pages.drop(f"https://h{page % 5}.es/{number}/{page}/pdf", "quality/too_short")
        pages.page("https://h1.es/gl", prose("galego", 60), language="gl")
        pages.drop(f"https://h{number}.es/1/{number}", "http/404")
        pages.write(store)


def published(folder, last: int, shard_rows: int, settings=SETTINGS):
    store = Store.open(folder)
    write_rounds(store, last)
    return publish(store, CLEANING, settings, engine=EngineSettings(workers=1, shard_rows=shard_rows))


@pytest.mark.slow
def test_however_the_work_is_cut_the_bytes_are_the_same(tmp_path, request):
    whole = published(tmp_path / "whole", 4, 1_000_000)
    assert {"duplicate/near", "duplicate/exact", "duplicate/contained", "http/404"} <= whole.dropped.keys()
    request.getfixturevalue("cut_small")
    for shard_rows in (1, 30):
        done = published(tmp_path / f"cut-{shard_rows}", 4, shard_rows)
        assert parquet_bytes(done.path) == parquet_bytes(whole.path)
        assert (done.path / "report.html").read_bytes() == (whole.path / "report.html").read_bytes()


@pytest.mark.slow
def test_incremental_publishing_in_other_shares_gives_the_bytes_of_a_cold_one(tmp_path, cut_small):
    grown = tmp_path / "grown"
    for last, shard_rows in ((1, 7), (2, 50), (3, 1), (4, 20)):
        done = published(grown, last, shard_rows)
    assert not (Store.open(grown).signatures / "shards").exists()
    cold = tmp_path / "cold"
    fresh = published(cold, 4, 1_000_000)
    assert parquet_bytes(done.path) == parquet_bytes(fresh.path)
    ours, theirs = (read_json(one.path / "manifest.json") for one in (done, fresh))
    assert (ours["files"], ours["figures"]) == (theirs["files"], theirs["figures"])


def test_no_table_of_all_pages_has_a_32_bit_offset():
    """Every schema that a step lays out, walked through; dictionaries hold few values, lists of pairs few letters."""
    rows = [live_pages.KEPT_ROWS, live_pages.DROPPED_ROWS, remaining.DROPS]
    schemas = [WIDE_DOCUMENT_SCHEMA, WIDE_DROPPED_SCHEMA, *rows]
    for schema in schemas:
        for field in schema:
            assert field.type not in (pa.string(), pa.binary()), field
            assert not pa.types.is_list(field.type) or field.name in ("quality", "verdicts", "masked"), field


def test_an_arrow_file_holds_tables_with_dictionaries_of_their_own(tmp_path):
    tables = [pa.table({"name": pa.array(names).dictionary_encode()}) for names in (["a", "b", "a"], ["c"], [])]
    with arrow_file(tmp_path / "names.arrow") as write:
        for table in tables:
            write(table)
    assert read_arrow(tmp_path / "names.arrow")["name"].to_pylist() == ["a", "b", "a", "c"]


def test_ascending_files_are_merged_range_by_range(monkeypatch):
    chance = np.random.default_rng(1)
    files = [np.unique(chance.integers(0, 500, size).astype(np.uint64)) for size in (0, 1, 300, 400, 5)]
    monkeypatch.setattr(candidates, "PAIRS_AT_ONCE", 50)
    assert np.array_equal(candidates.merged(files), np.unique(np.concatenate(files)))
