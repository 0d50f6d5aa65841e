"""Law and manners: what is not asked for, how fast, and when a host is left alone."""

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest
from crawler_web import PERMISSIONS, Web, host_rows, html, rows, serving

from crawler.frontier.numbers import QUEUED
from crawler.process.run import crawl
from data.errors import InputError
from data.takedowns import Takedowns

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


def test_robots_txt_is_obeyed_and_its_redirects_are_followed(web, store, tmp_path):
    web.pages = {
        "http://a.test/robots.txt": (301, {"Location": "http://www.a.test/robots.txt"}, b""),
        "http://www.a.test/robots.txt": (200, {}, b"User-agent: cowese\nDisallow: /privado\n"),
        "http://a.test/": html("/privado/uno", "/publica"),
        "http://a.test/privado/uno": html(),
        "http://a.test/publica": html(),
    }
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/")))
    assert "http://a.test/privado/uno" not in web.urls()
    assert summary.refused == {"robots/disallowed": 1}
    assert rows(store)["http://a.test/privado/uno"].reason == "robots/disallowed"


def test_texts_that_a_host_reserves_are_left_alone_and_the_reason_is_kept(web, store, tmp_path):
    reserved = (
        b'[{"location": "/revista", "tdm-reservation": 1}, {"location": "/revista/abierta", "tdm-reservation": 0}]'
    )
    web.pages = {
        "http://a.test/.well-known/tdmrep.json": (200, {"Content-Type": "application/json"}, reserved),
        "http://a.test/": html("/revista/uno", "/revista/abierta/dos"),
        "http://a.test/revista/uno": html(),
        "http://a.test/revista/abierta/dos": html(),
        "http://b.test/ai.txt": (301, {"Location": "http://b.test/textos/ai.txt"}, b""),
        "http://b.test/textos/ai.txt": (200, {"Content-Type": "text/plain"}, b"User-Agent: *\nDisallow: *.html\n"),
        "http://b.test/": html(),
    }
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")))
    assert (summary.new, summary.refused) == (2, {"rights/tdmrep": 1, "rights/ai_txt": 1})
    assert "http://b.test/" not in web.urls()
    assert rows(store)["http://a.test/revista/uno"].reason == "rights/tdmrep"


def test_what_was_taken_down_is_not_asked_for_again(web, store, tmp_path):
    web.pages = {url: html("/uno", "/dos") for url in ("http://a.test/", "http://b.test/")}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/"))
    Takedowns.load(store).add(["b.test"], START.date())
    Takedowns.load(store).add(["http://a.test/uno"], START.date())
    assert crawl(store, settings).refused == {"takedown": 2}
    assert not [url for url in web.urls() if "b.test" in url or url.endswith("/uno")]


def test_a_robots_txt_that_fails_forbids_everything(web, store, tmp_path):
    web.pages = {"http://a.test/robots.txt": (503, {}, b""), "http://a.test/": html(), "http://b.test/": html()}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")))
    assert "http://a.test/" not in web.urls()
    assert web.urls().count("http://a.test/robots.txt") == 3
    assert (summary.refused, summary.hosts_left_out) == ({}, 1)
    assert rows(store)["http://a.test/"].state == QUEUED
    host = host_rows(store)["a.test"]
    assert (host.state, host.why, host.bad_runs) == ("unreachable", "robots.txt: http/503", 1)


def test_http_answers_where_https_fails(web, store, tmp_path):
    web.pages = {"http://a.test/": html("https://a.test/uno"), "http://a.test/uno": html()}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "https://a.test/")))
    assert summary.new == 2
    assert web.urls().count("connect a.test:443") == 1


def test_a_page_that_fails_in_passing_comes_back_and_retry_after_is_kept(web, store, tmp_path):
    tries = []

    def flaky(_):
        tries.append(1)
        return (503, {"Retry-After": "1"}, b"") if len(tries) < 3 else html()

    web.pages = {"http://a.test/": html("/inestable"), "http://a.test/inestable": flaky}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/")))
    assert summary.new == 2
    times = [one.at for one in web.asked if one.url.endswith("inestable")]
    assert all(later - earlier >= 0.99 for earlier, later in itertools.pairwise(times))


def test_a_broken_host_is_left_for_later_and_no_other_waits_for_it(web, store, tmp_path):
    web.pages = {f"http://a.test/{n}": (500, {}, b"") for n in range(20)}
    web.pages |= {
        "http://a.test/": html(*(f"/{n}" for n in range(20))),
        "http://b.test/": html("/uno"),
        "http://b.test/uno": html(),
    }
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")
    summary = crawl(store, web.settings(seeds, breaker_base_delay=0.1, breaker_patience=0.5))
    assert (summary.new, summary.hosts_left_out) == (3, 1)
    assert sum("a.test" in url for url in web.urls()) < 13
    assert not summary.finished  # the next run goes on with this round


def test_a_host_is_never_asked_faster_than_the_floor(web, store, tmp_path):
    web.pages = {"http://a.test/": html(*(f"/{n}" for n in range(8)))} | {
        f"http://a.test/{n}": html() for n in range(8)
    }
    crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), delay_min=0.1))
    times = [one.at for one in web.asked]
    assert len(times) == len(PERMISSIONS) + 10
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.099


def test_crawl_delay_is_kept_up_to_the_cap(web, store, tmp_path):
    web.pages = {
        "http://a.test/robots.txt": (200, {}, b"User-agent: *\nCrawl-delay: 500\n"),
        "http://a.test/": html("/uno"),
        "http://a.test/uno": html(),
    }
    crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), delay_max=0.3))
    times = [one.at for one in web.asked]
    assert all(0.299 <= later - earlier < 5 for earlier, later in itertools.pairwise(times))


def test_a_host_budget_holds(web, store, tmp_path):
    web.pages = {"http://a.test/": html(*(f"/{n}" for n in range(30)))} | {
        f"http://a.test/{n}": html() for n in range(30)
    }
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), max_pages_per_host=5))
    assert (summary.new, summary.refused) == (5, {"budget/host_pages": 26})


def test_a_real_crawl_needs_a_contact(store, tmp_path):
    settings = Web(port=1).settings(Web().seeds(tmp_path / "seeds.tsv", "http://a.test/"), proxy=None)
    with pytest.raises(InputError, match="--contact"):
        crawl(store, settings)


def test_a_host_that_was_unreachable_is_asked_again_a_day_later(web, store, tmp_path):
    web.pages = {"http://a.test/robots.txt": (503, {}, b""), "http://a.test/": html(), "http://b.test/": html()}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/"))
    crawl(store, settings, as_of=START)
    del web.pages["http://a.test/robots.txt"]
    web.asked.clear()
    crawl(store, settings, as_of=START + timedelta(hours=1))
    assert web.asked == []
    assert crawl(store, settings, as_of=START + timedelta(hours=25)).new == 1


def test_a_link_that_fails_does_not_start_rounds_for_ever(web, store, tmp_path):
    web.pages = {"http://a.test/": html("/rota"), "http://a.test/rota": (500, {}, b"")}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), breaker_base_delay=0.05)
    crawl(store, settings, as_of=START)
    web.asked.clear()
    crawl(store, settings, as_of=START + timedelta(hours=1))
    assert web.asked == []


def test_a_slow_host_holds_up_no_other(web, store, tmp_path):
    def slowly(_):
        time.sleep(0.7)
        return html()

    web.pages = {"http://lento.test/": html(*(f"/{n}" for n in range(4)))}
    web.pages |= {f"http://lento.test/{n}": slowly for n in range(4)}
    web.pages |= {"http://a.test/": html(*(f"/{n}" for n in range(20)))} | {
        f"http://a.test/{n}": html() for n in range(20)
    }
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://lento.test/", "http://a.test/")
    assert crawl(store, web.settings(seeds, concurrency=2)).new == 26
    order = [url for url in web.beyond_permissions() if url in web.pages]
    assert max(order.index(f"http://a.test/{n}") for n in range(20)) < order.index("http://lento.test/3")
