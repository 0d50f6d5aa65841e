"""The signs by which patterns are passed over are never missing from what the patterns find."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.pages import boilerplate, page_kind_rules
from cleaning.pages.ngrams import LONGEST, SHORTEST, repeated_characters, repeated_ngrams
from cleaning.pages.phrases import Phrase, Phrases
from cleaning.pages.privacy import masked
from cleaning.pages.repetition_rules import TopNgrams
from cleaning.pages.signs import signs_in
from cleaning.pages.text import Text

ROOMS = {
    "filler": page_kind_rules._FILLER,
    "machine": page_kind_rules._MACHINE,
    "price": page_kind_rules._PRICE,
    "legal": page_kind_rules._LEGAL,
    "site": boilerplate._SITE_SAYS,
}
SIGNS = sorted({sign for phrases in ROOMS.values() for phrase in phrases.phrases for sign in phrase.signs})
ALL = [(name, phrase) for name, phrases in ROOMS.items() for phrase in phrases.phrases]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "phrase"), ALL, ids=[f"{name}-{phrase.signs[0]}" for name, phrase in ALL])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_match_of_a_phrase_has_a_sign(name, phrase, data):
    found = data.draw(st.from_regex(phrase.compiled, fullmatch=True))
    assert phrase.may_stand_in(found)
    assert ROOMS[name].stand_in(found)
    assert ROOMS[name].count(found) >= 1


def test_of_phrases_that_overlap_the_first_counts():
    phrases = Phrases((Phrase("cabe señalar"), Phrase(r"señalar (?:bien|mal)", ("señalar ",))))
    assert phrases.count("cabe señalar y cabe señalar bien, señalar mal") == 3
    assert phrases.count("señalar algo") == 0
    assert not phrases.stand_in("señalar algo")
    assert phrases.within("señalar algo") == [phrases.phrases[1]]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*SIGNS, *"abcé €(c)2/{", "socio", "jurisdicci", "€ "]), max_size=12).map("".join))
def test_all_signs_are_looked_for_at_once(text):
    assert signs_in(text) == {sign for sign in SIGNS if sign in text}


def test_a_new_phrase_is_looked_for_in_a_text_that_was_asked_before():
    assert not Phrases((Phrase("sarpullido"),)).stand_in("picor y prurito")
    assert Phrases((Phrase("prurito"),)).stand_in("picor y prurito")


@settings(max_examples=100, deadline=None)
@given(st.from_regex(page_kind_rules._ERROR_PAGE, fullmatch=True))
def test_every_page_of_an_error_has_a_sign(text):
    assert any(sign in text for sign in page_kind_rules._ERROR_SIGNS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("filler", "en este artículo te explicamos cómo se pone."),
        ("filler", "descubre todo lo que necesitas saber."),
        ("legal", "protección de datos personales"),
        ("legal", "política de protección de datos"),
        ("legal", "política de protección al menor"),
    ],
)
def test_one_stock_phrase_is_one(name, text):
    assert ROOMS[name].count(text) == 1


def test_a_pattern_needs_signs():
    with pytest.raises(ValueError, match="no plain string"):
        Phrase("cabe (?:señalar|destacar)")


@pytest.mark.parametrize(("times", "share"), [(5, 0.0), (6, 6 * len("fibrosisquística"))], ids=["five", "six"])
def test_a_phrase_fills_a_page_from_six_times_on(times, share):
    words = " ".join(f"fibrosis quística {chr(97 + n)}{n}" for n in range(times))
    text = Text(words)
    rule = TopNgrams((0.1, 0.1, 0.1))
    figures = rule.measure(text)
    assert (figures[0], rule.refuses(figures)) == (share / text.letters, share > 0)


def test_a_text_without_a_sign_is_left_as_it_is():
    text = "De 2019 a 2020 se atendieron 1.234 personas (12 %), 7 de cada 10 mujeres."
    assert masked(text) == (text, {})


def walked(words, size):
    """Repeated characters by the definition: one word after another."""
    seen, repeated, position = set(), 0, 0
    while position + size <= len(words):
        gram = tuple(words[position : position + size])
        if gram in seen:
            repeated += sum(map(len, gram))
            position += size
        else:
            seen.add(gram)
            position += 1
    return repeated


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["a", "bb", "ccc", "dddd"]), max_size=60))
def test_repeated_ngrams_are_those_of_the_definition(words):
    repeats = repeated_ngrams(words)
    for size in range(SHORTEST, LONGEST + 1):
        grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
        again = [at for at, gram in enumerate(grams) if grams.count(gram) > 1]
        found = repeats.get(size)
        assert ([] if found is None else found.positions.tolist()) == again
        if found is not None:
            assert found.characters.tolist() == [sum(map(len, grams[at])) for at in again]
            assert len(set(found.numbers.tolist())) == len({grams[at] for at in again})
        assert repeated_characters(found, size) == walked(words, size)
