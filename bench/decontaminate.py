"""Decontamination of texts against a benchmark: how fast, how many documents share a run, a check by other means.

    python bench/decontaminate.py --corpus text.parquet --benchmark pharmaconer.tar.xz [--record]

CPU seconds of this process (one thread). As a check, runs of words joined by spaces, kept in a Python set, are looked
up for the first --checked texts: the documents found must be the same. One text of the benchmark is put among them.
"""

import argparse
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from harness import Run, record_option

from cleaning.corpus.benchmark_texts import texts_of
from cleaning.corpus.decontaminate import RUN_WORDS, Benchmark, search
from cleaning.duplicates.shingles import words_of
from cleaning.duplicates.verified import Positions


def runs_of(text: str) -> set[str]:
    """The runs of a text as strings."""
    words = words_of(unicodedata.normalize("NFC", text))
    return {" ".join(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1)}


def main() -> None:
    """Search, time, check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--benchmark", type=Path, required=True)
    parser.add_argument("--checked", type=int, default=1_000)
    record_option(parser)
    arguments = parser.parse_args()
    run = Run("decontaminate", ("numpy", "pyarrow"))
    benchmark = Benchmark.open(arguments.benchmark)
    started = time.process_time()
    count = len(benchmark.runs[0])
    note = (
        f"{benchmark.name}: {len(benchmark.files):,} files, {count:,} runs, {time.process_time() - started:.2f} CPU s."
    )
    planted = texts_of(*benchmark.files[0])[0]
    texts = [f"Un artículo. {planted}", *pq.read_table(arguments.corpus, columns=["text"])["text"].to_pylist()]

    def batches(positions: Positions) -> Iterator[tuple[Positions, Sequence[str]]]:
        for start in range(0, len(positions), 2_000):
            some = positions[start : start + 2_000]
            yield some, [texts[at] for at in some]

    started = time.process_time()
    found = search(np.arange(len(texts)), batches, [benchmark], lambda _done, _total: None)
    took = time.process_time() - started
    letters = sum(map(len, texts)) / 1e6
    known = set().union(*(runs_of(text) for file in benchmark.files for text in texts_of(*file)))
    checked = range(min(arguments.checked, len(texts)))
    by_strings = {at for at in checked if not known.isdisjoint(runs_of(texts[at]))}
    assert by_strings == {at for at in found if at in checked}
    rows = [
        ("texts", len(texts)),
        ("million characters", letters),
        ("CPU s", took),
        ("million characters a CPU second", letters / took),
        ("texts that share a run, 1 of them planted", len(found)),
        (f"the same by strings, of the first {len(checked):,}", len(by_strings)),
    ]
    run.table("Search", ("", "figure"), rows, note)
    run.close(arguments.record)


if __name__ == "__main__":
    main()
