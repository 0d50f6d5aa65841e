"""Lines that a site repeats are counted over its living documents and taken out of each, whatever came first."""

import shutil

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, parquet_bytes, prose

from cleaning.corpus.publish import publish
from cleaning.lines import line_digest, normal_line
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.store import Store

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()
NOTICE = "Material educativo, no consejo clínico. Revisado el 12 de mayo de 2021 por el equipo."
HEADING = "Signos y síntomas"
SITE_NAME = "Guía de salud"


def page(number, *, notice=True, heading=False):
    lines = [SITE_NAME, prose(f"a{number}"), *([HEADING] if heading else []), prose(f"b{number}")]
    return "\n".join([*lines, *([NOTICE.replace("12", str(number))] if notice else [])])


def texts(folder):
    table = pq.read_table(folder / "data", columns=["url", "text", "n_words", "text_digest"])
    return {row["url"]: row for row in table.to_pylist()}


def small_site(count=40):
    made = Round(1)
    for number in range(count):
        made.page(f"https://guia.es/{number}", page(number, notice=number % 2 == 0, heading=number % 3 == 0))
    return made


def test_notices_and_the_sites_name_go_headings_stay(store):
    small_site().page("https://otra.es/1", page(99, heading=True)).write(store)
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert found["https://guia.es/0"]["text"] == f"{prose('a0')}\n{HEADING}\n{prose('b0')}"
    assert found["https://guia.es/1"]["text"] == f"{prose('a1')}\n{prose('b1')}"
    assert found["https://otra.es/1"]["text"] == page(99, heading=True)
    assert {row["n_words"] for row in found.values()} >= {len(found["https://guia.es/1"]["text"].split())}


def test_digest_and_words_are_of_what_is_left(store):
    small_site().write(store)
    same = Round(2)
    same.page("https://otra.es/copia", f"{prose('a1')}\n{prose('b1')}", category="other")
    same.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"duplicate/exact": 1}


def test_a_page_of_nothing_but_the_sites_lines_goes_with_its_reason(store):
    made = small_site()
    made.page("https://guia.es/vacia", f"{SITE_NAME}\n{NOTICE}\nBreve y sin más.")
    made.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"quality/site_lines": 1}
    (row,) = pq.read_table(done.path / "dropped").to_pylist()
    assert row["figure"] == len("Breve y sin más.")
    assert done.funnel["urls"] == done.documents + 1


def test_copies_of_a_page_do_not_make_its_lines_the_sites(store):
    made = Round(1)
    for number in range(30):
        made.page(f"https://guia.es/sesion/{number}", f"{prose('a')}\n{prose('b')}\n{prose('c')}")
    for number in range(20):
        made.page(f"https://guia.es/{number}", prose(number))
    made.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"duplicate/exact": 29}
    (kept,) = (row for url, row in texts(done.path).items() if "sesion" in url)
    assert kept["text"] == f"{prose('a')}\n{prose('b')}\n{prose('c')}"


def test_a_line_becomes_the_sites_when_more_pages_have_it_and_no_longer_when_they_go(store, tmp_path):
    small_site(9).write(store)
    first = publish(store, CLEANING, PUBLISHING)
    assert texts(first.path)["https://guia.es/0"]["text"] == page(0, heading=True)
    more = Round(2)
    for number in range(9, 24):
        more.page(f"https://guia.es/{number}", page(number))
    more.write(store)
    grown = publish(store, CLEANING, PUBLISHING)
    assert SITE_NAME not in texts(grown.path)["https://guia.es/0"]["text"]
    gone = Round(3)
    for number in range(9, 24):
        gone.drop(f"https://guia.es/{number}", "http/410")
    gone.write(store)
    last = publish(store, CLEANING, PUBLISHING)
    assert texts(last.path)["https://guia.es/0"]["text"] == page(0, heading=True)
    cold = Store.open(tmp_path / "cold")
    shutil.copytree(store.documents, cold.documents)
    assert parquet_bytes(publish(cold, CLEANING, PUBLISHING).path) == parquet_bytes(last.path)


def test_what_is_remembered_is_forgotten_without_harm(store):
    small_site().write(store)
    before = parquet_bytes(publish(store, CLEANING, PUBLISHING).path)
    for path in [*store.signatures.glob("lines-*/*.npy"), *store.signatures.glob("trimmed-*/*.npy")]:
        path.write_bytes(b"torn")
    Round(2).page("https://nueva.es/", prose("nueva")).write(store)
    after = parquet_bytes(publish(store, CLEANING, PUBLISHING).path)
    assert before.keys() <= after.keys()
    assert len(texts(store.latest_corpus)) == 41


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Unidad 1 de 6", "unidad 2 de 9.", True),
        ("Publicado: 12/05/2021", "Publicado — 13/06/1999", True),
        ("La dosis es de un gramo", "La dosis es de dos gramos", False),
    ],
)
def test_lines_are_compared_without_digits_case_and_marks(one, other, alike):
    assert (line_digest(one) == line_digest(other)) is alike


def test_a_digest_tells_how_many_words_a_line_has():
    assert line_digest("Cuándo consultar a un médico") & 0xFF == 5
    assert line_digest("uno " * 300) & 0xFF == 0xFF
    assert line_digest("¡…!") & 0xFF == 0
    assert normal_line("¡…!") == ""


def test_near_copies_do_not_make_their_lines_the_sites(store):
    made = Round(1)
    days = prose("days", 12).lower().strip(".").split()
    days = [f"{day}{letter}" for day, letter in zip(days, "abcdefghijkl", strict=True)]
    for number, day in enumerate(days):
        made.page(f"https://guia.es/agenda/{number}", f"{prose('a')}\n{prose('b')}\n{prose('c')}\nAgenda del {day}.")
    made.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"duplicate/near": len(days) - 1}
    (kept,) = texts(done.path).values()
    assert kept["text"].startswith(f"{prose('a')}\n{prose('b')}\n{prose('c')}")
