"""What a page links to, in the forms that pages have, within bounds that no page breaks."""

import re

import pytest

from crawler.parsing.links import MAX_LINKS, extract_links, is_html, is_no_page
from crawler.parsing.url_join import MAX_URL, location_url

PAGE = "https://www.clinica.es/guias/asma/index.html?v=2"


def links(body: str, base: str = PAGE) -> list[str]:
    return extract_links(body.encode(), base, "utf-8").urls


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<a href="/contacto">', "https://www.clinica.es/contacto"),
        ("<a href='tos.html'>", "https://www.clinica.es/guias/asma/tos.html"),
        ("<a href=../tos>", "https://www.clinica.es/guias/asma/../tos"),
        ('<a href="?p=2">', "https://www.clinica.es/guias/asma/index.html?p=2"),
        ('<a href="//otra.es/x">', "https://otra.es/x"),
        ('<A CLASS="x" HREF = "http://otra.es/" >', "http://otra.es/"),
        ('<a href="HTTPS://otra.es/a">', "https://otra.es/a"),
        ('<a href="/a?x=1&amp;y=2">', "https://www.clinica.es/a?x=1&y=2"),
        ('<a href="/ni&ntilde;os">', "https://www.clinica.es/niños"),
        ('<a href="  /con-espacios \n">', "https://www.clinica.es/con-espacios"),
        ('<a href="/par\n\ttido">', "https://www.clinica.es/partido"),
        ('<a title="a > b" href="/b">', "https://www.clinica.es/b"),
        ('<a title="href=/no" href="/si">', "https://www.clinica.es/si"),
        ('<a data-href="/no" href="/si">', "https://www.clinica.es/si"),
        ('<a href="/primero" href="/segundo">', "https://www.clinica.es/primero"),
        ('<a\nhref="/b"\n>', "https://www.clinica.es/b"),
        ('<a/href="/b">', "https://www.clinica.es/b"),
        ('<area shape="rect" href="/mapa">', "https://www.clinica.es/mapa"),
        ('<iframe src="/marco"></iframe>', "https://www.clinica.es/marco"),
        ('<a href="\\contacto">', "https://www.clinica.es/contacto"),
        ('<a href="https:\\\\otra.es\\x">', "https://otra.es/x"),
        ('<a href="https:otra.es/x">', "https://www.clinica.es/guias/asma/otra.es/x"),
        ('<a href="http:otra.es/x">', "http://otra.es/x"),
        ('<a href="http:///otra.es/x">', "http://otra.es/x"),
        ('<a href="///otra.es/x">', "https://otra.es/x"),
        ('<a href="/a?ruta=b\\c">', "https://www.clinica.es/a?ruta=b\\c"),
        ('<a href="\x01 /control \x02">', "https://www.clinica.es/control"),
        ('<!-- > --><a href="/b">', "https://www.clinica.es/b"),
        ('<!-- nunca cerrado <p><a href="/b">', "https://www.clinica.es/b"),
        ('<title><a href="/no"></title><a href="/si">', "https://www.clinica.es/si"),
        ("<a href=/corte", "https://www.clinica.es/corte"),
    ],
)
def test_one_link(markup, url):
    assert links(markup) == [url]


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="#parte">',
        '<a href="javascript:void(0)">',
        '<a href="mailto:a@b.es">',
        '<a href="tel:112">',
        '<a href="data:text/html,x">',
        '<a href="file:///etc/passwd">',
        '<a href="ftp://otra.es/x">',
        '<a href="">',
        '<a name="x">',
        '<abbr href="/x">',
        '<link rel="stylesheet" href="/x.css">',
        '<a rel="nofollow" href="/x">',
        '<a rel="external NoFollow" href="/x">',
        '<!-- <a href="/x"> -->',
        '<script>document.write("<a href=/x>")</script>',
        "<style>/* <a href=/x> */</style>",
        "<textarea><a href=/x></textarea>",
        f'<a href="/{"x" * MAX_URL}">',
        '<a href="/abierto',
    ],
)
def test_no_link(markup):
    assert links(markup) == []


def test_order_and_repetition():
    assert links('<a href="/b"><a href="/a"><a href="/b">') == ["https://www.clinica.es/b", "https://www.clinica.es/a"]


def test_base_element_moves_what_follows():
    body = '<base href="/es/"><a href="x"><a href="/y">'
    assert links(body) == ["https://www.clinica.es/es/x", "https://www.clinica.es/y"]
    assert links('<base href="javascript:1"><a href="x">') == ["https://www.clinica.es/guias/asma/x"]


@pytest.mark.parametrize("directive", ["nofollow", "NOFOLLOW, noindex", "none"])
@pytest.mark.parametrize("name", ["robots", "cowese"])
def test_a_page_that_asks_for_its_links_to_be_left_alone(directive, name):
    found = extract_links(f'<meta name="{name}" content="{directive}"><a href="/x">'.encode(), PAGE, "utf-8")
    assert (found.nofollow, found.urls) == (True, [])


def test_nofollow_for_another_agent_is_not_for_us():
    found = extract_links(b'<meta name="googlebot" content="nofollow"><a href="/x">', PAGE, "utf-8")
    assert (found.nofollow, found.urls) == (False, ["https://www.clinica.es/x"])


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0; url=/nuevo", "https://www.clinica.es/nuevo"),
        ("5;URL='http://otra.es/'", "http://otra.es/"),
        ("0;/nuevo", "https://www.clinica.es/nuevo"),
        ("0, url=nuevo", "https://www.clinica.es/guias/asma/nuevo"),
        ("30", None),
        ("0; url=file:///etc/passwd", None),
        ("0; url=javascript:alert(1)", None),
    ],
)
def test_refresh(content, target):
    found = extract_links(f'<meta http-equiv="Refresh" content="{content}">'.encode(), PAGE, "utf-8")
    assert found.refresh == target


def test_canonical():
    found = extract_links(b'<link rel="canonical" href="/guias/asma/">', PAGE, "utf-8")
    address = "https://www.clinica.es/guias/asma/"
    assert (found.canonical, found.urls) == (address, [address])


@pytest.mark.parametrize(
    ("link", "encoding", "url"),
    [
        ("/busca?q=año", "cp1252", "/busca?q=a%F1o"),
        ("/busca?q=año", "utf-8", "/busca?q=año"),
        ("/atención?q=niño#fin", "cp1252", "/atención?q=ni%F1o#fin"),
        ("/b?q=5€", "cp1252", "/b?q=5%80"),
        ("/b?q=Σ", "cp1252", "/b?q=%26%23931%3B"),
        ("/b?q=a%F1o&r=día", "cp1252", "/b?q=a%F1o&r=d%EDa"),
        ("?q=ñandú", "iso8859-15", "/guias/asma/index.html?q=%F1and%FA"),
        ("/b?q=año", "utf-16-le", "/b?q=año"),
        ("/b?q=до", "cp1251", "/b?q=%E4%EE"),
    ],
)
def test_a_query_is_sent_in_the_encoding_of_its_page_and_a_path_never(link, encoding, url):
    body = f'<a href="{link}">'.encode(encoding, "xmlcharrefreplace")
    assert extract_links(body, PAGE, encoding).urls == [f"https://www.clinica.es{url}"]


@pytest.mark.parametrize(
    ("field", "url"),
    [
        ("/atención".encode(), "https://www.clinica.es/atenci%C3%B3n"),
        ("/atención".encode("latin-1"), "https://www.clinica.es/atenci%F3n"),
        ("https://niños.es/año".encode(), "https://niños.es/a%C3%B1o"),
        ("//niños.es/x".encode("latin-1"), "https://niños.es/x"),
        (b"  nuevo sitio ", "https://www.clinica.es/guias/asma/nuevo%20sitio"),
        (b"?v=3", "https://www.clinica.es/guias/asma/index.html?v=3"),
        (b"HTTP://Otra.ES/x", "http://Otra.ES/x"),
        (b"http:\\\\otra.es\\x", "http://otra.es/x"),
        (b"http://[dominio]/nuevo", None),
        (b"http://[2001:db8::1]/nuevo", "http://[2001:db8::1]/nuevo"),
        (b"", None),
        (b"#arriba", None),
        (b"ftp://otra.es/", None),
        (b"javascript:history.back()", None),
        (b"//", None),
        (b"x" * 3_000, None),
    ],
)
def test_where_a_location_leads(field, url):
    assert location_url(PAGE, field) == url


@pytest.mark.parametrize(
    ("url", "no_page"),
    [
        ("http://www.salud.gov.py", False),
        ("http://www.salud.gov.py/", False),
        ("http://www.salud.gov.py?x=1", False),
        ("http://clinica.sh/a", False),
        ("http://clinica.es/foto.JPG", True),
        ("http://clinica.es/foto.jpg?v=2", True),
        ("http://clinica.es/foto.jpg;v=2", True),
        ("http://clinica.es/guia.pdf", False),
        ("http://clinica.es/ver.php?archivo=foto.jpg", False),
        ("http://clinica.es/dr.rar.html", False),
        ("http://clinica.es/a#b.zip", False),
        ("http://clinica.es/programa.tar.gz", True),
    ],
)
def test_an_ending_stands_in_the_path(url, no_page):
    assert is_no_page(url) is no_page


@pytest.mark.parametrize(
    ("content_type", "body", "html"),
    [
        ("text/html", b"", True),
        ("application/xhtml+xml; charset=utf-8", b"", True),
        ("", b"<!DOCTYPE html><p>x", True),
        ("", b"  \n<html lang=es>", True),
        ("", b"\xef\xbb\xbf<head>", True),
        ("", b"<!-- nota --><p>", True),
        ("", b"<article>", False),
        ("", b"%PDF-1.7", False),
        ("", b"texto llano", False),
        ("*/*", b"<p class=x>", True),
        ("unknown/unknown", b"<body>", True),
        ("text/plain", b"<html>", False),
        ("application/octet-stream", b"<html>", False),
        ("image/png", b"<html>", False),
    ],
)
def test_html_is_told_by_its_type_or_where_there_is_none_by_how_it_begins(content_type, body, html):
    assert is_html(content_type, body) is html


def text_digest(body: str) -> int:
    return extract_links(body.encode(), PAGE, "utf-8").text_digest


SHOWN = "<html><head><title>Asma</title></head><body><h1>Asma</h1><p>Dosis: <b>500</b> mg.</p></body></html>"


@pytest.mark.parametrize(
    "body",
    [
        SHOWN.replace("</body>", "<!-- generado en 0.231 s el 2026-11-29 --></body>"),
        SHOWN.replace("</body>", "<script>var nonce='8f2a';</script></body>"),
        SHOWN.replace("<head>", "<head><style>p{color:red}</style>"),
        SHOWN.replace("<p>", '<p data-nonce="9x" class="js-2">'),
        SHOWN.replace("<body>", '<body><input type="hidden" name="token" value="a81">'),
        SHOWN.replace("<body>", '<body><img src="/pixel?r=8812"><a href="/?s=77"></a>'),
        SHOWN.replace("<p>", "\n\n  <p>\n"),
        SHOWN.replace("<h1>", "<h1><!-- a -- > b -->"),
        SHOWN.replace("<head>", '<head><meta name="csrf-token" content="q9">'),
        SHOWN.replace("</p>", '</p><script src="/a.js?v=12345"></script >'),
        SHOWN.replace("</p>", "</p><textarea>borrador</textarea>"),
    ],
)
def test_what_no_reader_sees_is_no_change(body):
    assert text_digest(body) == text_digest(SHOWN)


@pytest.mark.parametrize(
    "body",
    [
        SHOWN.replace("500", "850"),
        SHOWN.replace("500", "-500"),
        SHOWN.replace("<title>Asma", "<title>Bronquitis"),
        SHOWN.replace("mg", "g"),
        SHOWN.replace("</p>", " No exceda.</p>"),
        SHOWN.replace("</body>", "Nuevo</body>"),
    ],
)
def test_what_a_reader_sees_is_a_change(body):
    assert text_digest(body) != text_digest(SHOWN)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16-le"])
def test_letters_of_each_encoding(encoding):
    body = '<a href="/niños">'.encode(encoding)
    assert extract_links(body, PAGE, encoding).urls == ["https://www.clinica.es/niños"]


HALF_MEGABYTE = 1 << 19
HOSTILE = {
    "attributes": b"<a " + b"x=1 " * 90_000 + b">",
    "one attribute name": b"<a " + b"a" * 350_000 + b">",
    "equals": b"<a" + b" =" * 200_000 + b">",
    "opened tags": b"<a " * 120_000,
    "opened quotes": b'<a x="' * (HALF_MEGABYTE // 3),
    "both quotes": b"<a x=\"<a x='" * (HALF_MEGABYTE // 6),
    "quotes alone": b"<a " + b"\"'" * HALF_MEGABYTE,
    "nested tags": b"<div>" * 200_000,
    "links": b"".join(b'<a href="/n/%d">x</a>' % number for number in range(200_000)),
    "one link again and again": b'<a href="/n">x</a>' * 100_000,
    "comments never closed": b"<!--" * HALF_MEGABYTE,
    "scripts never closed": b"<script>" * (HALF_MEGABYTE // 2),
    "brackets": b"<" * (HALF_MEGABYTE * 2),
    "NUL": b"\0" * (HALF_MEGABYTE * 2),
    "NUL in tags": b"<a\0 \0href=\0/x\0>" * 50_000,
    "entities": b"<a href='/" + b"&amp" * 100_000 + b"'>",
    "directives": (b"<meta name=robots content='" + b"," * 4_000 + b"'>") * 400,
    "refreshes": (b"<meta http-equiv=refresh content='" + b"0 ; " * 1_000 + b"'>") * 400,
    "spaces": (b"<a href" + b" " * 8_000 + b"=x>") * 200,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_cost_little_and_bring_little(name):
    """A quadratic scan would hang here for minutes; the linear one answers at once."""
    found = extract_links(HOSTILE[name], PAGE, "utf-8")
    assert len(found.urls) <= MAX_LINKS
    assert all(re.match(r"https?://", url) for url in found.urls)
