#!/usr/bin/env python
"""F1 of fine-tuned taggers on the test texts as they stand, and on the same texts in capitals.

    python bench/capitals.py --data pharmaconer --task PharmaCoNER store/benchmarks/PharmaCoNER/*/seed-*/model

A letter whose capital is not one character (ß, ﬁ) stays, so that places of mentions stay too.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.pop(0)  # this file's folder: it holds a training.py too

import torch

from training.benchmark import spans
from training.benchmark.datasets import read_splits
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tagger import Tagger
from training.benchmark.tasks import find_task


def in_capitals(text):
    """The text in capitals, as long as it was."""
    return "".join(capital if len(capital := letter.upper()) == 1 else letter for letter in text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="folders that `cowese benchmark --keep` left")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--task", required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    test = read_splits(find_task(given.task), given.data)[1]["test"]
    gold = {document.name: document.mentions for document in test}
    print(f"{len(test):,} test documents; exact F1 (precision, recall): as they stand, in capitals")
    for folder in given.models:
        tagger = Tagger(folder, BenchmarkSettings(threads=1), torch.device("cpu"))
        cells = []
        for form in (str, in_capitals):
            told = tagger.mentions([replace(document, text=form(document.text)) for document in test])
            micro = spans.exact(gold, told)["micro"]
            cells.append(f"{micro['f1']:.4f} ({micro['precision']:.4f}, {micro['recall']:.4f})")
        print(f"{folder.parent.parent.name} {folder.parent.name}: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
