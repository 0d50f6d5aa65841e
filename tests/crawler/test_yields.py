"""What cleaning kept decides what is asked first: the file between the rooms, ranks, hosts that give nothing."""

import pytest
import sqlalchemy as sa
from corpus_rounds import Round, prose
from crawler_web import Web, html, serving

from cleaning.corpus.publish import publish
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from cleaning.site_yields import note_yields
from crawler.frontier.due import FAILED_RANK, NEW_RANK, USUAL_RANK
from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import HostQueue
from crawler.frontier.records import FoundUrl
from crawler.frontier.rerank import load_and_rerank
from crawler.frontier.tables import urls
from crawler.frontier.yields import BARREN_AFTER, Yields
from crawler.process.run import crawl
from crawler.settings import CrawlSettings
from data.errors import InputError
from data.yields import MAX_SECTIONS, SectionYield, count_yields, folder_of, read_yields, sections_of, write_yields

SITE = "http://a.test"


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        ("/", ("/", "*/")),
        ("/asma", ("/", "*/")),
        ("/asma/", ("/", "*/")),
        ("/temas/asma", ("/", "/temas/", "*/temas/")),
        ("/temas/asma/", ("/", "/temas/", "*/temas/")),
        ("/temas/asma?v=/x/y", ("/", "/temas/", "*/temas/")),
        ("/2024/05/asma", ("/", "/#/", "/#/#/", "*/#/")),
        ("/a/b/c/d/e/f", ("/", "/a/", "/a/b/", "/a/b/c/", "/a/b/c/d/", "*/e/")),
        ("/curso-2/unidades/u1.html", ("/", "/curso-#/", "/curso-#/unidades/", "*/unidades/")),
    ],
)
def test_sections_of_a_url(path, sections):
    assert sections_of(folder_of(SITE + path)) == sections


def known(*pages):
    return count_yields(("a.test", SITE + path, words) for path, words in pages)


def order(yields, *paths):
    return sorted(paths, key=lambda path: yields.rank(SITE + path, "a.test"))


def test_the_best_part_of_a_site_comes_first():
    pages = [(f"/guias/{n}", 900) for n in range(6)] + [(f"/agenda/{n}", 0) for n in range(6)]
    yields = Yields(known(*pages, ("/x", 300), ("/y", 300)))
    assert order(yields, "/agenda/9", "/z", "/guias/9") == ["/guias/9", "/z", "/agenda/9"]


def test_a_folder_that_repeats_speaks_for_those_of_its_name_that_nobody_saw():
    pages = [(f"/{subject}/unidades/{n}", 800) for subject in "abc" for n in range(4)]
    pages += [(f"/{subject}/indice/{n}", 0) for subject in "abc" for n in range(4)]
    yields = Yields(known(*pages))
    for _ in range(2):  # the first of an unknown folder is tried early
        yields.rank(f"{SITE}/d/unidades/0", "a.test"), yields.rank(f"{SITE}/d/indice/0", "a.test")
    assert order(yields, "/d/indice/1", "/d/unidades/1") == ["/d/unidades/1", "/d/indice/1"]


def test_an_unknown_part_is_tried_before_others_of_the_same_promise_and_once():
    yields = Yields(known(*((f"/guias/{n}", 900) for n in range(9)), *((f"/agenda/{n}", 0) for n in range(9))))
    good = yields.rank(f"{SITE}/guias/x", "a.test")
    first, second = (yields.rank(f"{SITE}/nuevo/{n}", "a.test") for n in range(2))
    bad = yields.rank(f"{SITE}/agenda/x", "a.test")
    assert good < first < second < bad


def test_a_host_whose_parts_give_much_the_same_keeps_the_order_of_finding():
    """Differences below a factor of two are chance; nothing is gained by trying an unknown part early."""
    yields = Yields(known(*((f"/guias/{n}", 330) for n in range(9)), *((f"/temas/{n}", 270) for n in range(9))))
    ranks = {yields.rank(f"{SITE}{path}", "a.test") for path in ("/temas/x", "/guias/x", "/nuevo/x", "/x", "/nuevo/y")}
    assert ranks == {USUAL_RANK}


def test_ranks_stay_between_start_urls_and_known_pages_whatever_a_page_gave():
    huge = Yields(known(*((f"/a/{n}", 10**9) for n in range(50)), *((f"/b/{n}", 0) for n in range(5000))))
    ranks = [huge.rank(f"{SITE}{path}", "a.test") for path in ("/a/x", "/b/x", "/c/x", "/")]
    assert all(NEW_RANK <= rank < FAILED_RANK for rank in ranks)
    assert Yields({}).rank(f"{SITE}/a/x", "a.test") == USUAL_RANK


def test_a_host_is_barren_when_it_gave_next_to_nothing_beside_the_others():
    whole = {
        ("rich.test", "/"): SectionYield(100, 50_000),
        ("poor.test", "/"): SectionYield(BARREN_AFTER, 10),
        ("few.test", "/"): SectionYield(BARREN_AFTER - 1, 0),
    }
    yields = Yields(whole)
    assert [yields.is_low_yield(host) for host in ("rich.test", "poor.test", "few.test", "new.test")] == [
        False, True, False, False,
    ]  # fmt: skip
    assert not Yields({("a.test", "/"): SectionYield(500, 0)}).is_low_yield("a.test"), "nobody gives more"


def test_the_file_is_written_whole_and_bounded(tmp_path):
    path = tmp_path / "crawl" / "yields.parquet"
    assert read_yields(path) == {}
    many = count_yields(("a.test", f"{SITE}/s{chr(97 + n % 26)}{chr(97 + n // 26)}/x", n) for n in range(600))
    write_yields(path, many)
    read = read_yields(path)
    assert len(read) == MAX_SECTIONS
    assert read["a.test", "/"] == many["a.test", "/"]
    path.write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="Delete it"):
        read_yields(path)


def test_what_is_queued_is_ranked_anew_when_the_figures_are_new(tmp_path):
    frontier = Frontier(f"sqlite:///{tmp_path / 'state.sqlite3'}")
    names = ("/", "/agenda/1", "/guias/1", "/agenda/2", "/guias/2")
    frontier.commit(
        [], [FoundUrl(SITE + name, "a.test", f"{SITE}/", depth=int(name != "/"), rank=600) for name in names]
    )
    with frontier.engine.begin() as connection:
        connection.execute(sa.update(urls).where(urls.c.url == f"{SITE}/").values(rank=1))
        connection.execute(sa.update(urls).where(urls.c.url == f"{SITE}/agenda/2").values(rank=12_000, fetched_at=1.0))
    path, marker = tmp_path / "yields.parquet", tmp_path / "ranked.txt"
    load_and_rerank(frontier, path, marker)
    pages = [(f"/guias/{n}", 900) for n in range(6)] + [(f"/agenda/{n}", 0) for n in range(6)]
    write_yields(path, known(*pages))
    load_and_rerank(frontier, path, marker)
    asked = [row.url.removeprefix(SITE) for row in frontier.queued("a.test", 10)]
    assert asked == ["/", "/guias/1", "/guias/2", "/agenda/1", "/agenda/2"]
    frontier.close()


def test_held_hosts_have_their_turn_when_the_others_have_nothing_left():
    queue = HostQueue(CrawlSettings(delay_min=0.0, delay_factor=0.0))
    queue.add("rich.test", 2)
    queue.add("poor.test", 1)
    queue["poor.test"].deferred = True
    served = []
    while (host := queue.next_ready()) is not None:
        served.append(host.name)
        queue.mark_done(host)
        queue.release(host, 0.0)
    assert served == ["rich.test", "rich.test"]
    queue.wake_deferred()
    assert queue.next_ready().name == "poor.test"


@pytest.mark.slow
def test_a_run_with_a_limit_spends_it_where_it_gives_most_and_the_rest_comes_later(store, tmp_path):
    with serving(Web()) as web:
        for host in ("rich.test", "poor.test"):
            paths = [f"/p{n}" for n in range(20)]
            web.pages |= {f"http://{host}/": html(*paths)} | {f"http://{host}{path}": html(text=path) for path in paths}
        write_yields(
            store.yields,
            {("rich.test", "/"): SectionYield(50, 40_000), ("poor.test", "/"): SectionYield(50, 0)},
        )
        web.delay = 0.01
        seeds = web.seeds(tmp_path / "seeds.tsv", "http://rich.test/", "http://poor.test/")
        crawl(store, web.settings(seeds, max_pages=18))
        asked = [url for url in web.beyond_permissions() if "poor" in url and "/p" in url.removeprefix("http://poor")]
        assert len(asked) <= 4
        second = crawl(store, web.settings(seeds, max_pages=60))
        assert second.finished
        assert (
            len({url for url in web.urls() if "/p" in url.removeprefix("http://poor").removeprefix("http://rich")})
            == 40
        )


@pytest.mark.slow
def test_cleaning_notes_what_each_part_gave(store):
    note_yields(store, store.documents / "none")
    assert not store.yields.exists()
    text = prose("copia", 100)
    first = Round(1).page(f"{SITE}/guias/1", prose(1, 120)).page(f"{SITE}/guias/2", text).page(f"{SITE}/agenda/1", text)
    first.drop(f"{SITE}/agenda/2", "http/404").drop(f"{SITE}/robots.txt", "kind/robots")
    documents, _ = first.write(store)
    note_yields(store, documents.parent)
    given = read_yields(store.yields)
    assert given["a.test", "/guias/"] == SectionYield(2, 220)
    assert given["a.test", "/agenda/"] == SectionYield(2, 100), "not published yet: every document counts"
    publish(store, CleaningSettings(), PublishSettings())
    given = read_yields(store.yields)
    assert given["a.test", "/"] == SectionYield(4, 220)
    assert {given["a.test", f"/{name}/"].words for name in ("guias", "agenda")} in ({220, 0}, {120, 100})
    Round(2).drop(f"{SITE}/guias/1", "http/410").write(store)
    note_yields(store, documents.parent)
    assert read_yields(store.yields)["a.test", "/"].requests == 4, "a page counts once, with its last visit"
