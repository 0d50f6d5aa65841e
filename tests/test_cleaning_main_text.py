"""The main text of pages that the fast way misses, and justext's rules on paragraphs read once."""

from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from justext.core import ParagraphMaker, classify_paragraphs, revise_paragraph_classification
from justext.utils import get_stoplist
from lxml.html import document_fromstring
from trafilatura import load_html
from trafilatura.baseline import basic_cleaning
from trafilatura.htmlprocessing import tree_cleaning
from trafilatura.settings import Extractor

from cleaning.pages.main_text import main_text, paragraph_bytes
from cleaning.pages.paragraphs import _revised, good_paragraphs

SENTENCE = "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes cuidan de ellas. "
PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<ul><li>",
        "</li></ul>",
        "<br>",
        "<br><br>",
        "<h2>Cuándo acudir</h2>",
        '<a href="/x">',
        '<a href="/y">',
        "<p>12 mg</p>",
        "</a>",
        "<b>",
        "</b>",
        "  \n ",
        SENTENCE,
        SENTENCE * 3,
        "© 2024 ",
        "Inicio ",
        "Aspirina Omeprazol Simvastatina Metformina ",
        "<aside>Publicidad</aside>",
    ]
)


def by_justext(html):
    paragraphs = ParagraphMaker.make_paragraphs(basic_cleaning(tree_cleaning(document_fromstring(html), Extractor())))
    classify_paragraphs(paragraphs, get_stoplist("Spanish"), 50, 150, 0.1, 0.2, 0.25, True)
    revise_paragraph_classification(paragraphs, 150)
    return [" ".join(paragraph.text.split()) for paragraph in paragraphs if not paragraph.is_boilerplate]


@settings(max_examples=300, deadline=None)
@example(["<a>", "<p>", "<a>", "</p>", SENTENCE * 3])
@example(["<p>", SENTENCE * 3, "<br><br>", SENTENCE * 3, "</p>"])
@given(st.lists(PIECES, min_size=1, max_size=30))
def test_paragraphs_are_judged_as_justext_judges_them(pieces):
    html = f"<html><body>{''.join(pieces)}</body></html>"
    assert [line for line in good_paragraphs(document_fromstring(html)).split("\n") if line] == by_justext(html)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["good", "bad", "neargood", "short"]), max_size=25))
def test_paragraphs_are_revised_in_their_context_as_justext_revises_them(classes):
    revisable = [SimpleNamespace(cf_class=one, heading=False, class_type="", text="x") for one in classes]
    revise_paragraph_classification(revisable, 150)
    assert _revised(classes) == [paragraph.class_type == "good" for paragraph in revisable]


def test_many_short_paragraphs_take_no_time_of_their_square():
    page = document_fromstring(f"<html><body><p>{SENTENCE * 5}</p><div>{'<p>12 mg</p>' * 20_000}</div></body></html>")
    assert good_paragraphs(page).startswith("La vacuna")  # justext's own revision: 36 s


def lessons(count):
    return "".join(f"<section><div><h2>L</h2></div><p>{SENTENCE * 3}{n}</p></section>" for n in range(count))


def found_in(html):
    body = f"<html><body>{html}</body></html>".encode()
    return main_text(load_html(body.decode()), body, "https://a.example/")


def test_what_the_fast_way_misses_is_found_by_justexts_rules():
    found = found_in(f"<article class='page-intro'><p>{SENTENCE}</p></article>{lessons(9)}")
    assert [found.count(f"{SENTENCE.strip()} {n}") for n in range(9)] == [1] * 9


def test_where_nothing_was_missed_no_other_is_asked(monkeypatch):
    monkeypatch.setattr("cleaning.pages.main_text.good_paragraphs", lambda _: pytest.fail("asked"))
    assert found_in(f"<article><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></article>").count("La vacuna") == 7


@pytest.mark.parametrize(("other", "taken"), [("x" * 140, False), ("x" * 160, True)], ids=["under", "over"])
def test_another_extractor_must_find_half_as_much_again(monkeypatch, other, taken):
    monkeypatch.setattr("cleaning.pages.main_text.bare_extraction", lambda *_, **__: SimpleNamespace(text="y" * 100))
    monkeypatch.setattr("cleaning.pages.main_text.good_paragraphs", lambda _: "")
    monkeypatch.setattr("cleaning.pages.main_text._readable", lambda _: other)
    assert found_in(f"<p>{SENTENCE * 9}</p>") == (other if taken else "y" * 100)


@pytest.mark.parametrize("text", ["y" * 100, ""], ids=["some text", "none"])
def test_another_extractors_failure_costs_no_text_that_was_found(monkeypatch, text):
    monkeypatch.setattr("cleaning.pages.main_text.bare_extraction", lambda *_, **__: SimpleNamespace(text=text))
    monkeypatch.setattr("cleaning.pages.main_text.good_paragraphs", lambda _: int("no number"))
    if text:
        assert found_in(f"<p>{SENTENCE * 9}</p>") == text
    else:
        with pytest.raises(ValueError, match="no number"):
            found_in(f"<p>{SENTENCE * 9}</p>")


@pytest.mark.parametrize("html", ["", "<p>corto</p>", "<table><tr><td></td></tr></table>"])
def test_a_page_of_next_to_nothing_is_no_failure(html):
    html = f"<html><body>{html}</body></html>"
    body = html.encode()
    assert main_text(load_html(html), body, "https://a.example/") == ("corto" if "corto" in html else "")
    assert paragraph_bytes(body) == html.count("corto") * len("corto")
