"""Texts → token ids, each distinct chunk between spaces encoded only once.

Words repeat: of a million chunks of running text a few per cent are new. Where a tokenizer never looks across a
space, the ids of a text are the ids of its chunks one after the other, and a look-up gives them.
"""

import json
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MAX_KNOWN = 1_000_000
"""Chunks remembered at once (about 200 MB); then the memory begins anew."""
LOCAL_NORMALIZERS = {"NFC", "BertNormalizer"}
"""These change no character by what stands beyond a space."""


class Encoder:
    """A tokenizer and the chunks that it has met."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, tuple[int, ...]] | None = {} if stops_at_spaces(tokenizer) else None

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """The ids of each text, as the tokenizer itself gives them without special tokens: (T,) uint16 each."""
        if self._known is None:
            encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
            return [np.array(one.ids, np.uint16) for one in encoded]
        known = self._known
        chunks = [text.replace("\n", " ").split(" ") for text in texts]
        self._learn(set(chain.from_iterable(chunks)))
        return [np.fromiter(chain.from_iterable(map(known.__getitem__, one)), np.uint16) for one in chunks]

    def _learn(self, chunks: set[str]) -> None:
        assert self._known is not None
        if len(self._known) > MAX_KNOWN:
            self._known.clear()
        new = sorted(chunks.difference(self._known))
        for chunk, one in zip(new, self._tokenizer.encode_batch_fast(new, add_special_tokens=False), strict=True):
            self._known[chunk] = tuple(one.ids)


def stops_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether a text's ids are those of its chunks between spaces: WordPiece with BERT's splitter, no added words."""
    plan = json.loads(tokenizer.to_str())
    normalizer = plan["normalizer"] or {"type": "Sequence", "normalizers": []}
    steps = normalizer["normalizers"] if normalizer["type"] == "Sequence" else [normalizer]
    return (
        plan["model"]["type"] == "WordPiece"
        and (plan["pre_tokenizer"] or {}).get("type") == "BertPreTokenizer"
        and {step["type"] for step in steps} <= LOCAL_NORMALIZERS
        and all(token["special"] for token in plan["added_tokens"])
        and bool(tokenizer.encode_special_tokens)
    )
