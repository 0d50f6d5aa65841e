"""Packing beside a plain datasets.map: one Parquet file in, rows of 128 ids out, in one run.

    python bench/packing.py --corpus text.parquet --tokenizer store/tokenizers/text-31002 --store /tmp/packing
    python bench/packing.py … --megabytes 148

Arms: `cowese pack` (all of it: digests, encoding, files on disk), then its rows in memory; datasets.map as
transformers' examples have it: tokenize in batches, then join and cut, one process.
CPU seconds of this process, all threads together. The store must be new: what is packed already is not packed again.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

sys.path.pop(0)  # this file's folder: its name is that of the package which it measures

import numpy as np
import pyarrow.parquet as pq

from data.store import Store
from training.pack import PackSettings, pack
from training.stream import TokenStream

LENGTH = 128


def shorten(corpus: Path, megabytes: float, out: Path) -> float:
    """Write the corpus's first megabytes as a Parquet file of one column."""
    table = pq.read_table(corpus, columns=["text"])
    sizes = np.cumsum([len(text.as_py().encode()) for text in table["text"]])
    kept = int(np.searchsorted(sizes, megabytes * 1e6)) + 1
    pq.write_table(table.slice(0, kept), out)
    return float(sizes[min(kept, len(sizes)) - 1]) / 1e6


def ours(store: Store, corpus: Path, tokenizer: Path) -> dict[str, float]:
    """Pack, then read every row once."""
    started = time.process_time()
    summary = pack(store, PackSettings(), corpus=corpus, tokenizer=tokenizer)
    seconds = time.process_time() - started
    stream = TokenStream.open(summary.path)
    rows = stream.rows(LENGTH)
    used = (len(stream.tokens) + 2 * len(rows)) / (len(rows) * LENGTH)
    started = time.process_time()
    for at in range(0, len(rows), LENGTH):
        rows.batch(np.arange(at, min(at + LENGTH, len(rows))))
    reading = time.process_time() - started
    return {
        "seconds": seconds,
        "tokens": sum(summary.tokens.values()),
        "slots used": round(used, 5),
        "rows, million tokens a second": round(len(rows) * LENGTH / reading / 1e6),
    }


def theirs(corpus: Path, tokenizer: Path, cache: Path) -> dict[str, float]:
    """The way of transformers' examples: what does not fill a row at the end of a batch is dropped."""
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    import datasets
    import transformers

    def cut(batch):
        joined = [number for ids in batch["input_ids"] for number in ids]
        whole = len(joined) // LENGTH * LENGTH
        return {"input_ids": [joined[at : at + LENGTH] for at in range(0, whole, LENGTH)]}

    datasets.disable_progress_bars()
    encoder = transformers.AutoTokenizer.from_pretrained(str(tokenizer))
    started = time.process_time()
    texts = datasets.Dataset.from_parquet(str(corpus), cache_dir=str(cache))
    encoded = texts.map(
        lambda batch: {"input_ids": encoder(batch["text"])["input_ids"]}, batched=True, remove_columns=["text"]
    )
    rows = encoded.map(cut, batched=True)
    return {"seconds": time.process_time() - started, "tokens": len(rows) * LENGTH}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=20)
    given = parser.parse_args()
    store = Store.open(given.store)
    corpus = given.store / "packing.parquet"
    megabytes = shorten(given.corpus, given.megabytes, corpus)
    arms = {
        "ours": ours(store, corpus, given.tokenizer),
        "datasets.map": theirs(corpus, given.tokenizer, given.store / "cache"),
    }
    for arm in arms.values():
        arm["MB/cpu-s"] = round(megabytes / arm["seconds"], 2)
    ratio = arms["datasets.map"]["seconds"] / arms["ours"]["seconds"]
    print(json.dumps({"megabytes": round(megabytes, 1), **arms, "times as fast": round(ratio, 2)}, indent=1))


if __name__ == "__main__":
    main()
