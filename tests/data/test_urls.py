"""One form for all spellings of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from data.urls import canonical_url, document_id, host_of


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("HTTP://WWW.Clinica.ES", "http://www.clinica.es/"),
        ("https://clinica.es:443/a", "https://clinica.es/a"),
        ("http://clinica.es:443/a", "http://clinica.es:443/a"),
        ("http://clinica.es./a#b", "http://clinica.es/a"),
        ("http://u:p@clinica.es/a", "http://clinica.es/a"),
        ("http://clinica.es/a/./b/../c", "http://clinica.es/a/c"),
        ("http://clinica.es/../../a", "http://clinica.es/a"),
        ("http://clinica.es/a/..", "http://clinica.es/"),
        ("http://clinica.es/%7Ea%2fb", "http://clinica.es/~a%2Fb"),
        ("http://clinica.es/niños", "http://clinica.es/ni%C3%B1os"),
        ("http://clinica.es/ni%c3%b1os", "http://clinica.es/ni%C3%B1os"),
        ("http://clinica.es/a b", "http://clinica.es/a%20b"),
        ("http://niños.es/", "http://xn--nios-hqa.es/"),
        ("http://clinica.es/a?utm_source=x&id=1&fbclid=2", "http://clinica.es/a?id=1"),
        ("http://clinica.es/a?PHPSESSID=abc", "http://clinica.es/a"),
        ("http://clinica.es/a;jsessionid=AB12?x=1", "http://clinica.es/a?x=1"),
        (
            "http://clinica.es/m.php?name=News&file=article&sid=8",
            "http://clinica.es/m.php?name=News&file=article&sid=8",
        ),
        ("http://clinica.es/a?sid=20261129", "http://clinica.es/a?sid=20261129"),
        ("http://clinica.es/a?id=3&sid=0a1b2c3d4e5f60718293a4b5c6d7e8f9", "http://clinica.es/a?id=3"),
        ("http://clinica.es/a?session=cardiologia-infantil", "http://clinica.es/a?session=cardiologia-infantil"),
        ("http://congreso.es/programa?session_id=12", "http://congreso.es/programa?session_id=12"),
        ("http://congreso.es/p?sessionid=7f3k9d2m1q8w5e4r6t", "http://congreso.es/p"),
        ("http://clinica.es/?s=diabetes+tipo+2", "http://clinica.es/?s=diabetes+tipo+2"),
        ("http://clinica.es/a;sid=1234/b", "http://clinica.es/a;sid=1234/b"),
        ("http://clinica.es/a;sid=0a1b2c3d4e5f60718293", "http://clinica.es/a"),
        ("http://clinica.es/a?CFID=88&CFTOKEN=1f&x=1", "http://clinica.es/a?x=1"),
        ("http://clinica.es/a?srsltid=AfmBOoq&gad_source=1", "http://clinica.es/a"),
        ("http://clinica.es/a/%2e%2E/b", "http://clinica.es/b"),
        ("http://cl%69nica.es/a", "http://clinica.es/a"),
        ("http://clinica.es/atenci%F3n", "http://clinica.es/atenci%F3n"),
        ("http://clinica.es/busca?q=a%f1o", "http://clinica.es/busca?q=a%F1o"),
        ("http://clinica.es/a?b=2&a=1", "http://clinica.es/a?b=2&a=1"),
        ("http://clinica.es?x=1", "http://clinica.es/?x=1"),
        ("  http://clinica.es/a\n", "http://clinica.es/a"),
        ("http://[2A00::1]:80/a", "http://[2a00::1]/a"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://clinica.es/\ud800", "http://clinica.es/%3F"),
    ],
)
def test_table(url, form):
    assert canonical_url(url) == form
    assert canonical_url(form) == form


@pytest.mark.parametrize(
    "url", ["", "clinica.es", "ftp://clinica.es/", "http://", "http://[::1", "http://a:99999/", "mailto:a@b.es"]
)
def test_what_is_none_is_named(url):
    with pytest.raises(InputError, match="not a"):
        canonical_url(url)


def test_one_document_over_both_schemes_and_with_or_without_www():
    forms = ["http://clinica.es/a", "https://clinica.es/a", "https://www.clinica.es/a"]
    assert len({document_id(url) for url in forms}) == 1
    assert document_id("https://clinica.es/b") != document_id(forms[0])


def test_host():
    assert [host_of(url) for url in ("http://a.es:8080/x", "http://[2a00::1]/x", "http://a.es?x")] == [
        "a.es",
        "2a00::1",
        "a.es",
    ]


@given(st.text("aZ9._-~/;%?=:@#ñ", max_size=24))
def test_addresses_that_look_canonical_are(rest):
    """They are returned as they stand, without the work that a scheme in capitals sets going."""
    for host in ("clinica.es", "www.xn--nios-hqa.gob.mx", f"{'a' * 64}.es", "10.0.0.1", "0x7f.1"):
        forms = [_form(f"{scheme}://{host}/{rest}") for scheme in ("https", "HTTPS")]
        assert forms[0] == forms[1]


def _form(url):
    try:
        return canonical_url(url)
    except InputError:
        return None
