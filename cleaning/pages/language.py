"""Which language a text is in: py3langid, then langdetect, then a rule for Asturian and Aragonese.

langdetect alone takes Galician, Asturian and Aragonese for Spanish; py3langid knows all but Asturian. What both call
Spanish goes through a count of function words that only the neighbours have.
"""

import functools
import re
from dataclasses import dataclass

from langdetect import LangDetectException
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from cleaning.pages.detector import REMEMBERED, QuickDetector

FIRST_WINDOW = 800
"""Characters that py3langid reads."""
SECOND_WINDOW = 1000
"""Characters that langdetect reads; more changes 0.9 % of its answers and costs three times as much."""

_ASTURIAN_WORDS = (
    "nel nes nos pol pela pel les tamién munchu muncha munches munchos ye yera yeren foi foron tien xente xuntu "
    "cola colos coles asturianu llingua güei agora entós hai ente fai facer fixo dixo nagua ensin escontra "
    "otru toos toes toa tou dafechu cuerpu sicasí yá inda enxamás nun nesti nesta estes "
    "pola poles dalgún dalguna dalgunos dalgunes dalgo daqué drechu drechos"
)
_ASTURIAN = re.compile(
    rf"{'|'.join(_ASTURIAN_WORDS.split())}"
    r"|lli\w{2,}|llu(?:gar|ch|n|s)\w*|xe(?![nr])\w{2,}|xun[tc]\w+"
    r"|\w{3,}(?:aes|aos|óu|yos|[ai]dá)|(?!espíritu|tribu|ímpetu)\w{2,}[bcdfglmnñprstvxyzi]u"
)
_ELISIONS = re.compile(r"\b(?:[ldn]['’](?=[aeiouh])|qu['’]|\w{2,}-y(?:os)?\b)|\w['’]l\b")
_ELIDED = ("'", "’", "-y")
"""What every elision has one of."""
_ARAGONESE_WORDS = (
    "ye yera yeran chunto chent muito muita muitos tamién dende aragonés fablar feito feita dito dita nomás"
)
_ARTICLES = re.compile(r"\b(?:d['’](?:o|a|os|as)|os? suyos?|a suya|bi ha|(?:en|ta|con|por|de) (?:os?|as?))\b")
_SPANISH_WORDS = (
    "el la los las del al en y que por para con una un se es su más como pero sus este esta son también fue ser"
)
_ARAGONESE, _SPANISH = (frozenset(words.split()) for words in (_ARAGONESE_WORDS, _SPANISH_WORDS))
_WORD = re.compile(r"\w+")
_EXTREMADURAN = "ext"
"""What py3langid calls most Asturian; the markers tell which it is."""
MIN_MARKERS = 3
"""Fewer markers of a neighbour decide nothing: a name or a quotation has one."""
MARKER_SHARE = 0.18
"""Markers for each Spanish function word from which a text is the neighbour's: of 2,078 Spanish texts none has 0.17."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A text's language."""

    language: str
    score: float
    """Probability that langdetect gave its answer; 1 where an earlier or later word decided."""
    verdicts: dict[str, str]
    """What each identifier said."""


def identify(text: str) -> Verdict:
    """Decide the language of a text; safe on 500 characters or more. The same text gives the same verdict."""
    first = classify(text)
    if first == _EXTREMADURAN:
        neighbour = _neighbour(text)
        return Verdict(neighbour or first, 1.0, {"py3langid": first} | ({"markers": neighbour} if neighbour else {}))
    if first != "es":
        return Verdict(first, 1.0, {"py3langid": first})
    second, score = identify_second(text)
    verdicts = {"py3langid": first, "langdetect": second}
    if second != "es":
        return Verdict(second, score, verdicts)
    neighbour = _neighbour(text)
    if neighbour is not None:
        return Verdict(neighbour, 1.0, {**verdicts, "markers": neighbour})
    return Verdict("es", score, verdicts)


def classify(text: str) -> str:
    """What py3langid alone says of a text's middle."""
    return str(_py3langid().classify(_middle(text, FIRST_WINDOW))[0])


def _middle(text: str, size: int) -> str:
    """A window from the middle of a text: beginnings and ends are where menus and references are."""
    start = max(0, (len(text) - size) // 2)
    return text[start : start + size]


def _neighbour(text: str) -> str | None:
    """Asturian or Aragonese, where a text has enough of their words and turns for its Spanish function words."""
    sample = _middle(text, 4 * SECOND_WINDOW).lower()
    words = _WORD.findall(sample)
    spanish = sum(map(_SPANISH.__contains__, words))
    asturian = sum(map(_is_asturian, words))
    if any(sign in sample for sign in _ELIDED):
        asturian += len(_ELISIONS.findall(sample))
    if asturian >= MIN_MARKERS and asturian > MARKER_SHARE * spanish:
        return "ast"
    aragonese = sum(map(_ARAGONESE.__contains__, words)) + len(_ARTICLES.findall(sample))
    return "an" if aragonese >= MIN_MARKERS and aragonese > MARKER_SHARE * spanish else None


@functools.lru_cache(maxsize=REMEMBERED)
def _is_asturian(word: str) -> bool:
    return _ASTURIAN.fullmatch(word) is not None


@functools.cache
def _py3langid() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE)


def identify_second(text: str) -> tuple[str, float]:
    """What langdetect alone says of a text's middle, and how sure it is."""
    detector = QuickDetector()
    detector.append(_middle(text, SECOND_WINDOW))
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError):
        return "und", 0.0
    return str(best.lang), float(best.prob)
