"""Sitemaps: forms, dates, hostile files."""

import gzip
from datetime import UTC, datetime

from crawler.pages.sitemaps import MAX_URLS, Entry, sitemap_entries

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


def test_hostile_files_take_no_more_than_one_pass():
    """A pass that went back for each tag would take hours over these."""
    for body in (b"<url>" * 1_000_000, b"<url><loc>" * 600_000, b"<loc>x" * 600_000, b"<url " + b"x" * 6_000_000):
        assert list(sitemap_entries(body)) == []
