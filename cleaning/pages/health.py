"""How much a text speaks of health: a sum of named word weights that anybody can read in ``data/health_words.tsv``.

score = 1 / (1 + exp(−(bias + Σ weight / √known))) over the different words of the text that the table knows; ``known``
is their number, so that a long text is judged as a short one is. ``bench/health.py`` fits the table and measures it.
"""

import functools
import math
from collections.abc import Iterable
from pathlib import Path

import data

TABLE = Path(data.__file__).parent / "health_words.tsv"
BIAS = "(bias)"
NEUTRAL = 0.5
"""The score of a text of which no word is known."""


@functools.cache
def health_words() -> dict[str, float]:
    """Weight by word, the bias under its own name."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return {word: float(weight) for word, weight in (line.split("\t") for line in lines)}


def health_score(words: Iterable[str]) -> float:
    """Health relevance from 0 to 1 of a text's words in lower case."""
    table = health_words()
    known = [*map(table.__getitem__, table.keys() & set(words))]
    if not known:
        return NEUTRAL
    return 1 / (1 + math.exp(-(table[BIAS] + math.fsum(known) / math.sqrt(len(known)))))
