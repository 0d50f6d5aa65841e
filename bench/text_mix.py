"""Texts of many sources → a corpus with clean splits, without near-duplicates and held-out texts that training knows.

    python bench/text_mix.py --texts text.parquet --benchmark pharmaconer.tar.xz --out mix \
        [--without eltec_spa_novels cligs_novels …]

For a Parquet file with ``text`` (and ``source``) that is no version of ours, so that nothing was deduplicated before it
was split. A text is one where runs of 13 words are, as in the corpus's decontamination. In the order of a hash:

- a text that shares a run with the benchmark goes;
- a training text goes where more than --repeated of its words stand in runs of earlier training texts;
- a held-out text (--held-out thousandths each for validation and test, by a hash of the text) goes where more than
  --leaked of its words stand in runs of what is left for training.

Writes data/{train,validation,test}/texts.parquet, prints what went and why as JSON.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleaning.corpus.decontaminate import RUN_WORDS, Benchmark
from cleaning.duplicates.shingles import Numbers, Shingler
from data.files import value_digest
from training.tokens.corpus import SPLITS

BATCH = 500
"""Texts whose runs are worked out at once."""


def split_of(text: str, held_out: int) -> str:
    """The split of a text; ``held_out`` thousandths of all go to validation, as many to test."""
    thousandth = int(value_digest(text), 16) % 1_000
    return "validation" if thousandth < held_out else "test" if thousandth < 2 * held_out else "train"


def runs_of(texts: list[str]) -> list[Numbers]:
    """The runs of each text, in their order."""
    shingler, found = Shingler(RUN_WORDS), []
    for start in range(0, len(texts), BATCH):
        numbers, starts = shingler(texts[start : start + BATCH])
        found += np.split(numbers, starts[1:])
    return found


def covered(known_R: npt.NDArray[np.bool_]) -> float:
    """Share of a text's words that stand in known runs; ``known_R`` says which of its runs are known."""
    edges_W = np.zeros(len(known_R) + RUN_WORDS, np.int64)
    at = np.flatnonzero(known_R)
    np.add.at(edges_W, at, 1)
    np.add.at(edges_W, at + RUN_WORDS, -1)
    return float((np.cumsum(edges_W)[:-1] > 0).mean())


def known_before(runs: list[Numbers]) -> list[npt.NDArray[np.bool_]]:
    """Which runs of each text stand in an earlier text."""
    everything = np.concatenate(runs)
    owner = np.repeat(np.arange(len(runs)), [len(one) for one in runs])
    _, first, back = np.unique(everything, return_index=True, return_inverse=True)
    return np.split(owner[first][back] < owner, np.cumsum([len(one) for one in runs])[:-1])


def among(runs: Numbers, known: Numbers) -> npt.NDArray[np.bool_]:
    """Which runs are in an ascending array."""
    return known[np.minimum(np.searchsorted(known, runs), len(known) - 1)] == runs


def main() -> None:
    """Read, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--benchmark", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--without", nargs="*", default=[], help="sources to leave out")
    parser.add_argument("--repeated", type=float, default=0.5)
    parser.add_argument("--held-out", type=int, default=20)
    parser.add_argument("--leaked", type=float, default=0.1)
    given = parser.parse_args()
    began = time.process_time()
    table = pq.read_table(given.texts)
    rows = [row for row in table.to_pylist() if row["text"] and row.get("source") not in given.without]
    rows.sort(key=lambda row: value_digest(row["text"]))
    for row, runs in zip(rows, runs_of([row["text"] for row in rows]), strict=True):
        row["runs"], row["split"] = runs, split_of(row["text"], given.held_out)
    asked = Benchmark.open(given.benchmark).runs[0]
    gone: Counter[str] = Counter()
    clean = [row for row in rows if not among(row["runs"], asked).any()]
    gone["benchmark"] = len(rows) - len(clean)
    train = [row for row in clean if row["split"] == "train"]
    repeats = [covered(known) for known in known_before([row["runs"] for row in train])]
    kept = {"train": [row for row, share in zip(train, repeats, strict=True) if share <= given.repeated]}
    gone["repeated in training"] = len(train) - len(kept["train"])
    learnt = np.unique(np.concatenate([row["runs"] for row in kept["train"]]))
    for split in ("validation", "test"):
        held = [row for row in clean if row["split"] == split]
        kept[split] = [row for row in held if covered(among(row["runs"], learnt)) <= given.leaked]
        gone[f"{split} known to training"] = len(held) - len(kept[split])
    for split in SPLITS:
        folder = given.out / "data" / split
        folder.mkdir(parents=True, exist_ok=True)
        named = [{name: row.get(name) for name in ("id", "source", "kind", "text")} for row in kept[split]]
        pq.write_table(pa.Table.from_pylist(named), folder / "texts.parquet")
    sizes = {split: {"texts": len(some), "MB": _megabytes(some)} for split, some in kept.items()}
    sources = Counter({row["source"]: 0 for row in rows})
    for row in kept["train"]:
        sources[row["source"]] += len(row["text"])
    by_source = {name: round(letters / 1e6, 2) for name, letters in sources.most_common()}
    took = round(time.process_time() - began, 1)
    print(json.dumps({"kept": sizes, "gone": gone, "training, million characters": by_source, "cpu_seconds": took}))


def _megabytes(rows: list[dict[str, str]]) -> float:
    return round(sum(len(row["text"].encode()) for row in rows) / 1e6, 1)


if __name__ == "__main__":
    main()
