"""The words of `data/spanish_words.txt`, by which broken words of PDFs are joined: counted in real text.

`python bench/words.py FILE.parquet --write`: lower-case words of 3 letters and more that stand 12 times or more in the
columns `source`, `text` of a file, in 3 sources or more. Words only; where they came from is in data/README.md.
"""

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as pq

TABLE = Path(__file__).parents[1] / "data/spanish_words.txt"
WORD = re.compile(r"(?<![\w-])[a-záéíóúüñ]{3,24}(?![\w-])")
MIN_COUNT, MIN_SOURCES = 12, 3


def main() -> None:
    """Count and, with --write, replace the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for batch in pq.ParquetFile(options.file).iter_batches(batch_size=500, columns=["source", "text"]):
        for row in batch.to_pylist():
            found = Counter(WORD.findall(row["text"]))
            counts.update(found)
            for word in found:
                sources[word].add(row["source"])
    words = sorted(word for word, count in counts.items() if count >= MIN_COUNT and len(sources[word]) >= MIN_SOURCES)
    print(f"{len(words):,} of {len(counts):,} words")
    if options.write:
        TABLE.write_text("\n".join(words) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
