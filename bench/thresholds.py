"""FineWeb-2's Spanish thresholds, carried over to our word splitter: ours is where as many pages are dropped.

python bench/thresholds.py FOLDER_OR_WARC [...] [--workers 2]

FineWeb-2's numbers (configs/spa_Latn.yml) hold for datatrove's rules, whose words include punctuation marks and whose
shares are of all characters, spaces too. Our words are words, and shares are of their characters. Both are worked out
on every Spanish page of the WARC files as extraction gives it; for each of FineWeb-2's numbers the table says what
share of the pages it drops there, and which number of ours drops the same share.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.pop(0)  # this file's folder: its names must not hide packages

import numpy as np

from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.extraction import extract_html
from cleaning.pages.language import identify
from cleaning.pages.ngrams import repeated_characters, repeated_ngrams
from cleaning.pages.page import Drop, Raw
from cleaning.pages.prose_rules import SENTENCE_END
from cleaning.pages.text import Text
from cleaning.pages.triage import triage
from cleaning.pages.warc import Segment
from cleaning.settings import CleaningSettings

SETTINGS = CleaningSettings()
TOKEN = re.compile(r"\w+(?:[-'’]\w+)*|[^\w\s]")
FINEWEB = {
    "non_alphabetic": (0.825, "low"),
    "line_punctuation": (0.182, "low"),
    "list": (0.138, "high"),
    "duplicate_lines": (0.252, "high"),
    **{f"top_{size}": (most, "high") for size, most in zip((2, 3, 4), (0.156, 0.14, 0.125), strict=True)},
    **{
        f"duplicate_{size}": (most, "high")
        for size, most in zip(range(5, 11), (0.145, 0.136, 0.127, 0.117, 0.108, 0.099), strict=True)
    },
}


def figures(text: str, words: Sequence[str], characters: int) -> dict[str, float]:
    """The measures by their names, for one way of splitting words."""
    lines = text.split("\n")
    found = {
        "non_alphabetic": sum(any(c.isalpha() for c in word) for word in words) / len(words),
        "line_punctuation": sum(line.endswith(SENTENCE_END) for line in lines) / len(lines),
        "list": (len(lines) - 1) / len(words),
        "duplicate_lines": 1 - len(set(lines)) / len(lines),
    }
    for size in (2, 3, 4):
        grams = Counter(zip(*(words[start:] for start in range(size)), strict=False))
        spaces = size - 1 if characters == len(text) else 0
        found[f"top_{size}"] = max(
            (count * (sum(map(len, gram)) + spaces) for gram, count in grams.items() if count > 1), default=0
        ) / max(characters, 1)
    repeats = repeated_ngrams(words)
    for size in range(5, 11):
        found[f"duplicate_{size}"] = repeated_characters(repeats.get(size), size) / max(characters, 1)
    return found


def both(raw: Raw) -> tuple[dict[str, float], dict[str, float]] | None:
    """A page's figures in datatrove's way and in ours; None where it is no Spanish text of some length."""
    page = extract_html(raw, SETTINGS)
    if isinstance(page, Drop):
        return None
    text = without_site_lines(page.text)
    if len(text) < SETTINGS.min_chars or identify(text).language != "es":
        return None
    words = Text(text).words
    return figures(text, TOKEN.findall(text.lower()), len(text)), figures(text, words, sum(map(len, words)))


def pages(paths: Sequence[Path]) -> Iterator[Raw]:
    """Every HTML page of the WARC files."""
    for path in paths:
        for one in sorted(path.rglob("*.warc*")) if path.is_dir() else [path]:
            if one.name.endswith((".warc", ".warc.gz")):
                for record in Segment(one).records(SETTINGS.max_bytes):
                    found = triage(record, SETTINGS)
                    if isinstance(found, Raw) and not found.is_pdf:
                        yield found


def main() -> None:
    """Read the arguments, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--workers", type=int)
    given = parser.parse_args()
    with ProcessPoolExecutor(given.workers) as pool:
        found = [pair for pair in pool.map(both, pages(given.paths), chunksize=20) if pair is not None]
    print(f"{len(found):,} Spanish pages")
    print(f"{'measure':18}{'FineWeb-2':>10}{'drops':>8}{'ours, equal share':>19}{'median: theirs':>16}{'ours':>8}")
    for name, (bound, side) in FINEWEB.items():
        theirs, ours = (np.array([pair[way][name] for pair in found]) for way in (0, 1))
        share = float((theirs < bound).mean() if side == "low" else (theirs > bound).mean())
        equal = np.quantile(ours, share if side == "low" else 1 - share)
        print(f"{name:18}{bound:10.3f}{share:8.2%}{equal:19.3f}{np.median(theirs):16.3f}{np.median(ours):8.3f}")


if __name__ == "__main__":
    main()
