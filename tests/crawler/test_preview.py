"""`crawl --dry-run` names what the next run asks for: the run itself is held against it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from crawler_web import Web, host_rows, html, rows, serving

from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from crawler.views.preview import preview
from data.seeds import load_seeds
from data.takedowns import Takedowns

pytestmark = pytest.mark.slow

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = ("libre", "pausa", "tope", "excluye", "hondo", "incluye", "retirado", "descansa")
RULES = {
    "per_host": {
        "pausa.test": {"pause": True},
        "tope.test": {"max_pages": 3},
        "excluye.test": {"exclude": ["/dos"]},
        "hondo.test": {"max_depth": 1},
    },
    "per_seed": {"http://incluye.test/": {"include": ["/uno", "/tres"]}},
}


def web_of_hosts():
    pages = {}
    for host in HOSTS:
        home = f"http://{host}.test/"
        pages |= {home: html("/uno", "/dos"), f"{home}uno": html("/tres"), f"{home}dos": html(), f"{home}tres": html()}
    return Web(pages)


def seen_and_asked(web, store, settings, when, **how):
    """What the dry run names, and what the run then asks for."""
    shown = preview(store, settings, as_of=when, limit=10_000, **how)
    web.asked.clear()
    summary = crawl(store, settings, as_of=when, **how)
    asked = {url.partition("?")[0] for url in web.beyond_permissions()}
    return shown, summary, {row.url for row in shown.first}, asked


def test_the_run_asks_for_what_the_dry_run_names(tmp_path, store):
    with serving(web_of_hosts()) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{host}.test/" for host in HOSTS))
        plain, ruled = web.settings(seeds), web.settings(seeds, **RULES)
        shown, _, named, _ = seen_and_asked(web, store, plain, BEGIN)
        assert (shown.round, shown.step, len(named), shown.left_out) == (1, "start", len(HOSTS), {})
        web.pages["http://descansa.test/robots.txt"] = (503, {"Retry-After": "864000"}, b"")
        Takedowns.load(store).add(["retirado.test"], date(2026, 1, 2))
        shown, summary, named, asked = seen_and_asked(web, store, ruled, BEGIN + timedelta(60))
        assert named - asked == {url for url in named if "descansa" in url}, "robots.txt alone told of the rest"
        assert asked <= named
        assert shown.left_out == {
            "scope/paused": 5,
            "takedown": 5,
            "budget/host_pages": 1,
            "scope/excluded": 2,
            "scope/too_deep": 1,
        }
        assert not summary.finished
        later = BEGIN + timedelta(60, hours=2)
        shown, _, named, asked = seen_and_asked(web, store, ruled, later)
        assert (shown.step, named, asked) == ("wait", set(), set())
        assert list(shown.resting) == ["descansa.test"]
        shown, _, named, asked = seen_and_asked(web, store, plain, later)  # the rules are taken back
        assert shown.step == "continue"
        assert named == asked
        assert {url.split("/")[2] for url in named} == {
            "pausa.test",
            "tope.test",
            "excluye.test",
            "hondo.test",
            "incluye.test",
        }
        assert shown.left_out == {"host/rests": 5}


def test_new_start_urls_and_nothing_due(tmp_path, store):
    with serving(web_of_hosts()) as web:
        first = web.seeds(tmp_path / "seeds.tsv", "http://libre.test/")
        assert seen_and_asked(web, store, web.settings(first), BEGIN)[1].finished
        shown, _, named, asked = seen_and_asked(web, store, web.settings(first), BEGIN)
        assert (shown.round, shown.step, shown.urls, named, asked) == (1, "nothing", 0, set(), set())
        both = web.seeds(tmp_path / "more.tsv", "http://libre.test/", "http://pausa.test/", "http://tope.test/")
        paused = web.settings(both, per_host={"pausa.test": {"pause": True}})
        shown, _, named, asked = seen_and_asked(web, store, paused, BEGIN + timedelta(hours=1))
        assert (shown.round, shown.step, shown.left_out) == (2, "start", {"scope/paused": 1})
        assert "http://tope.test/" in named
        assert named <= asked
        assert not [url for url in asked if "pausa" in url]


@pytest.mark.parametrize("part", ["1/2", "2/2"])
def test_a_partition_names_its_own_hosts(tmp_path, store, part):
    with serving(web_of_hosts()) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{host}.test/" for host in HOSTS))
        shown, _, named, asked = seen_and_asked(web, store, web.settings(seeds, partition=part), BEGIN)
        assert named == {url for url in asked if url.endswith(".test/")}
        assert shown.left_out["partition/another"] == len(HOSTS) - len(named) > 0


def test_looking_changes_nothing(tmp_path, store):
    with serving(web_of_hosts()) as web:
        seeds = web.seeds(tmp_path / "seeds.tsv", *(f"http://{host}.test/" for host in HOSTS))
        crawl(store, web.settings(seeds), as_of=BEGIN)
        before = rows(store), host_rows(store)
        for when in (BEGIN, BEGIN + timedelta(90)):
            preview(store, web.settings(seeds, **RULES), as_of=when, revisit="all")
        assert (rows(store), host_rows(store)) == before


def test_the_preview_says_what_comes_first_and_why(tmp_path, store):
    with serving(Web({"http://a.test/": html("/uno"), "http://a.test/uno": html()})) as web:
        settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
        before = preview(store, settings)
        assert (before.round, before.urls, before.hosts, web.asked) == (1, 1, 1, [])
        assert before.first[0].why == "start URL, never fetched"
        assert not store.crawl_state.exists()
        crawl(store, settings, as_of=datetime(2026, 1, 1, tzinfo=UTC))
        asked = len(web.asked)
        after = preview(store, settings, as_of=datetime(2026, 3, 1, tzinfo=UTC))
        assert len(web.asked) == asked
    assert (after.round, after.step) == (2, "start")
    why = {row.url: (row.why, row.only_if_changed) for row in after.first}
    assert why["http://a.test/uno"] == ("due since 2026-01-31", True)
    assert why["http://a.test/sitemap.xml"][0] == "sitemap"


def test_the_preview_leaves_out_what_was_taken_down(tmp_path, store):
    with serving(Web({url: html("/uno") for url in ("http://a.test/", "http://b.test/")})) as web:
        settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/"))
        Takedowns.load(store).add(["b.test"], date(2026, 1, 1))
        assert [row.url for row in preview(store, settings).first] == ["http://a.test/"]
        crawl(store, settings, as_of=datetime(2026, 1, 1, tzinfo=UTC))
        known = {row.url for row in preview(store, settings, revisit="all").first}
        Takedowns.load(store).add(["http://a.test/uno"], date(2026, 1, 1))
        left = preview(store, settings, revisit="all", limit=1)
    assert "http://a.test/uno" in known
    assert not [url for url in known if "b.test" in url]
    assert (left.urls, left.hosts, len(left.first)) == (len(known) - 1, 1, 1)


def test_the_preview_of_the_built_in_seeds(store):
    shown = preview(store, CrawlSettings(), limit=10)
    assert shown.urls > 4_000
    assert len(shown.first) == 10
    assert len(load_seeds()) >= shown.urls
