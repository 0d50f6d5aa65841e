"""Check digits of identity documents, accounts and cards. Each function takes a number as it was written.

The test numbers of `tests/cleaning/test_privacy.py` are invented and pass these checks.
"""

import re
from collections.abc import Iterable, Sequence

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Letter by number modulo 23 (Real Decreto 1553/2005)."""
_CURP_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
_RFC_VALUES = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_CCC_WEIGHTS = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
_MAX_PROVINCE, _ABROAD = 24, 30
"""Ecuador's provinces, and the code of those registered abroad."""


def digits_of(text: str) -> list[int]:
    """The ASCII digits of a text as numbers."""
    return [int(c) for c in text if c in "0123456789"]


def dni_is_valid(text: str) -> bool:
    """DNI and NIE: X, Y and Z stand for 0, 1 and 2."""
    compact = re.sub(r"[^0-9A-Z]", "", text.upper())
    number = compact[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and _DNI_LETTERS[int(number) % 23] == compact[-1]


def iban_is_valid(text: str) -> bool:
    """ISO 13616: the rearranged number modulo 97 is 1."""
    compact = re.sub(r"[\s-]", "", text.upper())
    digits = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def ccc_is_valid(text: str) -> bool:
    """Spanish account number before IBAN, 4-4-2-10: two check digits, modulo 11."""
    digits = digits_of(text)

    def check(number: Sequence[int]) -> int:
        rest = 11 - _weighted(number, _CCC_WEIGHTS) % 11
        return {11: 0, 10: 1}.get(rest, rest)

    return digits[8] == check([0, 0, *digits[:8]]) and digits[9] == check(digits[10:])


def clabe_is_valid(text: str) -> bool:
    """Mexico's CLABE: weights 3, 7, 1, each product modulo 10."""
    digits = digits_of(text)
    total = sum(digit * (3, 7, 1)[place % 3] % 10 for place, digit in enumerate(digits[:17]))
    return digits[17] == -total % 10


def luhn_is_valid(text: str) -> bool:
    """ISO/IEC 7812: every second digit from the right is doubled. Cards, Dominican cédulas, Mexico's NSS."""
    total = 0
    for place, digit in enumerate(reversed(digits_of(text))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004 - the sum of its two digits
    return total % 10 == 0


def nss_is_valid(text: str) -> bool:
    """Spanish social security number: the first ten digits modulo 97 are the last two."""
    digits = re.sub(r"\D", "", text)
    province, number, check = digits[:2], digits[2:10], digits[10:]
    base = province + number if int(number) >= 10_000_000 else province + str(int(number)).zfill(7)  # noqa: PLR2004 - leading zero rule of the TGSS
    return int(base) % 97 == int(check)


def cuit_is_valid(text: str) -> bool:
    """Argentina's CUIT and CUIL: weights 5432765432, modulo 11."""
    digits = digits_of(text)
    rest = 11 - _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return {11: 0, 10: 9}.get(rest, rest) == digits[10]


def rut_is_valid(text: str) -> bool:
    """Chile's RUT: weights 2 to 7 from the right, modulo 11."""
    compact = re.sub(r"[^0-9K]", "", text.upper())
    total = sum(int(c) * (2 + i % 6) for i, c in enumerate(reversed(compact[:-1])))
    return {11: "0", 10: "K"}.get(11 - total % 11, str(11 - total % 11)) == compact[-1]


def curp_is_valid(text: str) -> bool:
    """Mexico's CURP: weights 18 to 2, letters from 10 on with Ñ among them, modulo 10."""
    text = text.upper()
    total = sum((18 - place) * _CURP_VALUES.index(letter) for place, letter in enumerate(text[:17]))
    return text[17] == str(-total % 10)


def rfc_is_valid(text: str) -> bool:
    """Mexico's RFC of a person: 13 characters, weights 13 to 2, modulo 11, with a possible date."""
    compact = re.sub(r"[ -]", "", text.upper())
    total = sum((13 - place) * _RFC_VALUES.index(letter) for place, letter in enumerate(compact[:12]))
    check = {11: "0", 10: "A"}.get(11 - total % 11, str(11 - total % 11))
    return is_a_date(compact[6:8], compact[8:10]) and compact[12] == check


def cpf_is_valid(text: str) -> bool:
    """Brazil's CPF: two digits modulo 11; eleven equal digits pass the sum and are no number."""
    digits = digits_of(text)
    first = _weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = _weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return digits[9:] == [first, second] and len(set(digits)) > 1


def ecuador_is_valid(text: str) -> bool:
    """Ecuador's cédula: province, third digit below 6, modulo 10."""
    digits = digits_of(text)
    province = digits[0] * 10 + digits[1]
    return (1 <= province <= _MAX_PROVINCE or province == _ABROAD) and digits[2] < 6 and luhn_is_valid(text)  # noqa: PLR2004 - natural persons


def uruguay_is_valid(text: str) -> bool:
    """Uruguay's cédula: weights 2987634, modulo 10; seven digits have a leading zero."""
    digits = [0] * (8 - len(digits_of(text))) + digits_of(text)
    return -_weighted(digits, (2, 9, 8, 7, 6, 3, 4)) % 10 == digits[7]


def is_a_date(month: str, day: str) -> bool:
    """Whether two pairs of digits can be a month and a day."""
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31  # noqa: PLR2004 - months and days


def has_a_birth_date(text: str) -> bool:
    """Catalonia's health card: four letters, sex, then the date of birth as YYMMDD (the check digit is not public)."""
    digits = re.sub(r"\D", "", text)
    return is_a_date(digits[3:5], digits[5:7])


def _weighted(digits: Sequence[int], weights: Iterable[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))
