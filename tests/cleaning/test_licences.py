"""The licence that a page or its host states: by its elements, its header, JSON-LD, XMP, RSL; not that of a picture."""

import pytest
from warc_files import html

from cleaning.pages.extraction import extract_html
from cleaning.pages.licences import pdf_licence
from cleaning.pages.page import Raw
from cleaning.settings import CleaningSettings
from data.rights.licences import Licence, licence_at, licence_in

BY = "https://creativecommons.org/licenses/by/4.0/"
BY_NC = "https://creativecommons.org/licenses/by-nc/3.0/es/"
PROSE = "El asma es una enfermedad de los bronquios que dificulta la respiración y que se trata con inhaladores."
URL = "https://salud.es/asma"


def licence(head="", foot="", link=""):
    body = html(f"{PROSE}\n{PROSE} Otra.", f"<title>Asma</title>{head}").replace(b"</body>", f"{foot}</body>".encode())
    found = extract_html(Raw(URL, "text/html; charset=utf-8", body, link=link), CleaningSettings())
    return (found.licence.name, found.licence.url) if found.licence is not None else None


def linked_data(kind, value):
    return f'<script type="application/ld+json">{{"@graph":[{{"@type":"{kind}","license":{value}}}]}}</script>'


STATED = {
    "link": (f'<link rel="license" href="{BY}deed.es">', "", ("CC-BY-4.0", BY)),
    "anchor": ("", f'<p><a rel="license" href="{BY_NC}">Licencia</a></p>', ("CC-BY-NC-3.0-ES", BY_NC)),
    "own page": ("", '<a rel="license" href="/uso">Uso libre</a>', ("Uso libre", "https://salud.es/uso")),
    "two alike": ("", 2 * f'<p><a rel="license" href="{BY}">CC</a></p>', ("CC-BY-4.0", BY)),
    "json-ld": (linked_data("MedicalWebPage", f'"{BY}"'), "", ("CC-BY-4.0", BY)),
    "json-ld node": (linked_data("Article", f'{{"@type":"CreativeWork","url":"{BY}"}}'), "", ("CC-BY-4.0", BY)),
    "dc.rights of OJS": (
        f'<meta name="DC.Rights" content="Copyright (c) 2021 A"><meta name="DC.Rights" content="{BY[:-1]}">',
        "",
        ("CC-BY-4.0", BY),
    ),
    "dcterms.license": ('<meta property="dcterms:license" content="CC BY-NC-SA 4.0">', "", ("CC-BY-NC-SA-4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/")),
    "bare link": ("", f'<footer>Esta obra está bajo una <a href="{BY}">licencia</a></footer>', ("CC-BY-4.0", BY)),
    "texts and pictures": ("", f'<p>Textos e imágenes: <a href="{BY}">CC BY</a></p>', ("CC-BY-4.0", BY)),
    "relative to http": ("", '<a href="//creativecommons.org/publicdomain/zero/1.0/deed.es">CC0</a>', ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/")),
}  # fmt: skip


@pytest.mark.parametrize("name", STATED)
def test_what_a_page_states(name):
    head, foot, expected = STATED[name]
    assert licence(head, foot) == expected


NOT_ITS_OWN = {
    "a figure": ("", f'<figure><img><figcaption>Foto <a href="{BY}">CC BY</a></figcaption></figure>'),
    "a credit": ("", f'<p>Imagen de Ana en Flickr, <a href="{BY}">CC BY 2.0</a></p>'),
    "a picture's description": (linked_data("ImageObject", f'"{BY}"'), ""),
    "two licences": ("", f'<p><a href="{BY}">uno</a></p><p><a href="{BY_NC}">otro</a></p>'),
    "their home page": ("", '<p><a href="https://creativecommons.org/">Creative Commons</a></p>'),
    "copyright": ('<meta name="DC.Rights" content="Copyright (c) 2021 Revista">', ""),
    "RSL is the ledger's": ('<link rel="license" type="application/rsl+xml" href="/l.xml">', ""),
    "broken JSON": ('<script type="application/ld+json">{"license": </script>', ""),
    "a number": (linked_data("Article", "4"), ""),
    "a script": ("", '<a rel="license" href="javascript:void(0)">Licencia</a>'),
}


@pytest.mark.parametrize("name", NOT_ITS_OWN)
def test_what_is_no_licence_of_the_page(name):
    assert licence(*NOT_ITS_OWN[name]) is None


def test_the_header_field_goes_first_and_rsl_is_passed_over():
    field = f'</l.xml>; rel="license"; type="application/rsl+xml", <{BY}>; rel="license"'
    assert licence("", f'<a rel="license" href="{BY_NC}">x</a>', link=field) == ("CC-BY-4.0", BY)


@pytest.mark.parametrize(
    "packet",
    [
        f'<rdf:Description xmlns:cc="http://creativecommons.org/ns#"><cc:license rdf:resource="{BY}"/>',
        f"<rdf:Description><xmpRights:WebStatement>{BY[:-1]}</xmpRights:WebStatement>",
        f'<rdf:Description xmpRights:WebStatement="{BY}">',
    ],
)
def test_the_licence_of_a_pdf(packet):
    body = f"%PDF-1.7\n<x:xmpmeta><rdf:RDF>{packet}</rdf:RDF></x:xmpmeta>".encode()
    assert pdf_licence(body, "https://a.es/x.pdf") == Licence("CC-BY-4.0", BY)


def test_addresses_and_codes_have_one_spelling():
    assert licence_at("http://creativecommons.org/licenses/by-sa/3.0/deed.es_ES").name == "CC-BY-SA-3.0"
    assert licence_at("https://creativecommons.org/licenses/by/3.0/igo/").name == "CC-BY-3.0-IGO"
    assert licence_at("https://creativecommons.org/choose/") is None
    assert licence_at("https://opendatacommons.org/licenses/by/1-0/").name == "ODC-By-1.0"
    assert licence_in("Licencia CC-BY-NC-ND.").name == "CC-BY-NC-ND"
    assert licence_in("inyectar 2 cc by pass, 10 cc 0,9 %") is None
