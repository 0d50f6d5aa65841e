"""What is taken down leaves the next version and stays out, whatever a later crawl finds."""

import time
from datetime import date

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, prose, slightly_changed, urls

from cleaning.corpus.diff import diff
from cleaning.corpus.page_history import page_history
from cleaning.corpus.publish import publish
from cleaning.corpus.report import report
from cleaning.corpus.takedown_impact import takedown_impact
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
    [
        "",
        "no es nada",
        "localhost",
        "guia",
        "ftp://",
        "guia.es/pagina",
        "*.guia.es",
        "*",
        "https://*.guia.es/",
        "https://guia.es/#*",
        "https://guia.es/?utm_source=*",
        "guia.es/p*",
        "a..es",
        "info@guia.es",
        "guia.es:80",
    ],
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


@pytest.mark.slow
def test_all_spellings_of_a_target_reach_what_it_reaches(store):
    web(store)
    publish(store, CLEANING, PUBLISHING)
    takedowns = Takedowns.load(store)
    asked = ["guia.es", "www.guia.es", urls()[20], urls()[20].replace("https://", "http://www.")]
    takedowns.add(asked, DAY)
    assert urls()[20].startswith("https://guia.es/")
    assert takedown_impact(store, takedowns, asked).documents == dict(zip(asked, (10, 10, 1, 1), strict=True))
    of_a_copy = ["https://copias.es/a"]
    takedowns.add(of_a_copy, DAY)
    reached = takedown_impact(store, takedowns, of_a_copy)
    assert (reached.documents, reached.dropped, reached.copies) == ({}, {"https://copias.es/a": 1}, (urls()[0],))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_copy_of_what_was_taken_down_stands_again(store):
    web(store)
    publish(store, CLEANING, PUBLISHING)
    Takedowns.load(store).add([urls()[0]], DAY)
    second = publish(store, CLEANING, PUBLISHING)
    assert "https://copias.es/a" in kept(second)


@pytest.mark.slow
def test_nothing_of_a_dropped_page_is_left_but_a_count(store):
    web(store)
    pages = Round(2)
    pages.drop("https://guia.es/en-gallego", "language/gl")
    pages.dropped[-1]["detail"] = "Texto da páxina"
    pages.write(store)
    Takedowns.load(store).add(["https://guia.es/en-gallego"], DAY)
    done = publish(store, CLEANING, PUBLISHING)
    rows = pq.read_table(done.path / "dropped").to_pylist()
    assert not any(row["reason"] == "takedown" or row["url"] == "https://guia.es/en-gallego" for row in rows)
    assert done.dropped["takedown"] == 1


def test_a_pattern_reaches_what_it_fits_and_nothing_else(store):
    takedowns = Takedowns.load(store)
    asked = ["https://guia.es/consejos/*", "http://www.guia.es/v*/imprimir", "https://guia.es/buscar?q=*&p=*"]
    assert takedowns.add(asked, DAY) == asked
    again = Takedowns.load(store)
    inside = [
        "consejos/",
        "consejos/a?b=c",
        "v1/2/imprimir",
        "vimprimir/imprimir",
        "buscar?q=fiebre&p=1",
        "buscar?q=&p=",
    ]
    outside = ["consejos", "consejo/a", "v1/imprimir/2", "v/imprimi", "buscar?q=1", "CONSEJOS/a", "x/consejos/"]
    assert all(again.covers(f"https://guia.es/{path}") for path in inside)
    assert all(again.covers(f"http://www.guia.es/{path}") for path in inside)
    assert not any(again.covers(f"https://guia.es/{path}") for path in outside)
    assert not again.covers("https://otra.es/consejos/a")
    assert not again.covers("https://blog.guia.es/consejos/a")


def test_a_pattern_of_many_stars_takes_no_longer(store):
    takedowns = Takedowns.load(store)
    takedowns.add([f"https://guia.es/{'*a' * 200}b"], DAY)
    started = time.process_time()  # a backtracking match would take years
    assert not takedowns.covers(f"https://guia.es/{'a' * 100_000}")
    assert time.process_time() - started < 30


@pytest.mark.slow
def test_a_page_goes_with_the_address_that_it_gives_as_its_own(store):
    pages = Round(1)
    for url in urls():
        pages.page(url, prose(url))
    for row in pages.documents[:3]:
        row["canonical"] = "https://hospital.es/consejos"
    pages.write(store)
    publish(store, CLEANING, PUBLISHING)
    takedowns = Takedowns.load(store)
    takedowns.add(["https://www.hospital.es/consejos"], DAY)
    reached = takedown_impact(store, takedowns, ["https://www.hospital.es/consejos"])
    assert reached.documents == {"https://www.hospital.es/consejos": 3}
    assert kept(publish(store, CLEANING, PUBLISHING)) == set(urls()[3:])
    told = page_history(store, CLEANING, urls()[0])
    assert told.takedown.target == "https://www.hospital.es/consejos"
    assert [(one.state, one.reason) for one in told.versions] == [("kept", None), ("dropped", "takedown")]


@pytest.mark.slow
def test_a_licence_at_an_address_that_was_taken_down_keeps_its_name_alone(store):
    one = Round(1).page("https://guia.es/a", prose("a")).page("https://otra.es/a", prose("b"))
    for row, host in zip(one.documents, ("revista.es", "libre.es"), strict=True):
        row |= {"license": "Uso libre", "license_url": f"https://{host}/uso"}
    one.write(store)
    Takedowns.load(store).add(["revista.es"], DAY)
    rows = pq.read_table(publish(store, CleaningSettings(), PublishSettings()).path / "data").to_pylist()
    assert {(row["license"], row["license_url"]) for row in rows} == {
        ("Uso libre", None),
        ("Uso libre", "https://libre.es/uso"),
    }


@pytest.mark.slow
def test_what_was_taken_down_stands_in_no_published_file(store):
    taken = ["https://guia.es/pagina-1", "https://guia.es/secreta*", "https://guia.es/", "revista.es"]
    hidden = ["guia.es/pagina-1", "guia.es/secreta", "revista.es"]
    pages = Round(1)
    for url in [*urls(each=8), "https://guia.es/secreta-a"]:
        pages.page(url, prose(url))
    pages.drop("https://guia.es/antes", "http/moved", lost_to="/pagina-1")
    pages.drop("https://guia.es/otra", "http/moved", lost_to="https://guia.es/pagina-2")
    pages.drop("https://guia.es/secreta/b", "language/gl").drop("https://revista.es/x", "http/404")
    pages.write(store)
    publish(store, CLEANING, PUBLISHING)
    Takedowns.load(store).add(taken, DAY)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"takedown": 12, "http/moved": 2}
    found = diff(store, "v0001", "v0002")
    assert (found.removed.documents, found.removed.reasons) == (10, {"takedown": 10})
    assert (found.removed.samples, found.removed.hosts) == ([], {})
    report(store, done.version)
    for path in done.path.rglob("*"):
        if path.suffix == ".parquet":
            rows = pq.read_table(path, partitioning=None).to_pylist()
            assert not any(row["site"] == "https://guia.es/" for row in rows)
            said = str(rows)
        else:
            said = path.read_text(encoding="utf-8") if path.is_file() else ""
        assert not [one for one in hidden if one in said], path
    moved = {row["url"]: row["lost_to"] for row in pq.read_table(done.path / "dropped").to_pylist()}
    assert moved == {"https://guia.es/antes": None, "https://guia.es/otra": "https://guia.es/pagina-2"}


@pytest.mark.slow
def test_what_is_counted_but_listed_nowhere_makes_a_version_too(store, tmp_path):
    """Else the figures would tell in which order the pages and the takedown came."""
    web(store)
    Takedowns.load(store).add(["https://nunca.es/x"], DAY)
    assert publish(store, CLEANING, PUBLISHING).dropped == {"duplicate/near": 1}
    Round(2).drop("https://nunca.es/x", "http/404").write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert (done.version, done.dropped) == ("v0002", {"duplicate/near": 1, "takedown": 1})
    assert publish(store, CLEANING, PUBLISHING).changed is False
