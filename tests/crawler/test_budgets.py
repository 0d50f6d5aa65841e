"""Which pages a round asks for and in which order; what the operator's new word does to what is queued."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawler_web import Web, html, rows, serving

from crawler.frontier.due import DAY, FAILED_RANK, KNOWN_RANK, NEW_RANK
from crawler.frontier.frontier import Frontier
from crawler.frontier.numbers import DONE, REFUSED
from crawler.frontier.records import FoundUrl, HostState
from crawler.frontier.rounds import Rounds
from crawler.frontier.tables import urls
from crawler.permissions.operator_rules import OperatorRules
from crawler.permissions.scope import Scope
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.seeds import Seed
from data.takedowns import Takedowns

START = datetime(2027, 1, 1, tzinfo=UTC)
NOW = START.timestamp()


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


@pytest.fixture
def frontier(tmp_path):
    opened = Frontier(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    yield opened
    opened.close()


def rules(*hosts, takedowns=None, **settings):
    seeds = [Seed(f"http://{host}/", "Hospital", "ES", "hospital", "host") for host in hosts or ("a.test",)]
    return OperatorRules(CrawlSettings(**settings), Scope(seeds), takedowns)


def found(path, host="a.test", **others):
    return FoundUrl(f"http://{host}{path}", host, f"http://{host}/", **others)


def done(frontier, *paths, host="a.test", **values):
    """Mark pages as done in round 1, as a visit does."""
    wanted = {f"http://{host}{path}" for path in paths}
    given = {"state": DONE, "round": 1, "fetched_at": NOW, "due_at": NOW + 30 * DAY, "interval_days": 30.0, **values}
    with frontier.engine.begin() as connection:
        connection.execute(sa.update(urls).where(urls.c.url.in_(wanted)).values(**given))


def opened(frontier, now, heard=None, **others):
    given = {"everything": False, "patience": 300.0, **others}
    told = Rounds(frontier).open(now, heard or rules(), **given)
    return told.number, told.step


def order(frontier, host="a.test"):
    return [row.url.removeprefix(f"http://{host}") for row in frontier.queued(host, 1_000)]


def test_pages_never_fetched_come_first_and_then_those_longest_overdue_for_their_interval(frontier):
    names = [f"/{name}" for name in ("fresh", "late", "later", "weekly", "new1", "failed", "ancient")]
    frontier.commit([], [found(name) for name in names])
    opened(frontier, NOW - 400 * DAY)
    done(frontier, "/fresh", due_at=NOW - 1 * DAY)
    done(frontier, "/late", due_at=NOW - 20 * DAY)
    done(frontier, "/later", due_at=NOW - 40 * DAY)
    done(frontier, "/weekly", due_at=NOW - 18 * DAY, interval_days=7.0)
    done(frontier, "/ancient", due_at=NOW - 200 * DAY)
    done(frontier, "/failed", fetched_at=None, due_at=NOW - DAY, reason="TimeoutError")
    Rounds(frontier).close(1, NOW, 300.0)
    frontier.commit([], [found("/new2"), found("/sitemap.xml", kind=1, rank=0)])
    assert opened(frontier, NOW) == (1, "continue"), "new1 is queued still"
    done(frontier, "/new1", due_at=NOW + 20 * DAY)
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW) == (2, "start")
    expected = ["/sitemap.xml", "/ancient", "/new2", "/failed", "/weekly", "/later", "/late", "/fresh"]
    assert order(frontier) == expected


def test_ranks_of_new_failed_and_known_pages_do_not_meet(frontier):
    frontier.commit([], [found(f"/{n}") for n in range(4)])
    opened(frontier, NOW)
    done(frontier, "/0", due_at=NOW + 100 * DAY, interval_days=1.0)
    done(frontier, "/1", due_at=NOW - 179 * DAY, interval_days=1.0)
    done(frontier, "/2", fetched_at=None, reason="x")
    frontier.finish_round(1, NOW)
    opened(frontier, NOW, everything=True)
    with frontier.engine.connect() as connection:
        rank = dict(connection.execute(sa.select(urls.c.url, urls.c.rank)).all())
    asked, overdue, failed, new = (rank[f"http://a.test/{n}"] for n in range(4))
    assert NEW_RANK <= new < FAILED_RANK == failed < KNOWN_RANK < overdue < asked


@pytest.mark.parametrize(
    ("interval", "round_days", "days", "asked"),
    [
        (30.0, 0.01, 30.0, True),
        (30.0, 0.01, 28.0, True),  # February
        (30.0, 0.01, 27.0, True),
        (30.0, 0.01, 26.0, False),
        (30.0, 8.0, 22.0, True),  # fetched on the last day of a long round
        (30.0, 8.0, 21.0, False),
        (7.0, 0.01, 7.0, True),
        (7.0, 0.01, 6.0, False),
        (1.0, 0.01, 0.5, False),
        (1.0, 8.0, 0.5, False),  # a long round is no reason to ask a daily page all day
        (180.0, 0.01, 170.0, True),
    ],
)
def test_a_page_is_asked_for_in_the_round_in_which_its_time_comes(frontier, interval, round_days, days, asked):
    frontier.commit([], [found("/")])
    opened(frontier, NOW - round_days * DAY)
    done(frontier, "/", due_at=NOW + interval * DAY, interval_days=interval)
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW + days * DAY) == ((2, "start") if asked else (1, "nothing"))


def test_what_failed_in_passing_is_asked_for_after_a_day_and_not_before(frontier):
    frontier.commit([], [found("/")])
    opened(frontier, NOW)
    done(frontier, "/", due_at=NOW + DAY, interval_days=30.0, reason="TimeoutError")
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW + 0.9 * DAY) == (1, "nothing")
    assert opened(frontier, NOW + DAY) == (2, "start")


def test_a_round_waits_for_hosts_that_rest_and_no_empty_one_is_opened(frontier):
    heard = rules("a.test", "b.test")
    resting = {"b.test": HostState(5, NOW + 7 * DAY)}
    frontier.commit([], [found("/"), found("/", "b.test")], resting)
    opened(frontier, NOW, heard)
    done(frontier, "/")
    assert Rounds(frontier).close(1, NOW, 300.0) is False
    assert [opened(frontier, NOW + day * DAY, heard) for day in (0, 1, 6)] == [(1, "wait")] * 3
    assert opened(frontier, NOW + 8 * DAY, heard) == (1, "continue")


def test_a_round_that_waits_ends_when_anything_else_is_due(frontier):
    heard = rules("a.test", "b.test")
    frontier.commit([], [found("/"), found("/", "b.test")], {"b.test": HostState(5, NOW + 60 * DAY)})
    opened(frontier, NOW, heard)
    done(frontier, "/")
    Rounds(frontier).close(1, NOW, 300.0)
    assert opened(frontier, NOW + 30 * DAY, heard) == (2, "start")
    assert order(frontier) == ["/"]
    assert order(frontier, "b.test") == ["/"], "what waited goes into the next round"


def test_new_start_urls_wake_a_waiting_round(frontier):
    frontier.commit([], [found("/", "b.test")], {"b.test": HostState(5, NOW + 60 * DAY)})
    frontier.commit([], [found("/")])
    opened(frontier, NOW, rules("a.test", "b.test"))
    done(frontier, "/")
    Rounds(frontier).close(1, NOW, 300.0)
    frontier.commit([], [found("/", "c.test")])
    assert opened(frontier, NOW, rules("a.test", "b.test", "c.test")) == (1, "continue")


def test_an_interrupted_round_goes_on_however_old_it_is(frontier):
    frontier.commit([], [found("/1"), found("/2")])
    opened(frontier, NOW)
    done(frontier, "/1")
    assert opened(frontier, NOW + 90 * DAY) == (1, "continue")


def over_budget(frontier, *paths, reason="budget/host_pages"):
    done(frontier, *paths, state=REFUSED, reason=reason, fetched_at=None, due_at=None, interval_days=None)


def test_a_raised_cap_opens_the_round_again_the_same_one_does_not(frontier):
    frontier.commit([], [found(f"/{n}") for n in range(6)])
    opened(frontier, NOW, rules(max_pages_per_host=3))
    done(frontier, "/0", "/1", "/2")
    over_budget(frontier, "/3", "/4", "/5")
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW, rules(max_pages_per_host=3)) == (1, "nothing")
    assert opened(frontier, NOW, rules(max_pages_per_host=2)) == (1, "nothing")
    assert opened(frontier, NOW, rules(max_pages_per_host=5)) == (1, "reopen")
    assert order(frontier) == ["/3", "/4", "/5"]


def test_what_a_budget_left_is_a_reason_for_a_round_after_a_day(frontier):
    frontier.commit([], [found(f"/{n}") for n in range(3)])
    opened(frontier, NOW, rules(max_pages_per_host=1))
    done(frontier, "/0")
    over_budget(frontier, "/1", "/2")
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW + DAY / 2, rules(max_pages_per_host=1)) == (1, "nothing")
    assert opened(frontier, NOW + DAY, rules(max_pages_per_host=1)) == (2, "start")
    assert order(frontier) == ["/1", "/2"]


def test_a_cap_of_one_host_is_raised_alone(frontier):
    heard = rules("a.test", "b.test", max_pages_per_host=1)
    frontier.commit([], [found("/1"), found("/1", "b.test"), found("/2"), found("/2", "b.test")])
    opened(frontier, NOW, heard)
    for host in ("a.test", "b.test"):
        done(frontier, "/1", host=host)
        done(frontier, "/2", host=host, state=REFUSED, reason="budget/host_pages")
    frontier.finish_round(1, NOW)
    raised = rules("a.test", "b.test", max_pages_per_host=1, per_host={"www.b.test": {"max_pages": 5}})
    assert opened(frontier, NOW, raised) == (1, "reopen")
    assert (order(frontier), order(frontier, "b.test")) == ([], ["/2"])


def test_a_start_url_taken_out_takes_its_queue_along_and_brings_it_back(frontier):
    both, one = rules("a.test", "b.test"), rules("b.test")
    frontier.commit([], [found("/1"), found("/2"), found("/1", "b.test")])
    opened(frontier, NOW, both)
    done(frontier, "/1", due_at=NOW)
    assert opened(frontier, NOW, one) == (1, "continue")
    assert (order(frontier), order(frontier, "b.test")) == ([], ["/1"])
    done(frontier, "/1", host="b.test")
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW + 60 * DAY, one, everything=True) == (2, "start")
    assert (order(frontier), order(frontier, "b.test")) == ([], ["/1"])
    assert opened(frontier, NOW + 61 * DAY, both) == (2, "continue")
    assert order(frontier) == ["/2", "/1"]


@pytest.mark.parametrize(
    ("override", "left"),
    [
        ({"pause": True}, set()),
        ({"exclude": ["/agenda/"]}, {"/", "/salud/1", "/salud/2"}),
        ({"include": ["/salud/"]}, {"/", "/salud/1", "/salud/2"}),
        ({"include": ["/salud/"], "exclude": ["2$"]}, {"/", "/salud/1"}),
        ({"max_depth": 1}, {"/", "/salud/1", "/agenda/1"}),
        ({"max_depth": 0}, {"/"}),
        ({}, {"/", "/salud/1", "/salud/2", "/agenda/1"}),
    ],
)
@pytest.mark.parametrize("of", ["per_host", "per_seed"])
def test_overrides_judge_what_is_queued(override, left, of):
    depths = {"/": 0, "/salud/1": 1, "/salud/2": 2, "/agenda/1": 1}
    name = "www.a.test" if of == "per_host" else "http://a.test/"
    heard = rules(**{of: {name: override}})
    asked = {
        path
        for path, depth in depths.items()
        if heard.refusal(f"http://a.test{path}", "a.test", "http://a.test/", 0, depth) is None
    }
    assert asked == left
    other = rules("b.test", **{of: {name: override}})
    assert other.refusal("http://b.test/agenda/1", "b.test", "http://b.test/", 0, 9) is None


def test_pages_of_a_start_url_that_was_taken_out_are_no_reason_for_a_round(frontier):
    frontier.commit([], [found("/1"), found("/1", "b.test")])
    both = rules("a.test", "b.test")
    opened(frontier, NOW, both)
    done(frontier, "/1")
    done(frontier, "/1", host="b.test", due_at=NOW + 300 * DAY)
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW + 60 * DAY, rules("b.test")) == (1, "nothing")
    assert opened(frontier, NOW + 60 * DAY, both) == (2, "start")


def test_a_pattern_taken_back_brings_back_what_it_refused(frontier):
    frontier.commit([], [found("/agenda/1", depth=1), found("/x", depth=1)])
    excluding = rules(per_host={"a.test": {"exclude": ["/agenda/"]}})
    opened(frontier, NOW, excluding)
    done(frontier, "/agenda/1", state=REFUSED, reason="scope/excluded", fetched_at=None, due_at=None)
    done(frontier, "/x")
    frontier.finish_round(1, NOW)
    assert opened(frontier, NOW, excluding) == (1, "nothing")
    assert opened(frontier, NOW + 60 * DAY, excluding) == (2, "start")
    assert order(frontier) == ["/x"], "what the operator excluded is not judged again in each round"
    assert opened(frontier, NOW + 60 * DAY, rules()) == (2, "continue")
    assert order(frontier) == ["/agenda/1", "/x"]


def test_a_host_that_a_prefix_still_reaches_is_judged_url_by_url():
    seed = Seed("http://a.test/salud", "Sección", "ES", "portal", "prefix")
    heard = OperatorRules(CrawlSettings(), Scope([seed]))
    gone = "http://a.test/"
    assert heard.refusal_of_all("a.test", gone) is None
    assert heard.refusal("http://a.test/salud/1", "a.test", gone, 0, 1) is None
    assert heard.refusal("http://a.test/deportes", "a.test", gone, 0, 1) == "scope/out_of_scope"
    assert heard.refusal_of_all("b.test", gone) == "scope/out_of_scope"


@pytest.mark.slow
def test_a_cap_starves_no_page_that_is_new(web, store, tmp_path):
    paths = [f"/p{n}" for n in range(10)]
    visits = {"round": 0}
    web.etags = False
    web.pages = {"http://a.test/": html(*paths)}
    web.pages |= {f"http://a.test{path}": lambda _, path=path: html(text=f"{path} {visits['round']}") for path in paths}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), max_pages_per_host=4)
    for month in range(4):
        visits["round"] = month
        crawl(store, settings, as_of=START + timedelta(days=30 * month))
    assert not [path for path in paths if f"http://a.test{path}" not in web.urls()]
    assert len(web.beyond_permissions()) <= 4 * 5


@pytest.mark.slow
def test_a_takedown_is_heard_while_the_crawl_runs(web, store, tmp_path):
    paths = [f"/p{n}" for n in range(60)]
    begun = threading.Event()

    def slow(_):
        begun.set()
        threading.Event().wait(0.05)
        return html()

    web.pages = {"http://a.test/": html(*paths)} | {f"http://a.test{path}": slow for path in paths}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))

    def take_down():
        begun.wait(60)
        Takedowns.load(store).add(["a.test"], START.date())

    other = threading.Thread(target=take_down)
    other.start()
    summary = crawl(store, settings)
    other.join()
    assert summary.refused["takedown"] > 0
    assert len(web.beyond_permissions()) < 62
    assert {row.reason for row in rows(store).values() if row.state == REFUSED} == {"takedown"}


@pytest.mark.slow
@pytest.mark.parametrize(("limits", "least", "most"), [({"max_gigabytes": 1e-5}, 3, 40), ({"max_hours": 1e-6}, 0, 12)])
def test_a_run_ends_at_its_limit_and_the_next_goes_on(web, store, tmp_path, limits, least, most):
    paths = [f"/p{n}" for n in range(60)]
    web.pages = {"http://a.test/": html(*paths)} | {f"http://a.test{path}": html(text="x" * 900) for path in paths}
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/")
    web.delay = 0.03
    crawl(store, web.settings(seeds, max_pages=2))
    first = crawl(store, web.settings(seeds, **limits))
    assert not first.finished
    assert least <= first.new <= most
    web.delay = 0.0
    assert crawl(store, web.settings(seeds)).finished
    assert len(set(web.beyond_permissions())) == 62


@pytest.mark.slow
def test_a_limit_that_comes_before_the_first_page_is_no_failure(web, store, tmp_path):
    web.pages = {"http://a.test/": html()}
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/")
    first = crawl(store, web.settings(seeds, max_hours=1e-9))
    assert (first.finished, first.failed) == (False, {})
    assert crawl(store, web.settings(seeds)).finished


@pytest.mark.slow
def test_a_comment_of_generation_is_no_change_of_a_page(web, store, tmp_path):
    stamp = {"n": 0}

    def page(_):
        stamp["n"] += 1
        status, fields, body = html("/uno")
        return (
            status,
            fields,
            body.replace(b"<p>", b"<!-- generado %d --><p data-nonce='%d'>" % (stamp["n"], stamp["n"])),
        )

    web.etags = False
    web.pages = {"http://a.test/": page, "http://a.test/uno": html()}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    crawl(store, settings, as_of=START)
    second = crawl(store, settings, as_of=START + timedelta(days=31))
    assert (second.same, second.changed) == (2, 0)
    row = rows(store)["http://a.test/"]
    assert (row.interval_days, row.unchanged) == (pytest.approx(45), 1)
