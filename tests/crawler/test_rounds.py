"""Whole rounds against a small web: what is followed, what is remembered, what reaches the WARC files."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from crawler_web import PERMISSIONS, Web, html, rows, serving
from fastwarc.warc import ArchiveIterator, WarcRecordType

from crawler.frontier.tables import hosts
from crawler.process.run import crawl
from data.errors import StageError

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
    assert web.urls()[: len(PERMISSIONS)] == [f"http://a.test{path}" for path in PERMISSIONS]
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
        assert connection.execute(sa.select(hosts.c.false_304)).scalar_one() is True
    engine.dispose()
    liar["text"] = "Otra vez."
    assert crawl(store, settings, revisit="all", as_of=START + timedelta(days=240)).changed == 1


@pytest.mark.slow
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


@pytest.mark.slow
def test_prefix_seeds_take_what_begins_with_them(web, store, tmp_path):
    web.pages = {
        "http://r.test/revista-uno": html("/revista-uno-articulo", "/revista-dos"),
        "http://r.test/revista-uno-articulo": html(),
        "http://r.test/revista-dos": html(),
    }
    seeds = web.seeds(tmp_path / "seeds.tsv", "http://r.test/revista-uno", scope="prefix")
    assert crawl(store, web.settings(seeds)).new == 2
    assert "http://r.test/revista-dos" not in web.urls()


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_empty_crawl_says_so_and_the_next_tries_again_at_once(web, store, tmp_path):
    answer = web.answer
    web.pages = {"http://a.test/": html("/uno"), "http://a.test/uno": html()}
    web.answer = lambda *_: (502, {}, b"")
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/"))
    with pytest.raises(StageError, match="not one page"):
        crawl(store, settings)
    web.answer = answer
    assert crawl(store, settings).new == 2
