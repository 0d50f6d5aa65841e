"""What sitemaps and feeds bring to a round, over real sockets; their dates over several rounds."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from crawler_web import Web, host_rows, html, rows, serving

from crawler.process.run import crawl

pytestmark = pytest.mark.slow

START = datetime(2026, 1, 1, tzinfo=UTC)
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def web():
    with serving(Web()) as served:
        yield served


def sitemap(*urls, lastmod=None):
    date = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    body = "".join(f"<url><loc>{url}</loc>{date}</url>" for url in urls)
    return 200, XML, f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{body}</urlset>'.encode()


def robots(*lines):
    return 200, {"Content-Type": "text/plain"}, "\n".join(("User-agent: *", "Disallow: /privado", *lines)).encode()


def test_sitemaps_wherever_they_lie(web, store, tmp_path):
    """Relative, on another host, nested there, gzipped, a page for readers; each speaks for its own site alone."""
    hosts = ("relativo", "cdn", "indice", "pagina", "lejos")
    web.pages = {f"http://{host}.test/": html() for host in hosts}
    web.pages |= {
        "http://relativo.test/robots.txt": robots("Sitemap: mapas/uno.xml", "Sitemap: http://[roto/x.xml"),
        "http://relativo.test/mapas/uno.xml": sitemap("/a", "b", "//otro.test/c"),
        "http://cdn.test/robots.txt": robots("Sitemap: http://estatico.test/cdn.xml"),
        "http://estatico.test/cdn.xml": sitemap(
            "http://cdn.test/x", "http://indice.test/ajena", "http://estatico.test/y"
        ),
        "http://indice.test/robots.txt": robots("Sitemap: http://estatico.test/indice.xml.gz"),
        "http://estatico.test/indice.xml.gz": (
            200,
            {"Content-Type": "application/gzip"},
            gzip.compress(b"<sitemapindex><sitemap><loc>/dos.xml</loc></sitemap></sitemapindex>"),
        ),
        "http://estatico.test/dos.xml": sitemap("http://indice.test/propia"),
        "http://pagina.test/robots.txt": robots("Sitemap: /mapa.html"),
        "http://pagina.test/mapa.html": html("/de-lectores"),
        "http://lejos.test/robots.txt": robots("Sitemap: http://prohibe.test/lejos.xml"),
        "http://prohibe.test/robots.txt": (200, {}, b"User-agent: *\nDisallow: /"),
        "http://prohibe.test/lejos.xml": sitemap("http://lejos.test/z"),
    }
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", *(f"http://{host}.test/" for host in hosts))))
    asked = set(web.urls())
    assert {"http://relativo.test/a", "http://relativo.test/mapas/b", "http://cdn.test/x"} < asked
    assert {"http://indice.test/propia", "http://pagina.test/de-lectores"} < asked
    never = {
        "http://otro.test/c",
        "http://estatico.test/y",
        "http://indice.test/ajena",
        "http://estatico.test/sitemap.xml",
    }
    assert not asked & (never | {"http://prohibe.test/lejos.xml", "http://lejos.test/z"})
    assert summary.finished


def test_a_prefix_seed_reads_the_sitemap_of_its_host_for_itself_alone(web, store, tmp_path):
    web.pages = {
        "http://a.test/salud/": html(),
        "http://a.test/sitemap.xml": sitemap("http://a.test/salud/x", "http://a.test/deporte/y"),
    }
    crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/salud/", scope="prefix")))
    assert "http://a.test/salud/x" in web.urls()
    assert "http://a.test/deporte/y" not in web.urls()


def test_sitemaps_that_lead_to_sitemaps_without_end_end(web, store, tmp_path):
    def endless(number):
        names = "".join(f"<sitemap><loc>/s{number}{n}.xml</loc></sitemap>" for n in range(2))
        return 200, XML, f"<sitemapindex>{names}</sitemapindex>".encode()

    web.pages = {"http://a.test/": html(), "http://a.test/sitemap.xml": endless("")}
    web.pages |= {
        f"http://a.test/s{n:0{width}b}.xml": endless(f"{n:0{width}b}")
        for width in range(1, 7)
        for n in range(1 << width)
    }
    summary = crawl(store, web.settings(web.seeds(tmp_path / "seeds.tsv", "http://a.test/")))
    assert summary.finished
    assert summary.sitemaps == 1 + 2 + 4 + 8


def test_dates_are_believed_as_far_as_they_proved_right(web, store, tmp_path):
    """One host dates every page to today in every round, another dates those that changed."""
    lying = [f"http://miente.test/{n}" for n in range(60)]
    honest = [f"http://honrado.test/{n}" for n in range(12)]
    for url in (*lying, *honest, "http://miente.test/", "http://honrado.test/"):
        web.pages[url] = html(text=url)
    settings = web.settings(web.seeds(tmp_path / "seeds.tsv", "http://miente.test/", "http://honrado.test/"))
    asked = []
    for number in range(4):
        now = START + timedelta(days=3 * number)
        changed = honest[: 4 * (number > 0)]
        for url in changed:
            web.pages[url] = html(text=f"{url} {number}")
        today = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        web.pages["http://miente.test/sitemap.xml"] = sitemap(*lying, lastmod=today)
        web.pages["http://honrado.test/sitemap.xml"] = (
            200,
            XML,
            sitemap(*changed, lastmod=today)[2].replace(b"</urlset>", b"")
            + sitemap(*(set(honest) - set(changed)), lastmod="2020-01-01")[2],
        )
        web.asked.clear()
        crawl(store, settings, revisit="due", as_of=now)
        asked.append([sum(url in some for url in web.urls()) for some in (lying, honest)])
    assert asked[0] == [60, 12]
    assert [one[1] for one in asked[1:]] == [4, 4, 4]
    assert asked[1][0] <= 25
    assert asked[3][0] <= 5
    hosts = host_rows(store)
    assert hosts["honrado.test"].dates_right == 12
    assert hosts["honrado.test"].dates_wrong == 0
    assert hosts["miente.test"].dates_right == 0
    assert hosts["miente.test"].dates_wrong >= 10
    assert rows(store)[lying[0]].unchanged >= 1
