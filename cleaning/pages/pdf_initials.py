"""Initials that are as high as several lines, joined to the first of these: a large L before "a bronquitis" → "La"."""

from collections import Counter
from collections.abc import Sequence

from cleaning.pages.pdf_glyphs import Run

_LARGE = 1.8
"""A letter by itself is an initial if it is this many times as large as the text."""
_REACH = 1.2
"""Sizes of the text between an initial and the lines beside it."""
_LEAST_LINES = 2
_WORDS_OF_ONE = frozenset("AYOE")
_BEHIND_THEM = frozenset(str.split("el la lo los las menudo partir pesar través veces medida diferencia continuación"))
"""Before these a letter of Spanish is a word of its own: *A los*, not *Alos*."""


def with_initials(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs without initials, whose letters begin the highest line beside each."""
    letters = [run for run in runs if len(run.text.strip()) == 1 and run.text.strip().isupper()]
    if not letters:
        return runs
    sizes: Counter[float] = Counter()
    for run in runs:
        sizes[run.size] += len(run.text)
    usual = max(sizes, key=lambda size: (sizes[size], size))
    initials = [run for run in letters if run.size >= _LARGE * usual and _is_joined(run, runs, usual)]
    return [run for run in runs if not any(run is initial for initial in initials)]


def _is_joined(initial: Run, runs: Sequence[Run], usual: float) -> bool:
    """Put an initial before its first line, if lines stand beside it; these then begin where it does."""
    beside = [
        run
        for run in runs
        if run.turn == initial.turn
        and run.size <= initial.size / _LARGE
        and -0.3 * usual <= run.left - initial.right <= _REACH * usual
        and -0.3 * usual <= run.base - initial.base <= initial.size
    ]
    if len({round(run.base) for run in beside}) < _LEAST_LINES:
        return False
    first = max(beside, key=lambda run: (run.base, -run.left))
    if not first.text[:1].isalpha():
        return False
    letter = initial.text.strip()
    is_word = letter in _WORDS_OF_ONE and first.text.split(maxsplit=1)[0].lower() in _BEHIND_THEM
    first.text = f"{letter} {first.text}" if is_word else letter + first.text
    for run in beside:
        run.left = initial.left
    return True
