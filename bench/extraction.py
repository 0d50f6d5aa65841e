r"""How much of a page's main text extraction finds, and how much else: F1 of word shingles against known texts.

Usage: bench/extraction.py GOLD.jsonl PAGES.tar.xz [--worst 5]

GOLD.jsonl has an object a line with ``page`` (an HTML file in the tar, `www.` before its host or not) and ``gold_text``
(here: what the site's own database holds as the article). The measure is that of Zyte's article-extraction-benchmark:
shingles of four words (\w+, lower case), counted as often as they occur; precision and recall of each page, their means
over the pages, and the F1 of the means. All arms get the same HTML in the same run, alternating page by page.
"""

import argparse
import json
import re
import sys
import tarfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parents[1]))

import trafilatura

from cleaning.pages.boilerplate import without_site_lines
from cleaning.pages.extraction import extract_html
from cleaning.pages.page import Drop, Raw
from cleaning.settings import CleaningSettings

SHINGLE = 4
WORD = re.compile(r"\w+")
SETTINGS = CleaningSettings()


def ours(body: bytes) -> str:
    page = extract_html(Raw("https://example.org/", "text/html; charset=utf-8", body), SETTINGS)
    return "" if isinstance(page, Drop) else page.text


def ours_without_site_lines(body: bytes) -> str:
    return without_site_lines(ours(body))


def trafilatura_fast(body: bytes) -> str:
    return trafilatura.extract(body.decode("utf-8", "replace"), fast=True, include_comments=False) or ""


def trafilatura_default(body: bytes) -> str:
    return trafilatura.extract(body.decode("utf-8", "replace"), include_comments=False) or ""


ARMS: tuple[Callable[[bytes], str], ...] = (ours, ours_without_site_lines, trafilatura_fast, trafilatura_default)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--worst", type=int, default=0, help="pages to show on which our arm is worst")
    arguments = parser.parse_args()
    gold = [json.loads(line) for line in arguments.gold.read_text(encoding="utf-8").splitlines()]
    with tarfile.open(arguments.pages) as archive:
        wanted = {one["page"] for one in gold}
        names = {member: member.name.replace("/www.", "/") for member in archive}
        bodies = {name: archive.extractfile(member).read() for member, name in names.items() if name in wanted}
    gold = [one for one in gold if one["page"] in bodies]
    print(f"{len(wanted - bodies.keys())} pages of the list are not in the tar")
    scores: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    seconds = Counter[str]()
    for one in gold:
        for arm in ARMS:
            started = time.process_time()
            text = arm(bodies[one["page"]])
            seconds[arm.__name__] += time.process_time() - started
            scores[arm.__name__].append((*score(text, one["gold_text"]), one["page"]))
    print(f"{len(gold)} pages; trafilatura {version('trafilatura')}; CPU seconds of one core")
    for name, found in scores.items():
        precision, recall = fmean(one[0] for one in found), fmean(one[1] for one in found)
        speed = len(found) / seconds[name]
        parts = f"precision {precision:.4f}  recall {recall:.4f}"
        print(f"{name:<24} F1 {f1(precision, recall):.4f}  {parts}  {speed:.1f} pages/s")
    for precision, recall, page in sorted(scores["ours"], key=lambda one: f1(*one[:2]))[: arguments.worst]:
        print(f"  precision {precision:.3f} recall {recall:.3f} {page}")


def score(text: str, gold: str) -> tuple[float, float]:
    """Precision and recall of the shingles."""
    found, wanted = shingles(text), shingles(gold)
    both = (found & wanted).total()
    return both / found.total() if found else float(not wanted), both / wanted.total() if wanted else 1.0


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)) if words)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


if __name__ == "__main__":
    main()
