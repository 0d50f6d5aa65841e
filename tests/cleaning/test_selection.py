"""trafilatura's choice of blocks, taken in our steps: the same as that of its own function."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import XPath
from trafilatura import load_html
from trafilatura.core import trafilatura_sequence
from trafilatura.settings import Extractor
from trafilatura.xpaths import (
    AUTHOR_XPATHS,
    BODY_XPATH,
    OVERALL_DISCARD_XPATH,
    REMOVE_COMMENTS_AND_LISTS_XPATH,
    TEASER_DISCARD_XPATH,
)

from cleaning.pages import own_attributes
from cleaning.pages.declared_dates import DATE_ELEMENTS
from cleaning.pages.own_attributes import AuthorSigns, OwnAttributes, Together, cut_from_page_text
from cleaning.pages.trafilatura_steps import kept_body, prune

PROSE = "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes las cuidan. "
FORUM = '<script type="application/ld+json">{"@type": "DiscussionForumPosting"}</script>'
ALL = (*OVERALL_DISCARD_XPATH, *BODY_XPATH, *AUTHOR_XPATHS, cut_from_page_text())
QUICK = [one for one in ALL if isinstance(one, OwnAttributes)]
NAMES = st.sampled_from(
    str.split(
        "menu sidebar post-content entry main content article comments author byline cookie-bar footer teaser hidden "
        "widget share-box story-body text fulltext main-content page-content date contenido"
    )
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(str.split("id class style role href itemprop aria-hidden data-component rel")),
    st.one_of(NAMES, st.sampled_from(["display:none", "navigation", "true", "/a"])),
    max_size=3,
)
TAGS = st.sampled_from(str.split("div section article main p span ul li a aside footer header h2 strong time address"))
TREES = st.recursive(
    st.tuples(TAGS, ATTRIBUTES, st.just([])),
    lambda children: st.tuples(TAGS, ATTRIBUTES, st.lists(children, max_size=4)),
    max_leaves=30,
)


def html_of(node):
    tag, attributes, children = node
    shown = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{shown}>{PROSE if tag in {'p', 'li'} else ''}{''.join(map(html_of, children))}</{tag}>"


def parsed(html):
    return load_html(f"<html><head><title>t</title></head><body>{html}<p>{PROSE}</p></body></html>")


def by_trafilatura(html, **options):
    extractor = Extractor(output_format="python", fast=True, comments=False, tables=True, **options)
    return "".join(trafilatura_sequence(parsed(html), extractor, "https://a.example/")[0].itertext())


def by_steps(html):
    return "".join(kept_body(parsed(html), "https://a.example/").itertext())


@pytest.mark.slow
@given(st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_an_expression_over_own_attributes_finds_what_the_expression_finds(nodes):
    tree = parsed("".join(map(html_of, nodes)))
    assert len(QUICK) >= 9
    for quick in QUICK:
        assert isinstance(quick.expression, XPath) or quick in OVERALL_DISCARD_XPATH
        matches = set(quick.expression(tree))
        found, expected = quick(tree), [element for element in tree.getroottree().iter() if element in matches]
        if quick in BODY_XPATH:
            assert found[:1] == expected[:1]
        else:
            assert found == expected


@pytest.mark.slow
@given(st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_expressions_asked_together_find_what_each_finds(nodes):
    tree = parsed("".join(map(html_of, nodes)))
    expressions = (OVERALL_DISCARD_XPATH[0], TEASER_DISCARD_XPATH[0], AuthorSigns(), DATE_ELEMENTS)
    assert Together(*expressions)(tree) == [expression(tree) for expression in expressions]


@pytest.mark.slow
@given(st.lists(TREES, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_steps_keep_what_trafilatura_keeps(nodes):
    html = "".join(map(html_of, nodes))
    assert by_steps(html) == by_trafilatura(html)


@pytest.mark.parametrize(
    "html",
    [
        f"<article><p>{PROSE * 5}</p></article><div class='comments-area'><p>Comentario. {PROSE}</p></div>",
        f"<article><p>{PROSE * 5}</p></article><ol id='comment-list'><li>Comentario. {PROSE}</li></ol>",
        f"<div id='main'><p>{PROSE * 5}</p></div><section class='infinite-scroll'><p>{PROSE * 9}</p></section>",
        f"<div id='main'><p>{PROSE * 5}</p></div><aside class='mvp-post-add-box'><h1>x</h1><p>{PROSE * 9}</p></aside>",
        f"<div class='elementor-share-buttons'>Comparte</div><article><p>{PROSE * 5}</p></article>",
        f"<article class='post-content'><p>{PROSE}</p></article>" + f"<div><div>{PROSE * 3}<b>x</b></div></div>" * 9,
        f"<p>{PROSE[:40]}</p><div><span>{PROSE * 9}</span></div>",
        f"<article><p>{PROSE}</p></article><footer>{PROSE * 20}</footer><div class='cookie-notice'>{PROSE * 9}</div>",
        f"{FORUM}<div class='comments-area'><p>{PROSE * 5}</p></div>",
        "<fb:like class='menu'>x</fb:like>",
        "",
    ],
)
def test_the_steps_keep_the_same_of_pages_on_which_a_step_decides(html):
    assert by_steps(html) == by_trafilatura(html)


def test_comments_are_cut_and_nothing_else():
    tree = parsed(f"<div class='Commentary'>{PROSE}</div><div id='comments'>fuera</div><p class='post-comments'>x</p>")
    prune(tree)
    text = tree.text_content()
    assert "fuera" not in text
    assert PROSE in text
    assert "x" in text


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(own_attributes, "REMEMBERED", 10)
    quick = OwnAttributes(REMOVE_COMMENTS_AND_LISTS_XPATH[0], "id class")
    tree = parsed("".join(f"<div class='a{number}'></div>" for number in range(40)) + "<div id='comments'></div>")
    assert [element.get("id") for element in quick(tree)] == ["comments"]
    assert len(quick._known) <= 10
