"""Check the documents: every link leads somewhere, and the pages that a newcomer reads have short sentences.

    python tests/check_words.py

Prints one line a finding, file and line first; the exit code is 1 where there is any. `make check` runs it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "bench/README.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
PLAIN = ("README.md", "SECURITY.md", "docs/README.md", "docs/faq.md", "docs/python.md")
"""Pages that hold to `MAX_WORDS` already. Add a page here once it does."""
MAX_WORDS = 30
"""Longest sentence, in words."""
MAX_README = 120
"""Lines of README.md."""
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_END = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n|\n(?=[-|#])")


def findings() -> Iterator[str]:
    """All that is wrong, a line each."""
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from broken_links(name, text)
        if name in PLAIN:
            yield from long_sentences(name, text)
    lines = (ROOT / "README.md").read_text(encoding="utf-8").count("\n")
    if lines > MAX_README:
        yield f"README.md:{lines}: more than {MAX_README} lines; move what is not for a newcomer to docs/."


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
