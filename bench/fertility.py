#!/usr/bin/env python
"""Tokens a word of tokenizers that were fitted on one text with and without capitals and typography, on held-out text.

    python bench/fertility.py --corpus text.parquet --megabytes 4 --size 31002

Held-out text is every tenth document. It is encoded as it stands, in capitals, in lower case, and decomposed (NFD); for
each the share of words with a token [UNK]. Words are those that the tokenizers split text into (punctuation apart).
"""

import argparse
import time
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
from harness import Run, record_option
from tokenizers import Tokenizer, models

from training.tokens.settings import TokenizerSettings
from training.tokens.stream import SPECIAL_TOKENS
from training.tokens.tokenizer import count_words, normalizer_of, split
from training.tokens.wordpiece import MAX_WORD, fit_wordpiece

FORMS = {
    "as it stands": str,
    "capitals": str.upper,
    "lower case": str.lower,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "with ligatures": lambda text: text.replace("fl", "ﬂ").replace("fi", "ﬁ"),
}


def read(path, megabytes):
    """Texts to fit on, and every tenth to try."""
    fit, held_out, size = [], [], 0
    for batch in pq.ParquetFile(path).iter_batches(1_000, columns=["text"]):
        for text in batch.column(0).to_pylist():
            (held_out if (len(fit) + len(held_out)) % 10 == 9 else fit).append(text)
            size += len(text.encode())
        if size >= megabytes * 1e6:
            break
    return fit, held_out


def fitted(texts, settings):
    """A tokenizer, in memory."""
    vocabulary = fit_wordpiece(count_words([texts], settings), settings.vocab_size, SPECIAL_TOKENS)
    ids = {piece: number for number, piece in enumerate(vocabulary)}
    made = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=MAX_WORD))
    made.normalizer, made.pre_tokenizer = normalizer_of(settings), split()
    return made


def measured(tokenizer, texts):
    """Tokens a word, and the share of words that are unknown."""
    words, tokens, unknown = 0, 0, 0
    for encoded in tokenizer.encode_batch(texts):
        words += len({word for word in encoded.word_ids if word is not None})
        tokens += len(encoded.ids)
        unknown += encoded.tokens.count("[UNK]")
    return tokens / words, unknown / words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=4)
    parser.add_argument("--size", type=int, default=31_002)
    parser.add_argument("--texts", type=int, default=400, help="held-out texts")
    record_option(parser)
    given = parser.parse_args()
    fit, held_out = read(given.corpus, given.megabytes)
    held_out = held_out[: given.texts]
    run, rows = Run("fertility", ("tokenizers",)), []
    for capitals in (False, True):
        started = time.process_time()
        tokenizer = fitted(fit, TokenizerSettings(vocab_size=given.size, capitals=capitals, typography=capitals))
        cells = []
        for form in FORMS.values():
            fertility, unknown = measured(tokenizer, [form(text) for text in held_out])
            cells.append(f"{fertility:.3f} ({unknown:.3%})")
        rows.append(("on" if capitals else "off", *cells, time.process_time() - started))
    title = f"Tokens a word (unknown words): {given.size:,} entries of {len(fit):,} texts, {len(held_out):,} tried"
    run.table(title, ("capitals and typography", *FORMS, "CPU s"), rows)
    run.close(given.record)


if __name__ == "__main__":
    main()
