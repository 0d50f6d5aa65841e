"""What a start URL takes: its host or its prefix, and, where it moves, what is its own at the new address."""

import pytest

from crawler.permissions.scope import MOST_MOVES, Scope, is_shared
from data.seeds import Seed


def seed(url, scope="host"):
    return Seed(url, "Hospital", "ES", "hospital", scope)


def moved(start, target, scope="host"):
    one = seed(start, scope)
    held = Scope([one])
    return held.adopt(target, one), held


@pytest.mark.parametrize(
    ("target", "address", "inside", "outside"),
    [
        ("http://www.nuevo.es/", "nuevo.es/", ["/", "/x", "/a/b?c=1"], []),
        ("http://nuevo.gov.py/", "nuevo.gov.py/", ["/x"], []),
        ("http://nuevo.es/index.html", "nuevo.es/", ["/x"], []),
        ("http://nuevo.es/inicio", "nuevo.es/", ["/x"], []),
        ("http://nuevo.es/Default.aspx?lang=es", "nuevo.es/", ["/x"], []),
        ("http://nuevo.es/es/", "nuevo.es/es/", ["/es/x"], ["/x", "/en/x"]),
        ("http://nuevo.es/es/home.php", "nuevo.es/es/", ["/es/x"], ["/en/x"]),
        (
            "http://red.test/hospitalx",
            "red.test/hospitalx",
            ["/hospitalx", "/hospitalx/fotos", "/hospitalx?p=2"],
            ["/", "/persona1", "/hospitalxyz", "/hospitalx-otro"],
        ),
        (
            "http://red.test/pages/Hospital/123",
            "red.test/pages/Hospital/123",
            [],
            ["/pages/Otro/9", "/pages/Hospital/1"],
        ),
        ("https://www.facebook.com/hospitalx", "facebook.com/hospitalx", [], ["/", "/otro"]),
        ("https://m.facebook.com/hospitalx/", "m.facebook.com/hospitalx/", ["/hospitalx/a"], ["/otro"]),
        ("https://hospital.wordpress.com/", "hospital.wordpress.com/", ["/2024/01/x"], []),
        ("http://nuevo.es:8080/", "nuevo.es:8080/", [], []),
    ],
)
def test_a_start_url_that_moves_takes_the_path_that_it_leads_to(target, address, inside, outside):
    told, held = moved("http://viejo.es/", target)
    assert told == address
    origin = "/".join(target.split("/")[:3])
    assert held.seed_of(target).url == "http://viejo.es/"
    assert all(held.seed_of(origin + path) is not None for path in inside)
    assert all(held.seed_of(origin + path) is None for path in outside)
    again = Scope(held.seeds.values(), [(told, "http://viejo.es/")])
    assert all(
        (again.seed_of(origin + path) is None) == (held.seed_of(origin + path) is None) for path in [*inside, *outside]
    )


@pytest.mark.parametrize(
    "target",
    [
        "https://www.facebook.com/",
        "https://www.facebook.com/profile.php?id=100",
        "https://es-es.facebook.com/index.php",
        "https://x.com/",
        "https://www.wordpress.com/",
        "https://www.hugedomains.com/domain_profile.cfm?d=viejo.es",
        "http://parking.test/?d=viejo.es",
        "http://parking.test/index.php?dominio=VIEJO.ES&x=1",
        "http://parking.test/?from=http%3A%2F%2Fwww.viejo.es%2F",
    ],
)
def test_a_portal_is_never_taken_whole(target):
    told, held = moved("http://viejo.es/", target)
    assert told is None
    assert held.seed_of(target) is None


@pytest.mark.parametrize("target", ["https://viejo.es/", "http://www.viejo.es/es/", "https://www.viejo.es/x"])
def test_the_same_site_over_another_scheme_or_with_www_is_in_scope_already(target):
    told, held = moved("http://viejo.es/", target)
    assert told is None
    assert held.seed_of("https://www.viejo.es/en/y").url == "http://viejo.es/"


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("https://www.periodico.es/vida/salud/", "periodico.es/vida/salud/"),
        ("https://www.periodico.es/", None),
        ("https://otro-periodico.es/", None),
        ("https://otro-periodico.es/salud", "otro-periodico.es/salud"),
        ("https://salud.periodico.es/", "salud.periodico.es/"),
    ],
)
def test_a_section_that_moves_takes_no_front_page_of_a_portal(target, address):
    told, _ = moved("https://www.periodico.es/salud", target, "prefix")
    assert told == address


def test_a_host_of_which_others_have_prefixes_is_a_portal():
    one, other = seed("http://viejo.es/"), seed("https://editorial.es/revista-a", "prefix")
    held = Scope([one, other])
    assert held.adopt("https://editorial.es/", one) is None
    assert held.adopt("https://editorial.es/revista-b", one) == "editorial.es/revista-b"
    assert held.seed_of("https://editorial.es/revista-b/1") is one
    assert held.seed_of("https://editorial.es/revista-a-9") is other
    assert held.seed_of("https://editorial.es/revista-c") is None


def test_what_many_start_urls_lead_to_is_nobodys_new_home():
    seeds = [seed(f"http://viejo{number}.es/") for number in range(MOST_MOVES + 1)]
    held = Scope(seeds)
    told = [held.adopt("http://aparcados.test/", one) for one in seeds]
    assert told[:MOST_MOVES] == ["aparcados.test/"] * MOST_MOVES
    assert held.seed_of("http://aparcados.test/") is not None
    assert held.seed_of("http://aparcados.test/otra") is None
    again = Scope(seeds, [("aparcados.test/", one.url) for one in seeds])
    assert again.seed_of("http://aparcados.test/otra") is None


def test_several_start_urls_of_one_site_may_lead_to_its_new_host():
    seeds = [seed(f"http://{name}.viejo.es/") for name in "abcdef"]
    held = Scope(seeds)
    for one in seeds:
        held.adopt("http://nuevo.es/", one)
    assert held.seed_of("http://nuevo.es/x") is not None


def test_what_an_earlier_version_remembered_is_a_whole_host_unless_it_is_a_network():
    one = seed("http://viejo.es/")
    held = Scope([one], [("www.nuevo.es", one.url), ("www.facebook.com", one.url), ("x.es", "http://quitado.es/")])
    assert held.seed_of("http://nuevo.es/a") is one
    assert held.seed_of("http://www.facebook.com/a") is None
    assert held.seed_of("http://x.es/") is None


@pytest.mark.parametrize(
    ("host", "shared"),
    [
        ("www.facebook.com", True),
        ("es-es.facebook.com", True),
        ("facebook.com.es", False),
        ("wordpress.com", True),
        ("clinica.wordpress.com", False),
        ("sites.google.com", True),
        ("clinica.es", False),
    ],
)
def test_networks_by_their_domain(host, shared):
    assert is_shared(host) is shared
