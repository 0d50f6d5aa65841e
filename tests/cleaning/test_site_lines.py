"""Lines that a site repeats are counted over its living documents and taken out of each, whatever came first."""

import shutil

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, parquet_bytes, prose
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.corpus.publish import publish
from cleaning.lines import MOST_WORDS, _has_more_words, line_digest, normal_line, without_lines
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.manifest import Manifest
from data.store import Store

CLEANING, PUBLISHING = CleaningSettings(), PublishSettings()
NOTICE = "Material educativo, no consejo clínico. Revisado en mayo por el equipo de redacción."
HEADING = "Signos y síntomas"
SITE_NAME = "Guía de salud"


def page(number, *, notice=True, heading=False):
    lines = [SITE_NAME, prose(f"a{number}"), *([HEADING] if heading else []), prose(f"b{number}")]
    return "\n".join([*lines, *([NOTICE] if notice else [])])


def texts(folder):
    table = pq.read_table(folder / "data", columns=["url", "text", "n_words", "text_digest"])
    return {row["url"]: row for row in table.to_pylist()}


def small_site(count=40):
    made = Round(1)
    for number in range(count):
        made.page(f"https://guia.es/{number}", page(number, notice=number % 2 == 0, heading=number % 3 == 0))
    return made


@pytest.mark.slow
def test_notices_and_the_sites_name_go_headings_stay(store):
    small_site().page("https://otra.es/1", page(99, heading=True)).write(store)
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert found["https://guia.es/0"]["text"] == f"{prose('a0')}\n{HEADING}\n{prose('b0')}"
    assert found["https://guia.es/1"]["text"] == f"{prose('a1')}\n{prose('b1')}"
    assert found["https://otra.es/1"]["text"] == page(99, heading=True)
    assert {row["n_words"] for row in found.values()} >= {len(found["https://guia.es/1"]["text"].split())}


@pytest.mark.slow
def test_digest_and_words_are_of_what_is_left(store):
    small_site().write(store)
    same = Round(2)
    same.page("https://otra.es/copia", f"{prose('a1')}\n{prose('b1')}", category="other")
    same.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"duplicate/exact": 1}


@pytest.mark.slow
def test_a_page_of_nothing_but_the_sites_lines_goes_with_its_reason(store):
    made = small_site()
    made.page("https://guia.es/vacia", f"{SITE_NAME}\n{NOTICE}\nBreve y sin más.")
    made.write(store)
    done = publish(store, CLEANING, PUBLISHING)
    assert done.dropped == {"quality/site_lines": 1}
    (row,) = pq.read_table(done.path / "dropped").to_pylist()
    assert row["figure"] == len("Breve y sin más.")
    assert done.funnel["urls"] == done.documents + 1


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
    ("one", "other"),
    [
        ("Síntomas", "SÍNTOMAS:"),
        ("Publicado — ayer", "publicado: ayer."),
        ("• Beba agua a menudo", "Beba agua a menudo."),
        ("Tome 2,5 mg al día.", "tome 2,5 mg al día"),
        ("Fiebre > 38 °C", "fiebre >38°C"),
    ],
)
def test_lines_are_compared_without_case_and_marks(one, other):
    assert line_digest(one) == line_digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("La dosis es de 250 mg cada 8 horas.", "La dosis es de 500 mg cada 8 horas."),
        ("La dosis es de 250 mg cada 8 horas.", "La dosis es de 250 mg cada 12 horas."),
        ("La dosis es de 250 mg al día.", "La dosis es de 250 ml al día."),
        ("La dosis es de 5 mg/kg.", "La dosis es de 5 mcg/kg."),
        ("La dosis es de 2,5 mg.", "La dosis es de 25 mg."),
        ("La dosis es de 2,5 mg.", "La dosis es de 2 5 mg."),
        ("La dosis es de 0,5 mg.", "La dosis es de 0,05 mg."),
        ("Una puntuación T de -2,5.", "Una puntuación T de 2,5."),
        ("Una puntuación T de −2,5.", "Una puntuación T de 2,5."),
        ("Fiebre de > 38 °C.", "Fiebre de < 38 °C."),
        ("Tensión ≥ 140/90 mmHg.", "Tensión ≤ 140/90 mmHg."),
        ("Tensión de 140/90 mmHg.", "Tensión de 140 y 90 mmHg."),
        ("Glucosa: 70-110 mg/dl", "Glucosa: 70 110 mg/dl"),
        ("Cura al 90 %.", "Cura al 90."),
        ("Cura al 90 %.", "Cura al 90 ‰."),
        ("Se guarda a 8 °C.", "Se guarda a 8 F."),
        ("150 × 10⁹/l", "150 × 10⁶/l"),
        ("150 × 10^9/l", "150 × 109/l"),
        ("Tome ½ comprimido.", "Tome 1 comprimido."),
        ("Tome 1/2 comprimido.", "Tome 12 comprimido."),
        ("Vacuna a los 2 meses.", "Vacuna a los 4 meses."),
        ("Vacuna a los 2 meses.", "Vacuna a los 2 años."),
        ("Talla de 1.75 m", "Talla de 175 m"),
        ("Peso de ±2 kg", "Peso de 2 kg"),
        ("Afecta a 1 de cada 100 personas.", "Afecta a 1 de cada 1.000 personas."),
        ("La dosis es de un gramo", "La dosis es de dos gramos"),
        ("No lo tome con alcohol.", "Lo tome con alcohol."),
    ],
)
def test_numbers_signs_units_and_negations_tell_lines_apart(one, other):
    assert line_digest(one) != line_digest(other)


def test_a_digest_tells_how_many_words_a_line_has():
    assert line_digest("Cuándo consultar a un médico") & 0xFF == 5
    assert line_digest("uno " * 300) & 0xFF == 0xFF
    assert line_digest("¡…!") & 0xFF == 0
    assert normal_line("¡…!") == ""


@given(st.one_of(st.text(max_size=60), st.text("aÉß12²ŉİ >≥%‰.,:·-–_'\u00a0\u2003\u0301\x1c", max_size=60)))
@settings(max_examples=2_000)
def test_a_line_that_gets_no_digest_has_more_words_than_any_that_goes(line):
    words = line_digest(line) & MOST_WORDS
    assert not any(_has_more_words(line, most) for most in range(words, MOST_WORDS + 1))


def test_long_lines_stay_without_a_digest_and_very_long_ones_can_go():
    """The count of words in a digest ends at 255: from there on every line needs its digest."""
    short, longer, longest = "Pida cita", "dos " * 40, "tres " * 300
    text = f"{short}\n{longer}\n{longest}\nFin de la página"
    assert without_lines(text, frozenset({line_digest(short)})) == f"{longer}\n{longest}\nFin de la página"
    assert without_lines(text, frozenset({line_digest(longest)})) == f"{short}\n{longer}\nFin de la página"


@pytest.mark.slow
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


PARAGRAPH = prose("párrafo", 60)


def drug_pages(count, line_of, *, extra=()):
    made = Round(1)
    for number in range(count):
        made.page(
            f"https://guia.es/farmaco/{number}", f"{prose(f'x{number}')}\n{line_of(number)}\n{prose(f'y{number}')}"
        )
    for url, text, category in extra:
        made.page(url, text, category=category)
    return made


@pytest.mark.slow
def test_a_dose_of_each_drug_stays(store):
    drug_pages(40, lambda number: f"La dosis recomendada en adultos es de {10 * number + 10} mg cada 8 horas.").write(
        store
    )
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    for number in range(40):
        dose = f"La dosis recomendada en adultos es de {10 * number + 10} mg cada 8 horas."
        assert dose in found[f"https://guia.es/farmaco/{number}"]["text"]


@pytest.mark.slow
def test_a_dose_that_a_third_of_the_drugs_share_stays(store):
    drug_pages(45, lambda number: f"La dosis recomendada en adultos es de {250 << number % 3} mg cada 8 horas.").write(
        store
    )
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert sum("La dosis recomendada" in row["text"] for row in found.values()) == 45


@pytest.mark.slow
def test_a_slogan_with_a_number_on_every_page_goes(store):
    slogan = "Más de 25 años a su lado y siempre abiertos para usted."
    drug_pages(40, lambda _: slogan).write(store)
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert not any(slogan in row["text"] for row in found.values())


@pytest.mark.slow
def test_of_a_repeated_paragraph_one_copy_stays_on_the_longest_page(store):
    longest = ("https://guia.es/larga", f"{prose('l', 300)}\n{PARAGRAPH}\n{prose('m', 300)}", "portal")
    drug_pages(30, lambda _: PARAGRAPH, extra=[longest]).write(store)
    done = publish(store, CLEANING, PUBLISHING)
    found = texts(done.path)
    assert [url for url, row in found.items() if PARAGRAPH in row["text"]] == ["https://guia.es/larga"]
    taken = Manifest.read(done.path).figures["site_lines"]
    assert taken == {"lines": 1, "copies_kept": 1, "documents": 30, "words": 30 * 60}
    assert "1,800 words in\nall" in (done.path / "README.md").read_text(encoding="utf-8")
    assert "1,800 words in 1 lines" in (done.path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_better_kind_of_site_keeps_the_copy_whatever_came_first(store):
    better = ("https://guia.es/hospital", f"{prose('h')}\n{PARAGRAPH}\n{prose('i')}", "hospital")
    longest = ("https://guia.es/larga", f"{prose('l', 300)}\n{PARAGRAPH}\n{prose('m', 300)}", "portal")
    drug_pages(30, lambda _: PARAGRAPH, extra=[longest, better]).write(store)
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert [url for url, row in found.items() if PARAGRAPH in row["text"]] == ["https://guia.es/hospital"]


@pytest.mark.slow
def test_the_copy_moves_when_its_page_goes_and_incremental_equals_cold(store, tmp_path):
    longest = ("https://guia.es/larga", f"{prose('l', 300)}\n{PARAGRAPH}\n{prose('m', 300)}", "portal")
    drug_pages(30, lambda _: PARAGRAPH, extra=[longest]).write(store)
    publish(store, CLEANING, PUBLISHING)
    Round(2).drop("https://guia.es/larga", "http/410").write(store)
    last = publish(store, CLEANING, PUBLISHING)
    keepers = [url for url, row in texts(last.path).items() if PARAGRAPH in row["text"]]
    assert len(keepers) == 1
    assert keepers != ["https://guia.es/larga"]
    cold = Store.open(tmp_path / "cold")
    shutil.copytree(store.documents, cold.documents)
    assert parquet_bytes(publish(cold, CLEANING, PUBLISHING).path) == parquet_bytes(last.path)


@pytest.mark.slow
def test_a_page_may_keep_one_paragraph_and_lose_another_line(store):
    longest = ("https://guia.es/larga", f"{prose('l', 300)}\n{PARAGRAPH}\n{NOTICE}\n{prose('m', 300)}", "portal")
    drug_pages(30, lambda _: f"{PARAGRAPH}\n{NOTICE}", extra=[longest]).write(store)
    found = texts(publish(store, CLEANING, PUBLISHING).path)
    assert found["https://guia.es/larga"]["text"] == f"{prose('l', 300)}\n{PARAGRAPH}\n{prose('m', 300)}"
    assert not any(NOTICE in row["text"] for row in found.values())


LABEL = "Errores frecuentes"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lines", "is_kept"),
    [
        (("{a}", LABEL, "{b}"), True),
        ((LABEL, "{a}", "{b}"), False),
        (("{a}", "{b}", LABEL), False),
        (("Menú principal", LABEL, "{a}", "{b}"), False),
        (("{a}", "Imprimir la página", LABEL, "{b}"), True),
        (("{a}", LABEL, "{b}", LABEL, "{c}"), True),
    ],
)
def test_a_label_that_heads_a_part_of_every_page_stays_and_what_stands_around_pages_goes(lines, is_kept, store):
    made = Round(1)
    for number in range(20):
        parts = {letter: prose(f"{letter}{number}") for letter in "abc"}
        made.page(f"https://curso.es/{number}", "\n".join(lines).format(**parts))
    made.write(store)
    for row in texts(publish(store, CLEANING, PUBLISHING).path).values():
        assert (LABEL in row["text"].split("\n")) == is_kept
        assert "Imprimir la página" not in row["text"]


@pytest.mark.slow
def test_a_word_that_a_site_strews_between_paragraphs_goes(store):
    made = Round(1)
    for number in range(20):
        a, b, c = (prose(f"{letter}{number}") for letter in "abc")
        made.page(f"https://diario.es/{number}", f"{a}\nPublicidad\n{b}\nAnuncio\n{c}\nAnuncio\n{a}")
    made.write(store)
    for row in texts(publish(store, CLEANING, PUBLISHING).path).values():
        assert "Anuncio" not in row["text"]
