"""robots.txt by RFC 9309, as it is found on the web."""

import os

import pytest

from crawler.permissions.robots import LIFETIME, OLDEST, RETRY, Robots
from data.rights.robots_txt import MAX_BYTES


def read(body: str | bytes, status: int = 200) -> Robots:
    return Robots.read(status, body.encode() if isinstance(body, str) else body, 0.0)


@pytest.mark.parametrize(
    ("body", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("Disallow: /", "/a", True),
        ("<html>no such page</html>", "/a", True),
        ("User-agent: *\nDisallow: /privado", "/privado/x", False),
        ("User-agent: *\nDisallow: /privado", "/PRIVADO", True),
        ("User-agent: *\nDisallow: privado", "/privado", True),
        # the group that names us stands alone (2.2.1)
        ("User-agent: *\nDisallow: /\n\nUser-agent: cowese\nDisallow: /x", "/a", True),
        ("User-agent: cowese\nDisallow: /x\n\nUser-agent: *\nDisallow: /", "/x", False),
        ("User-agent: COWESE\nDisallow: /x", "/x", False),
        ("User-agent: cowese/1.0 (+mailto:a@b.es)\nDisallow: /x", "/x", False),
        ("User-agent: cowesebot\nDisallow: /", "/a", True),
        ("User-agent: co\nDisallow: /", "/a", True),
        ("User-agent: another-agent\nDisallow: /", "/a", True),
        ("User-agent: Googlebot\nUser-agent: cowese\nDisallow: /x", "/x", False),
        ("User-agent: cowese\n\nUser-agent: otro\nDisallow: /x", "/x", False),
        (
            "User-agent: cowese\nDisallow: /a\n\nUser-agent: otro\nDisallow: /c\n\nUser-agent: cowese\nDisallow: /b",
            "/b",
            False,
        ),
        ("User-agent: cowese\nDisallow: /a\n\nUser-agent: otro\nDisallow: /c", "/c", True),
        # the longest match decides, allow wins a draw (2.2.2)
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/b/c", True),
        ("User-agent: *\nDisallow: /a/b\nAllow: /a", "/a/b/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /\nAllow: /$", "/", True),
        ("User-agent: *\nDisallow: /\nAllow: /$", "/a", False),
        # special characters (2.2.3)
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x.pdf?y=1", True),
        ("User-agent: *\nDisallow: /a*z", "/a/b/z", False),
        ("User-agent: *\nDisallow: /?buscar=", "/?buscar=asma", False),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nDisallow: /x # until June", "/x", False),
        ("User-agent: *\nDisallow: /ni\u00f1os", "/ni%C3%B1os", False),
        ("User-agent: *\nDisallow: /ni%c3%b1os", "/ni\u00f1os", False),
        ("User-agent: *\nDisallow: /a%2Fb", "/a/b", True),
        # spellings
        ("\ufeffUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: otro\nDisallow:\n\ufeffUser-agent: *\n\u200bDisallow:\u00a0/x", "/x", False),
        ("User-agent: *\r\nDisallow: /x\r\n", "/x", False),
        ("User-agent: *\rDisallow: /x\r", "/x", False),
        ("  user-AGENT :*\n\tdisallow :/x", "/x", False),
        ("User-agent: *\nSitemap: https://h.es/s.xml\nDisallow: /x", "/x", False),
        ("User-agent: *\nDisallow: /a\n\nDisallow: /b", "/b", False),
        ("User-agent *\nDisallow: /x", "/x", False),
        ("User-agent: *\nDisallow: /x\nUser-agent must match: see below\nDisallow: /y", "/y", False),
        ("User-agent: *\nHost: h.es\nDisallow: /x\nNoSuchField: 1", "/x", False),
    ],
)
def test_rules(body, path, allowed):
    robots = read(body)
    assert robots.allows(f"https://h.es{path}") is allowed
    assert robots.refusal(f"https://h.es{path}") == (None if allowed else "robots/disallowed")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, "robots/disallowed"),
        (204, "robots/disallowed"),
        (404, None),
        (401, None),
        (403, None),
        (429, "robots/unreachable"),
        (408, "robots/unreachable"),
        (425, "robots/unreachable"),
        (418, None),
        (301, None),
        (500, "robots/unreachable"),
        (503, "robots/unreachable"),
        (599, "robots/unreachable"),
        (0, "robots/unreachable"),
    ],
)
def test_what_a_status_means(status, reason):
    assert read("User-agent: *\nDisallow: /", status).refusal("https://h.es/a") == reason


def test_an_old_answer_serves_an_hour_at_a_time_for_thirty_days():
    robots, later = Robots.read(200, b"", fetched_at=0.0), LIFETIME + 5
    assert robots.serve_on(later)
    assert robots.is_fresh(later + RETRY - 1)
    assert not robots.is_fresh(later + RETRY)
    assert not robots.serve_on(OLDEST + 1)
    assert not Robots.read(503, b"", fetched_at=0.0).serve_on(1.0)


def test_it_holds_for_a_day():
    robots = Robots.read(200, b"", fetched_at=1_000.0)
    assert robots.is_fresh(1_000.0 + LIFETIME - 1)
    assert not robots.is_fresh(1_000.0 + LIFETIME)


@pytest.mark.parametrize(
    ("word", "delay"),
    [("5", 5.0), ("0.5", 0.5), ("0", 0.0), ("x", None), ("-3", None), ("inf", None), ("nan", None), ("1e400", None)],
)
def test_crawl_delay(word, delay):
    assert read(f"User-agent: *\nCrawl-delay: {word}").delay == delay


def test_crawl_delay_of_another_is_not_ours():
    assert read("User-agent: bingbot\nCrawl-delay: 10\n\nUser-agent: *\nDisallow: /x").delay is None


def test_sitemaps_stand_outside_of_groups():
    robots = read("Sitemap: https://h.es/a.xml\nUser-agent: otro\nSitemap: https://h.es/b.xml\nDisallow: /")
    assert robots.sitemaps == ["https://h.es/a.xml", "https://h.es/b.xml"]


def test_at_least_500_kib_are_read_and_no_more_than_the_cap():
    filler = b"# " + b"x" * 97 + b"\n"
    early = b"User-agent: *\n" + filler * (500 * 1024 // len(filler) - 1) + b"Disallow: /x\n"
    late = b"User-agent: *\n" + filler * (MAX_BYTES // len(filler) + 1) + b"Disallow: /x\n"
    assert len(early) > 500 * 1000
    assert not read(early).allows("https://h.es/x")
    assert read(late).allows("https://h.es/x")


def test_a_file_of_only_rules_and_patterns_of_only_stars_are_survived():
    many = read("User-agent: *\n" + "".join(f"Disallow: /seccion{number}/*y\n" for number in range(25_000)))
    assert not many.allows("https://h.es/seccion7/y")
    stars = read("User-agent: *\nDisallow: /" + "*a" * 60 + "*b$\n")
    assert stars.allows("https://h.es/" + "a" * 1_900)


def test_any_bytes_are_survived():
    for _ in range(50):
        assert read(os.urandom(2_000)).refusal("https://h.es/a") in (None, "robots/disallowed")


@pytest.mark.parametrize(
    ("body", "reserved"),
    [
        ("User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /", True),
        ("User-agent: *\nContent-Signal: ai-train=yes\nAllow: /", False),
        ("User-agent: *\nContent-Signal: ai-input=no\nAllow: /", False),
        ("User-agent: GPTBot\nContent-Signal: ai-train=no\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: *\nContent-Signal: ai-train=no\n\nUser-agent: cowese\nAllow: /", False),
        ("# ai-train=no is how one would say it\nUser-agent: *\nAllow: /", False),
    ],
)
def test_content_signals(body, reserved):
    assert read(body).refusal("https://h.es/a") == ("rights/content_signal" if reserved else None)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_half_a_rule_at_the_end_of_what_is_read_is_none(end):
    head = b"User-agent: *" + end + b"Disallow: /no" + end
    cut = b"Disallow: /privado"
    filler = b"#" * (MAX_BYTES - len(head) - len(end) - len(b"Disallow: /"))
    robots = Robots.read(200, head + filler + end + cut, 0.0)
    assert robots.allows("http://a.es/salud")
    assert not robots.allows("http://a.es/no")
    assert Robots.read(200, b"x" * (MAX_BYTES + 1), 0.0).allows("http://a.es/salud")
