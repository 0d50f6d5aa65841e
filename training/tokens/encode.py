"""Texts → token ids, each distinct chunk between spaces encoded only once.

Words repeat: of a million chunks of running text a few per cent are new. Where a tokenizer never looks across a
space, the ids of a text are the ids of its chunks one after the other, and a look-up gives them. A new chunk is mostly
known words with punctuation around them, so those are remembered too.
"""

import json
import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.tokens.tokenizer import AFTER_THE_FIRST, PLAIN_WORD, UNUSUAL, WITHIN

MAX_KNOWN = 1_000_000
"""Chunks remembered at once (about 150 MB); then the memory begins again."""
LOCAL_NORMALIZERS = {"NFC", "BertNormalizer"}
"""These change no character by what stands beyond a space."""
IDS = "H"
"""array's code of 16 bits without a sign."""


class Encoder:
    """A tokenizer and the chunks that it has met."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known = _Chunks(tokenizer) if stops_at_spaces(tokenizer) else None

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.uint16]]:
        """The ids of each text, as the tokenizer itself gives them without special tokens: (T,) uint16 each."""
        if self._known is None:
            encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
            return [np.array(one.ids, np.uint16) for one in encoded]
        if len(self._known) > MAX_KNOWN:
            self._known = _Chunks(self._tokenizer)
        ids_of = self._known.__getitem__
        joined = (b"".join(map(ids_of, text.replace("\n", " ").split(" "))) for text in texts)
        return [np.frombuffer(ids, np.uint16) for ids in joined]


class _Chunks(dict[str, bytes]):
    """The ids of chunks, 16 bits each; one that is missing is encoded when it is asked for."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._words = _Words(tokenizer)

    def __missing__(self, chunk: str) -> bytes:
        if UNUSUAL.search(chunk):
            ids = array(IDS, self._tokenizer.encode(chunk, add_special_tokens=False).ids).tobytes()
        else:
            ids = b"".join(map(self._words.__getitem__, PLAIN_WORD.findall(chunk)))
        self[chunk] = ids
        return ids


class _Words(dict[str, bytes]):
    """The ids of words and punctuation marks that are all plain characters."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._model = tokenizer.model if keeps_plain(tokenizer) else None

    def __missing__(self, word: str) -> bytes:
        if self._model is None:
            ids = self._tokenizer.encode(word, add_special_tokens=False).ids
        else:
            ids = [token.id for token in self._model.tokenize(word)]
        self[word] = array(IDS, ids).tobytes()
        return self[word]


def keeps_plain(tokenizer: Tokenizer) -> bool:
    """Whether the normaliser leaves plain characters as they are, neither case nor accents changed."""
    plain = "".join(chr(code) for code in range(ord("!"), 0x250) if not UNUSUAL.search(chr(code)))
    return tokenizer.normalizer is None or tokenizer.normalizer.normalize_str(plain) == plain


def _is_local(step: Mapping[str, Any]) -> bool:
    """Whether a normalizer's step looks at nothing beyond a space.

    Of replacements those of ``normalizer_of``: of one character, or of some right behind a letter or mark, or of a
    capital within a word.
    """
    if step["type"] != "Replace":
        return step["type"] in LOCAL_NORMALIZERS
    character, pattern = step["pattern"].get("String", ""), step["pattern"].get("Regex", "")
    behind = pattern.removeprefix(WITHIN) if pattern.startswith(WITHIN) else ""
    replaced = character if len(character) == 1 else behind if behind == re.escape(behind) else ""
    replaced = replaced or (pattern if pattern in AFTER_THE_FIRST.values() else "")
    return bool(replaced) and not any(map(str.isspace, replaced + step["content"]))


def stops_at_spaces(tokenizer: Tokenizer) -> bool:
    """Whether a text's ids are those of its chunks between spaces: WordPiece with BERT's splitter, no added words."""
    plan = json.loads(tokenizer.to_str())
    normalizer = plan["normalizer"] or {"type": "Sequence", "normalizers": []}
    steps = normalizer["normalizers"] if normalizer["type"] == "Sequence" else [normalizer]
    return (
        plan["model"]["type"] == "WordPiece"
        and (plan["pre_tokenizer"] or {}).get("type") == "BertPreTokenizer"
        and all(map(_is_local, steps))
        and all(token["special"] for token in plan["added_tokens"])
        and bool(tokenizer.encode_special_tokens)
    )
