"""A version as its readers see it: splits, accounts, shared files, what libraries make of the folder."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, listed_files, parquet_bytes, prose, slightly_changed, urls

from cleaning.corpus.figures import counted
from cleaning.corpus.live_pages import live_documents
from cleaning.corpus.parts import part_count
from cleaning.corpus.publish import behind, publish
from cleaning.corpus.splits import assign, domain_of
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.errors import DiskFullError, StageError
from data.files import read_json
from data.store import Store
from data.takedowns import Takedowns

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()


def small_web(store: Store, each: int = 20) -> None:
    """60 pages on 3 hosts, and one of each fate."""
    pages = Round(1)
    for url in urls(each=each):
        pages.page(url, prose(url))
    pages.page("https://guia.es/copia", prose("https://guia.es/pagina-1"), category="other")
    pages.page("https://guia.es/casi", slightly_changed(prose("https://guia.es/pagina-2"), 1), category="other")
    pages.drop("https://guia.es/vieja", "http/404").drop("https://guia.es/en", "language/en")
    pages.write(store)


def rows(folder, columns=None):
    return pq.read_table(folder, columns=columns).to_pylist()


def test_the_first_version(store):
    small_web(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert (done.version, done.changed, done.documents) == ("v0001", True, 60)
    assert done.dropped == {"duplicate/exact": 1, "duplicate/near": 1, "http/404": 1, "language/en": 1}
    assert done.funnel == {"records": 64, "superseded": 0, "urls": 64}
    assert store.latest_corpus.readlink().name == "v0001"
    manifest = read_json(done.path / "manifest.json")
    assert manifest["figures"]["clusters"] == 2
    assert all(count > 0 for count in done.splits.values())
    schemas = {pq.read_schema(path).remove_metadata() for path in done.path.glob("data/*/*.parquet")}
    stored = DOCUMENT_SCHEMA.empty_table().schema
    assert [[field.name for field in schema] for schema in schemas] == [[field.name for field in stored]]
    lost = {row["url"].rpartition("/")[2]: row for row in rows(done.path / "dropped")}
    assert lost["copia"]["reason"] == "duplicate/exact"
    assert lost["casi"]["figure"] == pytest.approx(0.957, abs=0.02)
    kept = {row["id"]: row for row in rows(done.path / "data")}
    assert kept[lost["casi"]["lost_to"]]["cluster_size"] == 2
    assert all(row["cluster_id"] == row["id"] for row in kept.values())
    assert set(lost["vieja"]) == set(DROPPED_SCHEMA.names)


@pytest.mark.slow
def test_the_card_counts_by_country_category_and_host(store):
    small_web(store)
    done = publish(store, CLEANING, PUBLISHING)
    card = (done.path / "README.md").read_text(encoding="utf-8")
    for column in ("country", "category", "host"):
        for name, count in Counter(row[column] for row in rows(done.path / "data")).items():
            assert f"| {name} | {count} |" in card


@pytest.mark.slow
def test_test_hosts_are_in_no_other_split(store):
    small_web(store)
    done = publish(store, CLEANING, PUBLISHING)
    hosts = {split: {row["host"] for row in rows(done.path / "data" / split, ["host"])} for split in done.splits}
    assert hosts["test"]
    assert not hosts["test"] & (hosts["train"] | hosts["validation"])


@pytest.mark.parametrize(("host", "domain"), [
    ("clinica.es", "clinica.es"), ("www.clinica.es", "clinica.es"), ("blog.clinica.es", "clinica.es"),
    ("a.b.clinica.com.ar", "clinica.com.ar"), ("salud.gob.mx", "salud.gob.mx"), ("www.salud.gob.mx", "salud.gob.mx"),
    ("hospital.sanidad.madrid.org", "madrid.org"), ("x.gov.py", "x.gov.py"), ("uno.blogspot.com", "uno.blogspot.com"),
    ("dos.wordpress.com", "wordpress.com"), ("clinica.example", "clinica.example"),
    ("tienda.clinica.example", "clinica.example"), ("localhost", "localhost"), ("192.0.2.7", "192.0.2.7"),
    ("münchen.de", "münchen.de"), ("blog.xn--cnica-0sa.es", "xn--cnica-0sa.es"), ("uv.es", "uv.es"),
    ("ajuntament.barcelona.cat", "barcelona.cat"), ("www.minsalud.gov.co", "minsalud.gov.co"),
])  # fmt: skip
def test_the_domain_of_a_host_is_what_its_owner_registered(host, domain):
    assert domain_of(host) == domain


def test_twins_and_subdomains_go_to_one_split():
    hosts = {f"{number:06d}": f"{('', 'www.', 'blog.', 'tienda.')[number % 4]}h{number // 4 % 300}.es" for number in
             range(6_000)}  # fmt: skip
    split_of = assign(hosts, validation_share=0.01, test_share=0.05)
    test = {domain_of(hosts[one]) for one, split in split_of.items() if split == "test"}
    assert 3 <= len(test) <= 40
    assert not test & {domain_of(hosts[one]) for one, split in split_of.items() if split != "test"}


def test_splits_of_a_large_corpus_follow_the_shares():
    hosts = {f"{number:06d}": f"h{number % 500}.es" for number in range(20_000)}
    split_of = assign(hosts, validation_share=0.01, test_share=0.05)
    shares = {split: sum(one == split for one in split_of.values()) / 20_000 for split in ("validation", "test")}
    assert shares["validation"] == pytest.approx(0.01, abs=0.004)
    assert shares["test"] == pytest.approx(0.05, abs=0.03)


@pytest.mark.slow
def test_nothing_changed_no_new_version(store):
    small_web(store)
    first = publish(store, CLEANING, PUBLISHING)
    again = publish(store, CLEANING, PUBLISHING)
    assert not again.changed
    assert again.version == first.version
    Round(2).drop(urls()[0], "revisit/not_modified").drop(urls()[1], "http/503").write(store)
    after_304 = publish(store, CLEANING, PUBLISHING)
    assert after_304.documents == first.documents
    assert not after_304.changed
    assert after_304.funnel["records"] == 66


@pytest.mark.slow
def test_a_pair_made_anew_with_the_same_size_is_seen(store):
    """A file of others is left out and another of its name comes: names and sizes stay, the dropped page differs."""
    small_web(store)
    before = Round(2).drop("https://guia.es/a", "http/404").write(store)
    publish(store, CLEANING, PUBLISHING)
    sizes = [path.stat().st_size for path in before]
    after = Round(2).drop("https://guia.es/b", "http/410").write(store)
    assert [path.stat().st_size for path in after] == sizes
    done = publish(store, CLEANING, PUBLISHING)
    assert done.changed
    assert done.dropped["http/410"] == 1


@pytest.mark.slow
def test_a_round_without_news_is_read_once(store):
    """The version's manifest never changes; that the later round gave it again is noted beside it."""
    small_web(store)
    publish(store, CLEANING, PUBLISHING)
    Round(2).drop(urls()[0], "revisit/not_modified").write(store)
    assert behind(store, CLEANING, PUBLISHING) == ["documents"]
    publish(store, CLEANING, PUBLISHING)
    assert behind(store, CLEANING, PUBLISHING) == []
    assert publish(store, CLEANING, PUBLISHING).funnel == {"urls": 64}  # nothing was read anew
    (store.corpus / ".confirmed.json").write_text("[")
    assert not publish(store, CLEANING, PUBLISHING).changed
    Round(3).page("https://guia.es/nueva", prose("nueva")).write(store)
    assert behind(store, CLEANING, PUBLISHING) == ["documents"]
    assert publish(store, CLEANING, PUBLISHING).version == "v0002"


def test_latest_event_decides_whatever_the_order_of_segments(store):
    url = "https://guia.es/pagina"
    late = Round(1, at=Round(9).at).page(url, prose("nuevo")).write(store)
    early = Round(2, at=Round(3).at).page(url, prose("viejo")).write(store)
    gone = Round(3, at=Round(5).at).drop(url, "http/410").write(store)
    living = live_documents([late, early, gone], Takedowns.load(store))
    assert living.documents["segment"].to_pylist() == [0]
    assert living.documents["first_seen_at"].to_pylist() == [Round(3).at]
    assert living.funnel == {"records": 3, "superseded": 2, "urls": 1}
    without = live_documents([early, gone], Takedowns.load(store))
    assert counted(without.dropped["reason"]) == {"http/410": 1}


@pytest.mark.parametrize(("fate", "lives"), [
    ("http/404", False), ("http/410", False), ("http/moved", False), ("http/redirect", False),
    ("language/ca", False), ("quality/too_short", False), ("policy/opted_out", False), ("extraction/no_text", False),
    ("http/500", True), ("http/403", True), ("revisit/not_modified", True), ("revisit/same_digest", True),
])  # fmt: skip
def test_what_an_event_does_to_a_page(store, fate, lives):
    url = "https://guia.es/pagina"
    segments = [Round(1).page(url, prose(1)).write(store), Round(2).drop(url, fate).write(store)]
    living = live_documents(segments, Takedowns.load(store))
    assert living.documents.num_rows == int(lives)
    assert living.dropped["reason"].to_pylist() == ([] if lives else [fate])


@pytest.mark.slow
def test_unchanged_part_files_are_shared(store):
    settings = PublishSettings(parts=8)
    small_web(store)
    first = publish(store, CLEANING, settings)
    Round(2).page("https://guia.es/nueva", prose("nueva")).write(store)
    second = publish(store, CLEANING, settings)
    assert second.version == "v0002"
    assert listed_files(second.path) == set(read_json(second.path / "manifest.json")["files"])
    before, after = (
        {path: (one.path / path).stat().st_ino for path in parquet_bytes(one.path)} for one in (first, second)
    )
    shared = [path for path in after if path.startswith("data/") and before.get(path) == after[path]]
    assert len(shared) == 8 * 3 - 1


@pytest.mark.slow
def test_a_damaged_file_of_the_version_before_goes_into_no_other(store, tmp_path):
    small_web(store)
    first = publish(store, CLEANING, PUBLISHING)
    for path in first.path.rglob("*.parquet"):
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        path.write_bytes(damaged)
    Round(2).page("https://guia.es/nueva", prose("nueva")).write(store)
    second = publish(store, CLEANING, PUBLISHING)
    assert "v0001 is damaged" in (second.path / "report.html").read_text()
    cold = Store.open(tmp_path / "cold")
    cold.documents.symlink_to(store.documents)
    assert parquet_bytes(second.path) == parquet_bytes(publish(cold, CLEANING, PUBLISHING).path)


def test_number_of_parts_follows_from_the_words():
    assert [part_count(words, 10) for words in (0, 1, 10, 11, 20, 21, 40, 41)] == [1, 1, 1, 2, 2, 4, 4, 8]


@pytest.mark.slow
def test_version_before_stays_as_it_was(store):
    small_web(store)
    first = publish(store, CLEANING, PUBLISHING)
    content = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    Round(2).page("https://guia.es/nueva", prose("nueva")).write(store)
    publish(store, CLEANING, PUBLISHING)
    assert {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()} == content


def test_nothing_to_publish_says_what_to_do(store):
    with pytest.raises(StageError, match="`cowese clean` makes them"):
        publish(store, CLEANING, PUBLISHING)
    Round(1).drop("https://guia.es/a", "language/gl").drop("https://guia.es/b", "language/gl").write(store)
    with pytest.raises(StageError, match=r"not one of 2 URLs is left to publish \(language/gl 2\)"):
        publish(store, CLEANING, PUBLISHING)
    assert not store.latest_corpus.is_symlink()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_libraries_read_the_folder(store, tmp_path):
    datasets = pytest.importorskip("datasets")
    small_web(store)
    done = publish(store, CLEANING, PUBLISHING)
    loaded = datasets.load_dataset(str(done.path), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == done.splits
    part = str(next((done.path / "data" / "train").glob("*.parquet")))
    single = datasets.load_dataset("parquet", data_files=part, cache_dir=str(tmp_path / "cache"))
    assert single["train"][0]["text"]
    counted_by_duckdb = duckdb.sql(f"select count(*), sum(n_words) from '{done.path}/data/*/*.parquet'").fetchall()[0]
    assert counted_by_duckdb == (done.documents, done.words)
    assert len(pd.read_parquet(done.path / "data" / "train")) == done.splits["train"]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="mounts a small file system")
def test_full_disk_leaves_the_versions_before_and_goes_on_with_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        store = Store.open(disk / "store")
        small_web(store)
        first = publish(store, CLEANING, PUBLISHING)
        kept = parquet_bytes(first.path)
        pages = Round(2)
        for number in range(300):
            pages.page(f"https://nueva.es/{number}", prose(number, 400))
        pages.write(store)
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            filled = os.statvfs(disk)
            file.write(b"x" * (filled.f_bavail * filled.f_bsize - 200_000))
        with pytest.raises(DiskFullError, match="free some space and run it again"):
            publish(store, CLEANING, PUBLISHING)
        assert store.latest_corpus.readlink().name == "v0001"
        assert parquet_bytes(first.path) == kept
        ballast.unlink()
        again = publish(store, CLEANING, PUBLISHING)
        assert (again.version, again.documents) == ("v0002", 360)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_ten_kills_at_random_moments_lose_nothing(tmp_path):
    """Killed ten times while it publishes; then a run ends with the bytes of an undisturbed one."""
    settings = PublishSettings(parts=4)
    store, calm = Store.open(tmp_path / "store"), Store.open(tmp_path / "calm")
    for number in (1, 2):
        pages = Round(number)
        for url in urls(each=80):
            pages.page(url, prose((url, number), 200))
        pages.write(store)
    calm.documents.symlink_to(store.documents)
    started = time.monotonic()
    expected = publish(calm, CLEANING, settings)
    usual = time.monotonic() - started
    chance = random.Random(8)
    killed = 0
    for _ in range(10):
        child = os.fork()
        if child == 0:
            try:
                publish(store, CLEANING, settings)
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, usual))
        os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        assert all((version / "manifest.json").is_file() for version in store.corpus.glob("v*"))
    assert killed > 0
    done = publish(store, CLEANING, settings)
    assert parquet_bytes(done.path) == parquet_bytes(expected.path)
    assert store.latest_corpus.readlink().name == done.version
    assert not list(store.corpus.glob(".*unfinished"))


@pytest.mark.slow
def test_a_kill_before_latest_was_set_is_mended(store):
    small_web(store)
    publish(store, CLEANING, PUBLISHING)
    store.latest_corpus.unlink()
    assert not publish(store, CLEANING, PUBLISHING).changed
    assert store.latest_corpus.readlink().name == "v0001"
