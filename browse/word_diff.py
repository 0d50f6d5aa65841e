"""Two texts word by word: what both have, what only one has."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from browse.alignment import Budget, Run, equal_runs

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
MOST_TOKENS = 4_000
"""Tokens of two passages that are compared word by word; longer ones are shown as a whole."""
MOST_LINES = 50_000
SAME, GONE, ADDED = "same", "gone", "added"


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words."""

    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Part]:
    """The parts of both texts in order; lines are compared first, and the words of those that differ.

    >>> [(part.kind, part.text) for part in word_diff("tome 5 mg al día", "tome 10 mg al día")]
    [('same', 'tome '), ('gone', '5'), ('added', '10'), ('same', ' mg al día')]
    """
    old, new = before.splitlines(keepends=True)[:MOST_LINES], after.splitlines(keepends=True)[:MOST_LINES]
    parts: list[Part] = []
    budget = Budget()
    for kind, a, b in _blocks(old, new, budget):
        if kind == "equal":
            parts.append(Part(SAME, "".join(a)))
        else:
            parts += _words("".join(a), "".join(b), budget)
    return _joined(parts)


def likeness(parts: Sequence[Part]) -> float:
    """Share of the letters that both have."""
    sizes = {kind: sum(len(part.text) for part in parts if part.kind == kind) for kind in (SAME, GONE, ADDED)}
    every = 2 * sizes[SAME] + sizes[GONE] + sizes[ADDED]
    return 2 * sizes[SAME] / every if every else 1.0


def _words(before: str, after: str, budget: Budget) -> Iterator[Part]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(old) + len(new) > MOST_TOKENS:
        yield Part(GONE, before)
        yield Part(ADDED, after)
        return
    for kind, a, b in _blocks(old, new, budget):
        if kind == "equal":
            yield Part(SAME, "".join(a))
        else:
            yield Part(GONE, "".join(a))
            yield Part(ADDED, "".join(b))


def _blocks(
    old: Sequence[str], new: Sequence[str], budget: Budget
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    at = other = 0
    for run in [*equal_runs(old, new, budget), Run(len(old), len(new), 0)]:
        if at < run.first or other < run.second:
            yield "differs", old[at : run.first], new[other : run.second]
        at, other = run.first + run.size, run.second + run.size
        if run.size:
            yield "equal", old[run.first : at], new[run.second : other]


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Without empty parts, and neighbours of one kind as one."""
    joined: list[Part] = []
    for part in parts:
        if part.text and joined and joined[-1].kind == part.kind:
            joined[-1] = Part(part.kind, joined[-1].text + part.text)
        elif part.text:
            joined.append(part)
    return joined
