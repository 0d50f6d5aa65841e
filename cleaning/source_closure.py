"""Which source files a result depends on: some modules, every module of ours that they import, and their tables.

A list kept by hand forgets the file that is added next month, and then a changed rule keeps its old results.
"""

import re
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_IMPORT = re.compile(
    r"^[ \t]*(?:from ((?:cleaning|data)[\w.]*) import (\([^)]*\)|[^\n]*)|import ((?:cleaning|data)[\w.]*))",
    re.MULTILINE,
)
_NAME = re.compile(r"(?<!as )\b[A-Za-z_]\w*\b(?! *#)")
_TABLE = re.compile(r"\"([\w.-]+\.(?:tsv|txt|json))\"")
"""A table is named by a string: ``Path(data.__file__).parent / "health_words.tsv"``."""


def source_closure(modules: Iterable[str], without: Iterable[str] = ()) -> list[Path]:
    """The source files of ``modules`` and of all that they import from ``cleaning`` and ``data``, with their tables.

    ``without`` names modules that do not count, nor what only they import.
    """
    skipped = {path for name in without if (path := _source(name)) is not None}
    left = [path for name in modules if (path := _source(name)) is not None]
    found: set[Path] = set()
    while left:
        path = left.pop()
        if path in found or path in skipped:
            continue
        found.add(path)
        text = path.read_text(encoding="utf-8")
        left += _imported(text)
        found |= {table for name in _TABLE.findall(text) for table in _tables(path, name)}
    return sorted(found)


def _imported(text: str) -> list[Path]:
    names = []
    for package, members, module in _IMPORT.findall(text):
        names += [module] if module else [package, *(f"{package}.{name}" for name in _NAME.findall(members))]
    return [path for name in names if (path := _source(name)) is not None]


def _source(module: str) -> Path | None:
    """The file of a module; None where the name is none of ours, such as that of a function."""
    path = _ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return file if file.is_file() else None


def _tables(source: Path, name: str) -> list[Path]:
    beside = (_ROOT / "data" / name, source.parent / name)
    return [path for path in dict.fromkeys(beside) if path.is_file()]
