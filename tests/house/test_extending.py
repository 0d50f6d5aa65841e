"""The diffs of docs/extending.md apply to a copy of the code, and the tests in them pass there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending.md"
CODE = ("data", "crawler", "cleaning", "training", "browse", "flows", "tests")
SUBJECTS = {"rule", "source", "column", "language", "task", "preset"}


def test_each_addition_of_the_page_works(tmp_path):
    for name in CODE:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    diffs = re.findall(r"^```diff\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for diff in diffs:
        # one line of context is enough: a change nearby must not make the page wrong
        done = subprocess.run(
            ["git", "apply", "-C1"], cwd=tmp_path, input=diff, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{PAGE.name}: {done.stderr}\nMake the diff again after what has changed here."
    added = sorted((tmp_path / "tests").glob("*/test_extending_*.py"))
    assert {path.stem.removeprefix("test_extending_") for path in added} == SUBJECTS
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, added)],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(added)} passed" in done.stdout
