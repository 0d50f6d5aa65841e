"""The demo web: what its hosts answer, in either round."""

import gzip
import io
import re
import urllib.error
import urllib.request
from collections import Counter

import pypdfium2
import pytest
from demo_web.server import DemoWeb
from demo_web.site import ASOCIACION, FILES, HOSPITAL, REVISTA, SOCIEDAD, TWICE, pages, read_articles

from data.seeds import load_seeds


def ask(web, url, **headers):
    """Status, headers and body, redirects not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": web.proxy}), Stay)
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.fixture(scope="module")
def web():
    with DemoWeb() as web:
        yield web


def test_four_hosts_of_at_least_sixty_pages():
    by_host = Counter(host for (host, _), page in pages(1).items() if page.status == 200)
    assert set(by_host) == set(FILES)
    assert sum(by_host.values()) >= 60
    assert min(by_host.values()) >= 15


def test_the_articles_are_texts_of_their_own():
    articles = [article for file in FILES.values() for article in read_articles(file)]
    assert len({article.slug for article in articles}) == len(articles) >= 50
    paragraphs = Counter(text for article in articles for text in article.paragraphs if len(text) > 60)
    assert max(paragraphs.values()) == 1
    for article in articles:
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", article.date), article.slug
        assert sum(len(text.split()) for text in article.paragraphs) > 100, article.slug


def test_other_languages_have_enough_text_to_be_told():
    articles = read_articles("lenguas.txt")
    assert sorted(article.section for article in articles) == ["ca", "en", "eu", "gl", "pt"]
    for article in articles:
        assert sum(map(len, article.paragraphs)) > 800, article.slug


def test_an_answer_is_conditional_and_compressed(web):
    url = f"http://{HOSPITAL}/cardiologia/hipertension"
    status, headers, body = ask(web, url, Accept_Encoding="gzip")
    assert status == 200
    assert "Hipertensión" in gzip.decompress(body).decode()
    assert headers["Last-Modified"]
    status, again, body = ask(web, url, If_None_Match=headers["ETag"])
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    status, _, body = ask(web, url, If_Modified_Since=headers["Last-Modified"])
    assert (status, body) == (304, b"")
    assert ask(web, url, If_None_Match='"old"', If_Modified_Since=headers["Last-Modified"])[0] == 200
    assert (HOSPITAL, "/cardiologia/hipertension", 304) in web.log


def test_robots_sitemaps_and_what_they_list(web):
    robots = ask(web, f"http://{HOSPITAL}/robots.txt")[2].decode()
    assert "Disallow: /privado/" in robots
    index = ask(web, re.search(r"Sitemap: (\S+)", robots)[1])[2].decode()
    sitemap = ask(web, re.search("<loc>(.*?)</loc>", index)[1])[2].decode()
    listed = re.findall(r"<loc>(.*?)</loc><lastmod>(\d{4}-\d\d-\d\d)</lastmod>", sitemap)
    assert len(listed) > 20
    assert not any("/privado/" in url for url, _ in listed)
    assert {ask(web, url)[0] for url, _ in listed} == {200}


def test_the_pages_that_a_crawler_stumbles_over(web):
    status, headers, _ = ask(web, f"http://{HOSPITAL}/urgencias")
    assert (status, headers["Location"]) == (301, "/pediatria/fiebre-ninos")
    assert ask(web, f"http://{HOSPITAL}/noticias/2019")[0] == 410
    assert ask(web, f"http://{HOSPITAL}/nunca")[0] == 404
    assert ask(web, f"http://{HOSPITAL}/buscador")[0] == 200
    assert b'content="noindex"' in ask(web, f"http://{HOSPITAL}/borrador")[2]
    _, headers, body = ask(web, f"http://{ASOCIACION}/antigua.html")
    assert headers["Content-Type"] == "text/html"
    assert "compañera" in body.decode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_exact_and_near_duplicates():
    web = pages(1)
    bodies = Counter(page.body for (host, path), page in web.items() if host == HOSPITAL and page.status == 200)
    assert sum(count == 2 for count in bodies.values()) == len(TWICE)
    there = web[SOCIEDAD, "/comunicados/comunicado-dia-diabetes"].body.decode()
    copied = web[ASOCIACION, "/noticias/comunicado-dia-diabetes"].body.decode()
    paragraphs = re.findall("<p>(.{60,}?)</p>", there)
    assert len(paragraphs) >= 3
    assert all(text in copied for text in paragraphs if "Utilizamos" not in text and SOCIEDAD not in text)


def test_the_pdf_is_read_by_a_reader_of_pdfs(web):
    _, headers, body = ask(web, f"http://{HOSPITAL}/folletos/alimentacion.pdf")
    assert headers["Content-Type"] == "application/pdf"
    assert len(body) < 20_000
    document = pypdfium2.PdfDocument(io.BytesIO(body))
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    assert len(text.split()) >= 280
    assert "alimentación" in text.lower()


def test_the_second_round_brings_what_was_announced():
    first, second = pages(1), pages(2)
    articles = {key for key in second if key[1].count("/") == 2 and not key[1].endswith("/")}
    new = {key for key in articles if key not in first}
    assert {(HOSPITAL, "/cirugia/anestesia"), (REVISTA, "/originales/calidad-vida-psoriasis")} <= new
    assert second[ASOCIACION, "/actividades/taller-cocina"].status == 410
    assert second[SOCIEDAD, "/noticias/beca-investigacion"].status == 301
    changed = first[HOSPITAL, "/cardiologia/hipertension"], second[HOSPITAL, "/cardiologia/hipertension"]
    assert changed[0].body != changed[1].body
    assert changed[0].modified < changed[1].modified
    same = sum(first[key].body == second[key].body for key in articles & first.keys())
    assert same > 50


def test_the_seeds_are_well_formed(web, tmp_path):
    seeds = load_seeds(web.write_seeds(tmp_path / "seeds.tsv"))
    assert len(seeds) == 4
    assert len({seed.category for seed in seeds}) == 4
