"""Packed tokens: one stream of ids a split, read by memory map and cut into rows of any length.

The stream holds each document's ids followed by [SEP]. Row i of length L is [CLS], the L - 2 ids from i × (L - 2) on,
and [SEP]; only the last row of a split is padded, so no token is lost and nearly every slot is used.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.manifest import Manifest
from training.tokens.counts import Counts, count_stream, read_counts

if TYPE_CHECKING:
    from training.tokens.pairs import PairIndex

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""In the order of their ids, from 0 on."""


@dataclass(frozen=True, slots=True)
class Special:
    """Ids of the special tokens; of a tokenizer of ours unless said otherwise."""

    pad: int = 0
    unk: int = 1
    cls: int = 2
    sep: int = 3
    mask: int = 4


class RowIndex:
    """A stream cut into rows of one length L."""

    def __init__(self, tokens: NDArray[np.uint16], length: int, special: Special) -> None:
        if length < 3:  # noqa: PLR2004 - two special tokens and one of text
            raise InputError(f"rows of {length} tokens: a row needs at least 3.")
        self.length = length
        self._special = special
        inner = length - 2
        tokens = np.asarray(tokens)  # a plain view: slices of a memory map's own class are slow
        whole = len(tokens) // inner
        self._whole_NI = tokens[: whole * inner].reshape(whole, inner)
        self._rest = tokens[whole * inner :]

    def __len__(self) -> int:
        return len(self._whole_NI) + bool(len(self._rest))

    def batch(self, indices: NDArray[np.int64]) -> NDArray[np.uint16]:
        """The rows of these numbers: (B, L) uint16."""
        out_BL = np.empty((len(indices), self.length), np.uint16)
        out_BL[:, 0] = self._special.cls
        out_BL[:, -1] = self._special.sep
        is_rest_B = indices == len(self._whole_NI)
        if not is_rest_B.any():
            out_BL[:, 1:-1] = self._whole_NI[indices]
            return out_BL
        out_BL[~is_rest_B, 1:-1] = self._whole_NI[indices[~is_rest_B]]
        end = 1 + len(self._rest)
        out_BL[is_rest_B, 1:end] = self._rest
        out_BL[is_rest_B, end] = self._special.sep
        out_BL[is_rest_B, end + 1 :] = self._special.pad
        return out_BL


@dataclass(frozen=True)
class TokenStream:
    """The packed tokens of one split."""

    tokens: NDArray[np.uint16]
    """Ids of all documents, each followed by [SEP]."""
    offsets: NDArray[np.int64]
    """Where each document begins, and the end: documents + 1 numbers."""
    special: Special
    vocab_size: int
    digest: str
    """Of the packed folder: equal for equal corpus, tokenizer and settings."""
    made_from: dict[str, str]
    """Digests of the corpus and of the tokenizer."""
    sentence_ends: tuple[int, ...] = ()
    """Ids of the marks that end a sentence."""
    counted: Counts | None = None
    """What `pack` counted; None in tokens that were packed before it did."""

    @classmethod
    def open(cls, folder: Path, split: str = "train") -> "TokenStream":
        """Map a split into memory.

        Raises:
            InputError: the folder holds no packed tokens, or not all of them.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: no packed tokens there. `cowese pack` makes them.")
        manifest = Manifest.read(folder)
        ids, starts = folder / f"{split}.tokens", folder / f"{split}.offsets.npy"
        if manifest.kind != "tokens" or not ids.is_file() or not starts.is_file():
            raise InputError(f"{folder}: no packed tokens of the split {split}. `cowese pack` makes them.")
        expected = int(manifest.figures["splits"][split]["tokens"])
        if ids.stat().st_size != 2 * expected:
            raise InputError(
                f"{ids}: {ids.stat().st_size:,} bytes where {2 * expected:,} are due. Delete {folder} and pack again."
            )
        return cls(
            tokens=np.memmap(ids, np.uint16, "r") if expected else np.empty(0, np.uint16),
            offsets=np.load(starts, allow_pickle=False),
            special=Special(**manifest.figures.get("special", {})),
            vocab_size=int(manifest.figures["vocab_size"]),
            digest=manifest.digest,
            made_from=manifest.made_from,
            sentence_ends=tuple(manifest.figures.get("sentence_ends", ())),
            counted=read_counts(folder, split),
        )

    def counts(self) -> Counts:
        """How often tokens and pairs of neighbours occur; counted now where `pack` did not, or counted other tokens."""
        known = self.counted
        if known is not None and known.vocabulary == self.vocab_size and known.single_V.sum() == len(self.tokens):
            return known
        return count_stream(self.tokens, self.vocab_size, self.special.sep)

    def rows(self, length: int) -> RowIndex:
        """Cut the stream into rows of ``length`` tokens."""
        return RowIndex(self.tokens, length, self.special)

    def pairs(self, length: int) -> "PairIndex":
        """Cut the documents into rows of two segments."""
        from training.tokens.pairs import PairIndex  # noqa: PLC0415 - it brings torch, which every command would wait for

        special = (self.special.pad, self.special.cls, self.special.sep)
        return PairIndex(self.tokens, self.offsets, length, special=special, sentence_ends=self.sentence_ends)
