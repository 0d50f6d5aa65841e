"""Rows as the original's examples: two segments of one document, [CLS] A [SEP] B [SEP].

google-research/electra's build_pretraining_dataset.py fills an example with sentences of one document, gives the first
half to segment A and the rest to B, and makes one example in ten of a single segment. Here a document is cut into
pieces that just fit, so that no token is lost, and a piece into two at the end of a sentence nearest to its middle.
Its share of randomly short examples (5 %) is left out: the last piece of each document is short already.
P pieces, B rows, L tokens a row.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import InputError
from training.electra.draws import Purpose, row_keys, uniform

SINGLE_SHARE = 0.1
"""Of the rows, those of one segment (the original's number)."""
SPECIAL_A_ROW = 3
SEED = 2003_10555
"""ELECTRA's arXiv number: which rows are single depends on nothing else."""


class PairIndex:
    """A stream cut into rows of one length, none of which crosses a document's border."""

    def __init__(
        self,
        tokens: NDArray[np.uint16],
        offsets: NDArray[np.int64],
        length: int,
        *,
        special: tuple[int, int, int],
        sentence_ends: tuple[int, ...],
    ) -> None:
        """Index the pieces.

        Args:
            tokens: Ids of all documents, each followed by [SEP].
            offsets: Where each document begins, and the end.
            length: Tokens a row.
            special: Ids of [PAD], [CLS] and [SEP].
            sentence_ends: Ids after which a segment may end; without any, pieces are halved.
        """
        most = length - SPECIAL_A_ROW
        if most < 2:  # noqa: PLR2004 - one token a segment
            raise InputError(f"rows of {length} tokens: a pair needs at least 5.")
        self._tokens = np.asarray(tokens)
        self._length = length
        self._pad, self._cls, self._sep = special
        sizes = np.diff(offsets) - 1  # each document's [SEP] is the row's own
        pieces = -(-sizes // most)
        document_P = np.repeat(np.arange(len(sizes)), pieces)
        number_P = np.arange(len(document_P)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        self._start_P = offsets[document_P] + number_P * most
        self._size_P = np.minimum(most, offsets[document_P] + sizes[document_P] - self._start_P)
        self._first_P = self._first_segments(sentence_ends)

    def _first_segments(self, sentence_ends: tuple[int, ...]) -> NDArray[np.int64]:
        """Tokens of each piece's segment A; all of them where the piece is single."""
        start_P, size_P = self._start_P, self._size_P
        middle_P = start_P + size_P // 2
        split_P = middle_P
        ends = np.flatnonzero(np.isin(self._tokens, sentence_ends)) + 1
        if len(ends):
            after_P = np.searchsorted(ends, middle_P)
            near_P2 = np.stack([ends[np.maximum(after_P - 1, 0)], ends[np.minimum(after_P, len(ends) - 1)]], axis=1)
            inside_P2 = (near_P2 > start_P[:, None]) & (near_P2 < (start_P + size_P)[:, None])
            far_P2 = np.where(inside_P2, np.abs(near_P2 - middle_P[:, None]), self._length)
            nearest_P = np.take_along_axis(near_P2, far_P2.argmin(1)[:, None], 1)[:, 0]
            split_P = np.where(inside_P2.any(1), nearest_P, middle_P)
        draws_P = uniform(row_keys(SEED, Purpose.SINGLE, 0, torch.arange(len(start_P))), 1)[:, 0].numpy()
        single_P = (draws_P < SINGLE_SHARE) | (size_P < 2)  # noqa: PLR2004 - one token a segment
        first_P: NDArray[np.int64] = np.where(single_P, size_P, split_P - start_P)
        return first_P

    def __len__(self) -> int:
        return len(self._start_P)

    def batch(self, indices: NDArray[np.int64]) -> NDArray[np.uint16]:
        """The rows of these numbers: (B, L) uint16."""
        start_B1, size_B1, first_B1 = (of_P[indices][:, None] for of_P in (self._start_P, self._size_P, self._first_P))
        column_1L = np.arange(self._length)[None]
        end_B1 = size_B1 + 1 + (first_B1 < size_B1)
        source_BL = start_B1 + column_1L - 1 - (column_1L > first_B1 + 1)
        out_BL: NDArray[np.uint16] = self._tokens[np.clip(source_BL, 0, len(self._tokens) - 1)]
        out_BL[:, 0] = self._cls
        out_BL[(column_1L == first_B1 + 1) | (column_1L == end_B1)] = self._sep
        out_BL[column_1L > end_B1] = self._pad
        return out_BL
