"""What a page says of itself, and texts that are mended only where something is to mend."""

import itertools
import re
from datetime import date

import ftfy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trafilatura import load_html

from cleaning.pages import extraction, own_attributes
from cleaning.pages import normal_text as normal_text_module
from cleaning.pages.extraction import extract_html
from cleaning.pages.normal_text import normal_text
from cleaning.pages.own_attributes import AuthorSigns
from cleaning.pages.page import Page, Raw
from cleaning.pages.titles import own_title
from cleaning.settings import CleaningSettings

TEXT = "<p>" + "La fiebre es una respuesta del cuerpo a la infección y suele ceder en pocos días. " * 8 + "</p>"

LINKED_DATA = (
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article",'
    '"author":{"@type":"Person","name":"Ana Ruiz Gil"}}</script>'
)


def raises(*_: object) -> None:
    raise RecursionError


def page(head: str = "", body: str = "") -> Page:
    html = f"<html><head><title>La fiebre</title>{head}</head><body><article>{body}{TEXT}</article></body></html>"
    found = extract_html(Raw("https://salud.es/a", "text/html; charset=utf-8", html.encode()), CleaningSettings())
    assert isinstance(found, Page)
    return found


def test_a_page_whose_own_words_cannot_be_read_keeps_its_text(monkeypatch):
    monkeypatch.setattr(extraction, "declared_of", raises)
    found = page('<link rel="canonical" href="https://salud.es/fiebre">')
    assert (found.title, found.author, found.published) == (None, None, None)
    assert found.canonical == "https://salud.es/fiebre"
    assert "fiebre es una respuesta" in found.text


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<meta name="author" content="Ana Ruiz Gil">', ""),
        ("", '<p>Por <a rel="author" href="/ana">Ana Ruiz Gil</a></p>'),
        ("", '<p class="Byline">Ana Ruiz Gil</p>'),
        ("", '<span class="posted-by">Ana Ruiz Gil</span>'),
        ("", "<div class='byl'>Ana Ruiz Gil</div>"),
        (LINKED_DATA, ""),
    ],
)
def test_the_author_wherever_a_page_names_one(head, body):
    assert page(head, body).author == "Ana Ruiz Gil"


def test_no_author_is_made_up():
    assert page("", '<p class="entrada">Ana Ruiz Gil</p>').author is None


DATED = [
    ("<p>Publicado el 3 de marzo de 2021</p>", date(2021, 3, 3)),
    ("<p>Última actualización: 3 de marzo de 2021</p>", date(2021, 3, 3)),
    ("<p>Fecha de publicación: 03/12/2021</p>", date(2021, 12, 3)),
    ("<p>Actualizado: 3-3-2021</p>", date(2021, 3, 3)),
    ("<p>Actualizado: 2021-03-12</p>", date(2021, 3, 12)),
    ("<p>Actualizado el 2/1/2022. Publicado el 1/2/2021.</p>", date(2021, 2, 1)),
    ("<p>Última revisión: marzo 3, 2021</p>", date(2021, 3, 3)),
    ("<p>Publicado: miércoles, 3 de marzo de 2021 a las 10:00</p>", date(2021, 3, 3)),
    ("<p>Publicado el 1º de setiembre del 2019</p>", date(2019, 9, 1)),
    ("<p>Publicado por Ana el 3 mar. 2021</p>", date(2021, 3, 3)),
    ("<p>Fecha: 3 DE MARZO DE 2021</p>", date(2021, 3, 3)),
    ("<div><span>Publicado:</span> <b>3.3.2021</b></div>", date(2021, 3, 3)),
    ("<p>3 de marzo de 2021</p>", date(2021, 3, 3)),
    ("<p>Ana Ruiz | 3 de marzo de 2021 | 5 min</p>", date(2021, 3, 3)),
    ("<div class='post-meta'>3 marzo, 2021</div>", date(2021, 3, 3)),
    ("<p>Madrid, 3 de marzo de 2021</p>", date(2021, 3, 3)),
    ("<p>Madrid, 3 de marzo de 2021.</p>", date(2021, 3, 3)),
    ("<p>En Ciudad de México, a 3 de marzo de 2021.</p>", date(2021, 3, 3)),
    ("<p>Se aprobó la vacuna el 3 de marzo de 2021.</p>", None),
    ("<p>Caduca el 3 de marzo de 2021</p>", None),
    ("<p>Esta oferta vence el 3/3/2021</p>", None),
    ("<p>Ruiz A, et al. Las vacunas. Publicado el 3 de marzo de 2021.</p>", None),
    ("<p>OMS. Vacunas. Publicado el 3/3/2021. Disponible en: https://who.int/v</p>", None),
    ("<p>El 3 de marzo de 2021 se aprobó la vacuna.</p>", None),
    ("<p>Nació el 3 de marzo de 2001</p>", None),
    ("<p>Fecha de caducidad: 3/3/2021</p>", None),
    ("<p>Publicado en marzo de 2021</p>", None),
    ("<p>Publicado el 31 de febrero de 2021</p>", None),
    ("<p>Publicado el 45/13/2021</p>", None),
    ("<p>Dosis 3/3/20210 mg</p>", None),
    ("<p>Plazo de inicio: 3 de marzo de 2021</p>", None),
]


@pytest.mark.parametrize(("html", "day"), DATED)
def test_the_day_that_a_text_states(html, day):
    assert page("", f"<h1>La fiebre</h1>{html}").published == day


def test_the_day_of_the_visit_above_the_title_is_none():
    assert page("", "<div>Domingo, 29 de noviembre de 2026</div><h1>La fiebre</h1>").published is None


def test_the_day_that_is_declared_goes_before_the_texts():
    found = page(
        '<meta property="article:published_time" content="2020-01-02">', "<h1>X</h1><p>Publicado el 3/3/2021</p>"
    )
    assert found.published == date(2020, 1, 2)


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        ('<meta name="date" content="2019-05-06">', "<p>Publicado el 3/3/2021</p>", date(2019, 5, 6)),
        ("", '<span class="entry-date">6 May 2019</span><p>Publicado el 3/3/2021</p>', date(2019, 5, 6)),
        ("", '<time datetime="2019-05-06T10:00:00">ayer</time><p>Publicado el 3/3/2021</p>', date(2019, 5, 6)),
        ('<script>var x = {"on": "2019-05-06T10:00:00"}</script>', "<p>Publicado el 3/3/2021</p>", date(2021, 3, 3)),
        ('<script>var x = {"on": "2019-05-06T10:00:00"}</script>', "", date(2019, 5, 6)),
        ('<meta property="og:image" content="https://a.es/2019/05/06/a.jpg">', "", date(2019, 5, 6)),
        ("", f"{'<p>La fiebre es un signo.</p>' * 7}<pre>Print DateSerial(2019, 5, 6) ' 2019-05-06</pre>", None),
    ],
)
def test_where_a_day_is_declared_from_the_head_to_the_source(head, body, day):
    assert page(head, f"<h1>La fiebre</h1>{body}").published == day


def titled(title: str, url: str = "https://www.saludfacil.es/fiebre/", head: str = "", body: str = "") -> Page:
    html = (
        f"<html><head><title>{title}</title>{head}</head><body{body}><article><h2>La fiebre</h2>{TEXT}</article></body>"
    )
    found = extract_html(Raw(url, "text/html; charset=utf-8", html.encode()), CleaningSettings())
    assert isinstance(found, Page)
    return found


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("La avena - SaludFacil.ES", "La avena"),
        ("La avena | Salud Fácil", "La avena"),
        ("Salud Fácil: la avena", "Salud Fácil: la avena"),
        ("Salud Fácil | La avena", "La avena"),
        ("La avena – Saludfacil", "La avena"),
        ("La avena » Salud Fácil", "La avena"),
        ("La avena • salud fácil", "La avena"),
        ("La fiebre - Clínica del Sur", "La fiebre"),
        ("La fiebre - Consejos - Clínica del Sur", "La fiebre"),
        ("Covid-19 - qué hacer", "Covid-19 - qué hacer"),
        ("Antes / después", "Antes / después"),
        ("Avena Archives | Page 5 of 17 | Salud Fácil", "Avena"),
        ("Archivos de avena - Salud Fácil", "avena"),
        ("Categoría: Avena | Salud Fácil", "Avena"),
        ("Etiqueta: avena", "avena"),
        ("Avena - Página 3 de 7 - Salud Fácil", "Avena"),
        ("Inicio", None),
        ("Inicio - Salud Fácil", "Salud Fácil"),
        ("Documento sin título", None),
        ("Archivos", None),
        ("Blog | La avena", "La avena"),
        ("IMC 18,5 - 24,9: peso normal", "IMC 18,5 - 24,9: peso normal"),
    ],
)
def test_a_title_without_its_site_and_its_template(title, own):
    assert titled(title).title == own


def test_the_declared_name_of_a_site_leaves_the_title():
    name = '<meta property="og:site_name" content="Hospital del Mar">'
    assert titled("La avena - Hospital del Mar", head=name).title == "La avena"


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://a.es/tag/fiebre/", ""),
        ("https://a.es/etiqueta/fiebre", ""),
        ("https://a.es/category/salud/ninos/page/2/", ""),
        ("https://a.es/autor/ana/", ""),
        ("https://a.es/blog/page/7", ""),
        ("https://a.es/2012/06/", ""),
        ("https://a.es/x", ' class="archive tag tag-fiebre"'),
        ("https://a.es/x", " id=a class='home blog'"),
    ],
)
def test_a_list_of_pages_has_no_day(url, body):
    head = '<script type="application/ld+json">{"datePublished": "2012-03-07"}</script>'
    assert titled("La fiebre", url, head, body).published is None


@pytest.mark.parametrize(
    "url", ["https://a.es/2012/06/la-fiebre/", "https://a.es/etiquetas-de-alimentos", "https://a.es/tag"]
)
def test_a_page_beside_such_lists_has_its_day(url):
    head = '<script type="application/ld+json">{"datePublished": "2012-03-07"}</script>'
    assert titled("La fiebre", url, head, ' class="single postid-3 tag-icons"').published == date(2012, 3, 7)


@pytest.mark.parametrize(
    "json", ["[[1]]", '{"@graph": 7}', '{"@type": ["Article"], "author": [null, 3]}', "{", "[" * 3000]
)
def test_metadata_of_an_unforeseen_shape_costs_no_page(json):
    found = page(f'<script type="application/ld+json">{json}</script><meta name="date" content="2024-05-17">')
    assert (found.title, found.published) == ("La fiebre", date(2024, 5, 17))
    assert found.text.startswith("La fiebre es una respuesta")


SOME = st.text(
    st.one_of(st.characters(), st.sampled_from("áéñ¿ÃÂ©±€™ﬁǆ\u0149\x92\x85\r\u2028\ufeffa b\n")), max_size=200
)


@settings(deadline=None, max_examples=200)
@given(text=SOME)
def test_what_ftfy_is_not_asked_about_it_would_not_have_changed(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normal_text_module, "_ODD", re.compile(""))
        asked_always = normal_text(text)
    assert normal_text(text) == asked_always


AUTHOR_SIGNS = AuthorSigns()


@pytest.mark.parametrize(
    ("body", "authored"),
    [
        ('<p class="Byline">Ana</p>', True),
        ("<author>Ana</author>", True),
        ('<a rel="author">Ana</a>', True),
        ("<p>el username y el byline</p>", False),
        ('<meta name="author" content="Ana">', False),
        ('<p title="author">Ana</p>', False),
    ],
)
def test_elements_of_an_author_are_seen(body, authored):
    assert bool(AUTHOR_SIGNS(load_html(f"<html><head></head><body>{body}</body></html>"))) is authored


@pytest.mark.parametrize("expression", own_attributes.AUTHOR_XPATHS)
def test_what_trafilatura_takes_for_an_author_is_seen(expression):
    words = str.split(
        "author Author authorName AuthorCard AuthorURL byline Byline username byl BBL zuozhe screenname writer"
    )
    names = ["rel", "id", "class", "itemprop", "data-testid", "data-component"]
    for tag, name, word in itertools.product(("a", "div", "p", "span", "h3", "li"), names, words):
        tree = load_html(f'<html><head></head><body><{tag} {name}="{word}">Ana</{tag}></body></html>')
        assert AUTHOR_SIGNS(tree) or not expression(tree)


@settings(deadline=None, max_examples=500)
@given(
    st.text(st.one_of(st.characters(max_codepoint=0x2FF), st.sampled_from("ÂÃŒœØÙàâÎÐ×²½€¡»”°√≈‚Ä вЂВa ")), max_size=12)
)
def test_no_mojibake_is_passed_over(text):
    assert (
        normal_text_module._SUSPECT.search(text)
        or normal_text_module._ODD.search(text)
        or not ftfy.badness.is_bad(text)
    )


def test_mojibake_in_one_line_is_mended_and_the_others_stay():
    assert normal_text("La informaciÃ³n\nEl niño y el corazón") == "La información\nEl niño y el corazón"
    assert ftfy.badness.is_bad("informaciÃ³n")


@pytest.mark.parametrize(
    ("title", "heading", "found"),
    [
        (
            "Senador califica a Biden de",
            'Senador califica a Biden de "incapacitado"',
            'Senador califica a Biden de "incapacitado"',
        ),
        ("Qué es el", "Qué es el asma", "Qué es el"),
        ("Asma", 'Asma "de esfuerzo"', "Asma"),
        ("La vacuna de la gripe", "La vacuna de la gripe", "La vacuna de la gripe"),
    ],
)
def test_a_title_that_its_attribute_cut_at_a_quotation_mark_is_the_headings(title, heading, found):
    assert own_title(title, "https://a.example/n", None, [heading]) == found
