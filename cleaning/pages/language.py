"""Which language a text is in: py3langid, then langdetect, then counts of words that tell the neighbours apart.

langdetect alone takes Galician, Asturian and Aragonese for Spanish; py3langid knows all but Asturian. What both call
Spanish goes through a count of function words that only the neighbours have. Where one of them names another language,
the function words decide whether it is: lists of laboratory values, of species or of names have hardly any sentence by
which an identifier could tell, and py3langid calls many of them Aragonese, Galician or Extremaduran.

Words in capitals are read in lower case: langdetect passes them over.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from langdetect import LangDetectException

from cleaning.pages.detector import REMEMBERED, QuickDetector
from cleaning.pages.quick_langid import QuickIdentifier, quick_identifier

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
_ASTURIAN_FORMS = re.compile(
    r"lli\w{2,}|llu(?:gar|ch|n|s)\w*|xe(?![nr])\w{2,}|xun[tc]\w+"
    r"|\w{3,}(?:aes|aos|óu|yos|[ai]dá)|(?!espíritu|tribu|ímpetu)\w{2,}[bcdfglmnñprstvxyzi]u"
)
_ELISIONS = re.compile(r"\b(?:[ldn]['’](?=[aeiouh])|qu['’]|\w{2,}-y(?:os)?\b)|\w['’]l\b")
_ELIDED = ("'", "’", "-y")
"""What every elision has one of."""
_ARAGONESE_WORDS = (
    "ye yera yeran chunto chent muito muita muitos tamién dende aragonés fablar feito feita dito dita nomás"
)
_ARTICLES = re.compile(r"\b(?:d['’](?:o|a|os|as)|os? suyos?|a suya|bi ha|(?:en|ta|con|por|de) (?:os?|as?))\b")
_ARTICLE_WORDS = frozenset({"o", "os", "a", "as"})
_BEFORE_ARTICLES = frozenset({"en", "ta", "con", "por", "de"})
_ARTICLE_SIGNS = ("d'", "d’", "suy", "bi ha")
"""What every one of them has: one of these signs, or an article behind one of these words."""
_SPANISH_WORDS = (
    "el la los las del al en y que por para con una un se es su más como pero sus este esta son también fue ser"
)
_ASTURIAN, _ARAGONESE, _SPANISH = (
    frozenset(words.split()) for words in (_ASTURIAN_WORDS, _ARAGONESE_WORDS, _SPANISH_WORDS)
)
_MARKED_AS = 1, 2, 4
"""Bits of a word: a marker of Asturian, one of Aragonese (*ye* is both), a function word of Spanish."""
_MARKED_KINDS = range(1, 8)
_ALONE_WORDS = "y el los las del su sus más pero también fue muy es una con por para hay está están"
_SPANISH_ALONE = frozenset(_ALONE_WORDS.split())
"""Function words of Spanish; those that the language in question has too do not count."""
_FUNCTION_WORDS_OF = {
    "gl": "o os as do da dos das unha unhas non máis e é na no nas nos ao aos á ás ou polo pola coa co tamén moi pero",
    "pt": "o os as do da dos das uma não mais e é na no nas nos ao aos à às ou pelo pela com também muito são em",
    "ca": "i els les amb és no per una al dels com més que aquest aquesta són també però el la seva seu ha hi",
    "oc": "lo los las e es amb per dels del que son una dins mai tanben aquel aquela pas",
    "it": "il lo gli e è di che non per una con sono della del dei nel alla anche più i le",
    "fr": "le les et est des une du dans pour que qui sur par pas plus avec sont au aux ou",
    "en": "the of and to in is for with that are on by as this be or from was which an",
    "la": "et est in ad non cum ut ex sed aut vel per sunt qui quae sit",
    "eu": "eta da bat ez ere du izan dira den zen baina dute bere hau egin edo dago",
    "ro": "și de la în este cu pe care nu o pentru mai din sunt un a",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS_OF.items()}
_ALSO_SPANISH = _SPANISH | _SPANISH_ALONE | {"no", "al", "ha", "lo", "le", "son", "sin"}
_WORD = re.compile(r"\w+")
_CAPITALS = re.compile(r"\b[^\W\d_a-záéíóúüñàèòç]{2,}\b")
_NO_CAPITALS = "abcdefghijklmnopqrstuvwxyzáéíóúüñàèòç0123456789 \n.,;:()-".encode("latin-1")
"""Letters and signs that no word in capitals has; with these alone most texts are told to have few capitals."""
MAX_CAPITALS = 0.25
"""From this share of the characters on that stand in words in capitals these words are read in lower case."""
_NEAR = frozenset({"es", "an", "ext"})
"""What is asked for the markers. Extremaduran is what py3langid calls most Asturian."""
_LISTS = frozenset({"an", "ext", "gl", "la"})
"""What py3langid calls Spanish lists of terms and values, which have no function words."""
MIN_MARKERS = 3
"""Fewer markers of a neighbour decide nothing: a name or a quotation has one."""
MARKER_SHARE = 0.18
"""Markers for each Spanish function word from which a text is the neighbour's: of 2,078 Spanish texts none has 0.17."""
FEW_MARKERS = 0.02
"""The same, up to which a text that py3langid calls Aragonese or Extremaduran and langdetect Spanish is Spanish."""
SURE_SPANISH = 0.04
"""Least share of function words that makes a text Spanish: prose has 0.15 and more, lists have some."""
OTHERS_TO_SPANISH = 0.2
"""Function words of another language for each one of Spanish, up to which a text is Spanish."""
OTHERS_WHERE_SURE = 0.4
"""The same where py3langid says Spanish: names of hospitals and of persons may be in the other language."""
VALUES = 0.2
"""Least share of words with a digit that makes a text a list of values."""
SIDE_WINDOWS = 3 * FIRST_WINDOW
"""In a text of so many characters a middle of another language (an abstract, code) is not the whole."""


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
    verdict = _identify(text)
    if verdict.language != "es" and len(text) >= SIDE_WINDOWS:
        third = len(text) // 3
        before, behind = _identify(text[:third]), _identify(text[-third:])
        if before.language == behind.language == "es":
            return Verdict("es", min(before.score, behind.score), {**verdict.verdicts, "around": "es"})
    return verdict


def _identify(text: str) -> Verdict:
    """What the middle of a text is in."""
    sample = _in_lower_case(_middle(text, 4 * SECOND_WINDOW))
    first = classify(sample)
    if first not in _NEAR | _LISTS:
        return Verdict(first, 1.0, {"py3langid": first})
    second, score = identify_second(sample)
    verdicts = {"py3langid": first, "langdetect": second}
    few_markers = True
    if first in _NEAR:
        asturian, aragonese, spanish = _markers(sample)
        neighbour = _neighbour(asturian, aragonese, spanish)
        if neighbour is not None:
            return Verdict("an" if first == "an" else neighbour, 1.0, {**verdicts, "markers": neighbour})
        few_markers = asturian + aragonese <= (FEW_MARKERS * spanish if second == "es" else 0)
    if first == second == "es":
        return Verdict("es", score, verdicts)
    other = first if second == "es" else second
    is_list = first in _LISTS or _is_of_values(sample)
    may_be = first == "es" or (few_markers and (second == "es" or first in _NEAR or _is_of_values(sample)))
    if may_be and _has_spanish_words(sample, other, is_sure=first == "es", are_needed=not is_list):
        return Verdict("es", score if second == "es" else 1.0, {**verdicts, "words": "es"})
    return Verdict(second if first == "es" else first, score if first == "es" else 1.0, verdicts)


def _has_spanish_words(sample: str, other: str, *, is_sure: bool, are_needed: bool) -> bool:
    """Whether the function words say Spanish and not ``other``; a list may have none of either."""
    words = _WORD.findall(sample.lower())
    theirs = _FUNCTION_WORDS.get(other, frozenset())
    spanish = sum(map((_SPANISH_ALONE - theirs).__contains__, words))
    foreign = sum(map((theirs - _ALSO_SPANISH).__contains__, words))
    if foreign > (OTHERS_WHERE_SURE if is_sure else OTHERS_TO_SPANISH) * spanish:
        return False
    return spanish >= SURE_SPANISH * len(words) or not are_needed


def _is_of_values(sample: str) -> bool:
    """Whether a text is a list of values: what stands beside them are terms that neighbours share."""
    words = _WORD.findall(sample)
    return sum(any(map(str.isdigit, word)) for word in words) >= VALUES * len(words)


def _in_lower_case(sample: str) -> str:
    """The sample, its words in capitals in lower case where many are."""
    most = MAX_CAPITALS * len(sample)
    may_be_capitals = len(sample.encode("latin-1", "replace").translate(None, _NO_CAPITALS))
    if may_be_capitals <= most or sum(map(len, _CAPITALS.findall(sample))) <= most:
        return sample
    return _CAPITALS.sub(lambda word: word[0].lower(), sample)


def classify(text: str) -> str:
    """What py3langid alone says of a text's middle."""
    return str(_py3langid().classify(_middle(text, FIRST_WINDOW))[0])


def _middle(text: str, size: int) -> str:
    """A window from the middle of a text: beginnings and ends are where menus and references are."""
    start = max(0, (len(text) - size) // 2)
    return text[start : start + size]


def _markers(sample: str) -> tuple[int, int, int]:
    """Words and turns that only Asturian has, those of Aragonese, and Spanish function words."""
    sample = sample.lower()
    words = _WORD.findall(sample)
    kinds = bytes(map(_MARKED.__getitem__, words))
    asturian, aragonese, spanish = (
        sum(kinds.count(kind) for kind in _MARKED_KINDS if kind & one) for one in _MARKED_AS
    )
    if any(sign in sample for sign in _ELIDED):
        asturian += len(_ELISIONS.findall(sample))
    if _may_have_articles(sample, words):
        aragonese += len(_ARTICLES.findall(sample))
    return asturian, aragonese, spanish


def _may_have_articles(sample: str, words: Sequence[str]) -> bool:
    """Whether the expression for Aragonese articles can match: it takes as long as all the other markers together."""
    if any(sign in sample for sign in _ARTICLE_SIGNS):
        return True
    return any(words[place - 1] in _BEFORE_ARTICLES for place, word in enumerate(words) if word in _ARTICLE_WORDS)


def _neighbour(asturian: int, aragonese: int, spanish: int) -> str | None:
    """Asturian or Aragonese, where a text has enough of their markers for its Spanish function words."""
    if asturian >= MIN_MARKERS and asturian > MARKER_SHARE * spanish:
        return "ast"
    return "an" if aragonese >= MIN_MARKERS and aragonese > MARKER_SHARE * spanish else None


class _Marked(dict[str, int]):
    """What each word marks: bits of ``_MARKED_AS``; remembered, since words repeat."""

    def __missing__(self, word: str) -> int:
        if len(self) >= REMEMBERED:
            self.clear()
        asturian, aragonese, spanish = _MARKED_AS
        self[word] = marked = (
            asturian * (word in _ASTURIAN or _ASTURIAN_FORMS.fullmatch(word) is not None)
            | aragonese * (word in _ARAGONESE)
            | spanish * (word in _SPANISH)
        )
        return marked


_MARKED = _Marked()


@functools.cache
def _py3langid() -> QuickIdentifier:
    return quick_identifier()


def identify_second(text: str) -> tuple[str, float]:
    """What langdetect alone says of a text's middle, and how sure it is."""
    detector = QuickDetector()
    detector.append(_middle(text, SECOND_WINDOW))
    try:
        best = detector.get_probabilities()[0]
    except (LangDetectException, IndexError):
        return "und", 0.0
    return str(best.lang), float(best.prob)
