"""The quick detector is langdetect's: the same n-grams in the same order, the same probabilities."""

import pytest
from demo_web.site import FOLDER
from hypothesis import given, settings
from hypothesis import strategies as st
from langdetect import DetectorFactory, LangDetectException
from langdetect.detector_factory import PROFILES_DIRECTORY

from cleaning.pages.detector import SEED, QuickDetector, profiles
from cleaning.pages.language import identify

PAGES = sorted(FOLDER.glob("*.txt"))
FACTORY = DetectorFactory()
WORDS = ["de", "la", "xarxa", "ye", "egun", "HOLA", "ação", "und", "the"]


@pytest.fixture(scope="module", autouse=True)
def their_profiles():
    FACTORY.load_profile(PROFILES_DIRECTORY)
    FACTORY.set_seed(SEED)


def theirs(text):
    detector = FACTORY.create()
    detector.n_trial = 1
    detector.append(text)
    return detector


def ours(text):
    detector = QuickDetector()
    detector.append(text)
    return detector


def grams(text):
    names = list(profiles().rows)
    return [names[row] for row in ours(text).gram_rows()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_same_words_and_probabilities_on_real_texts(page):
    text = page.read_text(encoding="utf-8")
    for start in range(0, min(len(text), 12_000), 1_000):
        window = text[start : start + 1_000]
        assert grams(window) == theirs(window)._extract_ngrams()
        mine, its = ours(window).get_probabilities(), theirs(window).get_probabilities()
        assert [(one.lang, one.prob) for one in mine] == [(one.lang, one.prob) for one in its]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("aAbB ÁñÑ.'-9 \n"), st.characters()), max_size=60))
def test_the_same_words_of_any_text(text):
    assert grams(text) == theirs(text)._extract_ngrams()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=400))
def test_the_same_probabilities_of_texts_that_no_language_is_sure_of(words):
    mine, its = ours(" ".join(words)), theirs(" ".join(words))
    assert [(one.lang, one.prob) for one in mine.get_probabilities()] == [
        (one.lang, one.prob) for one in its.get_probabilities()
    ]


def test_a_text_without_letters_is_no_language():
    with pytest.raises(LangDetectException):
        ours("1 2 3 … 4").get_probabilities()


def test_asturian_is_known_by_its_clitics_and_contractions():
    text = (
        "Los pas tendrán drechu preferente a escoyer qué mena d'educación habrá dáse-yos a los fíos. Toa persona tien "
        "drechu a que se-y protexan los intereses morales y materiales que-y correspuendan poles producciones "
        "científiques o artístiques de que seya autora. "
    )
    assert identify(text * 2).language in ("ast", "ext")
