"""The main text of a page: extractors choose among its blocks, and what they miss is found."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from justext.core import classify_paragraphs, revise_paragraph_classification
from justext.paragraph import Paragraph
from justext.utils import get_stoplist
from trafilatura import load_html

from cleaning.pages import main_text as main_text_module
from cleaning.pages.blocks import MARKS_A_PLANE, MAX_MARKS, Block, Kind, mark, marked_number
from cleaning.pages.element_kinds import Place
from cleaning.pages.extraction import extract_html
from cleaning.pages.main_text import main_text
from cleaning.pages.page import Drop, Page, Raw
from cleaning.pages.page_walk import page_blocks
from cleaning.pages.paragraphs import _revised, good_blocks
from cleaning.pages.selection import kept_by_readability, kept_by_trafilatura
from cleaning.settings import ExtractionSettings

SENTENCE = "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes cuidan de ellas. "
TEXTS = st.sampled_from(
    [
        "12 mg",
        "Cuándo acudir",
        SENTENCE.strip(),
        (SENTENCE * 3).strip(),
        "© 2024",
        "Inicio",
        "Aspirina Omeprazol Simvastatina Metformina",
        "Aspirina Omeprazol Simvastatina Metformina " * 5 + "fin",
    ]
)


def block(text, link_characters=0):
    return Block(text, Kind.PARAGRAPH, Place.NONE, 0, 0, 0, link_characters=link_characters)


def by_justext(blocks):
    paragraphs = []
    for one in blocks:
        paragraph = Paragraph(SimpleNamespace(dom="body.p", xpath="/body/p"))
        paragraph.append_text(one.text)
        paragraph.chars_count_in_links = one.link_characters
        paragraphs.append(paragraph)
    classify_paragraphs(paragraphs, get_stoplist("Spanish"), 50, 150, 0.1, 0.2, 0.25, True)
    revise_paragraph_classification(paragraphs, 150)
    return [not paragraph.is_boilerplate for paragraph in paragraphs]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TEXTS, st.sampled_from([0, 5, 60])), max_size=30))
def test_blocks_are_judged_as_justext_judges_paragraphs(pieces):
    blocks = [block(text, min(links, len(text))) for text, links in pieces]
    assert good_blocks(blocks) == by_justext(blocks)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["good", "bad", "neargood", "short"]), max_size=25))
def test_paragraphs_are_revised_in_their_context_as_justext_revises_them(classes):
    revisable = [SimpleNamespace(cf_class=one, heading=False, class_type="", text="x") for one in classes]
    revise_paragraph_classification(revisable, 150)
    assert _revised(classes) == [paragraph.class_type == "good" for paragraph in revisable]


def test_many_short_paragraphs_take_no_time_of_their_square():
    blocks = [block(SENTENCE * 5), *[block("12 mg")] * 20_000]
    assert good_blocks(blocks)[0]  # justext's own revision: 36 s


@pytest.mark.parametrize("number", [0, 1, MARKS_A_PLANE - 1, MARKS_A_PLANE, MARKS_A_PLANE + 1, MAX_MARKS - 1])
def test_every_mark_tells_its_number_and_is_a_private_sign(number):
    sign = mark(number)
    assert marked_number(sign) == number
    assert ord(sign) & 0xFFFF < 0xFFFE


def parsed(html):
    return load_html(f"<html><body>{html}</body></html>")


def found_in(html):
    return main_text(parsed(html), "https://a.example/").text


def lessons(count):
    return "".join(f"<section><div><h2>L{n}</h2></div><p>{SENTENCE * 3}{n}</p></section>" for n in range(count))


@pytest.mark.parametrize("keeps", [kept_by_readability, lambda tree, page: kept_by_trafilatura(tree, page, "")])
def test_an_extractor_tells_the_blocks_that_it_keeps(keeps):
    links = "".join(f'<li><a href="/{n}">Enlace número {n}</a></li>' for n in range(20))
    tree = parsed(f"<nav><ul>{links}</ul></nav><article><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></article>")
    page = page_blocks(tree)
    kept = keeps(tree, page)
    assert [one.text for one, is_kept in zip(page.blocks, kept, strict=True) if is_kept] == [
        (SENTENCE * 3).strip(),
        (SENTENCE * 4).strip(),
    ]


def test_private_signs_of_a_page_are_no_marks():
    html = f"<p>\U000f0001 {SENTENCE * 3}</p><p>\U000f0000\U00100003</p><p>{SENTENCE * 4}\U000f0009</p>"
    assert found_in(html) == f"{SENTENCE * 3}\n{SENTENCE * 4}".replace(" \n", "\n").strip()


def test_what_the_fast_way_misses_is_found_by_justexts_rules():
    found = found_in(f"<article class='page-intro'><p>{SENTENCE}</p></article>{lessons(9)}")
    assert [found.count(f"{SENTENCE.strip()} {n}") for n in range(9)] == [1] * 9
    assert [f"\nL{n}\n" in found for n in range(9)] == [True] * 9


def test_where_nothing_was_missed_no_other_is_asked(monkeypatch):
    monkeypatch.setattr(main_text_module, "good_blocks", lambda _: pytest.fail("asked"))
    assert found_in(f"<article><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></article>").count("La vacuna") == 7


def test_a_page_that_trafilatura_cannot_read_is_read_by_the_others(monkeypatch):
    monkeypatch.setattr(main_text_module, "kept_by_trafilatura", lambda *_: int("no number"))
    assert found_in(f"<article><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></article>").count("La vacuna") == 7


@pytest.mark.parametrize("html", ["", "<p>corto</p>", "<table><tr><td></td></tr></table>"])
def test_a_page_of_next_to_nothing_is_no_failure(html):
    assert found_in(html) == ("corto" if "corto" in html else "")


_PARAGRAPH = f"<p>{SENTENCE * 5}</p>"
FRAGMENTS = {
    "an article alone": f"<article><h1>La gripe</h1>{_PARAGRAPH}</article>",
    "one division": f"<div>{_PARAGRAPH}</div>",
    "one paragraph": _PARAGRAPH,
    "front matter of a site generator": f"---\nlayout: default\ntitle: Gripe\n---\n<article>{_PARAGRAPH}</article>",
    "a body without html": f"<body><main><h1>La gripe</h1>{_PARAGRAPH}</main></body>",
    "a comment before it": f"<!-- {'x' * 80} --><section>{_PARAGRAPH}</section>",
    "blank lines before it": "\n" * 90 + f"<main>{_PARAGRAPH}</main>",
    "table layout": f"<center><table><tr><td>{_PARAGRAPH}</td></tr></table></center>",
    "upper case": f"<DIV><P>{SENTENCE * 5}</P></DIV>",
    "closed too often": f"</div></div><section>{_PARAGRAPH}</section></div>",
}


@pytest.mark.parametrize("kind", FRAGMENTS)
def test_a_page_without_html_and_head_is_read_as_browsers_do(kind):
    page = extract_html(Raw("http://salud.example/gripe", "text/html", FRAGMENTS[kind].encode()), ExtractionSettings())
    assert isinstance(page, Page)
    assert SENTENCE.strip() in page.text
    assert "layout" not in page.text


@pytest.mark.parametrize("body", [b"", b"sin etiquetas " * 40, b"\x00\x01", b"<!-- nada -->"])
def test_what_has_no_element_has_no_text(body):
    drop = extract_html(Raw("http://salud.example/gripe", "text/html", body), ExtractionSettings())
    assert isinstance(drop, Drop)
    assert drop.reason == "extraction/no_text"


@pytest.mark.parametrize(
    "part",
    [
        "<nav><a href='/a'>Inicio</a>",
        "<nav><a hr<!doctype html><header>",
        "<footer>",
        "<div class='sidebar'>",
        "<form>",
    ],
)
def test_a_part_of_the_site_that_holds_the_whole_text_was_left_open(part):
    article = f"<h1>La gripe</h1>{_PARAGRAPH}<h2>A quién</h2>{_PARAGRAPH}"
    html = f"<html><head><title>La gripe</title></head><body><header>{part}<div>{article}</div></body></html>"
    text = main_text(load_html(html), "http://salud.example/gripe").text
    assert SENTENCE.strip() in text
    assert "A quién" in text


_SYMPTOMS = ("Dolor abdominal", "Náuseas", "Pérdida de apetito", "Fiebre", "Escalofríos")


@pytest.mark.parametrize(
    "card",
    [
        '<a href="/s"><div class="flex"><span class="icon"></span><p class="center">{}</p></div></a>',
        '<div class="col"><a href="/s">{}</a></div>',
        '<p><a href="/s">{}</a></p>',
        '<div><div><a href="/s"><img src="i.png" alt=""><br>{}</a></div></div>',
    ],
)
@pytest.mark.parametrize(
    ("lead", "is_kept"),
    [
        ("Los signos y síntomas incluyen:", True),
        ("Artículos relacionados:", False),
        ("También le puede interesar:", False),
    ],
)
def test_a_list_of_linked_cards_behind_a_colon_is_its_list(card, lead, is_kept):
    cards = "".join(card.format(symptom) for symptom in _SYMPTOMS)
    html = f"<article><h1>La gripe</h1>{_PARAGRAPH}<p>{lead}</p><div>{cards}</div><h2>Causas</h2>{_PARAGRAPH}</article>"
    lines = main_text(load_html(f"<html><head></head><body>{html}</body></html>"), "http://a.example/").text.split("\n")
    assert [symptom in lines for symptom in _SYMPTOMS] == [is_kept] * len(_SYMPTOMS)


def test_a_definition_stays_where_readability_keeps_links_alone():
    cards = "".join(f'<a href="/s"><div><p>{symptom}</p></div></a>' for symptom in _SYMPTOMS)
    text = (
        "La enfermedad de Addison es un trastorno en el que las glándulas no producen suficientes hormonas esteroides."
    )
    html = f"<html><head></head><body><h1>Addison</h1><p>{text}</p><h2>Signos</h2><div>{cards}</div></body></html>"
    assert text in main_text(load_html(html), "http://a.example/").text


@pytest.mark.parametrize(
    ("heading", "names", "is_kept"),
    [
        ("Signos y síntomas", _SYMPTOMS, True),
        ("Le puede interesar", _SYMPTOMS, False),
        ("Lo más leído", _SYMPTOMS, False),
        ("Signos y síntomas", tuple(f"Diez cosas que hay que saber de {name}" for name in _SYMPTOMS), False),
        ("Signos y síntomas", _SYMPTOMS[:2], False),
    ],
)
def test_names_that_link_behind_a_heading_are_its_list(heading, names, is_kept):
    cards = "".join(f'<a href="/s"><div><p>{name}</p></div></a>' for name in names)
    body = (
        f"<article><h1>Gripe</h1>{_PARAGRAPH}<h2>{heading}</h2><div>{cards}</div><h2>Causas</h2>{_PARAGRAPH}</article>"
    )
    lines = main_text(load_html(f"<html><head></head><body>{body}</body></html>"), "http://a.example/").text.split("\n")
    assert [name in lines for name in names] == [is_kept] * len(names)
    assert heading in lines or not is_kept


@pytest.mark.parametrize("more", ["Leer más…", "Ver ficha completa"])
def test_a_card_without_a_text_of_its_own_keeps_its_name_between_the_others(more):
    def card(name, text=""):
        return f'<div class="col"><div class="box"><h3>{name}</h3>{text}<p><a href="/s">{more}</a></p></div></div>'

    cards = card("Gonorrea", _PARAGRAPH) + card("Hepatitis B") + card("Condiloma") + card("Clamidia", _PARAGRAPH)
    html = f"<article><h1>Infecciones</h1>{_PARAGRAPH}<h2>Tipos</h2>{cards}{card('Sífilis')}<h2>Causas</h2>{_PARAGRAPH}"
    lines = main_text(load_html(f"<html><head></head><body>{html}</article></body></html>"), "http://a.example/").text
    names = ("Gonorrea", "Hepatitis B", "Condiloma", "Clamidia", "Sífilis")
    assert [name for name in lines.split("\n") if name in names] == list(names)
    assert more not in lines
