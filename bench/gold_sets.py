"""Three gold sets of main texts, each read from the folder of the project that publishes it.

- ``ground-truth.json`` and ``html/*.html.gz``: scrapinghub/article-extraction-benchmark; whole texts.
- ``evaldata.json`` with ``cache/`` and ``eval/``: ``tests/`` of adbar/trafilatura; of each page segments that must
  be in its text and segments that must not. Only pages that declare the language asked for (``html lang``) are taken.
- ``*_gold.jsonl`` (``page``, ``gold_text``) and a tar of pages, ``pages/HOST/PATH``: texts from a site's own database.
"""

import gzip
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

SHINGLE = 4
WORD = re.compile(r"\w+")
LANG = rb"<html[^>]*\slang\s*=\s*[\"']?%s\b"


@dataclass(frozen=True)
class Gold:
    """A page and its main text, or the segments that are in it and those that are not."""

    name: str
    body: bytes
    text: str = ""
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


def gold_set(folder: Path, language: str) -> list[Gold]:
    if (folder / "ground-truth.json").is_file():
        return list(_zyte(folder))
    if (folder / "evaldata.json").is_file():
        return list(_segments(folder, language))
    files = list(folder.glob("*_gold.jsonl"))
    if not files:
        raise SystemExit(f"{folder} is no gold set: no ground-truth.json, evaldata.json or *_gold.jsonl is in it.")
    return list(_database(files[0], min(folder.glob("*.tar.xz"))))


def _zyte(folder: Path) -> Iterator[Gold]:
    for name, one in json.loads((folder / "ground-truth.json").read_text("utf-8")).items():
        yield Gold(name, gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()), text=one["articleBody"])


def _segments(folder: Path, language: str) -> Iterator[Gold]:
    declares = re.compile(LANG % language.encode(), re.IGNORECASE)
    for url, one in json.loads((folder / "evaldata.json").read_text("utf-8")).items():
        path = next(
            folder / place / one["file"] for place in ("cache", "eval") if (folder / place / one["file"]).is_file()
        )
        body = path.read_bytes()
        if declares.search(body):
            yield Gold(url, body, inside=tuple(one["with"]), outside=tuple(one["without"]))


def _database(gold: Path, pages: Path) -> Iterator[Gold]:
    texts = {one["page"]: one["gold_text"] for one in map(json.loads, gold.read_text("utf-8").splitlines())}
    with tarfile.open(pages) as archive:
        for member in archive:
            name = member.name.replace("/www.", "/")
            if name in texts:
                yield Gold(name, archive.extractfile(member).read(), text=texts[name])


def scores(pages: Sequence[Gold], texts: Sequence[str]) -> tuple[float, float]:
    """Precision and recall: means over the pages of their shingles', or of all segments together."""
    if any(page.inside for page in pages):
        found = [_segments_in(page, text) for page, text in zip(pages, texts, strict=True)]
        right, wrong, missed = (sum(counts) for counts in zip(*found, strict=True))
        return right / ((right + wrong) or 1), right / ((right + missed) or 1)
    each = [score(text, page.text) for page, text in zip(pages, texts, strict=True)]
    return fmean(one[0] for one in each), fmean(one[1] for one in each)


def _segments_in(page: Gold, text: str) -> tuple[int, int, int]:
    """Segments rightly found, wrongly found, missed: as substrings, whitespace alike (tests/eval_common.py there)."""
    whole = " ".join(text.split())
    right = sum(" ".join(one.split()) in whole for one in page.inside)
    wrong = sum(" ".join(one.split()) in whole for one in page.outside)
    return right, wrong, len(page.inside) - right


def score(text: str, gold: str) -> tuple[float, float]:
    """Precision and recall of the shingles of one page."""
    found, wanted = shingles(text), shingles(gold)
    both = (found & wanted).total()
    return both / found.total() if found else float(not wanted), both / wanted.total() if wanted else 1.0


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)) if words)


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
