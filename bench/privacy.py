"""Precision and recall of the masks on the labelled lines of the tests, and MB a CPU second on real text.

`python bench/privacy.py` · `--text FILE.parquet` adds the speed and what was masked in the column `text` of a file
(up to `--megabytes`), `--show 20` prints that many examples of each kind for reading: they may hold real data.
`--record` keeps the run.

Precision: masks that are right / masks. Recall: labelled parts that are gone whole / labelled parts. The lines are
invented by those who wrote the rules, so the figures say what the rules do, not how common each form is.
"""

import argparse
import csv
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[1]))
from harness import Run, record_option

from cleaning.pages.privacy import masked, personal_spans

LINES = Path(__file__).parents[1] / "tests/cleaning/privacy_lines.tsv"


def main() -> None:
    """Print a table of the labelled lines, and of real text where a file is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--show", type=int, default=0)
    record_option(parser)
    options = parser.parse_args()
    run = Run("privacy")
    labelled(run)
    if options.text is not None:
        real(run, options.text, options.megabytes, options.show)
    run.close(options.record)


def labelled(run: Run) -> None:
    """Precision and recall, by kind."""
    wanted, right, wrong, harmless = Counter(), Counter(), 0, 0
    with LINES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            spans = personal_spans(row["line"])
            begin = row["line"].find(row["part"])
            end = begin + len(row["part"])
            covers = [first <= begin + 1 and last >= end - 1 for first, last, _ in spans]
            kind = row["kind"]
            if kind == "none":
                harmless += 1
                wrong += len(spans)
                continue
            wanted[kind] += 1
            right[kind] += any(covers)
    hits = sum(right.values())
    rows = [(kind, right[kind], wanted[kind]) for kind in sorted(wanted)]
    asked = sum(wanted.values())
    note = f"Precision {hits / (hits + wrong):.4f}, recall {hits / asked:.4f}, {asked + harmless} lines."
    run.table("Labelled lines", ("kind", "right", "of"), [*rows, ("harmless lines", harmless - wrong, harmless)], note)


def real(run: Run, path: Path, megabytes: float, show: int) -> None:
    """Speed, and how many of each kind."""
    texts, size = [], 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=500, columns=["text"]):
        texts += batch["text"].to_pylist()
        size = sum(map(len, texts))
        if size > megabytes * 1e6:
            break
    begin = time.process_time()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(masked(text)[1])
    seconds = time.process_time() - begin
    title = f"{path.name}: {size / 1e6:.1f} million characters, {size / 1e6 / seconds:.1f} million a CPU second"
    run.table(title, ("kind", "masked"), counts.most_common())
    found = [
        (kind, text[max(0, a - 50) : a], text[a:b], text[b : b + 30])
        for text in texts
        for a, b, kind in personal_spans(text)
    ]
    for kind in sorted(counts):
        chosen = [one for one in found if one[0] == kind]
        for one in random.Random(0).sample(chosen, min(show, len(chosen))):
            print(*one, sep="\t")


if __name__ == "__main__":
    main()
