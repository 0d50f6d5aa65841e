"""Quick ways beside the slow ones that they stand for: the same results, to the last bit."""

import re

import numpy as np
import pytest
from ftfy.badness import is_bad
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import tostring
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from trafilatura import load_html
from trafilatura.htmlprocessing import convert_tags, delete_by_link_density, tree_cleaning
from trafilatura.settings import Extractor

from cleaning.pages import normal_text
from cleaning.pages.privacy import _regions, _signs
from cleaning.pages.prose_rules import _CAPITALS
from cleaning.pages.quick_langid import quick_identifier
from cleaning.pages.rare_characters import INVALID_IN_XML, RareCharacters
from cleaning.pages.repetition_rules import SentenceFrames
from cleaning.pages.text import Text
from cleaning.pages.trafilatura_cleaning import AskedOnce, cleaned

SIGNS = re.compile(r"@|arroba|[(\[{<] ?(?:at|AT)| AT |\b[A-Z]{2}\d{2}|\d(?:[ ./()-]{0,3}\d){4}")
INVALID = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
TAGS = st.sampled_from(
    str.split("div p aside figure table tr td form nav label svg math span b a ul li time button details template")
)
ROLES = st.sampled_from(["", ' role="presentation"', ' role="none"', ' alttext="x^2"', ' class="a"'])
TREES = st.recursive(
    st.tuples(TAGS, ROLES, st.just([])),
    lambda children: st.tuples(TAGS, ROLES, st.lists(children, max_size=4)),
    max_leaves=30,
)


def html_of(node):
    tag, role, children = node
    return f"<{tag}{role}>dentro {''.join(map(html_of, children))}</{tag}> detrás"


def parsed(nodes):
    return load_html(f"<html><body><h1>Título</h1>{''.join(map(html_of, nodes))}<p>Fin.</p></body></html>")


@pytest.fixture(scope="module")
def identifiers():
    return LanguageIdentifier.from_model_file(MODEL_FILE), quick_identifier()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["La vacuna de la gripe", "A gripe é unha enfermidade.", "ÑANDÚ 12", "日本語", "1", ""]
)
def test_py3langid_scores_a_text_the_same(identifiers, text):
    slow, quick = identifiers
    slow.nb_ptc = slow.nb_ptc.astype("float32")
    assert np.array_equal(slow._decide(text * 3), quick._decide(text * 3))
    assert slow.classify(text) == quick.classify(text)


@pytest.mark.slow
@given(st.lists(TREES, min_size=1, max_size=5), st.booleans())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_page_is_cleaned_as_trafilatura_cleans_it(nodes, recall):
    options = Extractor(fast=True, tables=True, recall=recall)
    assert tostring(cleaned(parsed(nodes), options)) == tostring(tree_cleaning(parsed(nodes), options))


@given(st.lists(TREES, min_size=1, max_size=5))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_blocks_of_links_go_as_in_two_rounds(nodes):
    options = Extractor(fast=True, tables=True)
    once, two_rounds = (convert_tags(parsed(nodes), options) for _ in range(2))
    asked = AskedOnce()
    for _ in range(2):
        for tag in ("div", "list", "p"):
            asked.delete_by_link_density(once, tag, backtracking=tag == "div")
            delete_by_link_density(two_rounds, tag, backtracking=tag == "div")
    assert tostring(once) == tostring(two_rounds)


@given(st.text(st.sampled_from("aé\t\n\r\x00\x0b\x1f\ufffe\uffff\U0001f600"), max_size=8))
@settings(derandomize=True)
def test_what_no_xml_has_is_cut(text):
    assert RareCharacters(INVALID, INVALID_IN_XML).sub("", text) == INVALID.sub("", text)


@given(st.text(st.sampled_from(" a\t\n\xa0\u2028\u200b\x1fé"), max_size=10))
@settings(derandomize=True)
def test_words_have_one_space_between_them(text):
    assert normal_text.one_spaced(text) == " ".join(text.split())


@given(st.lists(st.sampled_from([*"@aAT([{< 0129./-)XZñ", "arroba", " AT ", "AB12", "at"]), max_size=30).map("".join))
@settings(max_examples=500, derandomize=True)
def test_signs_of_personal_data_are_found_by_their_first_letters(text):
    assert [sign.span() for sign in _signs(text)] == [sign.span() for sign in SIGNS.finditer(text)]
    assert bool(list(_regions(text))) == bool(SIGNS.search(text))


@given(st.text(st.sampled_from("abZ áÂÃŒœÐàâ°€™“»«¡¿—‚Ä√²³×\xa0\xadвЂГβ\n.,?"), max_size=40))
@settings(max_examples=500, derandomize=True)
def test_mojibake_is_found_by_its_suspects(text):
    assert normal_text._has_suspect(text) == bool(normal_text._SUSPECT.search(text))
    is_found = normal_text._has_suspect(text) and normal_text._is_bad(text)
    assert is_found == bool(is_bad(text) and normal_text._SUSPECT.search(text))


@given(st.text(st.sampled_from("aZÁÑé1_ -.\n"), max_size=40))
@settings(max_examples=300, derandomize=True)
def test_words_in_capitals_are_found_by_their_first_letters(text):
    assert _CAPITALS.findall(text) == re.findall(r"\b[A-ZÁÉÍÓÚÜÑ]{2,}\b", text)


FRAMES = st.lists(
    st.sampled_from(
        [*"abcdef", "Uno dos tres cuatro cinco seis siete ocho nueve diez once doce a.", "a b c d e f g h i j k l;\n"]
    ),
    max_size=60,
)


@given(FRAMES)
@settings(max_examples=200, derandomize=True)
def test_sentences_in_a_frame_are_found_among_repeated_phrases(pieces):
    """Each phrase of six words of each long sentence beside those of all others."""
    text = Text(" ".join(pieces))
    sentences = [re.findall(r"\w+", one) for one in re.split(r"(?<=[.!?;])\s+|\n", text.lower)]
    frames = [
        (number, start, tuple(words[start : start + 6]))
        for number, words in enumerate(sentences)
        if len(words) >= 12
        for start in range(len(words) - 5)
    ]
    users = {frame: len({number for number, _, other in frames if other == frame}) for _, _, frame in frames}
    shared = [(number, start) for number, start, frame in frames if users[frame] >= 5]
    different = {frame for frame, count in users.items() if count >= 5}
    in_frames = {(number, start + word) for number, start in shared for word in range(6)}
    letters = sum(len(sentences[number][word]) for number, word in in_frames) if len(different) > 1 else 0
    assert SentenceFrames(0.1).measure(text)[0] == letters / text.letters
