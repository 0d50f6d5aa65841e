"""A bench's tables become a record, and records become bench/RESULTS.md."""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
BY_HAND = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from pathlib import Path
from harness import Run, in_turn, measured, medians
order = []
seconds = in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2, warm_up=1)
assert order == ["a", "b"] * 3 and {len(some) for some in seconds.values()} == {2}
assert set(medians(seconds)) == {"a", "b"}
spent, printed = measured([sys.executable, "-c", "print(sum(range(3_000_000)))"])
assert spent > 0.01 and printed == "4499998500000\\n"
run = Run("demo", ("numpy", "no-such-package"))
rows = [("ours", 1234.5, 30_000), ("theirs", 12.345, None)]
run.table("Speed | size", ("arm", "MB a CPU second", "files"), rows, "One run.")
run.close(Path(sys.argv[-1]))
"""
SECTION = """
## demo

- `python bench/-c --pages pages.tar.xz`
"""
TABLE = """
**Speed | size**

| arm | MB a CPU second | files |
| --- | --- | --- |
| ours | 1,234 | 30,000 |
| theirs | 12.3 |  |

One run.
"""


def test_a_record_holds_the_run_and_the_page_shows_it(tmp_path):
    folder = tmp_path / "results"
    command = [sys.executable, "-c", BY_HAND, BENCH, "--pages", "/data/pages.tar.xz", "--record", folder]
    subprocess.run(command, check=True, capture_output=True)
    record = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    assert record["versions"]["no-such-package"] == "not installed"
    assert set(record) == {"bench", "date", "command", "commit", "machine", "load", "versions", "tables"}
    assert page_of(folder).count(SECTION) == page_of(folder).count(TABLE) == 1


def test_the_page_is_what_the_records_give():
    assert page_of(BENCH / "results") == (BENCH / "RESULTS.md").read_text(encoding="utf-8")


def page_of(folder: Path) -> str:
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import results; "
    shown = code + "sys.stdout.buffer.write(results.page(Path(sys.argv[2])).encode())"
    done = subprocess.run([sys.executable, "-c", shown, BENCH, folder], check=True, capture_output=True)
    return done.stdout.decode()
