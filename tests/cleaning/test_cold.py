"""A cold rebuild compares every file of a version with what is written now, and names what differs."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, prose, urls
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.differences import differences
from cleaning.corpus.publish import publish
from cleaning.corpus.versions import BESIDE, previous_name
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.files import file_digest, read_json, write_json
from data.manifest import MANIFEST_NAME, Manifest

pytestmark = pytest.mark.slow

SETTINGS, PUBLISHING, ONE = CleaningSettings(), PublishSettings(), EngineSettings(workers=1)


def falsify(path, column, value, rows=None):
    table = pq.read_table(path, partitioning=None)
    place = table.schema.get_field_index(column)
    values = [value if rows is None or row < rows else one for row, one in enumerate(table[column].to_pylist())]
    wrong = pa.array(values, table.schema.field(place).type)
    pq.write_table(table.set_column(place, table.schema.field(place), wrong), path)


def list_again(folder, path):
    """The manifest lists the falsified file as if it were right."""
    manifest = read_json(folder / MANIFEST_NAME)
    manifest["files"][path.relative_to(folder).as_posix()] = file_digest(path)
    write_json(folder / MANIFEST_NAME, manifest)


def part_of(folder, place):
    return max((folder / place).glob("*.parquet"), key=lambda path: pq.read_metadata(path).num_rows)


def test_whatever_is_falsified_is_named_and_a_new_version_is_right(store):
    pages = [(f"https://uno.es/p{n}", "200 OK", html(prose(n))) for n in range(12)]
    pages += [("https://uno.es/no", "404 Not Found", b"x"), ("https://uno.es/corta", "200 OK", html("Hola."))]
    write_warc(store.warc / "0001" / "a.warc.gz", pages)
    clean(store, SETTINGS, engine=ONE)
    done = publish(store, SETTINGS, PUBLISHING, engine=ONE)
    for name in {*BESIDE} - {MANIFEST_NAME}:
        (done.path / name).write_text("FALSO")
    manifest = read_json(done.path / MANIFEST_NAME)
    words, digest = manifest["figures"]["words"], manifest["figures"]["dropped"]["http/404"]
    manifest["figures"] |= {"words": 1, "dropped": manifest["figures"]["dropped"] | {"http/404": 9}}
    write_json(done.path / MANIFEST_NAME, manifest)
    dropped = part_of(done.path, "dropped")
    falsify(dropped, "detail", "FALSO")
    list_again(done.path, dropped)
    cold = publish(store, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert (cold.version, cold.changed, cold.words) == ("v0002", True, words)
    assert cold.differences[0] == "dropped/detail: 2 pages differ"
    assert cold.differences[1].endswith(": 'FALSO' → None")
    assert cold.differences[3:] == [
        *(f"{name}: differs" for name in sorted({*BESIDE} - {MANIFEST_NAME})),
        f"manifest.json: figures.dropped.http/404: 9 → {digest}",
        f"manifest.json: figures.words: 1 → {words}",
    ]
    again = publish(store, SETTINGS, PUBLISHING, cold=True, engine=ONE)
    assert (again.changed, again.differences) == (False, [])


@pytest.fixture
def version(store):
    """A version, and the folder of one with the same bytes that is to be falsified."""
    pages = Round(1)
    for url in urls():
        pages.page(url, prose(url))
    pages.drop("https://guia.es/no", "http/404").drop("https://guia.es/corta", "quality/too_short").write(store)
    folder = publish(store, SETTINGS, PUBLISHING, engine=ONE).path
    falsified = folder.with_name("falsified")
    shutil.copytree(folder, falsified)
    return folder, falsified


def found(version, apart=()):
    right, falsified = version
    manifests = Manifest.read(falsified), Manifest.read(right)
    return differences(falsified, manifests[0], right, manifests[1], apart).lines()


def test_equal_versions_have_no_difference(version):
    assert found(version) == []


def test_every_file_beside_the_data_counts(version):
    right, falsified = version
    for name in sorted({*BESIDE} - {MANIFEST_NAME}):
        (falsified / name).write_bytes((right / name).read_bytes() + b" ")
        assert found(version) == [f"{name}: differs"]
        (falsified / name).unlink()
        assert found(version) == [f"{name}: is missing"]
        assert found(version, apart=[name]) == []
        shutil.copy(right / name, falsified)


@pytest.mark.parametrize(("place", "column", "value", "named"), [
    ("data/train", "title", "FALSO", "title: 1 document differs"),
    ("data/train", "n_words", 1, "n_words: 1 document differs"),
    ("dropped", "reason", "http/410", "dropped/reason: 1 page differs"),
    ("dropped", "figure", 0.5, "dropped/figure: 1 page differs"),
])  # fmt: skip
def test_every_column_counts_whether_the_manifest_lists_the_file_or_not(version, place, column, value, named):
    _, falsified = version
    path = part_of(falsified, place)
    falsify(path, column, value, rows=1)
    listed = path.relative_to(falsified).as_posix()
    first, *rest = found(version)
    assert (first, rest[0]) == (f"{listed}: not what the manifest lists", named)
    list_again(falsified, path)
    assert found(version)[0] == named
    assert f"{value!r} → " in found(version)[1]


def test_rows_of_one_version_only_and_another_order_are_named(version):
    _, falsified = version
    path = part_of(falsified, "dropped")
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.take([1, 0]), path)
    list_again(falsified, path)
    assert found(version) == ["dropped/part-00000-of-00001.parquet: other bytes, the same rows"]
    pq.write_table(table.slice(1), path)
    list_again(falsified, path)
    (line,) = found(version)
    assert line.startswith("dropped/new: 1 page, ")
    path.write_bytes(path.read_bytes()[:100])
    assert found(version)[1].startswith("dropped/new: 2 pages, first ")
    path.unlink()
    assert found(version)[0] == "dropped/part-00000-of-00001.parquet: not what the manifest lists"


def test_a_file_that_no_version_has_is_named(version):
    _, falsified = version
    shutil.copy(part_of(falsified, "data/train"), falsified / "data" / "train" / "otro.parquet")
    (falsified / ".hidden").touch()
    assert found(version) == ["data/train/otro.parquet: no file of a version"]


def test_a_manifest_that_lists_too_little_or_says_otherwise_is_named(version):
    _, falsified = version
    manifest = json.loads((falsified / MANIFEST_NAME).read_text())
    del manifest["files"]["dropped/part-00000-of-00001.parquet"]
    manifest["settings"]["publish"]["jaccard"] = 0.5
    manifest["figures"]["forgotten"] = {"receipt": 3}
    del manifest["figures"]["hosts"]
    write_json(falsified / MANIFEST_NAME, manifest)
    assert found(version) == [
        "dropped/part-00000-of-00001.parquet: not what the manifest lists",
        "manifest.json: figures.hosts: None → 3",
        "manifest.json: settings.publish.jaccard: 0.5 → 0.8",
    ]


def test_the_name_before():
    assert (previous_name("v0012"), previous_name("v0001")) == ("v0011", None)
