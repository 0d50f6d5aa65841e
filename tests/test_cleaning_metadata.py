"""What a page says of itself, and texts that are mended only where something is to mend."""

import re
from datetime import date

import ftfy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.pages import extraction
from cleaning.pages import normal_text as normal_text_module
from cleaning.pages.extraction import extract_html
from cleaning.pages.metadata import _has_authored_element
from cleaning.pages.normal_text import normal_text
from cleaning.pages.page import Page, Raw
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
    monkeypatch.setattr(extraction, "metadata_of", raises)
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


@pytest.mark.parametrize(
    ("body", "authored"),
    [
        (b'<p class="Byline">Ana</p>', True),
        (b"<p>writer <b>author</b> 3 < 4 author</p>", True),
        (b"<p>el username y el byline</p>", False),
        (b'<meta name="author" content="Ana">', False),
        (b"<html>" + b"writer " * 1_000_000, False),
        (b"<meta " + b"author " * 1_000_000, False),
    ],
    ids=["tag", "behind a bare <", "prose", "meta", "7 MB of prose", "7 MB of a tag"],
)
def test_authored_elements_are_seen_without_a_tree(body, authored):
    assert _has_authored_element(body) is authored


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
