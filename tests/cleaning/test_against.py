"""A version repeats no text of a corpus of others: exact and near, with the id that each document lost to."""

import doctest
import functools
import hashlib
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, parquet_bytes, prose, slightly_changed, urls
from hub_stand_in import TOKEN, stand_in
from huggingface_hub import snapshot_download

import cleaning.corpus.foreign_corpora as foreign_corpora_module
from cleaning.corpus.foreign_corpora import ForeignCorpus, foreign_corpora
from cleaning.corpus.page_history import page_history
from cleaning.corpus.publish import publish
from cleaning.corpus.status import corpus_status
from cleaning.duplicates.band_index import BandIndex
from cleaning.duplicates.cross import cross_candidates
from cleaning.duplicates.minhash import Signer
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.store import Store

pytestmark = pytest.mark.slow

CLEANING = CleaningSettings()


def corpus(folder, texts, ids=None, name="parte.parquet"):
    folder.mkdir(parents=True, exist_ok=True)
    columns = {"text": pa.array(texts, pa.string())} | ({"id": ids} if ids else {})
    pq.write_table(pa.table(columns), folder / name)
    return folder


def published(store, *against, **more):
    return publish(store, CLEANING, PublishSettings(deduplicate_against=tuple(map(str, against)), **more))


def dropped(done):
    rows = pq.read_table(done.path / "dropped", partitioning=None).to_pylist()
    return {row["url"]: row for row in rows if row["reason"] == "duplicate/foreign"}


@pytest.fixture
def web(store):
    pages = Round(1)
    for url in urls():
        pages.page(url, prose(url, 200))
    pages.write(store)
    return store


def test_exact_and_near_texts_go_and_name_the_id_that_they_lost_to(web, tmp_path):
    texts = [prose("ajeno", 200), prose(urls()[0], 200), slightly_changed(prose(urls()[1], 200), 1)]
    theirs = corpus(tmp_path / "ajeno", texts, ["x-0", "x-1", "x-2"])
    done = published(web, theirs)
    lost = dropped(done)
    assert {url: row["lost_to"] for url, row in lost.items()} == {urls()[0]: "x-1", urls()[1]: "x-2"}
    assert lost[urls()[0]]["figure"] == 1
    assert 0.8 <= lost[urls()[1]]["figure"] < 1
    assert {row["detail"] for row in lost.values()} == {"ajeno"}
    assert done.documents == 28
    for name in ("README.md", "report.html"):
        assert "more than 64 of their texts share a band with a document" in (done.path / name).read_text()
    (place,) = page_history(web, CLEANING, urls()[0]).versions
    assert (place.reason, place.lost_to) == ("duplicate/foreign", "x-1")


def test_incremental_equals_cold_and_the_order_decides_nothing(web, tmp_path):
    one = corpus(tmp_path / "uno", [prose(url, 200) for url in urls()[:4]], [f"u{n}" for n in range(4)])
    other = corpus(tmp_path / "otro", [slightly_changed(prose(url, 200), 2) for url in urls()[2:6]])
    published(web)
    first = published(web, one, other)
    assert {row["detail"] for row in dropped(first).values()} == {"otro", "uno"}
    assert {url: row["lost_to"] for url, row in dropped(first).items()}[urls()[2]] == "parte.parquet:0"
    fresh = Store.open(tmp_path / "fresh")
    shutil.copytree(web.documents, fresh.documents)
    assert parquet_bytes(published(fresh, other, one).path) == parquet_bytes(first.path)
    assert published(web, other, one).changed is False
    Round(2).page("https://nueva.es/x", prose(urls()[5], 200)).write(web)
    assert "https://nueva.es/x" in dropped(published(web, one, other))


def test_another_version_is_a_corpus_like_any(web, tmp_path):
    first = published(web)
    newer = Store.open(tmp_path / "newer")
    Round(3).page("https://a.es/copia", prose(urls()[7], 200)).page("https://a.es/nueva", prose("n", 200)).write(newer)
    done = published(newer, first.path)
    kept = pq.read_table(first.path / "data", columns=["id", "url"], partitioning=None).to_pylist()
    wanted = next(row["id"] for row in kept if row["url"] == urls()[7])
    assert dropped(done)["https://a.es/copia"]["lost_to"] == wanted
    assert ForeignCorpus.open("v0001", web).root == first.path


def test_a_corpus_that_changes_is_read_again(web, tmp_path):
    theirs = corpus(tmp_path / "ajeno", [prose(urls()[0], 200)])
    assert len(dropped(published(web, theirs))) == 1
    corpus(tmp_path / "ajeno", [prose(urls()[0], 200), prose(urls()[1], 200)])
    assert len(dropped(published(web, theirs))) == 2


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A hub from which data sets are fetched into a cache of the test's own."""
    with stand_in(monkeypatch) as server:
        given = {"endpoint": server.address, "token": TOKEN, "cache_dir": tmp_path / "cache"}
        monkeypatch.setattr("huggingface_hub.snapshot_download", functools.partial(snapshot_download, **given))
        yield server


def put(hub, path, texts, commit):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), sink)
    content = sink.getvalue().to_pybytes()
    hub.files[path] = hashlib.sha256(content).hexdigest()
    hub.objects[hub.files[path]] = content
    hub.commits.append(commit * 40)


def state(store, *against):
    found = corpus_status(store, CLEANING, PublishSettings(deduplicate_against=against))
    return [one.what for one in found.stale if "gone" not in one.what], found.not_asked


def test_a_data_set_of_the_hub_is_fetched_by_publishing_only_and_in_part_where_a_pattern_says_so(web, hub):
    put(hub, "data/es/train/0.parquet", [prose(urls()[0], 200)], "1")
    put(hub, "data/fr/train/0.parquet", [prose(urls()[1], 200)], "1")
    put(hub, "raíz.parquet", [prose(urls()[2], 200)], "1")
    assert state(web, "yo/textos") == (["there is no corpus version yet"], [])
    published(web)
    assert state(web, "yo/textos") == (["v0001 is behind the settings"], [])
    assert hub.asked == 0
    part = "yo/textos:data/es"
    assert {url: row["lost_to"] for url, row in dropped(published(web, part)).items()} == {
        urls()[0]: "data/es/train/0.parquet:0"
    }
    assert hub.downloads == ["data/es/train/0.parquet"]
    assert len(dropped(published(web, "yo/textos"))) == 3
    assert set(dropped(published(web, part))) == {urls()[0]}, "though the cache holds more"
    asked = hub.asked
    assert state(web, part) == ([], [part])
    put(hub, "data/es/train/0.parquet", [prose(urls()[3], 200)], "2")
    assert state(web, part) == ([], [part])
    assert hub.asked == asked
    assert set(dropped(published(web, part))) == {urls()[3]}
    pinned = f"yo/textos@{'2' * 40}:data/es"
    published(web, pinned)
    assert state(web, pinned) == ([], [])


def test_an_id_is_read_once_a_file_and_names_its_folder(tmp_path, web, monkeypatch):
    theirs = tmp_path / "ajeno"
    for folder, own in (("a", urls()[:3]), ("b", urls()[3:5])):
        corpus(theirs / folder, [prose(url, 200) for url in own])
    corpus(theirs / "c", [prose(url, 200) for url in urls()[5:9]], [f"c{n}" for n in range(4)])
    reads = []
    read = foreign_corpora_module.read_parquet
    monkeypatch.setattr(foreign_corpora_module, "read_parquet", lambda *given: reads.append(given) or read(*given))
    lost = {url: row["lost_to"] for url, row in dropped(published(web, theirs)).items()}
    assert lost == {
        **{url: f"a/parte.parquet:{n}" for n, url in enumerate(urls()[:3])},
        **{url: f"b/parte.parquet:{n}" for n, url in enumerate(urls()[3:5])},
        **{url: f"c{n}" for n, url in enumerate(urls()[5:9])},
    }
    assert reads == [((theirs / "c" / "parte.parquet"), ["id"])]


def test_a_pattern_names_a_folder_or_files():
    assert doctest.testmod(foreign_corpora_module).failed == 0


def test_what_is_no_corpus_is_said(web, tmp_path):
    with pytest.raises(InputError, match="no such corpus"):
        published(web, tmp_path / "nada")
    (tmp_path / "vacía").mkdir()
    with pytest.raises(InputError, match="no Parquet file with a column named text"):
        published(web, tmp_path / "vacía")
    twice = [corpus(tmp_path / place / "ajeno", [prose(1)]) for place in ("a", "b")]
    with pytest.raises(InputError, match="two corpora are called ajeno"):
        foreign_corpora(list(map(str, twice)), web)


def test_candidates_across_two_indexes_are_those_of_one(tmp_path):
    signer = Signer(permutations=256, bands=32, rows=8, shingle_words=5)
    texts = [prose(n % 20, 80) if n % 3 else slightly_changed(prose(n % 20, 80), n) for n in range(60)]
    keys = signer.band_keys(texts)
    digests = np.arange(60, dtype=np.uint64)
    own, other = BandIndex(tmp_path / "own", 32), BandIndex(tmp_path / "other", 32)
    own.add(digests[:20], keys[:, :20], digests)
    own.add(digests[20:30], keys[:, 20:30], digests)
    other.add(digests[30:], keys[:, 30:], digests)
    left, right = np.arange(1, 30, 2, dtype=np.uint64), digests[30:]
    one, two = cross_candidates(own, left, other, right)
    expected = {
        (a, b)
        for a, mine in enumerate(left.tolist())
        for b, theirs in enumerate(right.tolist())
        if (keys[:, mine] == keys[:, theirs]).any()
    }
    assert len(expected) >= 20
    assert set(zip(one.tolist(), two.tolist(), strict=True)) == expected
