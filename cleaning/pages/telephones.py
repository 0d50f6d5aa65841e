"""Telephone numbers of the Spanish-speaking countries, in the forms in which people write them.

Three classes. With an international prefix: always one. In a form that only telephones have (Spain's 91 000 11 22):
one unless it counts something. In any other national form (2222-3333, (55) 0000-1111): only behind a word that calls it
one.
"""

import re
from collections.abc import Iterator

from cleaning.pages.public_numbers import (
    is_a_count,
    is_a_public_line,
    is_followed_by_a_unit,
    numbers_a_thing,
)

_LENGTHS = {
    "34": (9,),
    "52": (10, 11),
    "57": (10, 8),
    "54": (10, 11),
    "56": (9,),
    "51": (9, 8),
    "58": (10,),
    "593": (9, 8),
    "591": (8,),
    "595": (9, 8),
    "598": (8,),
    "506": (8,),
    "503": (8,),
    "502": (8,),
    "504": (8,),
    "505": (8,),
    "507": (8, 7),
    "53": (8,),
    "240": (9,),
    "1": (10,),
}
"""Digits behind the prefix of a country, the usual ones first (national numbering plans, ITU-T E.164)."""
_OTHER_COUNTRY = range(9, 16)
"""Digits of any other international number, prefix included."""
_END = r"(?![\d_])(?![.,/:–-]\d)(?!\w)"
_BEGIN = r"(?<![\w+])(?<!\d[.,/:–-])(?<!\d[.,/:–-]\()"
_S = r"[ .\u00a0–-]"
_INTERNATIONAL = re.compile(
    r"(?<![\w+])(?<!\d[.,/-])\(?(?:\+ ?|00 ?)[1-9]\d{0,3}\)?(?:[ .\u00a0–-]{0,2}\(?\d{1,11}\)?){1,6}(?!\d)"
)
_OWN_FORMS = re.compile(
    rf"{_BEGIN}(?:"
    rf"[6-9]\d{{2}}{_S}\d{{2}}{_S}\d{{2}}{_S}\d{{2}}"  # 612 00 11 22
    rf"|[89]\d{_S}\d{{3}}{_S}\d{{2}}{_S}\d{{2}}"  # 91 000 11 22
    rf"|\([89]\d{{1,2}}\) ?\d{{2,3}}{_S}?\d{{2}}{_S}?\d{{2}}"  # (91) 000 11 22
    rf"|\(0\d{{1,4}}\) ?\d{{3,4}}{_S}\d{{4}}"  # (011) 4000-1111
    rf"){_END}"
)
_SPANISH_GROUPS = re.compile(rf"{_BEGIN}(?:[6789]\d{{2}}([ \u00a0-])\d{{3}}\1\d{{3}}|[679]\d{{8}}){_END}")
"""Numbers that may as well be counts."""
_NATIONAL = re.compile(
    rf"{_BEGIN}(?:"
    rf"\(0?\d{{1,4}}\){_S}?(?:15{_S}?)?(?:\d{{3,4}}{_S}?\d{{3,4}}|\d{{3}}{_S}\d{{2}}{_S}\d{{2}}|\d(?:{_S}\d{{2,4}}){{2,3}})"
    rf"|01{_S}\d{{2,3}}{_S}\d{{3,4}}{_S}\d{{4}}"  # Mexico before 2019
    rf"|01{_S}?800{_S}?\d{{3}}{_S}?\d{{4}}|018000{_S}?\d{{6}}|01{_S}8000{_S}\d{{3}}{_S}?\d{{3}}"  # free lines
    rf"|0\d{{1,4}}{_S}?(?:15{_S}?)?\d{{3,4}}{_S}?\d{{3,4}}|0\d{{2,3}}(?:{_S}\d{{2,3}}){{3}}"  # 0414-0001111
    rf"|\d{{3}}{_S}\d{{3}}{_S}\d{{2}}{_S}\d{{2}}|\d{{3}}{_S}\d{{3}}{_S}?\d{{4}}|\d{{2}}{_S}\d{{4}}{_S}\d{{4}}"
    rf"|\d{{2}}(?:{_S}\d{{2}}){{3,4}}|\d{{3}}{_S}\d{{7}}|\d{{3}}{_S}\d{{3}}{_S}\d{{3}}|\d{{3}}(?:{_S}\d{{2}}){{3}}"
    rf"|\d{{1,2}}{_S}\d{{3,4}}{_S}\d{{4}}|\d{{1,2}}{_S}\d{{3}}{_S}\d{{2}}{_S}\d{{2}}|\d{{2}}{_S}\d{{7}}|\d{{3}}{_S}\d{{6}}"
    rf"|1{_S}\d{{3}}{_S}\d{{3}}{_S}\d{{4}}|\d{{4}}{_S}\d{{4}}|\d{{3}}{_S}\d{{4}}|\d{{3}}{_S}\d{{2}}{_S}\d{{2}}|\d{{7,10}}"
    rf"){_END}"
)
_WORD = re.compile(
    r"(?:(?<![^\W\d_])(?:tel(?:[ée]fonos?|[ée]fs?|s)?|t(?:el)?fn?[oó]?s?|t[el]*fs?|fonos?|lada|m[óo]vil(?:es)?|cel(?:ular(?:es)?|s)?|fax|"
    r"whats?app|wh?asap|wsp|wpp|wa|central(?:ita|es)?|conmutador|pbx|phone|directo|guardias?)(?![^\W\d_])\.?|[☎📞📱✆])"
    r"([^\d\n;+(]{0,45}\(?)$",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"(?:(?<![^\W\d_])(?:ll[áa]m\w*|marc(?:ar?|ando)|marque|contact\w*|comun[ií][qc]\w+|turnos?|citas?|reservas?|sms|"
    r"n[úu]mero(?! de (?!tel|fax|contact|m[óo]vil|cel|wh?a|aten|informa|consult|la |el |citas?|ayuda|urgen|emerg))|"
    r"informes|consultorio|hospital|cl[íi]nica|urgencias|escr[íi]b\w+|avis[ae]\w*)(?![^\W\d_]))([^\d\n.;+(]{0,25}\(?)$",
    re.IGNORECASE,
)
_DIRECT = re.compile(r"(?:^|\s)(?:[TM]\.?|tel):?\s?\(?$", re.IGNORECASE)
_MOBILE = re.compile(r"m[óo]vil|cel|whats?app|wh?asap", re.IGNORECASE)
_MORE = re.compile(r"(?:[ ,;/|–-]|\b(?:y|o|u|e|ó|ou|al|en|el|ext\.?(?: ?\d{1,5})?)\b){0,8}$", re.IGNORECASE)
"""Between a telephone and the next of the same list."""
_REACH = 64
_YEARS = re.compile(r"\(?(?:19|20)\d\d[ .–-](?:19|20)\d\d$")


def telephones(text: str) -> Iterator[tuple[int, int]]:
    """Where telephone numbers stand that belong to somebody, in order."""
    found: list[tuple[int, int]] = []
    for begin, end in _candidates(text):
        if found and begin < found[-1][1]:
            continue
        follows = bool(found) and _MORE.fullmatch(text, found[-1][1], begin) is not None
        fitted = _telephone(text, begin, end, follows=follows)
        if fitted is not None:
            found.append(fitted)
    yield from found


def _candidates(text: str) -> list[tuple[int, int]]:
    """Of candidates with one beginning the longest comes first."""
    spans = {
        m.span() for pattern in (_INTERNATIONAL, _OWN_FORMS, _SPANISH_GROUPS, _NATIONAL) for m in pattern.finditer(text)
    }
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _telephone(text: str, begin: int, end: int, *, follows: bool) -> tuple[int, int] | None:
    """The span of the number, cut to its length, or none where it is something else."""
    number = text[begin:end]
    if number.lstrip("(").startswith(("+", "00")) and _INTERNATIONAL.fullmatch(number):
        return _international(text, begin, end)
    if numbers_a_thing(text, begin) or is_followed_by_a_unit(text, end) or _YEARS.match(number):
        return None
    before = text[max(0, begin - _REACH) : begin]
    said = _WORD.search(before)
    is_called = follows or said is not None or _CALL.search(before) is not None or _DIRECT.search(before) is not None
    digits = "".join(filter(str.isdigit, number))
    if is_a_public_line(digits) and not (said is not None and digits[0] == "9" and _MOBILE.search(said[0])):
        return None
    if is_called or _OWN_FORMS.fullmatch(text, begin, end):
        return begin, end
    if _SPANISH_GROUPS.fullmatch(text, begin, end) and not is_a_count(text, begin, end):
        return begin, end
    return None


def _international(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """A number with its country's prefix, without the groups of digits that are too many."""
    ends = [m.end() for m in re.finditer(r"\d+\)?", text[begin:end])]
    digits = "".join(filter(str.isdigit, text[begin:end]))
    opening = 2 if not text[begin:end].lstrip("(").startswith("+") else 0
    prefix = next((digits[opening:][:n] for n in (3, 2, 1) if digits[opening:][:n] in _LENGTHS), None)
    if prefix is None and opening:
        return None
    wanted = [len(prefix) + n for n in _LENGTHS[prefix]] if prefix is not None else _OTHER_COUNTRY[::-1]
    for length in wanted:
        for last in reversed(ends):
            part = "".join(filter(str.isdigit, text[begin : begin + last]))[opening:]
            if len(part) == length:
                national = part[len(prefix or "") :]
                stays = is_a_public_line(national) and prefix != "51"
                return None if stays or is_followed_by_a_unit(text, begin + last) else (begin, begin + last)
    return None
