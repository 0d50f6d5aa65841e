"""Which runs of two sequences are the same, in bounded time whatever they hold.

``difflib`` looks for the longest run first, which reads best, and takes cubic time where lines repeat: a table of zeros
would stop the server. So it is asked only where that stays within a budget; beyond, items that both sequences have once
are anchors, and what lies between them is aligned by itself, or, without any, item by item from the left.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

COMPARISONS = 20_000_000
"""That difflib may make in the worst case: some two seconds."""
WINDOW = 200
"""Items ahead among which the next equal one is looked for where nothing is an anchor."""


@dataclass(slots=True)
class Budget:
    """What is left of the comparisons for a page."""

    left: int = COMPARISONS


class Run(NamedTuple):
    """Equal items: where they begin in the first and in the second sequence, and how many they are."""

    first: int
    second: int
    size: int


def equal_runs(first: Sequence[str], second: Sequence[str], budget: Budget | None = None) -> list[Run]:
    """The runs that both sequences have, in order and apart; ``budget`` is shared by calls for one page.

    >>> equal_runs("a b c d".split(), "x b c y d".split())
    [Run(first=1, second=1, size=2), Run(first=3, second=4, size=1)]
    """
    found: list[Run] = []
    budget = budget or Budget()
    todo = [(0, len(first), 0, len(second))]
    while todo:
        a0, a1, b0, b1 = todo.pop()
        while a0 < a1 and b0 < b1 and first[a0] == second[b0]:
            found.append(Run(a0, b0, 1))
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and first[a1 - 1] == second[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
            found.append(Run(a1, b1, 1))
        one, other = first[a0:a1], second[b0:b1]
        cost = _worst(one, other)
        if cost <= budget.left:
            budget.left -= cost
            found += _moved(_longest_first(one, other), a0, b0)
        elif anchors := _anchors(one, other):
            found += _moved(anchors, a0, b0)
            todo += _between(anchors, (a0, a1, b0, b1))
        else:
            found += _moved(_from_the_left(one, other), a0, b0)
    return _joined(sorted(found))


def _worst(first: Sequence[str], second: Sequence[str]) -> int:
    """Comparisons that difflib needs in the worst case: the equal pairs, for each item of the shorter sequence."""
    counts, others = Counter(first), Counter(second)
    return sum(count * others[item] for item, count in counts.items()) * min(len(first), len(second))


def _longest_first(first: Sequence[str], second: Sequence[str]) -> list[Run]:
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return [Run(block.a, block.b, block.size) for block in matcher.get_matching_blocks() if block.size]


def _anchors(first: Sequence[str], second: Sequence[str]) -> list[Run]:
    """Items that both have once, as many as stand in the same order (the longest rising run of places)."""
    once = {item for item, count in Counter(first).items() if count == 1}
    places = {item: place for place, item in enumerate(second) if item in once}
    counts = Counter(second)
    pairs = [(at, places[item]) for at, item in enumerate(first) if item in places and counts[item] == 1]
    ends: list[int] = []  # least last place of a rising run of each length
    chosen: list[int] = []  # number of the pair that ends it
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        chosen[length : length + 1] = [number]
        before.append(chosen[length - 1] if length else -1)
    run: list[Run] = []
    number = chosen[-1] if chosen else -1
    while number >= 0:
        run.append(Run(*pairs[number], 1))
        number = before[number]
    return run[::-1]


def _between(anchors: Sequence[Run], whole: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    """The parts before, between and behind anchors; ``whole`` says where the anchored sequences begin and end."""
    a0, a1, b0, b1 = whole
    parts = []
    at, other = a0, b0
    for run in [*_moved(anchors, a0, b0), Run(a1, b1, 0)]:
        if at < run.first and other < run.second:
            parts.append((at, run.first, other, run.second))
        at, other = run.first + run.size, run.second + run.size
    return parts


def _from_the_left(first: Sequence[str], second: Sequence[str]) -> list[Run]:
    places = defaultdict(list)
    for place, item in enumerate(second):
        places[item].append(place)
    found, behind = [], -1
    for at, item in enumerate(first):
        listed = places.get(item, [])
        next_one = bisect_right(listed, behind)
        if next_one < len(listed) and listed[next_one] - behind <= WINDOW:
            behind = listed[next_one]
            found.append(Run(at, behind, 1))
    return found


def _moved(runs: Sequence[Run], first: int, second: int) -> list[Run]:
    return [Run(run.first + first, run.second + second, run.size) for run in runs]


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Neighbours as one run."""
    joined: list[Run] = []
    for run in runs:
        if (
            joined
            and joined[-1].first + joined[-1].size == run.first
            and joined[-1].second + joined[-1].size == run.second
        ):
            joined[-1] = joined[-1]._replace(size=joined[-1].size + run.size)
        else:
            joined.append(run)
    return joined
