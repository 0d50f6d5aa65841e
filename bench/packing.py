"""Packing beside a plain datasets.map and Google's builder: one Parquet file in, rows of 128 ids out, in one run.

    python bench/packing.py --corpus text.parquet --tokenizer store/tokenizers/text-31002 --store /tmp/packing
    python bench/packing.py … --megabytes 148 --record
    python bench/packing.py … --electra DIR --tensorflow VENV/bin/python

Arms: `cowese pack` (all of it: digests, encoding, files on disk), then its rows in memory; datasets.map as
transformers' examples have it: tokenize in batches, then join and cut, one process; and where --electra names a
checkout of google-research/electra and --tensorflow a Python that has tensorflow-cpu and six, that code's own
build_pretraining_dataset.py on the same texts, a sentence a line as it wants them, cased, one process.
CPU seconds of each arm, all threads together; Google's without those that it needs for no text at all.
The store must be new: what is packed already is not packed again.
"""

import argparse
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from harness import Run, record_option, seconds_of_children, times

from data.store import Store
from training.tokens.pack import pack
from training.tokens.settings import PackSettings
from training.tokens.stream import TokenStream

LENGTH = 128
SENTENCE_END = re.compile(r"(?<=[.!?…]) +(?=[A-ZÁÉÍÓÚÑ¿¡])")
COUNT_SLOTS = """
import glob, sys
import tensorflow as tf
used = rows = 0
for record in tf.data.TFRecordDataset(glob.glob(sys.argv[1] + "/*")):
    mask = tf.train.Example.FromString(record.numpy()).features.feature["input_mask"].int64_list.value
    used, rows = used + sum(mask), rows + 1
print(used, rows)
"""


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


def googles(electra: Path, python: Path, corpus: Path, tokenizer: Path, tokens: float) -> dict[str, float]:
    """Google's own program in a process of its own; what does not fit into an example of 128 it cuts off."""
    texts = pq.read_table(corpus)["text"].to_pylist()
    documents = (re.sub(r"\n+", "\n", SENTENCE_END.sub("\n", text)) for text in texts)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "empty").mkdir()
        (root / "text").mkdir()
        (root / "text" / "all.txt").write_text("\n\n".join(documents) + "\n", encoding="utf-8")
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}

        def run(source: str) -> float:
            before = seconds_of_children()
            command = [python, "build_pretraining_dataset.py", "--corpus-dir", root / source, "--output-dir"]
            command += [root / f"{source}-out", "--vocab-file", tokenizer.resolve() / "vocab.txt"]
            command += ["--no-lower-case", "--no-strip-accents", "--max-seq-length", str(LENGTH)]
            subprocess.run(command, cwd=electra, check=True, capture_output=True, env=environment)
            return seconds_of_children() - before

        start_up = run("empty")
        seconds = run("text") - start_up
        counted = subprocess.run(
            [python, "-c", COUNT_SLOTS, root / "text-out"], check=True, capture_output=True, text=True, env=environment
        )
    used, rows = map(int, counted.stdout.split()[-2:])
    return {
        "seconds": seconds,
        "start-up seconds, not counted": round(start_up, 1),
        "slots used": round(used / (rows * LENGTH), 5),
        "tokens kept": round((used - 3 * rows) / tokens, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--electra", type=Path, help="a checkout of google-research/electra")
    parser.add_argument("--tensorflow", type=Path, default=Path("python"), help="a Python that has tensorflow and six")
    record_option(parser)
    given = parser.parse_args()
    run = Run("packing", ("tokenizers", "datasets", "transformers", "numpy"))
    store = Store.open(given.store)
    corpus = given.store / "packing.parquet"
    megabytes = shorten(given.corpus, given.megabytes, corpus)
    arms = {
        "ours": ours(store, corpus, given.tokenizer),
        "datasets.map": theirs(corpus, given.tokenizer, given.store / "cache"),
    }
    if given.electra:
        python = given.tensorflow.absolute()
        arms["Google's"] = googles(given.electra, python, corpus, given.tokenizer, arms["ours"]["tokens"])
    own_seconds, rows = arms["ours"]["seconds"], []
    for name, arm in arms.items():
        seconds = arm.pop("seconds")
        faster = "" if name == "ours" else times(seconds / own_seconds)
        rows.append((name, megabytes / seconds, faster, "; ".join(f"{what} {figure}" for what, figure in arm.items())))
    run.table(f"Packing {megabytes:.1f} MB into rows of {LENGTH}", ("arm", "MB a CPU second", "ours is", ""), rows)
    run.close(given.record)


if __name__ == "__main__":
    main()
