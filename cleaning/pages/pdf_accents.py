"""Accents that a PDF draws as signs of their own, over their letter, as TeX does without fonts of accented letters."""

import unicodedata

ACCENTS = {"´": "\u0301", "`": "\u0300", "¨": "\u0308", "˜": "\u0303", "ˆ": "\u0302", "ˇ": "\u030c", "¯": "\u0304"}
"""Each and its combining form."""
_WHOLE = {"ı": "i", "ȷ": "j"}


def accented_letter(both: str) -> str:
    """A letter and an accent, in either order, as one letter; empty where Unicode has none.

    >>> accented_letter("´o"), accented_letter("n˜"), accented_letter("´ı"), accented_letter("´5")
    ('ó', 'ñ', 'í', '')
    """
    accent, letter = (both[0], both[1]) if both[0] in ACCENTS else (both[1], both[0])
    if accent not in ACCENTS:
        return ""
    whole = unicodedata.normalize("NFC", _WHOLE.get(letter, letter) + ACCENTS[accent])
    return whole if len(whole) == 1 else ""
