"""Personal data masked by rules, with check digits where they exist; counted by kind, never logged."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Letter by number modulo 23 (Real Decreto 1553/2005)."""
_CURP_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"


def dni_is_valid(text: str) -> bool:
    """DNI and NIE: X, Y and Z stand for 0, 1 and 2."""
    compact = re.sub(r"[^0-9A-Z]", "", text.upper())
    number = compact[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and _DNI_LETTERS[int(number) % 23] == compact[-1]


def iban_is_valid(text: str) -> bool:
    """ISO 13616: the rearranged number modulo 97 is 1."""
    compact = re.sub(r"\s", "", text.upper())
    digits = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def nss_is_valid(text: str) -> bool:
    """Spanish social security number: the first ten digits modulo 97 are the last two."""
    digits = re.sub(r"\D", "", text)
    province, number, check = digits[:2], digits[2:10], digits[10:]
    base = province + number if int(number) >= 10_000_000 else province + str(int(number)).zfill(7)  # noqa: PLR2004 - leading zero rule of the TGSS
    return int(base) % 97 == int(check)


def cuit_is_valid(text: str) -> bool:
    """Argentina's CUIT and CUIL: weights 5432765432, modulo 11."""
    digits = [int(c) for c in text if c.isdigit()]
    rest = 11 - sum(a * b for a, b in zip(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False)) % 11
    return {11: 0, 10: 9}.get(rest, rest) == digits[10]


def rut_is_valid(text: str) -> bool:
    """Chile's RUT: weights 2 to 7 from the right, modulo 11."""
    compact = re.sub(r"[^0-9K]", "", text.upper())
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(compact[:-1])))
    return {11: "0", 10: "K"}.get(11 - total % 11, str(11 - total % 11)) == compact[-1]


def curp_is_valid(text: str) -> bool:
    """Mexico's CURP: weights 18 to 2, letters from 10 on with Ñ among them, modulo 10."""
    total = sum((18 - place) * _CURP_VALUES.index(letter) for place, letter in enumerate(text[:17]))
    return text[17] == str(-total % 10)


def has_a_birth_date(text: str) -> bool:
    """Catalonia's health card: four letters, sex, then the date of birth as YYMMDD (the check digit is not public)."""
    digits = re.sub(r"\D", "", text)
    return 1 <= int(digits[3:5]) <= 12 and 1 <= int(digits[5:7]) <= 31  # noqa: PLR2004 - months and days


def always(_: str) -> bool:
    """No check digit exists."""
    return True


def has_nine_digits(text: str) -> bool:
    """Telephone numbers of the Spanish-speaking countries have at least eight digits, with a prefix nine."""
    return sum(c.isdigit() for c in text) >= 9  # noqa: PLR2004 - said above


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data."""

    name: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool] = always
    sign: re.Pattern[str] = field(kw_only=True)
    """What a text with one of this kind always holds, and is much quicker to look for."""

    @property
    def mask(self) -> str:
        """What stands in its place."""
        return f"[{self.name.upper()}]"

    def holds(self, text: str) -> bool:
        """Whether the check digit, where there is one, is right; digits of other scripts have none."""
        return self.is_valid is always or (text.isascii() and self.is_valid(text))


def _named(names: str, number: str) -> re.Pattern[str]:
    """A number that only the words before it tell; the first group is what is masked."""
    return re.compile(
        rf"\b(?i:{names})(?:\W{{0,3}}(?i:n[º°.]{{0,2}}|n[úu]m(?:ero)?\.?))?\W{{1,3}}({number})(?![\w.,/-]*\d)(?!\w)"
    )


_SPELLED = re.compile(r"\b[\w.+-]{1,64} ?[(\[{](?:at|arroba)[)\]}] ?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b")
"""Addresses that are written so that machines shall not read them."""
_BARE_ID = r"\d{7,8}|\d{1,2}\.\d{3}\.\d{3}"
_PHONE = re.compile(
    r"(?<![\d.,/-])(?:"
    r"(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}"  # international
    r"|[679]\d{2}[ .-]\d{3}[ .-]\d{3}|[679]\d{2}(?:[ .-]\d{2}){3}|9\d[ .-]\d{3}(?:[ .-]\d{2}){2}|[679]\d{8}"  # Spain
    r")(?![\d.,/_-]*\d)"
)
_NUMBER = re.compile(r"\d(?:[ ./()-]{0,3}\d){6}")
"""Seven digits, with what stands between the groups of a number."""
_DIGITS = re.compile(r"\d{5}")
KINDS = (
    Kind("correo", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b"), sign=re.compile("@")),
    Kind("correo", _SPELLED, sign=re.compile(r"[(\[{](?:at|arroba)[)\]}]")),
    Kind("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?\d{4}){4,6}(?: ?\d{1,4})?\b"), iban_is_valid, sign=_NUMBER),
    Kind("nss", re.compile(r"(?<![\d/-])\d{2}[ /-]?\d{8}[ /-]?\d{2}(?![\d/-])"), nss_is_valid, sign=_NUMBER),
    Kind("cuit", re.compile(r"(?<![\d-])(?:20|23|24|27|30|33|34)-?\d{8}-?\d(?![\d-])"), cuit_is_valid, sign=_NUMBER),
    Kind(
        "dni", re.compile(r"\b(?:\d{2}\.?\d{3}\.?\d{3}|[XYZ]-?\d{7})[ -]?[A-HJ-NP-TV-Z]\b"), dni_is_valid, sign=_NUMBER
    ),
    Kind("rut", re.compile(r"\b\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]\b"), rut_is_valid, sign=_NUMBER),
    Kind("curp", re.compile(r"\b[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b"), curp_is_valid, sign=_DIGITS),
    Kind("tarjeta_sanitaria", re.compile(r"\b(?:B{8}[A-Z]{2}\d{6}|AN ?\d{10})\b"), sign=_DIGITS),
    Kind("tarjeta_sanitaria", re.compile(r"\b[A-Z]{4} ?[01] ?\d{6} ?\d{3}\b"), has_a_birth_date, sign=_NUMBER),
    Kind(
        "tarjeta_sanitaria",
        _named(r"CIPA?|SIP|TIS|NUSS|NUHSA|tarjeta (?:sanitaria|individual)", r"\d{7,16}"),
        sign=_DIGITS,
    ),
    Kind("historia_clinica", _named(r"NHC|historia cl[íi]nica|historia", r"\d{5,12}"), sign=_DIGITS),
    Kind(
        "dni",
        _named(r"DNI|cédula(?: de (?:identidad|ciudadanía))?|documento (?:nacional )?de identidad", _BARE_ID),
        sign=_NUMBER,
    ),
    Kind("telefono", _PHONE, has_nine_digits, sign=_NUMBER),
)
"""In the order in which they are looked for: what has a check digit before what has none."""
_SIGNS = frozenset(kind.sign for kind in KINDS)


def masked(text: str) -> tuple[str, dict[str, int]]:
    """The text with personal data replaced by its kind, and how many of each kind there were."""
    counts: dict[str, int] = {}
    signs = {sign for sign in _SIGNS if sign.search(text) is not None}
    for kind in KINDS:
        if kind.sign not in signs:
            continue

        def replace(match: re.Match[str], kind: Kind = kind) -> str:
            if not kind.holds(match[0]):
                return match[0]
            counts[kind.name] = counts.get(kind.name, 0) + 1
            return match[0].replace(match[1], kind.mask) if match.lastindex else kind.mask

        text = kind.pattern.sub(replace, text)
    return text, counts
