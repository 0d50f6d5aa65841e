"""The logits of windows → the tags of words → mentions: the same in scoring and in ``cowese tag``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark import iob_tags
from training.benchmark.decoding import Pooling
from training.benchmark.documents import Document, Mention
from training.benchmark.heads import Heads
from training.benchmark.task_type import Logits
from training.benchmark.transitions import FORBIDDEN, best_sequences
from training.benchmark.windows import Window, best_windows
from training.benchmark.word_split import split_words

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TagDecoding:
    """How tags are read off logits; see ``BenchmarkSettings``."""

    heads: Heads
    pooling: Pooling
    steps: Floats | None
    """(heads, tags + 1, tags); None: each word has its own best tag."""


def pooled(logits_BLT: Tensor, groups_BL: Tensor) -> Tensor:
    """At each token the mean of the logits over the tokens of its word."""
    of_BLT = groups_BL[..., None].expand(-1, -1, logits_BLT.shape[-1])
    return by_group(logits_BLT, groups_BL, "mean").gather(1, of_BLT)


def by_group(logits_BLT: Tensor, groups_BL: Tensor, pooling: Pooling) -> Tensor:
    """(B, groups + 1, T): of each word of a window, as ``Window.groups`` counts them; 0 is of no word."""
    batch, _, tags = logits_BLT.shape
    groups = int(groups_BL.max()) + 1
    weights_BL = torch.ones_like(logits_BLT[..., 0]) if pooling == "mean" else is_first(groups_BL).to(logits_BLT.dtype)
    of_BLT = groups_BL[..., None].expand(-1, -1, tags)
    sums_BGT = logits_BLT.new_zeros(batch, groups, tags).scatter_add(1, of_BLT, logits_BLT * weights_BL[..., None])
    tokens_BG = logits_BLT.new_zeros(batch, groups).scatter_add(1, groups_BL, weights_BL)
    return sums_BGT / tokens_BG.clamp(min=1)[..., None]


def is_first(groups_BL: Tensor) -> Tensor:
    """Whether a token is the first of its word."""
    changes_BL = F.pad(groups_BL[:, 1:] != groups_BL[:, :-1], (1, 0), value=True)
    return changes_BL & (groups_BL > 0)


def found_in(
    documents: Sequence[Document],
    cuts: Sequence[Sequence[Window]],
    logits: Logits,
    decoding: TagDecoding,
) -> dict[str, list[Mention]]:
    """The mentions of each document by its name, in order, from the logits of all windows in order."""
    words = [split_words(document.text) for document in documents]
    chosen = [best_windows(windows) for windows in cuts]
    pieces, begins = [], 0
    for windows in cuts:
        pairs = zip(logits[begins:], windows, strict=False)
        pieces.append([_of_words(one, window, decoding.pooling) for one, window in pairs])
        begins += len(windows)
    found: dict[str, list[Mention]] = {document.name: [] for document in documents}
    for head, tags in enumerate(decoding.heads.tags):
        outputs = slice(head * len(tags), (head + 1) * len(tags))
        rows = zip(words, chosen, pieces, strict=True)
        scores = [_scores(len(own), places, [one[:, outputs] for one in here], tags) for own, places, here in rows]
        if decoding.steps is None:
            paths = [one.argmax(1).tolist() for one in scores]
        else:
            paths = best_sequences(scores, decoding.steps[head])
        for document, own, path, places in zip(documents, words, paths, chosen, strict=True):
            found[document.name] += iob_tags.decode(own, _one_mention_a_token([tags[one] for one in path], places))
    return {name: sorted(mentions) for name, mentions in found.items()}


def _of_words(logits_LT: Floats, window: Window, pooling: Pooling) -> Floats:
    if pooling == "first":
        return logits_LT
    found: Tensor = pooled(torch.from_numpy(logits_LT)[None], torch.tensor(window.groups)[None])
    return found[0].numpy()


def _scores(words: int, places: dict[int, tuple[int, int]], logits: Sequence[Floats], labels: Sequence[str]) -> Floats:
    """(words, tags); outside where the model's tokenizer has no token for a word."""
    scores_WT = np.full((words, len(labels)), FORBIDDEN, np.float32)
    scores_WT[:, labels.index(iob_tags.OUTSIDE)] = 0
    for word, (window, place) in places.items():
        scores_WT[word] = logits[window][place]
    return scores_WT


def _one_mention_a_token(tags: list[str], places: dict[int, tuple[int, int]]) -> list[str]:
    """A token of two words says one mention, not two."""
    for word, place in places.items():
        if tags[word].startswith("B-") and places.get(word - 1) == place:
            tags[word] = f"I-{tags[word][2:]}"
    return iob_tags.repaired(tags)
