"""What two texts have in common, whatever they hold: right, complete, and never slow."""

import random

import pytest

from browse.alignment import Budget, Run, equal_runs
from browse.text_lines import matched
from browse.word_diff import word_diff

TABLE = ["0"] * 20_000
ROWS = ["0", "1"] * 10_000


@pytest.mark.parametrize("budget", [20_000_000, 2_000, 0])
@pytest.mark.parametrize("kinds", [2, 6, 60])
def test_runs_are_equal_in_order_and_apart(kinds, budget):
    draw = random.Random(f"{kinds} {budget}")
    for _ in range(100):
        one, other = ([str(draw.randrange(kinds)) for _ in range(draw.randrange(60))] for _ in range(2))
        first = second = 0
        for run in equal_runs(one, other, Budget(budget)):
            assert run.size > 0
            assert run.first >= first
            assert run.second >= second
            first, second = run.first + run.size, run.second + run.size
            assert one[run.first : first] == other[run.second : second]


def test_a_moved_paragraph_between_anchors_is_found():
    lines = [f"line {number}" for number in range(200)]
    assert equal_runs(lines, ["new", *lines[:50], *lines[60:]], Budget(0)) == [Run(0, 1, 50), Run(60, 51, 140)]
    assert equal_runs([], lines) == []


def test_nothing_is_lost_or_added_in_a_difference():
    draw = random.Random(19)
    for _ in range(100):
        before, after = ("".join(draw.choice(["a ", "b ", "c", "\n", "á "]) for _ in range(80)) for _ in range(2))
        parts = word_diff(before, after)
        assert "".join(part.text for part in parts if part.kind != "added") == before
        assert "".join(part.text for part in parts if part.kind != "gone") == after


@pytest.mark.slow
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TABLE, ROWS),
        (ROWS, [*ROWS[1:], "2"]),
        (ROWS, [*ROWS[3:], *TABLE]),
        (["x", "y", "z"] * 6_000, ["y", "x"] * 9_000),
    ],
)
def test_lines_that_repeat_do_not_hold_the_server_up(one, other):
    """difflib takes minutes for each of these."""
    assert len(matched(one, other)) > 1_000
    assert word_diff("\n".join(one), "\n".join(other))
    assert word_diff(" ".join(one[:1_900]), " ".join(other[:1_900]))
