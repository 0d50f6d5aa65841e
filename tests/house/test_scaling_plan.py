"""The plan in docs/scaling.md is what bench/scaling.py works out from the measured rates."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_in_the_docs_is_the_script_s():
    done = subprocess.run([sys.executable, "bench/scaling.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") > 15
    assert done.stdout in (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
