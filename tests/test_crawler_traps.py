"""URLs without end are cut, ordinary ones are not; parameters that change nothing are learned."""

import json

import pytest

from crawler.permissions.traps import ENOUGH, MAX_CALENDAR, MAX_HELD, MAX_LEARNED, Traps

HOST = "www.clinica.es"
SITE = f"https://{HOST}"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", None),
        ("/salud/asma/sintomas", None),
        ("/2024/05/12/asma", None),
        ("/articulo/20240512", None),
        ("/articulos/123456789", None),
        ("/a/b/a/b/a/c", None),
        ("/revista/1850-2010/historia", None),
        ("/lista?page=37", None),
        ("/lista?start=12000", None),
        ("/producto/p/900000", "trap/page_number"),
        ("/a/b/a/b/a/b/a/b", "trap/repeated_path"),
        ("/es/es/es/es/x", "trap/repeated_path"),
        ("/" + "/".join(f"n{number}" for number in range(25)), "trap/deep_path"),
        ("/lista?page=501", "trap/page_number"),
        ("/lista/page/99999/", "trap/page_number"),
        ("/lista?start=60000", "trap/page_number"),
        ("/buscar?" + "&".join(f"f{number}=1" for number in range(14)), "trap/parameters"),
        ("/dia/2031/05", "trap/date"),
        ("/dia/1201-12-01", "trap/date"),
        ("/dia?year=2999&month=1", "trap/date"),
        ("/dia?year=2026&month=1", None),
    ],
)
def test_table(path, reason):
    assert Traps(2026).refusal(SITE + path, HOST) == reason


def test_a_calendar_ends_at_its_host_alone():
    traps = Traps(2026)
    told = [traps.refusal(f"{SITE}/calendario/{day}", HOST) for day in range(MAX_CALENDAR + 5)]
    assert told == [None] * MAX_CALENDAR + ["trap/calendar"] * 5
    assert traps.refusal("https://otra.es/agenda?dia=1", "otra.es") is None
    assert traps.refusal(f"{SITE}/asma", HOST) is None


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


def test_what_is_learned_survives_as_json():
    traps, later = Traps(2026), Traps(2026)
    for number in range(ENOUGH + 1):
        traps.learn(f"{SITE}/a?v={number}", HOST, "igual")
    later.recall(json.loads(json.dumps(traps.as_json())))
    assert later.as_json() == traps.as_json()
    assert later.normal(f"{SITE}/a?v=9", HOST) == f"{SITE}/a"


def test_a_host_that_invents_parameters_takes_bounded_memory():
    traps = Traps(2026)
    for number in range(5_000):
        traps.learn(f"{SITE}/{number}?x{number}=1&y={number}", HOST, str(number))
    host = traps._hosts[HOST]
    assert len(host.held) <= MAX_HELD
    assert len(host.parameters) <= MAX_LEARNED
