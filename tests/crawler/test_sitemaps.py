"""Sitemaps: forms, dates, hostile files."""

import gzip
from datetime import UTC, datetime

import pytest

from crawler.parsing import sitemaps
from crawler.parsing.sitemaps import MAX_URLS, Entry, sitemap_entries

DAY = datetime(2026, 3, 4, tzinfo=UTC).timestamp()


def test_a_set_of_urls_with_dates():
    body = b"""<?xml version="1.0" encoding="UTF-8"?>
    <urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
      <url><loc> http://a.test/uno?a=1&amp;b=2 </loc><lastmod>2026-03-04</lastmod>
        <image:image><image:loc>http://a.test/foto.jpg</image:loc></image:image></url>
      <url><lastmod>2026-03-04T01:00:00+01:00</lastmod><loc><![CDATA[http://a.test/dos]]></loc></url>
      <url><loc>http://a.test/tres</loc><lastmod>ayer</lastmod></url>
      <url></url>
    </urlset>"""
    assert list(sitemap_entries(body)) == [
        Entry("http://a.test/uno?a=1&b=2", DAY),
        Entry("http://a.test/dos", DAY),
        Entry("http://a.test/tres", None),
    ]


def test_an_index_of_sitemaps_gzipped():
    body = b"<sitemapindex><sitemap><loc>http://a.test/s1.xml.gz</loc></sitemap></sitemapindex>"
    assert list(sitemap_entries(gzip.compress(body))) == [Entry("http://a.test/s1.xml.gz", None, is_sitemap=True)]


def test_a_plain_list():
    assert [entry.url for entry in sitemap_entries(b"http://a.test/1\nhttp://a.test/2\n")] == [
        "http://a.test/1",
        "http://a.test/2",
    ]


def test_what_is_no_sitemap_gives_nothing():
    assert list(sitemap_entries(b"<html><body><a href='/x'>x</a></body></html>")) == []
    assert list(sitemap_entries(b"\x1f\x8bbroken")) == []
    assert list(sitemap_entries(b"")) == []


def test_no_more_than_the_protocol_allows():
    body = b"<urlset>" + b"<url><loc>http://a.test/</loc></url>" * (MAX_URLS + 10)
    assert sum(1 for _ in sitemap_entries(body)) == MAX_URLS


SPACE = 'xmlns{0}="http://www.sitemaps.org/schemas/sitemap/0.9"'
ONE = f'<?xml version="1.0"?><urlset {SPACE.format("")}><url><loc>http://a.test/1</loc></url></urlset>'
PREFIXED = (
    f'<sm:urlset {SPACE.format(":sm")} xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><sm:url>'
    "<image:image><image:loc>http://a.test/foto.jpg</image:loc></image:image><sm:loc>http://a.test/1</sm:loc>"
    "<loc>http://a.test/nadie</loc></sm:url></sm:urlset>"
)
RSS = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>http://a.test/</link>'
    '<atom:link href="http://a.test/feed" rel="self"/><item><title>t</title><link> http://a.test/1 </link>'
    '<guid isPermaLink="false">7</guid><description><![CDATA[<link>http://a.test/no</link>]]></description></item>'
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://a.test/"/><entry><link rel="edit" href="/edit"/>'
    "<link rel='alternate' href='/1'/></entry>"
)


@pytest.mark.parametrize(
    "body",
    [
        PREFIXED.encode(),
        PREFIXED.replace("sm:", "ns0:").replace(":sm", ":ns0").encode(),
        f"<urlset {SPACE.format(':sm')}><sm:url><sm:loc>http://a.test/1</sm:loc></sm:url></urlset>".encode(),
        ONE.encode("utf-16"),
        ONE.encode("utf-16-le"),
        ONE.encode("utf-16-be"),
        b"\xef\xbb\xbf" + ONE.encode(),
        gzip.compress(ONE[:50].encode()) + gzip.compress(ONE[50:].encode()),
        gzip.compress(ONE.encode()) + bytes(512),
        gzip.compress(ONE.encode()) + b"basura",
        gzip.compress(gzip.compress(ONE.encode())),
        gzip.compress(ONE.encode())[:-6],
        gzip.compress(ONE.encode("utf-16")),
        ONE.replace("http://a.test/1", "/1").encode(),
        ONE.replace("http://a.test/1", "1").encode(),
        ONE.replace("http://a.test/1", "//a.test/1").encode(),
        ONE.replace("http://a.test/1", "HTTP://a.test/<![CDATA[1]]>").encode(),
        ONE.replace("<url>", "<!-- <url><loc>http://a.test/no</loc></url> --><url>").encode(),
        ONE.replace("<url>", "<url a='x' >").encode(),
        b"\n\n" + ONE.encode(),
        b"Notice: undefined variable in x.php on line 3\n" + ONE.encode(),
        ONE.replace("</urlset>", "").encode(),
        b"<url><loc>http://a.test/1</loc></url>",
        RSS.encode(),
        (RSS + "</channel></rss>").encode("utf-16"),
        RSS.replace("<link> http://a.test/1 </link>", "").replace('isPermaLink="false">7', ">http://a.test/1").encode(),
        b'<rdf:RDF xmlns="http://purl.org/rss/1.0/"><channel/><item rdf:about="x"><link>http://a.test/1</link></item>',
        ATOM.encode(),
        ATOM.replace(" rel='alternate'", "").encode(),
        ATOM.replace("<link", "<a:link").replace("feed", "a:feed").replace("entry", "a:entry").encode(),
        b"http://a.test/1\r\n",
        "\ufeffhttp://a.test/1\nsin enlace\n".encode("utf-16"),
        b"HTTP://a.test/1",
    ],
)
def test_forms_that_servers_send(body):
    urls = [entry.url.lower() for entry in sitemap_entries(body, "http://a.test/mapa.xml")]
    assert urls == ["http://a.test/1"]


def test_a_charset_of_one_byte():
    body = ONE.replace('1.0"?>', '1.0" encoding="ISO-8859-1"?>').replace("/1<", "/año<").encode("latin-1")
    assert [entry.url for entry in sitemap_entries(body)] == ["http://a.test/año"]


def test_dates_of_feeds():
    rss = RSS.replace("<title>", "<pubDate>Wed, 04 Mar 2026 00:00:00 GMT</pubDate><title>")
    atom = ATOM.replace("<entry>", "<entry><updated>2026-03-04T00:00:00Z</updated>")
    for feed in (rss, atom):
        assert [entry.lastmod for entry in sitemap_entries(feed.encode(), "http://a.test/")] == [DAY]


@pytest.mark.parametrize("size", [1, 7, 64, 8_192])
def test_pieces_of_any_size_give_the_same(monkeypatch, size):
    monkeypatch.setattr(sitemaps, "PIECE", size)
    many = ONE.replace("</urlset>", "<!-- ]]> --><url><loc><![CDATA[http://a.test/2?a=1&b=2]]></loc></url></urlset>")
    for body in (many.encode(), gzip.compress(many.encode()), many.encode("utf-16")):
        assert [one.url for one in sitemap_entries(body)] == ["http://a.test/1", "http://a.test/2?a=1&b=2"]


@pytest.mark.slow
def test_hostile_files_take_no_more_than_one_pass():
    """A pass that went back for each tag would take hours over these."""
    many = 300_000
    for body in (b"<url>", b"<url><loc>", b"<loc>x", b"<url " + b"x" * 9, b"<", b"<!--", b"<![CDATA[", b"<a", b"\n"):
        assert list(sitemap_entries(body * many)) == []
    assert list(sitemap_entries(b"<url " + b"x" * 6_000_000)) == []
    bomb = gzip.compress(b"<urlset>" + b" " * (200 << 20), 1)
    assert list(sitemap_entries(bomb)) == []
