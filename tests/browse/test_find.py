"""Finding pages: words, phrases, facets, orders, addresses; on versions that publishing cut."""

import html
import re
import unicodedata
from datetime import date
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from browse_room import serving
from corpus_rounds import Round, prose, slightly_changed

from browse.asked import Asked
from browse.facets import FACETS
from browse.folding import folded, snippet
from browse.index_build import CODES, SEARCH, SORTS, TOKENIZER, is_current
from browse.search_words import read_search
from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.store import Store
from data.takedowns import Takedowns

ODD = "a&b=c+d%20#x;é,\n{{7*7}}"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \" ' &"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    store = Store.open(tmp_path_factory.mktemp("browse") / "store")
    pages = Round(1)
    pages.page("https://clinica.es/asma", f"El asma de los bebés inquietos. {prose('asma')}", category="hospital")
    pages.page("https://clinica.es/gripe", f"La vacunación contra la gripe. {prose('gripe', 300)}", category="hospital")
    pages.page(
        "https://portal.mx/ninos", f"Los bebés y el año escolar: consejos a inquietos. {prose('n')}", country="MX"
    )
    pages.page("https://portal.mx/copia", slightly_changed(f"El asma de los bebés inquietos. {prose('asma')}", 1))
    pages.page("https://portal.mx/x", f"{HOSTILE} {prose('hostil')}", country="MX")
    pages.documents[-1] |= {"title": HOSTILE, "category": ODD}
    for number in range(60):
        pages.page(f"https://revista.es/articulo-{number}", prose(("revista", number)), category="journal")
    pages.drop("https://clinica.es/nada", "http/404").drop("https://eu.es/x", "language/eu")
    pages.write(store)
    publish(store, CleaningSettings(), PublishSettings())
    Round(2).page("https://clinica.es/nueva", f"Novedad única. {prose('nueva')}").write(store)
    publish(store, CleaningSettings(), PublishSettings())
    with serving(store) as one:
        yield one


def find(served, query="", version="v0002"):
    return served.library.prepare(version).find(Asked.read(parse_qsl(query)))


def urls(served, query):
    index = served.library.prepare("v0002")
    return {row["url"] for row in index.rows(find(served, query).numbers)}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=BEBÉS", {"https://clinica.es/asma", "https://portal.mx/ninos"}),
        ("q=bebes", {"https://clinica.es/asma", "https://portal.mx/ninos"}),
        (
            f"q={unicodedata.normalize('NFD', 'bebés inquietos')}",
            {"https://clinica.es/asma", "https://portal.mx/ninos"},
        ),
        ('q="bebes inquietos"', {"https://clinica.es/asma"}),
        ("q=bebes -escolar", {"https://clinica.es/asma"}),
        ("q=vacunaci*", {"https://clinica.es/gripe"}),
        ("q=vacunacion OR escolar", {"https://clinica.es/gripe", "https://portal.mx/ninos"}),
        ("q=title:asma", {"https://clinica.es/asma"}),
        ("q=escolar&host=clinica.es", set()),
        ("q=bebes&category=hospital", {"https://clinica.es/asma"}),
        ("q=bebes&host=clinica.es&host=portal.mx", {"https://clinica.es/asma", "https://portal.mx/ninos"}),
        ("reason=http/404", {"https://clinica.es/nada"}),
        ("outcome=duplicate", {"https://portal.mx/copia"}),
        ("host=no-hay.es", set()),
    ],
)
def test_words_phrases_and_facets(served, query, found):
    assert urls(served, query) == found


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        '""',
        "*",
        "-",
        "- -",
        'a"b',
        "NEAR(a b)",
        "title:",
        "a AND OR NOT",
        "');DROP TABLE page;--",
        "{a}:b^2",
        "\x00 ñ",
    ],
)
def test_no_query_is_an_error(served, typed):
    assert find(served, f"q={typed}").total >= 0
    assert served.ask("/v/v0002?q=" + typed.encode().hex()).status == 200


def test_counts_of_a_facet_ignore_its_own_choice(served):
    found = find(served, "category=journal")
    counts = {one.value: (one.pages, one.chosen) for one in found.facets["category"]}
    assert found.total == 60
    assert counts["journal"] == (60, True)
    assert counts["hospital"] == (2, False)
    assert {one.value: one.pages for one in found.facets["host"]} == {"revista.es": 60}


def test_every_value_of_a_facet_is_an_address(served):
    for facet in ("category", "country", "reason"):
        page = served.ask(f"/v/v0002/values/{facet}").text
        links = [html.unescape(one) for one in re.findall(r'href="(/v/v0002[?][^"]*)"', page)]
        for link in links[1:]:  # the first leads back
            ((name, value),) = parse_qsl(urlsplit(link).query)
            assert name == facet
            assert find(served, urlsplit(link).query).total > 0
            assert value in served.library.prepare("v0002").values(facet)
    assert find(served, urlencode({"category": ODD})).total == 1


def test_a_question_is_counted_in_other_versions(served):
    page = served.ask("/v/v0002?q=novedad").text
    assert re.search(r"<span>v0002</span> <b>1</b>", page)
    assert re.search(r"<span>v0001</span> <b>0</b>", page)


def test_a_damaged_index_is_named_with_its_remedy(served):
    for name in (SEARCH, CODES):
        path = served.library.store.browse / "v0001" / name
        whole = path.read_bytes()
        path.write_bytes(b"damaged" * 200)
        served.library._open.clear()
        try:
            answer = served.ask("/v/v0001?q=asma")
            assert answer.status == 503
            assert "Delete it; it is built again" in answer.text
        finally:
            path.write_bytes(whole)
            served.library._open.clear()
    assert served.ask("/v/v0001?q=asma").status == 200


def test_only_pages_of_concerned_hosts_are_asked_about(tmp_path):
    listed = Takedowns.load(Store.open(tmp_path / "store"))
    listed.add(["https://www.guia.es/a", "https://blog.portal.mx/p*", "hospital.es"], date(2026, 3, 1))
    for host in ("guia.es", "www.guia.es", "blog.portal.mx", "hospital.es", "sub.hospital.es"):
        assert listed.concerns(host)
    for host in ("portal.mx", "es", "otro.guia.es", "mihospital.es", ""):
        assert not listed.concerns(host)


def test_pages_and_orders(served):
    first, last = find(served, "category=journal&sort=url"), find(served, "category=journal&sort=url&page=3")
    assert (len(first.numbers), len(last.numbers), last.total) == (25, 10, 60)
    assert find(served, "category=journal&page=4").numbers == []
    rows = served.library.prepare("v0002").rows(find(served, "outcome=kept&sort=longest").numbers)
    assert [row["n_words"] for row in rows] == sorted((row["n_words"] for row in rows), reverse=True)
    for sort in SORTS:
        assert find(served, f"sort={sort}").total == 68


def test_a_question_is_its_address():
    text = "q=asma+%22ni%C3%B1o%22&reason=http%2F404&host=a.es&host=b.es&sort=url&size=50&page=3"
    assert Asked.read(parse_qsl(text)).query() == text
    asked = Asked.read(parse_qsl(text))
    assert asked.toggled("host", "a.es").query() == text.replace("&host=a.es", "").replace("&page=3", "")
    assert Asked.read([("page", "-1"), ("size", "7"), ("sort", "x; DROP"), ("nothing", "x")]).query() == ""


def test_every_version_has_its_own_pages(served):
    assert find(served, "q=novedad", "v0001").total == 0
    assert find(served, "q=novedad").total == 1
    assert is_current(served.library.store, "v0001")


def test_what_was_taken_down_is_shown_no_more(served):
    listed = Takedowns.load(served.library.store)
    listed.add(["https://clinica.es/gripe"], date(2026, 3, 1))
    try:
        assert urls(served, "q=vacunaci*") == set()
        assert served.ask("/v/v0002?q=vacunacion").text.count("clinica.es/gripe") == 0
    finally:
        served.library.store.takedowns.unlink()
    assert urls(served, "q=vacunaci*") == {"https://clinica.es/gripe"}


def test_the_list_escapes_what_pages_say(served):
    page = served.ask("/v/v0002?q=alert").text
    assert "<script>alert" not in page
    assert "<img" not in page
    text = re.sub(r"</?mark>", "", page)
    assert html.escape("<script>alert(1)</script>") in text


def test_every_value_of_a_facet_can_be_looked_up(served):
    page = served.ask("/v/v0002/values/host?find=REVISTA").text
    assert "revista.es" in page
    assert "portal.mx" not in page
    assert served.ask("/v/v0002/values/nothing").status == 404


@pytest.mark.parametrize("facet", FACETS)
def test_all_pages_have_a_value_of_every_facet(served, facet):
    index = served.library.prepare("v0002")
    assert sum(one.pages for one in index.facet(Asked(), facet)) == index.pages == 68


def test_both_languages(served):
    assert 'lang="en"' in served.ask("/v/v0002").text
    spanish = served.ask("/v/v0002", accept_language="es-MX,es;q=0.9,en;q=0.8")
    assert "68 páginas" in spanish.text
    chosen = served.ask("/v/v0002?hl=es")
    assert "httponly" in chosen.headers["set-cookie"].lower()
    assert "68 páginas" in served.ask("/v/v0002", cookie="hl=es").text


def test_folding_keeps_every_place():
    text = "Año: ÚTIL, ﬁebre, ß, İ, Ǆ, e\u0301, 😀 niños"
    assert len(folded(text)) == len(text)
    assert "nino" in folded(text)
    shown = snippet("uno " * 100 + "niños pequeños " + "dos " * 100, read_search('"ninos pequenos"').phrases)
    assert [piece.text for piece in shown if piece.hit] == ["niños pequeños"]
    assert TOKENIZER == "unicode61 remove_diacritics 2"
