"""The language of texts that have few sentences to tell it by: in capitals, lists of values, of terms, of names."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.pages.foreign import without_foreign_paragraphs
from cleaning.pages.language import (
    _ARTICLES,
    _CAPITALS,
    _WORD,
    MAX_CAPITALS,
    _in_lower_case,
    _may_have_articles,
    identify,
)

with Path(__file__).with_name("language_texts.tsv").open(encoding="utf-8", newline="") as _file:
    _ROWS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))
SPANISH = {row["kind"]: row["text"].replace("⏎", "\n") for row in _ROWS if row["language"] == "es"}
OTHERS = {row["language"]: row["text"] for row in _ROWS if row["language"] != "es"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SPANISH)
def test_spanish_that_has_few_sentences_is_spanish(kind):
    assert identify(SPANISH[kind]).language == "es"


@pytest.mark.parametrize("language", OTHERS)
def test_a_neighbour_is_what_it_is_in_capitals_too(language):
    assert identify(OTHERS[language]).language == language
    assert identify(OTHERS[language].upper()).language == language


def test_an_abstract_in_the_middle_does_not_make_a_spanish_article_english():
    text = "\n".join([*[SPANISH["voseo"]] * 8, *[OTHERS["en"]] * 5, *[SPANISH["a recipe"]] * 8])
    found = identify(text)
    assert found.language == "es"
    assert found.verdicts["around"] == "es"


def test_a_catalan_page_with_one_end_in_spanish_stays_catalan():
    assert identify("\n".join([*[OTHERS["ca"]] * 12, *[SPANISH["voseo"]] * 5])).language == "ca"


@pytest.mark.parametrize("kind", SPANISH)
def test_no_such_paragraph_is_cut_out_of_a_spanish_page(kind):
    text = f"{SPANISH['voseo']}\n{SPANISH[kind]}"
    assert without_foreign_paragraphs(text) == (text, 0)


@given(st.text(alphabet=st.sampled_from("aAeEoOsSuUbByYnNdD'’ .ÁñŁ9\n"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_what_is_passed_over_has_few_capitals(text):
    few = sum(map(len, _CAPITALS.findall(text))) <= MAX_CAPITALS * len(text)
    assert _in_lower_case(text) == (text if few else _CAPITALS.sub(lambda word: word[0].lower(), text))


@pytest.mark.slow
@given(st.lists(st.sampled_from(str.split("en con por de ta o os a as suyo suya bi ha d'o d’as . , -")), max_size=9))
@settings(max_examples=300, deadline=None)
def test_what_is_passed_over_has_no_aragonese_article(words):
    sample = " ".join(words)
    assert _may_have_articles(sample, _WORD.findall(sample)) or not _ARTICLES.findall(sample)
