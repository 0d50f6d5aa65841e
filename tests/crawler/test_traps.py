"""URLs without end are cut, ordinary ones are not; parameters that change nothing are learned."""

import json

import pytest

from crawler.permissions.traps import ENOUGH, ENOUGH_ALONE, ENOUGH_SEEN, MAX_HELD, MAX_LEARNED, ON_TRUST, Traps

HOST = "www.clinica.es"
SITE = f"https://{HOST}"


TITLES = (
    "/metformina-1000-10-comprimidos",
    "/paracetamol-1000-12",
    "/historia/1918-10-gripe",
    "/ibuprofeno-1200-12-sobres/prospecto",
    "/articulos/eventos-adversos-farmaco-12",
    "/eventos-adversos/2024/vacuna",
    "/calendario-vacunal-2026",
    "/calendario-vacunal/2026/11",
    "/agenda-medica/2026/11/03",
    "/noticias?tema=eventos-adversos&anio=2024",
    "/evento-cerebrovascular/12",
    "/articulo/2031-guia",
)
"""Words of medicine that look like a calendar's; no number of them is too many."""
PLAIN = (
    "/",
    "/salud/asma/sintomas",
    "/2024/05/12/asma",
    "/articulo/20240512",
    "/articulos/123456789",
    "/a/b/a/b/a/c",
    "/revista/1850-2010/historia",
    "/lista?page=37",
    "/lista?start=9000",
    "/producto/p/900000",
    "/?p=501",
    "/?p=1234567",
    "/blog/?p=90210",
    "/?page_id=5012",
    "/?cat=800",
    "/viewtopic.php?p=99812",
    "/dia?year=2026&month=1",
    "/modules.php?name=News&file=article&sid=8123",
    "/calendario/vacunacion-infantil",
    "/eventos/congreso-de-cardiologia-2026",
    "/agenda",
)
"""Ordinary pages."""
ENDLESS = {
    "/a/b/a/b/a/b/a/b": "trap/repeated_path",
    "/es/es/es/es/x": "trap/repeated_path",
    "/" + "/".join(f"n{number}" for number in range(25)): "trap/deep_path",
    "/buscar?" + "&".join(f"f{number}=1" for number in range(14)): "trap/parameters",
}
DOUBTFUL = {
    "/lista?page={}": "page_number",
    "/lista/page/{}/": "page_number",
    "/lista?start={}00": "page_number",
    "/calendario/2026/{}": "calendar",
    "/agenda?mes={}": "calendar",
    "/eventos/2026-11-{}": "calendar",
    "/events/?tribe-bar-date=2026-{}": "calendar",
    "/dia/2{}/05": "date",
    "/dia/2{}-12-01": "date",
    "/dia?year=2{}&month=1": "date",
}


@pytest.mark.parametrize("path", [*TITLES, *PLAIN])
def test_no_number_of_ordinary_pages_is_too_many(path):
    traps = Traps(2026)
    assert traps.kind_of(SITE + path) is None
    assert {traps.refusal(f"{SITE}{path}", HOST) for _ in range(1_000)} == {None}
    assert traps.refused_at(HOST) == {}


@pytest.mark.parametrize(("path", "reason"), ENDLESS.items())
def test_a_shape_that_no_site_means(path, reason):
    traps = Traps(2026)
    assert traps.refusal(SITE + path, HOST) == reason
    assert traps.refused_at(HOST) == {reason: 1}


@pytest.mark.parametrize(("path", "kind"), DOUBTFUL.items())
def test_doubtful_kinds(path, kind):
    number = {"page_number": 501, "date": 999}.get(kind, 12)
    url = SITE + path.format(number)
    assert Traps(2026).kind_of(url) == kind
    assert Traps(2026).refusal(url, HOST) is None


def texts_of(path, kind, say):
    """Read pages of a doubtful kind, each with its text; the reasons that those after them get."""
    traps = Traps(2026)
    first = {"page_number": 500, "date": 2100}.get(kind, 1)
    for number in range(first, first + 2 * ENOUGH_SEEN):
        url = SITE + path.format(number)
        if traps.refusal(url, HOST) is None:
            text = say(number).encode()
            traps.learn(url, HOST, str(hash(text)), text)
    later = [traps.refusal(SITE + path.format(number), HOST) for number in range(first + 100, first + 900)]
    return later, traps


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/lista?page={}", "page_number"), ("/calendario/{}", "calendar"), ("/dia/{}/05", "date")],
)
def test_pages_that_say_the_same_but_for_their_numbers_end_their_kind(path, kind):
    later, traps = texts_of(path, kind, lambda n: f"No hay eventos el lunes {n} de enero de 20{n}")
    assert set(later) == {f"trap/{kind}"}
    assert traps.refused_at(HOST)[f"trap/{kind}"] >= 800
    assert traps.refusal(f"{SITE}/asma", HOST) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/lista?page={}", "page_number"), ("/calendario/{}", "calendar"), ("/dia/{}/05", "date")],
)
def test_pages_that_say_different_things_are_none_of_a_trap(path, kind):
    words = ("asma", "gripe", "tos", "fiebre", "dolor", "vacuna", "dieta", "sueño")
    later, _ = texts_of(path, kind, lambda n: " ".join(words[int(digit) % 8] for digit in f"{n * 7919:09}"))
    assert set(later) == {None}


@pytest.mark.parametrize(("path", "kind"), [("/calendario/{}", "calendar"), ("/dia/{}/05", "date")])
def test_without_evidence_a_kind_ends_at_its_host_alone(path, kind):
    traps = Traps(2026)
    told = [traps.refusal(SITE + path.format(2_100 + number), HOST) for number in range(ON_TRUST[kind] + 5)]
    assert told == [None] * ON_TRUST[kind] + [f"trap/{kind}"] * 5
    assert traps.refusal(SITE + path.format(2_100), HOST) is None, "one that was let through stays so"
    assert traps.refusal("https://otra.es" + path.format(2_100), "otra.es") is None


def test_a_parameter_that_changes_nothing_is_dropped_after_enough_pairs():
    traps = Traps(2026)
    for number in range(ENOUGH):
        assert traps.normal(f"{SITE}/a?id=1&color=rojo", HOST) == f"{SITE}/a?id=1&color=rojo"
        traps.learn(f"{SITE}/a?id={number}&color=rojo", HOST, f"digest-{number}")
        traps.learn(f"{SITE}/a?id={number}&color=azul", HOST, f"digest-{number}")
    assert traps.normal(f"{SITE}/a?id=1&color=rojo", HOST) == f"{SITE}/a?id=1"
    assert traps.normal(f"{SITE}/b?color=rojo", HOST) == f"{SITE}/b"
    assert traps.normal("https://otra.es/a?color=rojo", "otra.es") == "https://otra.es/a?color=rojo"


def test_a_parameter_that_once_changed_a_page_is_kept():
    traps = Traps(2026)
    for number in range(3 * ENOUGH):
        traps.learn(f"{SITE}/a?id={number}&lang=es", HOST, f"digest-{number}")
        traps.learn(f"{SITE}/a?id={number}&lang=ca", HOST, "otro" if number == 0 else f"digest-{number}")
    assert traps.normal(f"{SITE}/a?id=1&lang=es", HOST) == f"{SITE}/a?id=1&lang=es"


def test_a_parameter_beside_the_bare_page():
    traps = Traps(2026)
    for number in range(ENOUGH):
        traps.learn(f"{SITE}/p{number}?origen=menu", HOST, f"digest-{number}")
        traps.learn(f"{SITE}/p{number}", HOST, f"digest-{number}")
    assert traps.normal(f"{SITE}/x?origen=pie", HOST) == f"{SITE}/x"


def test_a_page_of_apology_unlearns_no_ids():
    traps = Traps(2026)
    for number in range(ENOUGH_ALONE - 1):
        traps.learn(f"{SITE}/?p={number}", HOST, "en mantenimiento")
    assert traps.normal(f"{SITE}/?p=99", HOST) == f"{SITE}/?p=99"


def test_a_verdict_on_a_parameter_is_tried_again_now_and_then():
    traps = Traps(2026)
    for number in range(ENOUGH):
        traps.learn(f"{SITE}/a{number}?ref=1", HOST, f"texto {number}")
        traps.learn(f"{SITE}/a{number}?ref=2", HOST, f"texto {number}")
    kept = [url for n in range(200) if (url := traps.normal(f"{SITE}/b?ref={n}", HOST)) != f"{SITE}/b"]
    assert len(kept) == 4
    traps.learn(f"{SITE}/b?ref=7", HOST, "uno")
    traps.learn(f"{SITE}/b?ref=8", HOST, "otro")
    assert traps.normal(f"{SITE}/b?ref=9", HOST) == f"{SITE}/b?ref=9"


@pytest.mark.parametrize("name", ["sid", "session_id", "s", "ref", "from"])
def test_short_session_ids_are_found_out_by_what_they_do_not_change(name):
    traps = Traps(2026)
    for number in range(3 * ENOUGH):
        traps.learn(f"{SITE}/nota-{number // 2}?{name}={number * 77}", HOST, f"nota {number // 2}")
    assert traps.normal(f"{SITE}/nota-99?{name}=5", HOST) == f"{SITE}/nota-99"


def test_numbers_of_articles_are_kept_whatever_their_name():
    traps = Traps(2026)
    for number in range(50):
        traps.learn(f"{SITE}/modules.php?name=News&sid={number}", HOST, f"artículo {number}")
    assert traps.normal(f"{SITE}/modules.php?name=News&sid=99", HOST) == f"{SITE}/modules.php?name=News&sid=99"


def test_what_is_learned_survives_as_json():
    traps, later = Traps(2026), Traps(2026)
    for number in range(2 * ENOUGH):
        traps.learn(f"{SITE}/a{number // 2}?v={number}", HOST, f"igual {number // 2}")
        traps.learn(f"{SITE}/calendario/{number}", HOST, "x", b"nada")
    traps.refusal(f"{SITE}/es/es/es/es/", HOST)
    later.restore(json.loads(json.dumps(traps.as_json())))
    assert later.as_json() == traps.as_json()
    assert later.normal(f"{SITE}/a?v=9", HOST) == f"{SITE}/a"
    assert later.refused_at(HOST) == {"trap/repeated_path": 1}


def test_what_the_version_before_learned_is_read():
    traps = Traps(2026)
    traps.restore({HOST: {"v": [4, 0], "id": [4, 2]}})
    assert traps.normal(f"{SITE}/a?v=9&id=2", HOST) == f"{SITE}/a?id=2"


def test_a_host_that_invents_parameters_takes_bounded_memory():
    traps = Traps(2026)
    for number in range(5_000):
        traps.learn(f"{SITE}/{number}?x{number}=1&y={number}", HOST, str(number))
    host = traps._hosts[HOST]
    assert len(host.held) <= MAX_HELD
    assert len(host.parameters) <= MAX_LEARNED
