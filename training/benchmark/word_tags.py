"""The logits of windows → the tags of words → mentions: the same in scoring and in ``cowese tag``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.benchmark import flat
from training.benchmark.decoding import Pooling, Transitions
from training.benchmark.documents import Document, Mention
from training.benchmark.kind import Logits
from training.benchmark.transitions import FORBIDDEN, best_sequences, valid_steps
from training.benchmark.windows import Window, best_windows
from training.benchmark.words import words_of

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TagDecoding:
    """How tags are read off logits; see ``BenchmarkSettings``."""

    pooling: Pooling
    transitions: Transitions


def pooled(logits_BLT: Tensor, groups_BL: Tensor) -> Tensor:
    """At each token the mean of the logits over the tokens of its word."""
    batch, length, tags = logits_BLT.shape
    of_BLT = groups_BL[..., None].expand(-1, -1, tags)
    sums_BGT = logits_BLT.new_zeros(batch, length + 1, tags).scatter_add(1, of_BLT, logits_BLT)
    tokens_BG = logits_BLT.new_zeros(batch, length + 1).scatter_add(1, groups_BL, torch.ones_like(logits_BLT[..., 0]))
    return (sums_BGT / tokens_BG.clamp(min=1)[..., None]).gather(1, of_BLT)


def found_in(
    documents: Sequence[Document],
    cuts: Sequence[Sequence[Window]],
    logits: Logits,
    labels: Sequence[str],
    decoding: TagDecoding,
) -> dict[str, list[Mention]]:
    """The mentions of each document by its name, from the logits of all windows in order."""
    words = [words_of(document.text) for document in documents]
    chosen = [best_windows(windows) for windows in cuts]
    scores, begins = [], 0
    for places, own, windows in zip(chosen, words, cuts, strict=True):
        here = [_of_words(one, window, decoding) for one, window in zip(logits[begins:], windows, strict=False)]
        begins += len(windows)
        scores.append(_scores(len(own), places, here, labels))
    if decoding.transitions == "valid":
        paths = best_sequences(scores, valid_steps(labels))
    else:
        paths = [one.argmax(1).tolist() for one in scores]
    return {
        document.name: flat.decode(own, _one_mention_a_token([labels[tag] for tag in path], places))
        for document, own, path, places in zip(documents, words, paths, chosen, strict=True)
    }


def _of_words(logits_LT: Floats, window: Window, decoding: TagDecoding) -> Floats:
    if decoding.pooling == "first":
        return logits_LT
    found: Tensor = pooled(torch.from_numpy(logits_LT)[None], torch.tensor(window.groups)[None])
    return found[0].numpy()


def _scores(words: int, places: dict[int, tuple[int, int]], logits: Sequence[Floats], labels: Sequence[str]) -> Floats:
    """(words, tags); outside where the model's tokenizer has no token for a word."""
    scores_WT = np.full((words, len(labels)), FORBIDDEN, np.float32)
    scores_WT[:, labels.index(flat.OUTSIDE)] = 0
    for word, (window, place) in places.items():
        scores_WT[word] = logits[window][place]
    return scores_WT


def _one_mention_a_token(tags: list[str], places: dict[int, tuple[int, int]]) -> list[str]:
    """A token of two words says one mention, not two."""
    for word, place in places.items():
        if tags[word].startswith("B-") and places.get(word - 1) == place:
            tags[word] = f"I-{tags[word][2:]}"
    return flat.repaired(tags)
