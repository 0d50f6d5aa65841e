"""A robots.txt that cannot be had: the old rules serve, and where there are none, what is queued stays queued."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawler_web import Web, host_rows, html, rows, serving

from crawler.frontier.database import open_engine
from crawler.frontier.numbers import DONE, QUEUED, REFUSED
from crawler.process.run import crawl

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /privado\n")
HOST = "http://a.test"


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


def two_hosts(web, tmp_path, **options):
    """A host with a page that its rules forbid, and another so that the crawl has something to do."""
    web.pages |= {f"{HOST}/": html("/privado/x", "/uno"), f"{HOST}/uno": html(), f"{HOST}/privado/x": html()}
    web.pages |= {"http://b.test/": html()}
    return web.settings(
        web.seeds(tmp_path / "seeds.tsv", f"{HOST}/", "http://b.test/"), breaker_base_delay=0.05, **options
    )


@pytest.mark.parametrize(
    "failing",
    [(503, {}, b""), (429, {}, b""), (500, {}, b"<html>error</html>"), (408, {}, b""), (520, {}, b"")],
    ids=lambda one: str(one[0]),
)
def test_the_old_rules_serve_while_a_new_robots_txt_cannot_be_had(web, store, tmp_path, failing):
    settings = two_hosts(web, tmp_path)
    web.pages[f"{HOST}/robots.txt"] = RULES
    crawl(store, settings, as_of=START)
    web.pages[f"{HOST}/robots.txt"] = failing
    web.asked.clear()
    summary = crawl(store, settings, revisit="all", as_of=START + timedelta(days=3))
    assert summary.finished
    assert {f"{HOST}/", f"{HOST}/uno"} < set(web.urls())
    assert f"{HOST}/privado/x" not in web.urls()
    assert summary.refused == {"robots/disallowed": 1}
    assert host_rows(store)["a.test"].state is None


def test_rules_older_than_a_month_serve_no_longer(web, store, tmp_path):
    settings = two_hosts(web, tmp_path)
    web.pages[f"{HOST}/robots.txt"] = RULES
    crawl(store, settings, as_of=START)
    web.pages[f"{HOST}/robots.txt"] = (503, {}, b"")
    web.asked.clear()
    crawl(store, settings, revisit="all", as_of=START + timedelta(days=31))
    assert {url for url in web.urls() if url.startswith(HOST)} == {f"{HOST}/robots.txt"}
    assert rows(store)[f"{HOST}/uno"].state == QUEUED
    assert host_rows(store)["a.test"].state == "unreachable"


def test_what_is_queued_at_an_unreachable_host_stays_queued_and_comes_back(web, store, tmp_path):
    settings = two_hosts(web, tmp_path)
    web.pages[f"{HOST}/robots.txt"] = (429, {}, b"")
    summary = crawl(store, settings, as_of=START)
    assert (summary.refused, summary.new, summary.hosts_left_out) == ({}, 1, 1)
    assert (summary.hosts_resting, summary.finished) == (1, False)
    assert rows(store)[f"{HOST}/"].state == QUEUED
    web.asked.clear()
    waits = crawl(store, settings, as_of=START + timedelta(hours=2))
    assert (waits.hosts_resting, waits.finished, web.urls()) == (1, False, [])
    del web.pages[f"{HOST}/robots.txt"]
    summary = crawl(store, settings, as_of=START + timedelta(days=2))
    assert (summary.hosts_resting, summary.finished) == (0, True)
    assert f"{HOST}/uno" in web.urls()
    assert rows(store)[f"{HOST}/"].state == DONE
    assert host_rows(store)["a.test"].state is None


def test_a_dead_host_rests_longer_from_run_to_run(web, store, tmp_path):
    settings = two_hosts(web, tmp_path)
    web.pages[f"{HOST}/robots.txt"] = (500, {}, b"")
    now, rests = START, []
    for _ in range(4):
        crawl(store, settings, revisit="all", as_of=now)
        host = host_rows(store)["a.test"]
        rests.append(round((host.rest_until - now.timestamp()) / 86_400))
        now += timedelta(days=rests[-1], hours=1)
    assert rests == [1, 7, 30, 60]
    web.asked.clear()
    crawl(store, settings, revisit="all", as_of=now - timedelta(days=2))
    assert not [url for url in web.urls() if url.startswith(HOST)]


def test_a_host_that_reserves_everything_is_refused_by_one_statement(web, store, tmp_path):
    settings = two_hosts(web, tmp_path)
    web.pages[f"{HOST}/robots.txt"] = (200, {}, b"User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n")
    summary = crawl(store, settings, as_of=START)
    assert summary.refused["rights/content_signal"] >= 1
    assert rows(store)[f"{HOST}/"].state == REFUSED
    assert f"{HOST}/" not in web.urls()


def test_a_state_of_an_earlier_version_gets_the_columns_that_it_lacks(web, store, tmp_path):
    settings = two_hosts(web, tmp_path)
    crawl(store, settings, as_of=START)
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.begin() as connection:
        for column in ("state", "why", "bad_runs", "dates_right", "dates_wrong"):
            connection.exec_driver_sql(f"ALTER TABLE hosts DROP COLUMN {column}")
        connection.exec_driver_sql("DROP TABLE robots")
    engine.dispose()
    assert crawl(store, settings, revisit="all", as_of=START + timedelta(days=1)).finished
    assert host_rows(store)["a.test"].bad_runs == 0
    open_engine(f"sqlite:///{store.crawl_state}").dispose()
