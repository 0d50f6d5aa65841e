"""Fitting and encoding beside tokenizers' own, on the same texts and in one run.

    python bench/tokenizer.py --folder /tmp/t --corpus text.parquet     its first 20 MB; --record keeps the run
    python bench/tokenizer.py --folder /tmp/t --corpus text.parquet --megabytes 148

Fitting: our deterministic one, twice, and tokenizers' WordPiece trainer, twice: are the entries the same?
Encoding: encode_batch_fast, and the memory of chunks in front of it: are the ids the same?
CPU seconds of this process, all threads together; megabytes are UTF-8 of the texts.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow.parquet as pq
from harness import Run, record_option, times
from tokenizers import Tokenizer, models, trainers

from training.tokens.encode import Encoder
from training.tokens.stream import SPECIAL_TOKENS
from training.tokens.tokenizer import CASED, count_words, load_tokenizer, normalizer_of, split, write_tokenizer
from training.tokens.wordpiece import fit_wordpiece

T = TypeVar("T")


def read(corpus: Path, megabytes: float) -> tuple[list[str], float]:
    """Texts from the start of a Parquet file, and how many megabytes they are."""
    texts: list[str] = []
    size = 0
    for batch in pq.ParquetFile(corpus).iter_batches(1_000, columns=["text"]):
        for text in batch.column(0).to_pylist():
            if size >= megabytes * 1e6:
                return texts, size / 1e6
            texts.append(text)
            size += len(text.encode())
    return texts, size / 1e6


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds, and what came of it."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def theirs(texts: list[str], size: int) -> set[str]:
    """The entries that tokenizers' trainer gives."""
    tokenizer = Tokenizer(models.WordPiece({}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer_of(CASED), split()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=list(SPECIAL_TOKENS), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return set(tokenizer.get_vocab())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=20)
    parser.add_argument("--size", type=int, default=31_002)
    parser.add_argument("--folder", type=Path, required=True, help="where the tokenizer may be written")
    record_option(parser)
    given = parser.parse_args()
    run = Run("tokenizer", ("tokenizers", "numpy"))
    texts, megabytes = read(given.corpus, given.megabytes)
    halves = [[texts[len(texts) // 2 :]], [texts[: len(texts) // 2]]]

    count_seconds, counts = timed(lambda: count_words([texts]))
    fit_seconds, entries = timed(lambda: fit_wordpiece(counts, given.size, SPECIAL_TOKENS))
    merged = sum((count_words(half) for half in halves), type(counts)())
    _, again = timed(lambda: fit_wordpiece(merged, given.size, SPECIAL_TOKENS))
    trainer_seconds, first = timed(lambda: theirs(texts, given.size))
    _, second = timed(lambda: theirs(texts, given.size))

    write_tokenizer(given.folder, entries)
    tokenizer = load_tokenizer(given.folder)
    plain_seconds, plain = timed(lambda: tokenizer.encode_batch_fast(texts, add_special_tokens=False))
    known_seconds, known = timed(lambda: Encoder(tokenizer).encode(texts))
    fitted = count_seconds + fit_seconds
    equal = all(np.array_equal(a.ids, b) for a, b in zip(plain, known, strict=True))
    counted = f"counting {count_seconds:.1f} s, merging {fit_seconds:.1f} s"
    run.table(
        f"Fitting {len(entries):,} entries to {megabytes:.1f} MB",
        ("arm", "MB a CPU second", "ours is", "the same entries the second time", ""),
        [
            (
                "ours; the second time from two shards in another order",
                megabytes / fitted,
                "",
                entries == again,
                counted,
            ),
            ("tokenizers' trainer", megabytes / trainer_seconds, times(trainer_seconds / fitted), first == second, ""),
        ],
    )
    run.table(
        "Encoding them",
        ("arm", "MB a CPU second", "ours is", "the same ids"),
        [
            ("ours", megabytes / known_seconds, "", equal),
            ("encode_batch_fast", megabytes / plain_seconds, times(plain_seconds / known_seconds), None),
        ],
    )
    run.close(given.record)


if __name__ == "__main__":
    main()
