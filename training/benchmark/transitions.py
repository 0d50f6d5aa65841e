"""Tags of neighbouring words: which may follow which, what that is worth, and the best sequence (Viterbi).

A tagger that decides each word for itself gives sequences that are not valid: an I after outside, or after another
type. Under ``valid`` the best sequence without such steps is taken. Under ``learnt`` the steps have scores of their
own, trained with the network: a linear-chain conditional random field (Lafferty et al. 2001; Lample et al. 2016).
D documents or windows, W words, T tags.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.benchmark.iob_tags import IGNORED, OUTSIDE

FORBIDDEN = -1e4
"""The score of a step that must not be; finite, so that gradients are."""
STEPS = "tag_steps"
"""The model's parameter beside its own, while it is fine-tuned."""
FASTER = 10
"""The steps' scores learn at this multiple of the head's rate: they begin at 0 and have to become a few nats."""
MOST_CELLS = 2_000_000
"""Scores that are decoded at once."""
Floats = npt.NDArray[np.float32]


def valid_steps(labels: Sequence[str]) -> Floats:
    """(T + 1, T): 0 or ``FORBIDDEN`` from tag to tag; the last row is from the beginning of a text."""
    steps = np.zeros((len(labels) + 1, len(labels)), np.float32)
    for after, label in enumerate(labels):
        if label.startswith("I-"):
            for before, other in enumerate([*labels, OUTSIDE]):
                if other[2:] != label[2:]:
                    steps[before, after] = FORBIDDEN
    return steps


def best_sequences(scores: Sequence[Floats], steps: Floats) -> list[list[int]]:
    """The best tags of each text, from its words' scores (W, T) and those of the steps (T + 1, T)."""
    found: list[list[int]] = [[] for _ in scores]
    for some in _of_like_length(scores, steps.shape[1]):
        for number, path in zip(some, _best_sequences([scores[number] for number in some], steps), strict=True):
            found[number] = path
    return found


def _of_like_length(scores: Sequence[Floats], tags: int) -> Iterator[list[int]]:
    """Texts that go together: arrays are as long as the longest, so one long text among many would need all memory."""
    some: list[int] = []
    for number in sorted(range(len(scores)), key=lambda number: len(scores[number])):
        if some and (len(some) + 1) * max(len(scores[number]) * tags, tags**2) > MOST_CELLS:
            yield some
            some = []
        some.append(number)
    if some:
        yield some


def _best_sequences(scores: Sequence[Floats], steps: Floats) -> list[list[int]]:
    longest, tags = max((len(one) for one in scores), default=0), steps.shape[1]
    scores_DWT = np.zeros((len(scores), longest, tags), np.float32)
    for number, one in enumerate(scores):
        scores_DWT[number, : len(one)] = one
    lengths_D = np.array([len(one) for one in scores])
    best_DT = steps[-1] + scores_DWT[:, 0] if longest else np.zeros((len(scores), tags), np.float32)
    came: list[npt.NDArray[np.int64]] = []
    for word in range(1, longest):
        reached_DTT = best_DT[:, :, None] + steps[:-1]
        came.append(reached_DTT.argmax(1))
        is_there_D = (word < lengths_D)[:, None]
        best_DT = np.where(is_there_D, reached_DTT.max(1) + scores_DWT[:, word], best_DT)
        came[-1] = np.where(is_there_D, came[-1], np.arange(tags))  # past the end: stay
    at_D = best_DT.argmax(1)
    paths = [at_D]
    for from_DT in reversed(came):
        at_D = from_DT[np.arange(len(scores)), at_D]
        paths.append(at_D)
    paths_DW = np.stack(paths[::-1], 1)
    return [path[:length].tolist() for path, length in zip(paths_DW, lengths_D, strict=True)]


def sequence_loss(scores_BWT: Tensor, tags_BW: Tensor, is_word_BW: Tensor, steps: Tensor) -> Tensor:
    """Minus the log-likelihood of the tags, summed over rows; a word that is ``IGNORED`` may have any tag.

    Words stand first in their row. ``steps`` as in ``valid_steps``: (T + 1, T) for all rows, or (H, T + 1, T) where
    rows are of H heads in turn.
    """
    tags = scores_BWT.shape[-1]
    is_due_BWT = torch.nn.functional.one_hot(tags_BW.clamp(min=0), tags).bool() | (tags_BW == IGNORED)[..., None]
    due_BWT = scores_BWT.masked_fill(~is_due_BWT, FORBIDDEN)
    both_BWT = torch.cat([scores_BWT, due_BWT])  # all sequences, and those that are due, at one go
    is_word_BW = torch.cat([is_word_BW, is_word_BW])
    if steps.dim() > 2:  # noqa: PLR2004 - (H, T + 1, T)
        steps = steps.repeat(len(both_BWT) // len(steps), 1, 1)
    reached_BT = steps[..., -1, :] + both_BWT[:, 0]
    for word in range(1, int(is_word_BW.sum(1).max())):
        next_BT = torch.logsumexp(reached_BT[:, :, None] + steps[..., :-1, :], 1) + both_BWT[:, word]
        reached_BT = torch.where(is_word_BW[:, word, None], next_BT, reached_BT)
    every_B, due_B = torch.logsumexp(reached_BT, 1).chunk(2)
    return ((every_B - due_B) * is_word_BW[: len(every_B), 0]).sum()
