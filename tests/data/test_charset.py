"""Undeclared and misdeclared encodings of Spanish pages come out right."""

import itertools

import pytest

from data.charset import decode, decode_with_mark, encoding_of

SUBJECTS = ["El niño pequeño", "La mujer gestante", "Un señor de 60 años", "Quien sufre migrañas", "El bebé", "Mi mamá"]
VERBS = ["necesitará", "no debería tomar", "consultó por", "mejoró con", "empeoró después de", "preguntó qué es"]
OBJECTS = [
    "una radiografía",
    "la vacunación antigripal",
    "el análisis de orina",
    "más líquidos y reposo",
    "cafeína ni té",
    "la insulina “lenta” – según pauta",
    "un fármaco a 20 € la caja",
    "fisioterapia… y paciencia",
    "¿cirugía o medicación?",
]
SENTENCES = [" ".join(words) + "." for words in itertools.product(SUBJECTS, VERBS, OBJECTS)]


def pages() -> list[str]:
    """Short pages of one to three sentences, no charset declared."""
    texts = [
        f"<html lang=es><body><p>{' '.join(SENTENCES[i : i + 1 + i % 3])}</p></body></html>"
        for i in range(len(SENTENCES))
    ]
    assert len(texts) > 300
    return texts


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
@pytest.mark.parametrize(
    "content_type", [None, "text/html", "text/html; charset=utf-8", "text/html; charset=ISO-8859-1"]
)
def test_short_spanish_pages_come_out_right_whatever_the_header_says(encoding, content_type):
    right = sum(decode(page.encode(encoding), content_type)[0] == page for page in pages())
    assert right / len(pages()) >= 0.995


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"\xef\xbb\xbfhola", "text/html; charset=windows-1251", "utf-8"),
        ("\ufeffaño".encode("utf-16-le"), None, "utf-16-le"),
        ("\ufeffaño".encode("utf-16-be"), None, "utf-16-be"),
        (b"<meta charset='utf-16'>hola", None, "utf-8"),
        ("<meta charset=koi8-r>привет".encode("koi8-r"), None, "koi8-r"),
        ("<meta charset=koi8-r>привет".encode("cp1251"), 'text/html; charset="windows-1251"', "cp1251"),
        ("<?xml version='1.0' encoding='iso-8859-15'?>20 €".encode("iso8859-15"), None, "iso8859-15"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis">健康'.encode("shift_jis"),
            None,
            "shift_jis",
        ),
        (b" " * 5000 + "<meta charset=koi8-r>ñ".encode("cp1252"), None, "cp1252"),
        (b"ni\xf1o", "text/html; charset=", "cp1252"),
        (b"hola", "text/html; charset=unknown-8bit", "utf-8"),
        ("niño".encode(), "text/html; charset=us-ascii", "utf-8"),
        ("acción y señal".encode()[:-3], None, "utf-8"),
        ("señal médica".encode()[:3], None, "cp1252"),
    ],
)
def test_table(body, content_type, encoding):
    assert encoding_of(body, content_type) == encoding
    assert decode_with_mark(body, content_type) == (body.decode(encoding, "replace"), encoding)


@pytest.mark.parametrize(
    "name", ["hex", "punycode", "unicode_escape", "idna", "undefined", "rot13", "zlib", "utf-7", "x" * 300]
)
def test_what_python_knows_but_is_no_charset_is_not_used(name):
    body = f"<meta charset={name}>El niño".encode("cp1252")
    assert decode(body, f"text/html; charset={name}") == (f"<meta charset={name}>El niño", "cp1252")


def test_a_few_broken_bytes_do_not_make_the_rest_unreadable():
    text = "Atención médica en la región: señales y síntomas. " * 10
    assert decode(text.encode() + b"\xf1 fin", None) == (text + "\ufffd fin", "utf-8")


def test_a_long_line_of_meta_tags_is_read_in_bounds():
    assert encoding_of(b"<meta " * 100_000 + b"\xf1", None) == "cp1252"
