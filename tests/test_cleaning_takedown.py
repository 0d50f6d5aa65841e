"""What is taken down leaves the next version and stays out, whatever a later crawl finds."""

from datetime import date

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, prose, slightly_changed, urls

from cleaning.corpus.affected import affected
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.takedowns import Takedowns

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()
DAY = date(2026, 3, 1)


def kept(version) -> set[str]:
    return set(pq.read_table(version.path / "data", columns=["url"])["url"].to_pylist())


def web(store, number: int = 1) -> None:
    pages = Round(number)
    for url in urls():
        pages.page(url, prose(url))
    pages.page("https://copias.es/a", slightly_changed(prose(urls()[0]), 1), category="other")
    pages.write(store)


def test_a_url_a_host_and_its_subdomains(store):
    takedowns = Takedowns.load(store)
    assert takedowns.add(["https://www.Guia.es/pagina-1?utm_source=x#arriba"], DAY)
    assert takedowns.add(["Revista.es"], DAY) == ["revista.es"]
    assert not takedowns.add(["revista.es"], DAY)
    again = Takedowns.load(store)
    assert again.covers("https://www.guia.es/pagina-1")
    assert not again.covers("https://www.guia.es/pagina-10")
    assert again.covers("https://revista.es/")
    assert again.covers("https://blog.revista.es/x")
    assert not again.covers("https://otrarevista.es/")
    lines = store.takedowns.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "target\tdate"
    assert len(lines) == 3
    assert all(line.endswith("\t2026-03-01") for line in lines[1:])


@pytest.mark.parametrize(
    "target",
    ["", "no es nada", "localhost", "guia", "ftp://", "guia.es/pagina", "*.es", "a..es", "info@guia.es", "guia.es:80"],
)
def test_what_is_no_target_is_refused(store, target):
    with pytest.raises(InputError):
        Takedowns.load(store).add(["otra.es", target], DAY)
    assert not store.takedowns.exists()


def test_a_list_that_somebody_wrote_is_read_whole_or_refused(store):
    store.takedowns.write_text("revista.es\nhttps://guia.es/pagina-1\t2026-01-01\n\n", encoding="utf-8")
    assert set(Takedowns.load(store).targets) == {"revista.es", "https://guia.es/pagina-1"}
    store.takedowns.write_text("target\tdate\nrevista.es\t2026-01-01\nsin fecha\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"takedowns\.tsv:3: 'sin fecha': neither a URL nor a host name"):
        Takedowns.load(store)
    store.takedowns.write_text("target\tdate\nrevista.es\t2026-01-01\n", encoding="utf-8-sig")
    assert set(Takedowns.load(store).targets) == {"revista.es"}
    store.takedowns.write_bytes("añadido.es\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"takedowns\.tsv: not UTF-8"):
        Takedowns.load(store)


def test_what_another_process_adds_meanwhile_is_kept(store):
    first, second = Takedowns.load(store), Takedowns.load(store)
    first.add(["urgente.es"], DAY)
    assert second.add(["revista.es", "urgente.es"], DAY) == ["revista.es"]
    assert set(Takedowns.load(store).targets) == {"revista.es", "urgente.es"}


def test_all_spellings_of_a_target_reach_what_it_reaches(store):
    web(store)
    publish(store, CLEANING, PUBLISHING)
    takedowns = Takedowns.load(store)
    asked = ["guia.es", "www.guia.es", urls()[20], urls()[20].replace("https://", "http://www.")]
    takedowns.add(asked, DAY)
    assert urls()[20].startswith("https://guia.es/")
    assert affected(store, takedowns, asked).documents == dict(zip(asked, (10, 10, 1, 1), strict=True))
    of_a_copy = ["https://copias.es/a"]
    takedowns.add(of_a_copy, DAY)
    reached = affected(store, takedowns, of_a_copy)
    assert (reached.documents, reached.dropped, reached.copies) == ({}, {"https://copias.es/a": 1}, (urls()[0],))


def test_taken_down_is_never_undone_by_a_crawl(store):
    web(store)
    first = publish(store, CLEANING, PUBLISHING)
    assert len(kept(first)) == 30
    takedowns = Takedowns.load(store)
    takedowns.add([urls()[3], "revista.es"], DAY)
    second = publish(store, CLEANING, PUBLISHING)
    assert second.dropped["takedown"] == 11
    assert kept(second) == {url for url in urls() if "revista" not in url and url != urls()[3]}
    web(store, 2)
    third = publish(store, CLEANING, PUBLISHING)
    assert kept(third) == kept(second)


def test_a_copy_of_what_was_taken_down_stands_again(store):
    web(store)
    publish(store, CLEANING, PUBLISHING)
    Takedowns.load(store).add([urls()[0]], DAY)
    second = publish(store, CLEANING, PUBLISHING)
    assert "https://copias.es/a" in kept(second)


def test_nothing_of_a_dropped_page_is_left_but_address_and_reason(store):
    web(store)
    pages = Round(2)
    pages.drop("https://guia.es/en-gallego", "language/gl")
    pages.dropped[-1]["detail"] = "Texto da páxina"
    pages.write(store)
    Takedowns.load(store).add(["https://guia.es/en-gallego"], DAY)
    done = publish(store, CLEANING, PUBLISHING)
    rows = pq.read_table(done.path / "dropped").to_pylist()
    row = next(row for row in rows if row["url"] == "https://guia.es/en-gallego")
    assert (row["reason"], row["detail"], row["lost_to"]) == ("takedown", None, None)
