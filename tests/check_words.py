"""Check words: links and sentences of the documents, and the banned words of documents and code.

    python tests/check_words.py

`tests/banned_words.tsv` lists private words with the field's term: `name` rows for names of modules, classes, functions
and fields, `text` rows (regular expressions) for documents, docstrings, comments and messages. bench/RESULTS.md must be
what `bench/results.py` makes of the records. Prints one line for each finding, file and line first; the exit code is 1
if there is any. `make check` runs it.
"""

import ast
import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    "bench/RESULTS.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
CODE = ("data", "crawler", "cleaning", "flows", "browse", "training")
FORMER = frozenset(
    {
        ("crawler/views/host_records.py", "standing"),
        ("flows/serving/keeper.py", "told"),
        ("training/benchmark/run.py", "made"),
    }
)
"""Former names that JSON files and answers of commands keep."""
MAX_WORDS = 30
"""Longest sentence, in words."""
MAX_README = 120
"""Lines of README.md."""
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TEMPLATE_CODE = re.compile(r"{%.*?%}")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_END = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n|\n(?=[-|#])")


def findings() -> Iterator[str]:
    """All that is wrong, a line each."""
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from broken_links(name, text)
        yield from long_sentences(name, text)
        yield from banned_texts(name, text)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").count("\n")
    if lines > MAX_README:
        yield f"README.md:{lines}: more than {MAX_README} lines; move what is not for a newcomer to docs/."
    check = [sys.executable, "bench/results.py", "--check"]
    yield from subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()
    listed = subprocess.run(["git", "ls-files", *CODE], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".jinja") and path.is_file():
            text = path.read_text(encoding="utf-8")
            yield from banned_texts(name, _TEMPLATE_CODE.sub("", text) if path.suffix == ".jinja" else text)
            if path.suffix == ".py":
                yield from banned_names(name, text)


def banned(where: str) -> dict[str, str]:
    """Word or expression → the better one."""
    with (ROOT / "tests" / "banned_words.tsv").open(encoding="utf-8", newline="") as file:
        return {row["word"]: row["instead"] for row in csv.DictReader(file, delimiter="\t") if row["where"] == where}


def banned_names(name: str, text: str) -> Iterator[str]:
    """Banned names of a module, its classes, functions and fields; names inside of functions are free."""
    words = banned("name")
    module = Path(name).stem
    if module in words:
        yield f"{name}:1: the module's name {module!r} is banned; better: {words[module]}."
    todo: list[ast.AST] = [ast.parse(text)]
    while todo:
        for node in getattr(todo.pop(), "body", ()):
            found = getattr(node, "name", None) or getattr(getattr(node, "target", None), "id", None)
            if found in words and (name, found) not in FORMER:
                yield f"{name}:{node.lineno}: the name {found!r} is banned; better: {words[found]}."
            if isinstance(node, ast.ClassDef):
                todo.append(node)


def banned_texts(name: str, text: str) -> Iterator[str]:
    """Banned expressions of a page or of a file of code."""
    for expression, better in banned("text").items():
        for match in re.finditer(expression, text):
            place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
            yield f"{place}: {' '.join(match[0].split())!r} is banned; better: {better}."


def broken_links(name: str, text: str) -> Iterator[str]:
    """Links of one page to files or headings that are not there; links to the web are not followed."""
    for link in _LINK.finditer(text):
        path, _, heading = link[1].partition("#")
        if "://" in link[1] or link[1].startswith("mailto:"):
            continue
        target = (ROOT / name).parent / path if path else ROOT / name
        place = f"{name}:{text.count(chr(10), 0, link.start()) + 1}"
        if not target.exists():
            yield f"{place}: no file {link[1]}."
        elif heading and heading not in map(anchor, _HEADING.findall(target.read_text(encoding="utf-8"))):
            yield f"{place}: {path or name} has no heading #{heading}."


def long_sentences(name: str, text: str) -> Iterator[str]:
    """Sentences of more than `MAX_WORDS` words; code and tables are left out."""
    prose = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    start = 0
    for end in [*(match.end() for match in _END.finditer(prose)), len(prose)]:
        sentence, line = prose[start:end], prose.count("\n", 0, start) + 1
        start = end
        if not sentence.lstrip().startswith("|") and len(sentence.split()) > MAX_WORDS:
            yield f"{name}:{line}: a sentence of {len(sentence.split())} words: {' '.join(sentence.split()[:8])} …"


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def main() -> int:
    """Print the findings; return the exit code."""
    found = list(findings())
    print("\n".join(found) if found else f"{len(PAGES)} pages: all links lead somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
