"""A word that a line's end broke: joined where the joined word is one, left with its hyphen where that says something.

``antihiper-⏎tensivo`` → antihipertensivo; ``3-⏎5 mg/dl``, ``IL-⏎6``, ``anti-⏎TNF``, ``médico-⏎quirúrgico`` keep the
hyphen.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import data

HYPHENS = "-\u2010\u2011\u00ad"
SOFT = "\u00ad"
_WORDS = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011][^\W\d_]+)*")
_LEFT = re.compile(r"([^\W\d_]+)[-\u2010\u2011\u00ad]$")
_RIGHT = re.compile(r"[^\W\d_]+")
_MIN_PART = 2
_LONG = 5
_PREFIXES = frozenset(
    [
        "anti",
        "auto",
        "bi",
        "bio",
        "co",
        "contra",
        "des",
        "di",
        "dis",
        "en",
        "ex",
        "extra",
        "hiper",
        "hipo",
        "im",
        "in",
        "infra",
        "inter",
        "intra",
        "macro",
        "micro",
        "mono",
        "multi",
        "neo",
        "neuro",
        "para",
        "poli",
        "pos",
        "post",
        "pre",
        "pro",
        "psico",
        "re",
        "semi",
        "sobre",
        "sub",
        "super",
        "supra",
        "trans",
        "tri",
        "ultra",
    ]
)
"""Words of their own that mostly begin another."""
_ADJECTIVE = re.compile(r"[^\W\d_]{3,}(?:ic|iv|os|an|ari|eri|ori)o")
_SECOND_ADJECTIVE = re.compile(r"[^\W\d_]{2,}(?:(?:ic|iv|os|an|ari|eri|ori|ur)[oa]s?|al(?:es)?)")
"""Of two adjectives that a hyphen joins the first ends in -o: médico-quirúrgico, clínico-patológica."""


@functools.cache
def _spanish_words() -> frozenset[str]:
    """Words that stand in several sources of real text (``bench/words.py``)."""
    return frozenset((Path(data.__file__).parent / "spanish_words.txt").read_text(encoding="utf-8").split())


class Hyphens:
    """Joins broken words by what stands elsewhere in the document."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        for line in lines:
            self._counts.update(
                word.lower().replace("\u2010", "-").replace("\u2011", "-") for word in _WORDS.findall(line)
            )

    def joined(self, before: str, after: str) -> str:
        """Two lines of a paragraph as one.

        >>> Hyphens([]).joined("el trata-", "miento")
        'el tratamiento'
        >>> Hyphens([]).joined("de 3-", "5 mg"), Hyphens([]).joined("la IL-", "6")
        ('de 3-5 mg', 'la IL-6')
        >>> Hyphens([]).joined("el equipo médico-", "quirúrgico")
        'el equipo médico-quirúrgico'
        """
        if before[-1:] not in HYPHENS or before[-2:-1].isspace() or before in HYPHENS:
            return f"{before} {after}"
        left, right = _LEFT.search(before), _RIGHT.match(after)
        if left is None or right is None:
            return f"{before[:-1]}-{after}" if before[-1] != SOFT or before[-2].isdigit() else before[:-1] + after
        if before[-1] == SOFT and left[1][-1].islower() == right[0][0].islower() and len(right[0]) > 1:
            return before[:-1] + after if self._is_one_word(left[1], right[0]) else f"{before[:-1]}-{after}"
        return before[:-1] + after if self._is_one_word(left[1], right[0]) else f"{before[:-1]}-{after}"

    def _is_one_word(self, left: str, right: str) -> bool:
        if right[0].isupper() and not (left.isupper() and right.isupper()):
            return False
        small = (left + right).lower()
        parts = left.lower(), right.lower()
        whole, apart = self._counts[small], self._counts[f"{parts[0]}-{parts[1]}"]
        if whole or apart:
            return whole >= apart
        if small in _spanish_words():
            return True
        if left.isupper() and len(left) < _LONG:
            return False  # HLA-DR, ADN-ARN
        if _ADJECTIVE.fullmatch(parts[0]) and _SECOND_ADJECTIVE.fullmatch(parts[1]):
            return False
        is_two = parts[0] not in _PREFIXES and len(parts[0]) > _MIN_PART and all(map(self._is_word, parts))
        return not is_two and len(parts[0]) >= _MIN_PART

    def _is_word(self, part: str) -> bool:
        return part in _spanish_words() or self._counts[part] > 1
