"""The list of ids beside a pair: every row of an id is found, and no other."""

import random

import pytest

from cleaning.ids import find_id, write_ids
from data.errors import InputError


def test_each_id_is_found_at_its_rows_and_no_other(tmp_path):
    chance = random.Random(4)
    ids = [f"{chance.randrange(16**24):024x}" for _ in range(500)]
    ids += [ids[0], ids[1][:16] + "0" * 8, "0" * 24, "f" * 24]  # met twice; alike in 16 digits; the ends
    kept, dropped = ids[:200], [*ids[200:], ids[3]]
    path = tmp_path / "x.ids.npy"
    write_ids(path, kept, dropped)
    for wanted in {*ids, "0" * 23 + "1", "f" * 16 + "0" * 8, "1" * 24}:
        rows = [(True, row) for row, one in enumerate(kept) if one[:16] == wanted[:16]]
        rows += [(False, row) for row, one in enumerate(dropped) if one[:16] == wanted[:16]]
        assert sorted(find_id(path, wanted)) == sorted(rows)


def test_a_pair_without_rows_has_an_empty_list(tmp_path):
    path = tmp_path / "x.ids.npy"
    write_ids(path, [], [])
    assert list(find_id(path, "0" * 24)) == []


@pytest.mark.parametrize(
    "damaged", [lambda held: held[: len(held) // 2], lambda _: bytes(2_000), lambda held: held[:9]]
)
def test_a_damaged_list_is_named(tmp_path, damaged):
    path = tmp_path / "x.ids.npy"
    ids = [f"{number:024x}" for number in range(500)]
    write_ids(path, ids, [])
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(InputError, match=r"x\.ids\.npy: no list of ids, or cut short"):
        list(find_id(path, ids[400]))
