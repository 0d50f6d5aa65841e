"""A diff tells what became of each document; status tells what is stale; exports have the forms they claim."""

import gzip
import json
from datetime import date

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, prose, slightly_changed, urls

from cleaning.corpus.diff import diff
from cleaning.corpus.export_text import export_text, sentences
from cleaning.corpus.publish import publish
from cleaning.corpus.status import corpus_status
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.documents import DOCUMENT_SCHEMA
from data.errors import InputError
from data.takedowns import Takedowns

pytestmark = pytest.mark.slow

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()


def two_versions(store) -> None:
    first = Round(1)
    for url in urls(each=8):
        first.page(url, prose(url))
    first.page("https://ministerio.es/guia", prose("guía", 200), category="ministry")
    first.page("https://copias.es/guia", slightly_changed(prose("guía", 200), 1), category="other")
    first.drop("https://guia.es/corta", "quality/too_short")
    first.write(store)
    publish(store, CLEANING, PUBLISHING)
    second = Round(2)
    second.page("https://guia.es/nueva", prose("nueva")).page("https://guia.es/corta", prose("ya es larga"))
    second.page("https://guia.es/pagina-0", prose("otra cosa"))
    second.drop("https://guia.es/pagina-1", "http/404").drop("https://guia.es/pagina-2", "language/gl")
    second.drop("https://guia.es/pagina-3", "http/moved", lost_to="https://guia.es/nueva")
    second.drop("https://ministerio.es/guia", "http/410")
    second.drop("https://guia.es/pagina-4", "revisit/not_modified")
    second.write(store)
    Takedowns.load(store).add(["https://revista.es/pagina-5"], date(2026, 2, 1))
    publish(store, CLEANING, PUBLISHING)


def test_diff_tells_each_kind_of_change(store):
    two_versions(store)
    found = diff(store, "v0001", "latest")
    assert (found.before, found.after) == ("v0001", "v0002")
    assert found.added.reasons == {"new": 1, "quality/too_short": 1}
    assert [one.url for one in found.changed.samples] == ["https://guia.es/pagina-0"]
    assert found.removed.reasons == {"http/404": 1, "http/410": 1, "language/gl": 1, "takedown": 1}
    assert [(one.url, one.lost_to) for one in found.moved.samples] == [
        ("https://guia.es/pagina-3", "https://guia.es/nueva")
    ]
    assert [one.url for one in found.elected.samples] == ["https://copias.es/guia"]
    assert found.elected.reasons == {"duplicate/near": 1}
    assert found.removed.hosts == {"guia.es": 2, "ministerio.es": 1}
    gained = found.added.documents + found.elected.documents
    lost = found.removed.documents + found.moved.documents + found.deposed.documents
    assert found.documents_before + gained - lost == found.documents_after
    assert found.unchanged + found.changed.documents + gained == found.documents_after


def test_documents_that_moved_between_splits_are_counted_and_listed(store):
    pages = Round(1)
    for url in urls(each=12):
        pages.page(url, prose(url))
    pages.write(store)
    first = publish(store, CLEANING, PublishSettings(validation_share=0.4))
    second = publish(store, CLEANING, PublishSettings(validation_share=0.005))
    found = diff(store, "v0001", "v0002")
    moved = first.splits["validation"] - second.splits["validation"]
    assert (found.resplit.documents, found.resplit.reasons) == (moved, {"validation → train": moved})
    assert sum(found.resplit.hosts.values()) == moved
    splits = [
        {row["url"] for row in pq.read_table(folder, columns=["url"], partitioning=None).to_pylist()}
        for folder in (first.path / "data" / "validation", second.path / "data" / "train")
    ]
    assert {one.url for one in found.resplit.samples} <= splits[0] & splits[1]
    assert (found.unchanged, found.changed.documents) == (36, 0)
    assert diff(store, "v0002", "v0001").resplit.reasons == {"train → validation": moved}
    assert diff(store, "v0001", "v0001").resplit.documents == 0
    assert f"{moved} in another split now" in (second.path / "report.html").read_text(encoding="utf-8")


def test_diff_backwards_mirrors(store):
    two_versions(store)
    there, back = diff(store, "v0001", "v0002"), diff(store, "v0002", "v0001")
    assert back.deposed.documents == there.elected.documents == 1
    assert back.unchanged == there.unchanged
    with pytest.raises(InputError, match="no such corpus version"):
        diff(store, "v0001", "v0009")


def test_status_names_what_is_stale_and_the_command(store):
    assert [one.command for one in corpus_status(store, CLEANING, PUBLISHING).stale] == ["cowese crawl"]
    Round(1).page(urls()[0], prose(1)).drop(urls()[1], "http/404").write(store)
    (store.warc / "0001").mkdir(parents=True)
    (store.warc / "0001" / "segment.warc.gz").touch()
    before = corpus_status(store, CLEANING, PUBLISHING)
    assert [(one.what, one.command) for one in before.stale] == [("there is no corpus version yet", "cowese publish")]
    assert (before.pages_kept, before.pages_dropped) == (1, 1)
    publish(store, CLEANING, PUBLISHING)
    done = corpus_status(store, CLEANING, PUBLISHING)
    assert done.stale == []
    assert [version.name for version in done.versions] == ["v0001"]
    (store.warc / "0002").mkdir()
    (store.warc / "0002" / "a.warc.gz").write_bytes(b"")
    (store.warc / "0002" / "b.warc.gz.open").write_bytes(b"")
    uncleaned = corpus_status(store, CLEANING, PUBLISHING)
    assert [one.command for one in uncleaned.stale] == ["cowese clean", "cowese publish"]
    assert uncleaned.open_segments == 1
    Takedowns.load(store).add(["guia.es"], date(2026, 2, 1))
    assert [one.what for one in corpus_status(store, CLEANING, PUBLISHING).stale][1:] == [
        "v0001 is behind the takedowns"
    ]


def test_export_in_the_form_of_the_original(store, tmp_path):
    pages = Round(1)
    pages.page("https://guia.es/a", "Primer párrafo. Tiene dos frases.\nSegundo párrafo.")
    pages.page("https://guia.es/b", "El Dr. Pérez atiende hoy. ¿Y mañana? No.")
    pages.write(store)
    publish(store, CLEANING, PUBLISHING)
    done = export_text(store, tmp_path / "CoWeSe.txt")
    assert done.documents == 2
    content = (tmp_path / "CoWeSe.txt").read_text(encoding="utf-8")
    assert set(content.strip("\n").split("\n\n")) == {
        "Primer párrafo. Tiene dos frases.\nSegundo párrafo.",
        "El Dr. Pérez atiende hoy. ¿Y mañana? No.",
    }
    assert done.bytes == len(content.encode())
    export_text(store, tmp_path / "frases.txt", form="sentences")
    assert "El Dr. Pérez atiende hoy.\n¿Y mañana?\nNo.\n" in (tmp_path / "frases.txt").read_text(encoding="utf-8")
    export_text(store, tmp_path / "urls.txt", form="urls")
    assert sorted((tmp_path / "urls.txt").read_text().split()) == ["https://guia.es/a", "https://guia.es/b"]
    export_text(store, tmp_path / "warc.tsv", form="warc")
    assert "0001/segment.warc.gz\t0\thttps://guia.es/a\n" in (tmp_path / "warc.tsv").read_text()
    with pytest.raises(InputError, match="no such split"):
        export_text(store, tmp_path / "x", splits=("dev",))


def test_export_as_json_lines(store, tmp_path):
    two_versions(store)
    rows = {row["id"]: row for row in pq.read_table(store.corpus / "v0002" / "data", partitioning=None).to_pylist()}
    done = export_text(store, tmp_path / "todo.jsonl", form="jsonl")
    lines = [json.loads(line) for line in (tmp_path / "todo.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == done.documents == len(rows)
    for line in lines:
        row = rows[line["id"]]
        assert list(line) == DOCUMENT_SCHEMA.names
        assert (line["text"], line["quality"], line["n_words"]) == (row["text"], row["quality"], row["n_words"])
        assert line["fetched_at"] == row["fetched_at"].isoformat()
    export_text(store, tmp_path / "train.jsonl.gz", form="datatrove", splits=("train",))
    with gzip.open(tmp_path / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in file]
    train = pq.read_table(store.corpus / "v0002" / "data" / "train", partitioning=None)["id"].to_pylist()
    assert [one["id"] for one in documents] == train
    assert all(set(one) == {"text", "id", "metadata"} for one in documents)
    assert documents[0]["metadata"]["url"] == rows[train[0]]["url"]
    assert "author" not in documents[0]["metadata"]
    first = (tmp_path / "train.jsonl.gz").read_bytes()
    export_text(store, tmp_path / "train.jsonl.gz", form="datatrove", splits=("train",))
    assert (tmp_path / "train.jsonl.gz").read_bytes() == first


@pytest.mark.parametrize(("paragraph", "expected"), [
    ("Una sola frase", ["Una sola frase"]),
    ("Mide 1.5 cm. Pesa 3 kg.", ["Mide 1.5 cm.", "Pesa 3 kg."]),
    ("La Dra. Gil y el Sr. Roca. Fin.", ["La Dra. Gil y el Sr. Roca.", "Fin."]),
    ("«¿Duele?» preguntó. ¡No!", ["«¿Duele?» preguntó.", "¡No!"]),
])  # fmt: skip
def test_sentences(paragraph, expected):
    assert sentences(paragraph) == expected
