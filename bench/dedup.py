"""Deduplication: signatures against datasketch's bulk, recall by Jaccard, and the whole stage at growing sizes.

python bench/dedup.py [--sizes 100000,300000,1000000] [--words 150] [--workers 1] [--no-signatures] [--record]

Documents are synthetic: words drawn by Zipf's law from a made-up vocabulary; one in ten is a copy of another with a
few words changed. Each size runs in a process of its own, from part files on disk and without any memory of earlier
runs, so that its time and its peak memory are its own: ``peak_gb`` of that process, ``worker_gb`` of the largest of
those that it starts. Recall and what was taken wrongly are those of the copies among the first 100,000 texts.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pyarrow as pa
from harness import Run, in_turn, medians, record_option, times

from cleaning.corpus.live_pages import live_documents
from cleaning.duplicates.dedup import deduplicate
from cleaning.duplicates.minhash import BATCH, Signer, hash_of
from cleaning.duplicates.shingles import Shingler, jaccard, words_of
from cleaning.publish_settings import PublishSettings
from cleaning.stored_texts import StoredTexts
from data.documents import DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.engines.process_engine import ProcessEngine
from data.parquet import write_parquet
from data.store import Store
from data.takedowns import Takedowns

SEGMENT = 20_000
VOCABULARY = 60_000
SAMPLE, ROUNDS = 2_000, 7
"""Texts that are signed, and how often."""
PAIRS = 24_000
"""Pairs by which recall is told by ranges of the Jaccard."""
COLUMNS = {
    "documents": "documents",
    "cold_s": "cold, s",
    "documents_per_s": "documents/s",
    "again_s": "again, nothing new, s",
    "living_s": "deciding which live, s",
    "peak_gb": "peak RSS, GB: command",
    "worker_gb": "worker",
    "index_gb": "index, GB",
    "duplicates": "duplicates",
    "planted": "planted at J ≥ 0.8",
    "recall": "recall of these",
    "wrong": "taken wrongly",
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def texts(count: int, words: int, seed: int = 1) -> Iterator[tuple[str, int]]:
    """Texts, each with the number of the one that it was copied from, or its own."""
    chance = np.random.default_rng(seed)
    syllables = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "ña", "rrá"]
    drawn = chance.integers(0, len(syllables), (VOCABULARY, 4))
    vocabulary = np.array(["".join(syllables[one] for one in row[: 1 + row[0] % 4]) for row in drawn], object)
    weights = 1 / np.arange(1, VOCABULARY + 1)
    bounds = np.cumsum(weights / weights.sum())
    last: list[str] = []
    for number in range(count):
        if number % 10 == 9:
            copy = [*last]
            for _ in range(int(chance.integers(0, 6))):
                copy[int(chance.integers(0, words))] = f"otra{number}"
            yield " ".join(copy), number - 1
        else:
            places = np.minimum(np.searchsorted(bounds, chance.random(words)), VOCABULARY - 1)
            last = vocabulary[places].tolist()
            yield " ".join(last), number


def write_segments(folder: Path, count: int, words: int) -> list[tuple[Path, Path]]:
    """Pairs of part files as cleaning writes them."""
    made = texts(count, words)
    pairs = []
    for start in range(0, count, SEGMENT):
        size = min(SEGMENT, count - start)
        batch = [text for text, _ in (next(made) for _ in range(size))]
        numbers = range(start, start + size)
        given = {
            "id": [f"{number:016x}" for number in numbers],
            "url": [f"https://h{number % 997}.es/{number}" for number in numbers],
            "host": [f"h{number % 997}.es" for number in numbers],
            "category": ["portal"] * size,
            "text_given": [False] * size,
            "source": ["crawl"] * size,
            "fetched_at": [NOW] * size,
            "first_seen_at": [NOW] * size,
            "language": ["es"] * size,
            "language_score": [1.0] * size,
            "text": batch,
            "n_words": [words] * size,
            "quality": [[]] * size,
            "verdicts": [[]] * size,
            "masked": [[]] * size,
            "text_digest": [hashlib.sha256(text.encode()).hexdigest()[:32] for text in batch],
            "warc_file": [f"{start:08d}.warc.gz"] * size,
            "warc_offset": list(numbers),
            "recipe": ["bench"] * size,
        }
        columns = [pa.array(given.get(field.name, [None] * size), field.type) for field in DOCUMENT_SCHEMA]
        pair = folder / f"{start:08d}.parquet", folder / f"{start:08d}.dropped.parquet"
        write_parquet(pair[0], [pa.RecordBatch.from_arrays(columns, schema=DOCUMENT_SCHEMA)], DOCUMENT_SCHEMA)
        write_parquet(pair[1], [], DROPPED_SCHEMA)
        pairs.append(pair)
    return pairs


def run_size(folder: Path, count: int, words: int, workers: int) -> None:
    """One size, measured; prints a line of JSON."""
    store = Store.open(folder)
    pairs = sorted(
        (path, path.with_suffix(".dropped.parquet"))
        for path in store.documents.glob("*.parquet")
        if ".dropped" not in path.name
    )
    steps = [time.perf_counter()]
    living = live_documents(pairs, Takedowns.load(store)).documents
    steps.append(time.perf_counter())

    stored, engine = StoredTexts(pairs, living), ProcessEngine(workers)
    first = deduplicate(living, stored, store.signatures, PublishSettings(), engine)
    steps.append(time.perf_counter())
    again = deduplicate(living, stored, store.signatures, PublishSettings(), engine)
    steps.append(time.perf_counter())
    assert np.array_equal(first.keeper, again.keeper)
    size = sum(path.stat().st_size for path in store.signatures.rglob("*.np[yz]"))
    result = {
        "documents": count,
        "living_s": round(steps[1] - steps[0], 1),
        "cold_s": round(steps[2] - steps[1], 1),
        "again_s": round(steps[3] - steps[2], 1),
        "documents_per_s": round(count / (steps[2] - steps[1])),
        "duplicates": int((first.keeper != np.arange(count)).sum()),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "worker_gb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6, 2),
        "index_gb": round(size / 1e9, 3),
        **recall(count, words, first.keeper),
    }
    print(json.dumps(result), flush=True)


def recall(count: int, words: int, keeper: np.ndarray) -> dict[str, float]:
    """Of the planted pairs at Jaccard 0.8 and more those that were found; and what was taken that is below."""
    shingler = Shingler(5)
    above = found = wrong = 0
    made = texts(min(count, 100_000), words)
    previous = ""
    for number, (text, origin) in enumerate(made):
        if origin != number:
            alike = jaccard(*shingler.sets([previous, text])) >= 0.8
            together = keeper[number] == keeper[origin]
            above += alike
            found += alike and together
            wrong += together and not alike
        previous = text
    return {"planted": int(above), "recall": round(found / max(1, above), 5), "wrong": int(wrong)}


def signatures(words: int, run: Run) -> None:
    """Texts → signatures: our batches against datasketch's bulk, alternating, on the same texts.

    Every arm starts from the same 2,000 texts as Python strings and ends with 256 hash values of each. Bulk is given
    what its documentation asks for, a list of bytes a text: the 5-word shingles, joined by spaces. Its default path
    hashes them with SHA-1, ours with ``hash_of``; "our hash" is bulk with that very function, whose bits ours must be.
    "Shingles made before" leaves the making of bulk's lists out of its time, though ours still starts from texts.
    """
    from datasketch import MinHash

    sample = [text for text, _ in texts(SAMPLE, words)]
    ready = [_shingles(text) for text in sample]
    signer = Signer(permutations=256, bands=32, rows=8, shingle_words=5)

    def ours() -> np.ndarray:
        return np.concatenate([signer.signatures(sample[start : start + BATCH]) for start in range(0, SAMPLE, BATCH)])

    arms = {
        "ours": ours,
        "bulk, its default path": lambda: MinHash.bulk((_shingles(text) for text in sample), num_perm=256),
        "the same, shingles made before": lambda: MinHash.bulk(ready, num_perm=256),
    }
    same = MinHash.bulk(ready[:200], num_perm=256, hashfunc=hash_of)
    assert np.array_equal(ours()[:200], np.array([one.hashvalues for one in same])), "not the bits of datasketch"
    took = medians(in_turn(arms, ROUNDS))
    rows = [
        (name, round(SAMPLE / seconds), "" if name == "ours" else times(seconds / took["ours"]))
        for name, seconds in took.items()
    ]
    title = f"Signatures of 256 permutations, texts of {words} words (median of {ROUNDS} rounds in turn)"
    run.table(title, ("arm", "texts a CPU second", "ours is"), rows)


def recall_by_jaccard(words: int, run: Run) -> None:
    """Pairs by how alike they are: the share that meets in a band of the default settings, beside the formula's."""
    defaults = PublishSettings()
    bands, rows, shingle_words = defaults.bands, defaults.rows, defaults.shingle_words
    signer = Signer(permutations=defaults.permutations, bands=bands, rows=rows, shingle_words=shingle_words)
    shingler, chance = Shingler(shingle_words), np.random.default_rng(2)
    alike, met = [], []
    originals = [text for text, origin in texts(PAIRS * 10 // 9 + 10, words) if not text.count("otra")][:PAIRS]
    for start in range(0, PAIRS, BATCH):
        some = originals[start : start + BATCH]
        copies = []
        for number, text in enumerate(some):
            copy = text.split()
            for place in chance.choice(words, int(chance.integers(0, words // 15)), replace=False):
                copy[place] = f"otra{start + number}x{place}"
            copies.append(" ".join(copy))
        met.append((signer.band_keys(some) == signer.band_keys(copies)).any(0))
        alike += [jaccard(*shingler.sets(list(pair))) for pair in zip(some, copies, strict=True)]
    found, shares = np.concatenate(met), np.array(alike)
    table = []
    for low in (0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95):
        here = (shares >= low) & (shares < low + 0.05 + (low == 0.95))
        due = 1 - (1 - shares[here] ** rows) ** bands
        table.append(
            (f"[{low:.2f}, {low + 0.05:.2f})", int(here.sum()), f"{found[here].mean():.4f}", f"{due.mean():.4f}")
        )
    title = f"Pairs of texts of {words} words that meet in one of {bands} bands of {rows} rows"
    run.table(title, ("Jaccard", "pairs", "meet", "by the formula"), table)


def _shingles(text: str) -> list[bytes]:
    words = words_of(text)
    return [" ".join(words[start : start + 5]).encode() for start in range(max(1, len(words) - 4))]


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100000,300000,1000000", help="Empty: signatures only.")
    parser.add_argument("--words", type=int, default=150)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-signatures", action="store_true")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    record_option(parser)
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",") if size]
    if given.write:
        write_segments(Store.open(given.write).documents, sizes[0], given.words)
    elif given.one:
        run_size(given.one, sizes[0], given.words, given.workers)
    else:
        run = Run("dedup", ("numpy", "pyarrow", "datasketch"))
        if not given.no_signatures:
            signatures(given.words, run)
            recall_by_jaccard(given.words, run)
        if sizes:
            rows = [size_in_a_process(size, given.words, given.workers) for size in sizes]
            title = f"The whole stage, texts of {given.words} words, {given.workers} workers (wall seconds)"
            run.table(title, list(COLUMNS.values()), [[row[name] for name in COLUMNS] for row in rows])
        run.close(given.record)


def size_in_a_process(size: int, words: int, workers: int) -> dict[str, float]:
    """One size, with a time and a peak of memory of its own."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, __file__, "--sizes", str(size), "--words", str(words)]
        subprocess.run([*command, "--write", name], check=True)
        command += ["--one", name, "--workers", str(workers)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    main()
