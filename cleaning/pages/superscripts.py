"""Superscripts and subscripts as text: Unicode where it has the sign, else ``^`` and ``_``; marks of footnotes go.

A figure must never join its exponent (10⁹, not 109), its fraction (1½, not 11/2) or the number of a note.
"""

import re

_SUPER = dict(zip("0123456789+-−–()=ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁽⁾⁼ⁿⁱ", strict=True))
_SUB = dict(zip("0123456789+-−–()=", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₍₎₌", strict=True))
_VULGAR = {
    "1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾", "1/5": "⅕", "2/5": "⅖", "3/5": "⅗", "4/5": "⅘",
    "1/6": "⅙", "5/6": "⅚", "1/7": "⅐", "1/8": "⅛", "3/8": "⅜", "5/8": "⅝", "7/8": "⅞", "1/9": "⅑", "1/10": "⅒",
}  # fmt: skip
_SLASH = "/⁄∕"
_FRACTION = re.compile(rf"(\d?)[ \u00a0]?([⁰¹²³⁴⁵⁶⁷⁸⁹]+)[ \u00a0]?[{_SLASH}][ \u00a0]?([₀₁₂₃₄₅₆₇₈₉]+)")
_HALF_RAISED = re.compile(rf"(?<![\d⁰¹²³⁴⁵⁶⁷⁸⁹])(\d?)([¹²³⁵⁷])[{_SLASH}]([234568])(?![\d.,])")
"""``1<sup>1</sup>/2``: a numerator that is raised alone, over a denominator of a fraction that Unicode has."""
_ASCII_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_PLAIN_FRACTION = re.compile(rf"(\d{{1,3}})[ ]?[{_SLASH}][ ]?(\d{{1,3}})")

_NOTE_NUMBERS = re.compile(r"[\[(]?\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*[\])]?[.,]?")
_NOTE_SIGNS = re.compile(r"[\[(]?(?:[*†‡§¶#]+|[a-z]{1,2}(?:\s?,\s?[a-z])*)[\])]?")
_BRACKETED = re.compile(
    r"\[\s?(?:\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*|[a-z]|nota?\.?\s?\d{1,3}|n\.?\s?\d{1,3})\s?\]", re.IGNORECASE
)
_POWER_OF_TEN = re.compile(r"(?<!\d)(?<!\d[.,])10$")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_AFTER_SENTENCE = frozenset(".,;:»”\"'’?!…%")
_SQUARED = re.compile(
    r"(?:[a-zA-Zµμ]?m|dm|km|cm|mm|nm|mol|seg?|min|log|sen|sin|cos|tan|exp|(?:centí|milí|kiló|decí|hectó)?metros?)$",
    re.IGNORECASE,
)
"""Units and functions of three letters and more that carry an exponent; of a longer word a raised number is a note."""
_SHORT_WORDS = frozenset(str.split("de la el en se lo al un no si sí su ya es le me te yo tu os mi él ha he ni va"))
_ORDINALS = {"o": "º", "a": "ª", "º": "º", "ª": "ª"}
_ORDINAL_ENDINGS = frozenset(str.split("er ro do to vo no mo ra da ta va na ma os as th st nd rd ème eme"))
LONGEST_SYMBOL = 2
"""Letters of a unit, an element or a variable; a longer word before a raised number is a word with a note."""
MAX_RAISED = 40
"""A longer superscript is markup gone wrong: its text is read as any other."""


def superscript(raised: str, before: str) -> str:
    """What stands for ``<sup>raised</sup>`` behind the text ``before``; empty for the mark of a note.

    >>> superscript("9", "400 × 10"), superscript("-3", "10"), superscript("2", "30 kg/m")
    ('⁹', '⁻³', '²')
    >>> superscript("3", "los hospitales"), superscript("1", "del estudio."), superscript("a,b", "10")
    ('', '', '')
    >>> superscript("kt", "e"), superscript("1/2", "1"), superscript("o", "1")
    ('^kt', '½', 'º')
    """
    raised = " ".join(raised.split())
    last = before[-1:]
    if not raised or _is_note(raised, before, last):
        return ""
    if raised.lower() in _ORDINALS and (last.isdigit() or (last and last in ".NnDM")):
        return _ORDINALS[raised.lower()]
    if last.isdigit() and _PLAIN_FRACTION.fullmatch(raised):
        return fraction(raised, behind_digit=True)
    if raised.lower() in _ORDINAL_ENDINGS and (last.isdigit() or last == "."):
        return raised
    if raised in {"TM", "tm", "MR", "MC"}:
        return "™" if raised in {"TM", "tm"} else f" {raised}"
    word = _LAST_WORD.search(before)
    if word and raised.isalpha() and min(len(word[0]), len(raised)) > LONGEST_SYMBOL:
        return f" {raised}"  # "Producto<sup>nuevo</sup>"
    return power(raised)


def power(raised: str) -> str:
    """An exponent: in Unicode's signs where all of it has them, else behind ``^``.

    >>> power("-3"), power("kt"), power("-2,5"), power("®")
    ('⁻³', '^kt', '^(-2,5)', '®')
    """
    signs = [_SUPER.get(character) for character in raised]
    if None not in signs:
        return "".join(filter(None, signs))
    if not any(map(str.isalnum, raised)):
        return raised  # ®, °, ′
    return f"^{raised}" if raised.lstrip("+-−").isalnum() else f"^({raised})"


def subscript(lowered: str, before: str) -> str:
    """What stands for ``<sub>lowered</sub>`` behind the text ``before``.

    >>> subscript("2", "H"), subscript("1c", "HbA"), subscript("max", "C"), subscript("1/2", "t")
    ('₂', '₁c', '_max', '₁/₂')
    """
    lowered = " ".join(lowered.split())
    if not any(map(str.isalnum, lowered)):
        return "".join(_SUB.get(character, character) for character in lowered)
    if lowered[0].isdigit() or lowered[0] in "+-−":
        return "".join(_SUB.get(character, character) for character in lowered)
    if not before or before[-1].isspace():
        return lowered
    return f"_{lowered}" if lowered.isalnum() else f"_({lowered})"


def fraction(text: str, *, behind_digit: bool) -> str:
    """``3/4`` as ¾ where Unicode has it, else ``5/16``; apart from a whole number before it."""
    found = _PLAIN_FRACTION.fullmatch(text)
    if found is None:
        return text
    plain = f"{found[1]}/{found[2]}"
    return _VULGAR.get(plain) or (f" {plain}" if behind_digit else plain)


def with_fractions(text: str) -> str:
    """Raised numerators over lowered denominators as fractions: ``1¹/₂`` → ``1½``, ``¹⁶/₂₅`` → ``16/25``."""
    if not any(slash in text for slash in _SLASH):
        return text

    def joined(found: re.Match[str]) -> str:
        plain = f"{found[2].translate(_ASCII_DIGITS)}/{found[3].translate(_ASCII_DIGITS)}"
        return found[1] + fraction(plain, behind_digit=bool(found[1]))

    def half_raised(found: re.Match[str]) -> str:
        plain = f"{found[2].translate(_ASCII_DIGITS)}/{found[3]}"
        return found[1] + _VULGAR[plain] if plain in _VULGAR else found[0]

    return _HALF_RAISED.sub(half_raised, _FRACTION.sub(joined, text))


def is_note_text(text: str) -> bool:
    """Whether the text of a link within the page is the mark of a note: a number, a sign, ``[3]``."""
    text = text.strip()
    return bool(
        len(text) <= MAX_RAISED and (_NOTE_NUMBERS.fullmatch(text) or _NOTE_SIGNS.fullmatch(text) or is_bracketed(text))
    )


def is_bracketed(text: str) -> bool:
    """``[3]``, ``[1-4]``, ``[nota 2]``: a mark of a note wherever it stands."""
    return _BRACKETED.fullmatch(text.strip()) is not None


def _is_note(raised: str, before: str, last: str) -> bool:
    """Whether a superscript without a link marks a note, by the word that it stands behind."""
    if is_bracketed(raised):
        return True
    if re.fullmatch(r"[*†‡§¶#]+|\([*†‡§¶]\)|[a-z](?:\s?,\s?[a-z])+", raised):
        return True
    if not _NOTE_NUMBERS.fullmatch(raised):
        return False
    if last in _AFTER_SENTENCE and last:
        return True
    if last == ")":
        return raised not in {"2", "3"}
    if "," in raised or ";" in raised:
        return not _POWER_OF_TEN.search(before)
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    if word[0].lower() in _SHORT_WORDS:
        return True
    return len(word[0]) > LONGEST_SYMBOL and _SQUARED.fullmatch(word[0]) is None
