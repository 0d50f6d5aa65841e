"""Personal data masked by rules, with check digits where they exist; counted by kind, never logged."""

import re
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cleaning.pages.check_digits import (
    ccc_is_valid,
    clabe_is_valid,
    cpf_is_valid,
    cuit_is_valid,
    curp_is_valid,
    dni_is_valid,
    ecuador_is_valid,
    has_a_birth_date,
    iban_is_valid,
    is_a_date,
    luhn_is_valid,
    nss_is_valid,
    rfc_is_valid,
    rut_is_valid,
    uruguay_is_valid,
)
from cleaning.pages.public_numbers import numbers_a_thing, public_spans
from cleaning.pages.telephones import telephones


def always(_: str) -> bool:
    """No check digit exists."""
    return True


def _dated(text: str) -> bool:
    """An RFC behind its label: a possible date is enough, since offices give some without a right check digit."""
    compact = re.sub(r"[ -]", "", text)
    return is_a_date(compact[6:8], compact[8:10])


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data."""

    name: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool] = always
    sign: re.Pattern[str] = field(kw_only=True)
    """What a text with one of this kind always holds, and is much quicker to look for."""
    says_what_it_is: bool = field(default=False, kw_only=True)
    """The pattern has a label or a form of its own: a word such as "lote" before it decides nothing."""

    @property
    def mask(self) -> str:
        """The mask that replaces it."""
        return mask_of(self.name)

    def holds(self, text: str) -> bool:
        """Whether the check digit, where there is one, is right; digits of other scripts have none."""
        return self.is_valid is always or (text.isascii() and self.is_valid(text))


def mask_of(name: str) -> str:
    """``[DNI]`` for ``dni``."""
    return f"[{name.upper()}]"


def _named(names: str, number: str) -> re.Pattern[str]:
    """A number recognised only by the label before it; the group ``number`` is masked."""
    return re.compile(
        rf"(?<![\w.])(?i:{names})(?:\s?\([^()\d]{{1,30}}\))?(?:\W{{0,3}}(?i:del?|la|paciente|titular|identidad|"
        rf"ciudadan[íi]a|extranjer[íi]a|es|con|el|madre|padre|usuari[oa])\b){{0,4}}"
        rf"(?:\W{{0,3}}(?i:n[º°o]?\.?[º°]?|n[úu]m(?:ero)?\.?))?\W{{1,3}}(?P<number>{number})(?![\w.,/-]*\d)(?!\w)"
    )


_AT = r" ?[(\[{<] ?(?:at|AT|arroba|@) ?[)\]}>] ?"
_DOT = r"(?:\.| ?[(\[{<] ?(?:dot|DOT|punto|\.) ?[)\]}>] ?)"
_HOST = rf"[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{0,4}}{_DOT}[^\W\d_]{{2,24}}"
_SPELLED = re.compile(
    rf"\b[\w.+-]{{1,64}}{_AT}{_HOST}\b"
    r"|\b[\w.+-]{1,64} (?:arroba|AT) [\w-]{1,63}(?:(?:\.| (?:punto|DOT) )[\w-]{1,63}){0,3}"
    r"(?:\.| (?:punto|DOT) )[^\W\d_]{2,24}\b"
)
"""Addresses that are written so that machines shall not read them."""
_SPELLED_SIGN = re.compile(r"[(\[{<] ?(?:at|AT|arroba|@)|arroba| AT ")
_MAIL = re.compile(r"\b[\w.+-]{1,64}(?:@| ?@ ?)[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[^\W\d_]{2,24}\b")
_BARE_ID = r"[VEve]-? ?\d{1,2}\.?\d{3}\.?\d{3}|\d{1,3}(?:[. ]\d{3}){2,3}(?:-\d)?|\d{6,8}-\d|\d{6,11}"
_FORMED_ID = (
    r"\d{3}-\d{7}-\d|\d{4}-\d{4}-\d{5}|\d{3}-\d{6}-\d{4}[A-Z]|\d{1,2}-\d{3,4}-\d{3,6}|\d{4} \d{5} \d{4}|\d{13}"
    r"|\d{9}-\d"
)
"""Dominican Republic, Honduras, Nicaragua, Panama and Costa Rica, Guatemala; behind a label."""
_NUMBER = re.compile(r"\d(?:[ ./()-]{0,3}\d){6}")
"""Seven digits, with what stands between the groups of a number."""
_FIVE = re.compile(r"\d(?:[ ./()-]{0,3}\d){4}")
_SIX = re.compile(r"\d(?:[ ./()-]{0,3}\d){5}")
_CARD = r"(?:[3-6]\d{3}|2[2-7]\d{2})([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|3[47]\d{2}([ -])\d{6}\2\d{5}"
_CARD_LABEL = (
    r"tarjeta(?: (?:bancaria|visa|mastercard|de (?:cr[ée]dito|d[ée]bito)))?|visa|mastercard|amex|n[.º°]* de tarjeta"
)
_DNI_LABEL = r"D\.? ?N\.? ?I\.?|N\.?I\.?F\.?|N\.?I\.?E\.?|DNI/NIE|NIF/NIE|documento nacional de identidad"
_ID_LABEL = (
    r"C\. ?C\.?|C\. ?I\.?|CC|CI|c[ée]dulas?(?: de (?:identidad|ciudadan[íi]a|extranjer[íi]a))?"
    r"|documento de (?:identidad|identificaci[óo]n)|doc\. ?(?:de )?identidad"
    r"|carn[ée]t? de identidad|carn[ée] de extranjer[íi]a"
    r"|tarjeta de identidad|T\.I\.|R\.C\.|DUI|DPI|CUI|identificad[oa] con (?:el )?(?:documento|n[úu]mero)"
)
KINDS = (
    Kind("correo", _MAIL, sign=re.compile("@"), says_what_it_is=True),
    Kind("correo", _SPELLED, sign=_SPELLED_SIGN, says_what_it_is=True),
    Kind(
        "iban",
        re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?\b"),
        iban_is_valid,
        sign=re.compile(r"\b[A-Z]{2}\d{2}"),
        says_what_it_is=True,
    ),
    Kind(
        "cuenta",
        re.compile(r"(?<![\d/-])\d{4}([ -])\d{4}\1\d{2}\1\d{10}(?![\d/-])"),
        ccc_is_valid,
        sign=_NUMBER,
    ),
    Kind("cuenta", _named(r"cuenta|dep[óo]sito|transferencia|interbancaria", r"\d{18}"), clabe_is_valid, sign=_NUMBER),
    Kind("cuenta", _named(r"CLABE(?: interbancaria)?", r"\d{3} ?\d{3} ?\d{11} ?\d|\d{18}"), always, sign=_NUMBER),
    Kind(
        "cuenta",
        _named(r"(?:n[º°.]* de )?cuenta(?: (?:bancaria|corriente|de ahorros))?", r"\d[\d-]{9,22}\d"),
        sign=_NUMBER,
    ),
    Kind("tarjeta_bancaria", re.compile(rf"(?<![\d/.-])(?:{_CARD})(?![\d/-])"), luhn_is_valid, sign=_NUMBER),
    Kind("tarjeta_bancaria", _named(_CARD_LABEL, r"\d{13,19}"), always, sign=_NUMBER),
    Kind("nss", re.compile(r"(?<![\d/-])\d{2}([ /-])\d{8}\1\d{2}(?![\d/-])"), nss_is_valid, sign=_NUMBER),
    Kind(
        "nss",
        _named(
            r"N\.?S\.?S\.?|NAF|NUSS|(?:n[º°.]* (?:de )?)?(?:la )?seguridad social"
            r"|n[úu]mero de afiliaci[óo]n|afiliad[oa]",
            r"\d{2}[ /-]?\d{8}[ /-]?\d{2}|\d{10,12}|\d{2}-\d{2}-\d{2}-\d{4}-\d",
        ),
        sign=_NUMBER,
    ),
    Kind("cpf", re.compile(r"(?<![\d.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\d-])"), cpf_is_valid, sign=_NUMBER),
    Kind("cpf", _named(r"C\.?P\.?F\.?", r"\d{9}-?\d{2}"), sign=_NUMBER),
    Kind("cuit", re.compile(r"(?<![\d-])(?:20|23|24|25|26|27)([- ])\d{8}\1\d(?![\d-])"), cuit_is_valid, sign=_NUMBER),
    Kind(
        "cuit",
        _named(r"C\.?U\.?I\.?[TL]\.?", r"2[0-7]\d{9}|2[0-7]-\d{2}\.\d{3}\.\d{3}-\d"),
        cuit_is_valid,
        sign=_NUMBER,
    ),
    Kind(
        "dni",
        re.compile(r"\b(?:\d{2}([.  ]?)\d{3}\1\d{3}|[XYZ][- .]?\d{1}\.?\d{3}\.?\d{3})[ -]?[A-HJ-NP-TV-Z]\b"),
        dni_is_valid,
        sign=_NUMBER,
    ),
    Kind("dni", re.compile(r"\b(?:\d{8}|[xyz]-?\d{7})-?[a-hj-np-tv-z]\b"), dni_is_valid, sign=_NUMBER),
    Kind("rut", re.compile(r"\b\d{1,2}\.\d{3}\.\d{3} ?[-–] ?[\dkK]\b"), rut_is_valid, sign=_NUMBER),
    Kind("rut", _named(r"R\.?U\.?[TN]\.?", r"\d{7,8}[-–]?[\dkK]"), always, sign=_SIX),
    Kind("cedula", re.compile(r"\b\d\.\d{3}\.\d{3}-\d\b"), uruguay_is_valid, sign=_NUMBER),
    Kind("cedula", re.compile(r"(?<![\d-])\d{3}-\d{7}-\d(?![\d-])"), luhn_is_valid, sign=_NUMBER),
    Kind("cedula", re.compile(r"(?<![\d-])\d{9}-\d(?![\d-])"), ecuador_is_valid, sign=_NUMBER),
    Kind(
        "cedula",
        _named(r"identificaci[óo]n|documento|ID|usuari[oa]|paciente|afiliad[oa]|sra?\.", r"\d{10}"),
        ecuador_is_valid,
        sign=_NUMBER,
    ),
    Kind(
        "curp",
        re.compile(r"\b[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b"),
        curp_is_valid,
        sign=_FIVE,
        says_what_it_is=True,
    ),
    Kind("rfc", re.compile(r"\b[A-ZÑ&]{4}[- ]?\d{6}[- ]?[A-Z\d]{3}\b"), rfc_is_valid, sign=_SIX, says_what_it_is=True),
    Kind("rfc", _named(r"R\.?F\.?C\.?", r"[A-ZÑ&]{4}[- ]?\d{6}[- ]?[A-Z\d]{3}"), sign=_SIX),
    Kind("tarjeta_sanitaria", re.compile(r"\b(?:B{8}[A-Z]{2}\d{6}|AN ?\d{10})\b"), sign=_FIVE, says_what_it_is=True),
    Kind(
        "tarjeta_sanitaria",
        re.compile(r"\b[A-Z]{4} ?[01] ?\d{6} ?\d{3}\b"),
        has_a_birth_date,
        sign=_NUMBER,
        says_what_it_is=True,
    ),
    Kind(
        "tarjeta_sanitaria",
        _named(r"CIPA?|SIP|TIS|NUHSA|tarjeta (?:sanitaria|individual)(?: individual)?", r"\d{7,16}"),
        sign=_FIVE,
    ),
    Kind(
        "historia_clinica",
        _named(
            r"N\.?H\.?C\.?|N\.?H\.?|H\.? ?C\.?|hist(?:oria|\.)(?: cl[íi]nica)?|expediente cl[íi]nico"
            r"|ficha cl[íi]nica|N[º°.] ?HC",
            r"\d{5,12}|\d{2,3}[.-]\d{2,3}[.-]\d{2,3}|\d{4,9}/\d{2,4}",
        ),
        sign=_FIVE,
    ),
    Kind("pasaporte", _named(r"pasaporte", r"[A-Z]{0,3}\d{6,9}[A-Z]?"), sign=_SIX),
    Kind("dni", _named(_DNI_LABEL, _BARE_ID), sign=_NUMBER),
    Kind("cedula", _named(_ID_LABEL, rf"{_FORMED_ID}|{_BARE_ID}"), sign=_SIX),
)
"""In the order in which they are looked for: what has a check digit before what has none. Telephones come last."""
_ANY_SIGN = re.compile(
    r"[@(\[{<A-Z\d](?:(?<=@)|(?<=[(\[{<]) ?(?:at|AT)|(?<=\b[A-Z])[A-Z]\d{2}|(?<=\d)(?:[ ./()-]{0,3}\d){4})"
)
"""One class of first letters for all: at a letter of none an expression tries nothing."""
_ANY_SIGN_OR_WORD = re.compile(rf"arroba| AT |{_ANY_SIGN.pattern}")
"""What every kind has: the rest of a text is not looked at."""
_BEFORE, _AFTER = 120, 340
"""Characters around a sign that are looked at: the label before a number; the longest address that is written out."""
_SPACE = re.compile(r"\s")
Span = tuple[int, int, str]
"""Begin, end, kind."""


def masked(text: str) -> tuple[str, dict[str, int]]:
    """The text with personal data replaced by its kind, and how many of each kind there were."""
    spans = personal_spans(text)
    counts: dict[str, int] = {}
    pieces, last = [], 0
    for begin, end, name in spans:
        counts[name] = counts.get(name, 0) + 1
        pieces += [text[last:begin], mask_of(name)]
        last = end
    return "".join([*pieces, text[last:]]), counts


def personal_spans(text: str) -> list[Span]:
    """What is masked, in order; of two that overlap, the kind that is looked for first."""
    found: list[Span] = []
    for begin, end in _regions(text):
        found += ((begin + first, begin + last, name) for first, last, name in _personal_in(text[begin:end]))
    return found


def _signs(text: str) -> Iterator[re.Match[str]]:
    return (_ANY_SIGN_OR_WORD if "arroba" in text or " AT " in text else _ANY_SIGN).finditer(text)


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """The surroundings of signs, whole words, in order and apart: one text of ten has none, most have few."""
    begin = end = 0
    for sign in _signs(text):
        if sign.end() + _BEFORE < end:
            continue
        near = max(0, sign.start() - _BEFORE)
        first = max(text.rfind(" ", 0, near), text.rfind("\n", 0, near)) + 1
        after = _SPACE.search(text, min(len(text), sign.end() + _AFTER))
        last = after.start() if after is not None else len(text)
        if first > end:
            if end:
                yield begin, end
            begin = first
        end = last
    if end:
        yield begin, end


def _personal_in(region: str) -> list[Span]:
    found: list[Span] = []
    taken = _Spans()
    public: _Spans | None = None
    signs: dict[re.Pattern[str], bool] = {}

    def add(begin: int, end: int, name: str) -> None:
        nonlocal public
        if public is None:
            public = _Spans(public_spans(region))
        if not taken.meet(begin, end) and (name == "correo" or not public.meet(begin, end)):
            found.append((begin, end, name))
            taken.add(begin, end)

    for kind in KINDS:
        if kind.sign not in signs:
            signs[kind.sign] = kind.sign.search(region) is not None
        if signs[kind.sign]:
            for begin, end in _of_kind(kind, region):
                add(begin, end, kind.name)
    if signs[_NUMBER]:
        for begin, end in telephones(region):
            add(begin, end, "telefono")
    return sorted(found)


def _of_kind(kind: Kind, text: str) -> Iterator[tuple[int, int]]:
    is_labelled = "number" in kind.pattern.groupindex
    for match in kind.pattern.finditer(text):
        number = match["number"] if is_labelled else match[0]
        is_something_else = not (is_labelled or kind.says_what_it_is) and numbers_a_thing(text, match.start())
        if kind.holds(number) and not is_something_else:
            yield match.span("number") if is_labelled else match.span()


class _Spans:
    """Spans of a text that do not overlap, asked for those that a new one meets."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._all: list[tuple[int, int]] = sorted(spans)

    def add(self, begin: int, end: int) -> None:
        insort(self._all, (begin, end))

    def meet(self, begin: int, end: int) -> bool:
        place = bisect_right(self._all, (begin, end))
        is_after = place < len(self._all) and self._all[place][0] < end
        return is_after or any(last > begin for _, last in self._all[max(0, place - 2) : place])
