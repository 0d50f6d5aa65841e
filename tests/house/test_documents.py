"""Documents and benches keep up with the code: the files they name exist, what they import is there and is ours."""

import ast
import importlib
import importlib.util
import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {"data", "crawler", "cleaning", "training", "browse", "flows"}
SCRIPTS = {path.stem: path for path in sorted((ROOT / "bench").glob("*.py"))}
RUN = [name for name, path in SCRIPTS.items() if '__name__ == "__main__"' in path.read_text(encoding="utf-8")]
"""Benches; the others are parts of one."""
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "bench" / "README.md", *(ROOT / "docs").glob("*.md")]
FILE = re.compile(r"(?<![\w/.-])((?:browse|cleaning|crawler|training|flows|data|bench|tests|docs)/[\w./-]*\w)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_document_names_exists(page):
    named = {found.rstrip(".") for found in FILE.findall(page.read_text(encoding="utf-8"))}
    parts_of_a_version = {name for name in named if name.startswith(("data/train", "data/validation", "data/test"))}
    assert [name for name in sorted(named - parts_of_a_version) if not (ROOT / name).exists()] == []


def imports(script: Path) -> list[ast.ImportFrom]:
    """What a script takes from our packages, inside functions too."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [node for node in found if node.module and node.module.partition(".")[0] in ROOMS]


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_bench_imports_is_there(name):
    wanted = [(node.module, alias.name) for node in imports(SCRIPTS[name]) for alias in node.names]
    assert [pair for pair in wanted if not there(*pair)] == []


def there(module: str, name: str) -> bool:
    """Whether a module of ours has a name, or a module of that name below it."""
    try:
        return hasattr(importlib.import_module(module), name) or bool(importlib.util.find_spec(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_bench_hides_a_package(name):
    """`python bench/x.py` looks into bench/ first: a training.py there would be found in place of the package."""
    ours = (ROOT / "bench", ROOT / "tests")  # bench/faults.py looks into tests/shared/ before
    outside = [place for place in sys.path if not any(Path(place).resolve().is_relative_to(one) for one in ours)]
    assert name not in ROOMS
    assert PathFinder.find_spec(name, outside) is None


def test_every_bench_stands_in_a_table():
    table = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`bench/(\w+)\.py", table))
    parts_of_crawl = {"crawl_pages", "crawl_speed", "crawl_state", "crawl_web"}
    assert sorted(set(RUN) - parts_of_crawl - named) == []
    assert sorted(named - set(SCRIPTS)) == []


def test_no_folder_of_tests_hides_a_package():
    """tests/crawler has no `__init__.py`; with tests/ on `sys.path` it would stand for the package `crawler`."""
    assert str(ROOT / "tests") not in sys.path
    assert {importlib.import_module(room).__file__ for room in ROOMS} == {str(ROOT / r / "__init__.py") for r in ROOMS}
