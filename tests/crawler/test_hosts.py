"""The operator's view: every host with its standing, one host's story, limits of single hosts in the settings."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawler_web import Web, html, serving
from typer.testing import CliRunner

from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import REFUSED
from crawler.frontier.records import FoundUrl, HostState
from crawler.frontier.tables import urls
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from crawler.views.hosts import host_story, host_views
from data.errors import InputError
from data.store import Store
from data.takedowns import Takedowns
from flows.cli import app

pytestmark = pytest.mark.slow

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """A store after a round over hosts that answer, forbid, trap and have more than their budget."""
    folder = tmp_path_factory.mktemp("hosts")
    store = Store.open(folder / "store")
    with serving(Web()) as web:
        web.pages = {
            "http://buena.test/": html("/uno", "/dos", "/perdida"),
            "http://buena.test/uno": html("/es/es/es/es/x"),
            "http://buena.test/dos": html(text="dos"),
            "http://prohibe.test/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /\n"),
            "http://grande.test/": html(*(f"/p{n}" for n in range(9))),
        } | {f"http://grande.test/p{n}": html(text=str(n)) for n in range(9)}
        seeds = web.seeds(folder / "seeds.tsv", *(f"http://{n}.test/" for n in ("buena", "prohibe", "grande", "nueva")))
        given = {"max_pages_per_host": 4, "per_host": {"nueva.test": {"pause": True}}}
        crawl(store, web.settings(seeds, **given), as_of=NOW)
        yield store, web.settings(seeds, **given), seeds


def test_every_host_with_its_standing_and_figures(crawled):
    store, settings, _ = crawled
    views = {view.host: view for view in host_views(store, settings, as_of=NOW)}
    standing = {host: view.state for host, view in views.items()}
    assert standing == {
        "buena.test": "done",
        "prohibe.test": "opted_out",
        "grande.test": "over_budget",
        "nueva.test": "paused",
    }
    good, big = views["buena.test"], views["grande.test"]
    assert (good.pages, good.queued, good.statuses["200"], good.statuses["404"]) == (3, 0, 3, 2)
    assert good.traps == {"trap/repeated_path": 1}
    assert good.answers == 9  # robots.txt, tdmrep.json, ai.txt in two places, sitemap.xml, four URLs
    assert good.megabytes > 0
    assert good.answers_a_second > 0
    assert (big.done_in_round, big.page_cap, big.refused) == (4, 4, {"budget/host_pages": 6})
    assert views["prohibe.test"].opt_outs == {"robots/disallowed": 2}
    assert good.next_due - NOW < timedelta(days=2)


def test_the_story_of_a_host_in_any_spelling(crawled):
    store, settings, _ = crawled
    story = host_story(store, settings, "https://WWW.grande.test/x", as_of=NOW)
    assert (story.host, story.state, story.start_urls) == ("grande.test", "over_budget", ["http://grande.test/"])
    assert len(story.last) == 5
    assert {one.status for one in story.last} == {200, 404}
    assert story.rounds == {1: 11}
    assert host_story(store, settings, "nueva.test").override.pause
    with pytest.raises(InputError, match="no host of this store"):
        host_story(store, settings, "otra.test")


def said(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stdout, result


def test_the_command_filters_sorts_and_speaks_json(crawled):
    store, _, seeds = crawled
    given = ("hosts", "--store", store.root, "--seeds", seeds, "--json", "--as-of", "2027-01-01")
    code, out, result = said(*given, "--sort", "pages")
    assert code == 0, result.exception
    assert [one["host"] for one in json.loads(out)][:2] == ["grande.test", "buena.test"]
    assert [one["host"] for one in json.loads(said(*given, "--standing", "opted_out")[1])] == ["prohibe.test"]
    assert [one["host"] for one in json.loads(said(*given, "--match", "GRAN")[1])] == ["grande.test"]
    assert json.loads(said(*given[:-3], "grande.test", "--json")[1])["page_cap"] == 20_000
    code, _, result = said(*given, "--state", "dormido")
    assert code != 0
    assert "no such state" in str(result.exception)
    code, out, _ = said(*given[:5])
    assert "4 hosts" in out
    assert "over_budget" in out


@pytest.mark.parametrize(
    ("state", "rest", "standing"),
    [
        ("blocked", 5.0, "blocked"),
        ("sick", 5.0, "sick"),
        ("unreachable", None, "unreachable"),
        (None, 5.0, "resting"),
        (None, -5.0, "queued"),
        (None, None, "queued"),
    ],
)
def test_what_is_remembered_of_a_host_is_its_standing(tmp_path, state, rest, standing):
    store = Store.open(tmp_path / "store")
    store.crawl.mkdir()
    frontier = Frontier(f"sqlite:///{store.crawl_state}")
    until = None if rest is None else NOW.timestamp() + rest
    remembered = HostState(failures=3, rest_until=until, state=state, why=state and "HTTP 403")
    frontier.commit([], [FoundUrl("http://a.test/", "a.test", "http://a.test/")], {"a.test": remembered})
    frontier.close()
    seeds = Web().seeds(tmp_path / "seeds.tsv", "http://a.test/")
    (view,) = host_views(store, CrawlSettings(seeds=seeds), as_of=NOW)
    assert view.state == standing
    assert (view.rests_until is not None) == (rest is not None and rest > 0)


def test_hosts_taken_down_or_out_of_scope(tmp_path):
    store = Store.open(tmp_path / "store")
    store.crawl.mkdir()
    frontier = Frontier(f"sqlite:///{store.crawl_state}")
    frontier.commit([], [FoundUrl(f"http://{name}.test/", f"{name}.test", f"http://{name}.test/") for name in "abc"])
    with frontier.engine.begin() as connection:
        connection.execute(sa.update(urls).values(state=REFUSED, reason="scope/out_of_scope"))
    frontier.close()
    Takedowns.load(store).add(["b.test"], NOW.date())
    seeds = Web().seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")
    standing = {view.host: view.state for view in host_views(store, CrawlSettings(seeds=seeds), as_of=NOW)}
    assert standing == {"a.test": "new", "b.test": "taken_down", "c.test": "out_of_scope"}


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ('crawl.per_host={"a.test": {"delay": 5}}', None),
        ('crawl.per_host={"www.a.test": {"pause": true}}', None),
        ('crawl.per_seed={"http://a.test/": {"exclude": ["/agenda/"]}}', None),
        ('crawl.per_host={"otra.test": {"delay": 5}}', "per_host otra.test: no start URL"),
        ('crawl.per_seed={"http://a.test": {"pause": true}}', "per_seed http://a.test: no such start URL"),
        ('crawl.per_seed={"http://r.test/salud": {"max_pages": 9}}', "has a part of one"),
        ('crawl.per_host={"a.test": {"exclude": ["("]}}', "not a regular expression"),
        ('crawl.per_host={"a.test": {"dalay": 5}}', "no such setting"),
        ('crawl.per_host={"a.test": {"delay": -1}}', "greater than or equal to 0"),
    ],
)
def test_the_check_of_the_seeds_holds_the_limits_against_the_list(tmp_path, setting, problem):
    seeds = tmp_path / "seeds.tsv"
    rows = ["http://a.test/\tA\tES\thospital\thost", "http://r.test/salud\tR\tES\tmedia\tprefix"]
    seeds.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(rows) + "\n")
    code, _, result = said("seeds", "--seeds", seeds, "--check", "--set", setting)
    if problem is None:
        assert code == 0, result.exception
    else:
        assert problem in str(result.exception)


def test_the_check_tells_every_limit_that_names_nothing(tmp_path):
    seeds = tmp_path / "seeds.tsv"
    seeds.write_text("url\tname\tcountry\tcategory\tscope\nhttp://a.test/\tA\tES\thospital\thost\n")
    settings = ('crawl.per_host={"x.test": {"max_pages": 1}}', 'crawl.per_seed={"http://y.test/": {"pause": true}}')
    _, _, result = said("seeds", "--seeds", seeds, "--check", *(part for one in settings for part in ("--set", one)))
    assert str(result.exception).splitlines() == [
        "setting crawl.per_host x.test: no start URL leads to this host.",
        "setting crawl.per_seed http://y.test/: no such start URL in the list.",
    ]
