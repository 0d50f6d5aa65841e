"""What a page links to, in the forms that pages have, within bounds that no page breaks."""

import re

import pytest

from crawler.pages.links import MAX_LINKS, MAX_URL, extract_links

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
    assert (found.canonical, found.urls) == ("https://www.clinica.es/guias/asma/", [])


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
    """A quadratic scan would hang here for minutes; bench/hostile.py measures the linear one."""
    found = extract_links(HOSTILE[name], PAGE, "utf-8")
    assert len(found.urls) <= MAX_LINKS
    assert all(re.match(r"https?://", url) for url in found.urls)
