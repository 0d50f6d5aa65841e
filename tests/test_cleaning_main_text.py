"""The main text of pages that the fast way misses, and justext's rules on paragraphs read once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from justext.core import ParagraphMaker, classify_paragraphs, revise_paragraph_classification
from justext.utils import get_stoplist
from lxml.html import document_fromstring
from trafilatura import load_html
from trafilatura.baseline import basic_cleaning
from trafilatura.htmlprocessing import tree_cleaning
from trafilatura.settings import Extractor

from cleaning.pages.main_text import main_text, paragraph_bytes
from cleaning.pages.paragraphs import good_paragraphs

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
        "<h2>Cuándo acudir</h2>",
        '<a href="/x">',
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
@given(st.lists(PIECES, min_size=1, max_size=30))
def test_paragraphs_are_judged_as_justext_judges_them(pieces):
    html = f"<html><body>{''.join(pieces)}</body></html>"
    assert [line for line in good_paragraphs(document_fromstring(html)).split("\n") if line] == by_justext(html)


def test_what_the_fast_way_misses_is_found_by_justexts_rules_or_by_readability():
    lessons = "".join(f"<section><div><h2>Lección {n}</h2></div><p>{SENTENCE * 3}{n}</p></section>" for n in range(9))
    body = f"<html><body><article class='page-intro'><p>{SENTENCE}</p></article>{lessons}</body></html>".encode()
    found = main_text(load_html(body.decode()), body, "https://a.example/")
    assert [found.count(f"{SENTENCE.strip()} {n}") for n in range(9)] == [1] * 9


@pytest.mark.parametrize("html", ["", "<p>corto</p>", "<table><tr><td></td></tr></table>"])
def test_a_page_of_next_to_nothing_is_no_failure(html):
    html = f"<html><body>{html}</body></html>"
    body = html.encode()
    assert len(main_text(load_html(html), body, "https://a.example/")) <= 20
    assert paragraph_bytes(body) <= 20
