"""Whole rounds against a small web: what is followed, what is remembered, what reaches the WARC files."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawler_web import PERMISSIONS, Web, html, serving
from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.run import crawl
from crawler.tables import hosts, urls
from data.errors import InputError, StageError
from data.takedowns import Takedowns

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


def records(store, number=1):
    found = []
    for path in sorted((store.warc / f"{number:04d}").glob("*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, parse_http=True):
                if record.record_type in (WarcRecordType.response, WarcRecordType.revisit):
                    kind = "revisit" if record.record_type == WarcRecordType.revisit else "response"
                    status = int(record.http_headers.status_line.split(" ")[1])
                    body = record.reader.read()
                    found.append((record.headers["WARC-Target-URI"], kind, status, dict(record.headers.items()), body))
    return found


def rows(store):
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        found = {row.url: row for row in connection.execute(sa.select(urls))}
    engine.dispose()
    return found


def small_site(web):
    web.pages = {
        "http://a.test/": html("/uno", "/dos", "/vieja", "http://b.test/fuera", "/img.png"),
        "http://a.test/uno": html("/", "/dos"),
        "http://a.test/dos": html("/tres"),
        "http://a.test/tres": html(),
        "http://a.test/vieja": (301, {"Location": "/nueva"}, b""),
        "http://a.test/nueva": html(),
        "http://b.test/fuera": html(),
    }


def test_a_round_follows_links_in_scope_and_keeps_every_answer(web, store, tmp_path):
    small_site(web)
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/")))
    assert (summary.new, summary.redirects, summary.finished) == (5, 1, True)
    assert web.urls()[:3] == [f"http://a.test{path}" for path in PERMISSIONS]
    assert sorted(web.beyond_permissions()) == sorted(
        f"http://a.test/{path}" for path in ("sitemap.xml", "", "uno", "dos", "tres", "vieja", "nueva")
    )
    kept = {(url, status) for url, _, status, _, _ in records(store)}
    assert kept == {(one.url, one.status) for one in web.asked}
    _, _, _, fields, body = next(one for one in records(store) if one[0] == "http://a.test/uno")
    assert fields["CoWeSe-Seed"] == "http://a.test/"
    assert fields["CoWeSe-Country"] == "ES"
    assert body == web.pages["http://a.test/uno"][2]
    assert all(one.headers["user-agent"].startswith("cowese/") for one in web.asked)


def test_the_second_round_asks_with_conditions_and_follows_what_changed(web, store, tmp_path):
    small_site(web)
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    crawl(store, settings, as_of=START)
    web.asked.clear()
    web.pages["http://a.test/uno"] = html("/cuatro", text="Texto nuevo.")
    web.pages["http://a.test/cuatro"] = html()
    web.pages["http://a.test/tres"] = (410, {}, b"")
    web.pages["http://a.test/dos"] = (301, {"Location": "/dos-movida"}, b"")
    web.pages["http://a.test/dos-movida"] = html()
    second = crawl(store, settings, revisit="all", as_of=START + timedelta(days=40))
    assert (second.round, second.new, second.changed, second.gone, second.moved) == (2, 2, 1, 1, 1)
    assert second.not_modified == 2
    kinds = {url: (kind, status) for url, kind, status, _, _ in records(store, 2)}
    assert kinds["http://a.test/"] == ("revisit", 304)
    assert kinds["http://a.test/uno"] == ("response", 200)
    assert kinds["http://a.test/tres"] == ("response", 410)
    dates = {fields["WARC-Date"][:10] for _, _, _, fields, _ in records(store, 2)}
    assert dates == {"2026-02-10"}


def test_a_page_served_whole_that_is_what_it_was_becomes_a_revisit_record(web, store, tmp_path):
    web.etags = False
    web.pages = {"http://a.test/": html()}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    crawl(store, settings, as_of=START)
    second = crawl(store, settings, revisit="all", as_of=START + timedelta(days=40))
    assert second.same == 1
    first_fields = next(fields for url, _, _, fields, _ in records(store, 1) if url == "http://a.test/")
    _, kind, _, fields, body = next(one for one in records(store, 2) if one[0] == "http://a.test/")
    assert (kind, body) == ("revisit", b"")
    assert fields["WARC-Profile"].endswith("identical-payload-digest")
    assert fields["WARC-Payload-Digest"] == first_fields["WARC-Payload-Digest"]


def test_only_what_is_due_is_asked_for_and_intervals_follow_the_changes(web, store, tmp_path):
    web.pages = {"http://a.test/": html("/uno"), "http://a.test/uno": html()}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    crawl(store, settings, as_of=START)
    web.asked.clear()
    early = crawl(store, settings, as_of=START + timedelta(hours=12))
    assert (early.round, web.asked) == (1, [])
    web.pages["http://a.test/uno"] = html(text="Otra cosa.")
    crawl(store, settings, as_of=START + timedelta(days=31))
    known = rows(store)
    assert known["http://a.test/"].interval_days == pytest.approx(45)
    assert known["http://a.test/uno"].interval_days == pytest.approx(15)
    assert known["http://a.test/"].unchanged == 1


def test_a_newer_date_in_the_sitemap_pulls_a_page_forward(web, store, tmp_path):
    def sitemap(date):
        entries = f"<url><loc>http://a.test/uno</loc><lastmod>{date}</lastmod></url>"
        return 200, {"Content-Type": "application/xml"}, f"<urlset>{entries}</urlset>".encode()

    web.pages = {
        "http://a.test/": html(),
        "http://a.test/uno": html(),
        "http://a.test/sitemap.xml": sitemap("2025-12-01"),
    }
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    assert crawl(store, settings, as_of=START).new == 2
    web.pages["http://a.test/sitemap.xml"] = sitemap("2026-01-04")
    web.pages["http://a.test/uno"] = html(text="Cambiada.")
    web.asked.clear()
    second = crawl(store, settings, as_of=START + timedelta(days=5))
    assert (second.changed, second.not_modified) == (1, 0)
    assert "http://a.test/" not in web.urls()


@pytest.mark.slow
def test_a_server_whose_304_is_false_is_found_out_and_asked_without_conditions(web, store, tmp_path):
    liar = {"text": "", "asked": 0}

    def lying(headers):
        if "if-none-match" in headers:
            return 304, {"ETag": '"fijo"'}, b""
        return 200, {"ETag": '"fijo"', "Content-Type": "text/html"}, html(text=liar["text"])[2]

    web.pages = {"http://a.test/": lying}
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    crawl(store, settings, as_of=START)
    liar["text"] = "Lo que nadie vio."
    seen = [crawl(store, settings, revisit="all", as_of=START + timedelta(days=40 * n)).changed for n in range(1, 6)]
    assert seen == [0, 0, 0, 0, 1]
    engine = sa.create_engine(f"sqlite:///{store.crawl_state}")
    with engine.connect() as connection:
        assert connection.execute(sa.select(hosts.c.lies)).scalar_one() is True
    engine.dispose()
    liar["text"] = "Otra vez."
    assert crawl(store, settings, revisit="all", as_of=START + timedelta(days=240)).changed == 1


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
    Takedowns.load(store).add("b.test", START.date())
    Takedowns.load(store).add("http://a.test/uno", START.date())
    assert crawl(store, settings).refused == {"takedown": 2}
    assert not [url for url in web.urls() if "b.test" in url or url.endswith("/uno")]


def test_every_record_names_the_settings_that_it_was_made_with(web, store, tmp_path):
    web.pages = {"http://a.test/": html()}
    crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), timeout=4.5))
    (path,) = (store.warc / "0001").glob("*.warc.gz")
    with path.open("rb") as file:
        found = [
            (record.record_type, dict(record.headers.items()), record.reader.read()) for record in ArchiveIterator(file)
        ]
    kind, head, about = found[0]
    assert kind == WarcRecordType.warcinfo
    told = json.loads(about.decode().partition("description: ")[2])
    assert (told["timeout"], told["delay_max"], "proxy" in told) == (4.5, 30.0, False)
    assert {fields["WARC-Warcinfo-ID"] for _, fields, _ in found[1:]} == {head["WARC-Record-ID"]}


def test_a_robots_txt_that_fails_forbids_everything(web, store, tmp_path):
    web.pages = {"http://a.test/robots.txt": (503, {}, b""), "http://a.test/": html(), "http://b.test/": html()}
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/", "http://b.test/")))
    assert "http://a.test/" not in web.urls()
    assert web.urls().count("http://a.test/robots.txt") == 3
    assert summary.refused == {"robots/unreachable": 1}


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
    summary = crawl(store, web.settings(seeds, breaker_first=0.1, breaker_patience=0.5))
    assert (summary.new, summary.hosts_left_out) == (3, 1)
    assert sum("a.test" in url for url in web.urls()) < 12
    assert summary.finished


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


def test_prefix_seeds_take_what_begins_with_them(web, store, tmp_path):
    web.pages = {
        "http://r.test/revista-uno": html("/revista-uno-articulo", "/revista-dos"),
        "http://r.test/revista-uno-articulo": html(),
        "http://r.test/revista-dos": html(),
    }
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://r.test/revista-uno", scope="prefix")
    assert crawl(store, web.settings(seeds)).new == 2
    assert "http://r.test/revista-dos" not in web.urls()


def test_budgets_end_a_run_and_the_next_goes_on(web, store, tmp_path):
    web.pages = {"http://a.test/": html(*(f"/{n}" for n in range(30)))} | {
        f"http://a.test/{n}": html() for n in range(30)
    }
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://a.test/")
    first = crawl(store, web.settings(seeds, max_pages=10))
    assert not first.finished
    assert 10 <= first.new < 14
    second = crawl(store, web.settings(seeds))
    assert (second.round, first.new + second.new, second.finished) == (1, 31, True)
    assert len(web.beyond_permissions()) == len(set(web.beyond_permissions()))


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


def test_an_empty_crawl_says_so_and_the_next_tries_again_at_once(web, store, tmp_path):
    answer = web.answer
    web.pages = {"http://a.test/": html("/uno"), "http://a.test/uno": html()}
    web.answer = lambda *_: (502, {}, b"")
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    with pytest.raises(StageError, match="not one page"):
        crawl(store, settings)
    web.answer = answer
    assert crawl(store, settings).new == 2


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
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"), breaker_first=0.05)
    crawl(store, settings, as_of=START)
    web.asked.clear()
    crawl(store, settings, as_of=START + timedelta(hours=1))
    assert web.asked == []
