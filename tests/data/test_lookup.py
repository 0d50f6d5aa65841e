"""Single rows of a Parquet file, sorted or not, with the types that whole tables give."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pytest

from data.documents import SECONDS_UTC
from data.errors import InputError
from data.lookup import _places, row_at, rows_where
from data.parquet import read_parquet, write_parquet

SCHEMA = pa.schema([("key", pa.string()), ("at", SECONDS_UTC), ("number", pa.int64())])


def write(path, keys, group_rows):
    moments = [datetime(2026, 1, 1, tzinfo=UTC) if number % 3 else None for number in range(len(keys))]
    batch = pa.record_batch([keys, moments, list(range(len(keys)))], schema=SCHEMA)
    write_parquet(path, [batch], SCHEMA, group_rows=group_rows)
    return read_parquet(path).to_pylist()


@pytest.mark.parametrize("group_rows", [None, 7])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_rows_by_value_and_by_number(tmp_path, is_sorted, group_rows):
    path = tmp_path / "x.parquet"
    keys = [f"k{number * 17 % 50:02d}" for number in range(50)] + ["k03", "ñandú"]
    rows = write(path, sorted(keys) if is_sorted else keys, group_rows)
    wanted = ["k03", "ñandú", "k49", "nothing"]
    assert rows_where(path, "key", wanted, SCHEMA.names) == [row for row in rows if row["key"] in wanted]
    assert rows_where(path, "key", ["zz"], ["number"]) == []
    assert [row_at(path, number, SCHEMA.names) for number in (0, 6, 7, 51)] == [rows[at] for at in (0, 6, 7, 51)]
    with pytest.raises(IndexError):
        row_at(path, 52, ["key"])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_any_strings_in_any_chunks(kind):
    chance = random.Random(str(kind))
    many = [f"v{number}" for number in range(40)]
    for _ in range(60):
        keys = [chance.choice([None, "", "a", "ñ", "ab", "ba", "aa", "\U0001f600", "a" * 40]) for _ in range(90)]
        cuts = sorted(chance.choices(range(91), k=3))
        whole = pa.array(keys, kind)
        chunks = [whole.slice(first, end - first) for first, end in pairwise([0, *cuts, 90])]
        wanted = chance.sample(["", "a", "ñ", "ab", "a" * 40, "absent"], 3)
        found = _places(pa.chunked_array(chunks, kind), wanted)
        assert found == [row for row, key in enumerate(keys) if key in wanted]
        assert _places(pa.chunked_array(chunks, kind), [*wanted, *many]) == found


def test_a_host_with_every_row_and_a_key_of_bytes(tmp_path):
    path = tmp_path / "x.parquet"
    schema = pa.schema([("key", pa.binary()), ("number", pa.int64())])
    batch = pa.record_batch([[b"a", b"b", None] * 3_000, list(range(9_000))], schema=schema)
    write_parquet(path, [batch], schema, group_rows=5_000)
    found = rows_where(path, "key", ["a"], ["number"])
    assert [row["number"] for row in found] == list(range(0, 9_000, 3))


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_before_and_after_1970_in_any_unit(tmp_path, unit):
    moments = [datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None, datetime(2026, 7, 1, 8, 0, 1, tzinfo=UTC)]
    schema = pa.schema([("key", pa.string()), ("at", pa.timestamp(unit, "UTC"))])
    path = tmp_path / "x.parquet"
    write_parquet(path, [pa.record_batch([["a", "b", "c"], moments], schema=schema)], schema)
    assert [row_at(path, number, ["at"])["at"] for number in range(3)] == moments


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"x\.parquet: cannot be read as Parquet"):
        rows_where(path, "key", ["a"], ["key"])


def test_a_lookup_waits_for_neither_pandas_nor_arrows_functions(tmp_path):
    path = tmp_path / "x.parquet"
    write(path, ["a", "b"], None)
    code = (
        "import sys; from pathlib import Path; from data.lookup import row_at, rows_where; path = Path(sys.argv[1]); "
        "rows_where(path, 'key', ['b'], ['key', 'at']); row_at(path, 1, ['key', 'at']); "
        "print([name for name in ('pandas', 'pyarrow.compute') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
