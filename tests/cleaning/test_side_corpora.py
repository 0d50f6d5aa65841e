"""Pages in the other languages of Spain: counted where they are dropped, apart from the splits where they are kept."""

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, parquet_bytes, prose, urls

from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import StageError
from data.store import Store

PUBLISHING = PublishSettings()
WITH_SIDE = CleaningSettings(languages=("es", "ca", "gl"))


def spanish(round_of: Round) -> Round:
    for url in urls(each=10):
        round_of.page(url, prose(url))
    return round_of


@pytest.mark.slow
def test_side_corpora_lie_apart_and_are_opened_by_their_own_names(store):
    made = spanish(Round(1, settings=WITH_SIDE))
    for number in range(4):
        made.page(f"https://hospital.cat/{number}", prose(f"ca{number}"), language="ca")
    made.page("https://hospital.cat/copia", prose("ca1"), language="ca", category="other")
    made.page("https://sergas.gal/1", prose("gl"), language="gl").drop("https://ona.eus/1", "language/eu")
    made.write(store)
    done = publish(store, WITH_SIDE, PUBLISHING)
    assert (done.documents, done.side) == (30, {"ca": 4, "gl": 1})
    assert done.dropped == {"duplicate/exact": 1, "language/eu": 1}
    assert done.funnel["urls"] == done.documents + sum(done.side.values()) + sum(done.dropped.values())
    assert set(pq.read_table(done.path / "data")["language"].to_pylist()) == {"es"}
    assert set(pq.read_table(done.path / "side" / "ca")["language"].to_pylist()) == {"ca"}
    datasets = pytest.importorskip("datasets")
    opened = datasets.load_dataset(str(done.path), cache_dir=str(store.root / "cache"))
    assert {split: rows.num_rows for split, rows in opened.items()} == done.splits
    side = datasets.load_dataset(str(done.path), "side_ca", cache_dir=str(store.root / "cache"))
    assert side["train"].num_rows == 4


@pytest.mark.slow
def test_side_corpora_change_no_byte_of_the_corpus(store, tmp_path):
    alone = Store.open(tmp_path / "alone")
    spanish(Round(1)).write(alone)
    expected = parquet_bytes(publish(alone, CleaningSettings(), PUBLISHING).path)
    made = spanish(Round(1))
    for url in urls(each=10):
        made.page(f"{url}/ca", prose(url), language="ca")
    made.write(store)
    found = parquet_bytes(publish(store, CleaningSettings(), PUBLISHING).path)
    assert {path: found[path] for path in expected if path.startswith("data/")} == {
        path: content for path, content in expected.items() if path.startswith("data/")
    }
    assert any(path.startswith("side/ca/") for path in found)


def test_a_side_corpus_alone_is_no_corpus(store):
    Round(1, settings=WITH_SIDE).page("https://hospital.cat/1", prose("ca"), language="ca").write(store)
    with pytest.raises(StageError, match="not one of 1 URLs is left"):
        publish(store, WITH_SIDE, PUBLISHING)
