"""Finding mentions: a tag for each word.

In a vocabulary of 8,000 entries two thirds of a drug's words are two tokens or more. The first one alone has to gather
all that the others say; the mean of their logits (``pooling``) is given it. Ács et al. 2021 compare such poolings.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark import flat
from training.benchmark.datasets import Splits
from training.benchmark.decoding import KindName, Pooling
from training.benchmark.documents import Document, Mention
from training.benchmark.heads import Heads
from training.benchmark.kind import Logits
from training.benchmark.mention_scoring import MentionScoring
from training.benchmark.models import Source
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.windows import Feature, Window, best_windows, windows_of
from training.benchmark.words import words_of


class Tagging:
    """Documents in windows, a tag for each word: at its first token, or from the mean of its tokens."""

    name: ClassVar[KindName] = "tagging"
    auto: ClassVar[str] = "AutoModelForTokenClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = MentionScoring(splits, settings)
        self._pooling = settings.pooling or "first"
        self._windows = {
            split: [cut(document, source.tokenizer, settings) for document in documents]
            for split, documents in splits.items()
        }

    @property
    def labels(self) -> tuple[str, ...]:
        """Tags, with a head a type those of each type."""
        return self.scoring.heads.labels

    def prepare(self, model: Any) -> None:
        """Nothing: the head is ready as it is."""

    def features(self, split: str) -> list[Feature]:
        """All windows of a split."""
        documents = zip(self.scoring.splits[split], self._windows[split], strict=True)
        return [
            window.labelled(tags)
            for document, windows in documents
            for tags in (self.scoring.gold_tags(document),)
            for window in windows
        ]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Cross entropy of each word; with a head a type the sum over the types."""
        labels, logits = batch["labels"], outputs.logits.float()
        if self._pooling == "mean":
            logits = pooled(logits, batch["groups"])
        by_type = self.scoring.heads.by_type
        logits = logits.unflatten(-1, (labels.shape[-1], -1)) if by_type else logits
        loss = F.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=flat.IGNORED, reduction="sum")
        is_due = labels != flat.IGNORED
        return loss, (is_due.any(-1) if by_type else is_due).sum()

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> dict[str, list[Mention]]:
        """The mentions of each document."""
        documents, windows = self.scoring.splits[split], self._windows[split]
        return found_in(documents, windows, logits, self.scoring.heads, self.labels, self._pooling)

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split."""
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        windows = {split: sum(map(len, windows)) for split, windows in self._windows.items()}
        return {**self.scoring.about(), "windows": windows}


def cut(document: Document, tokenizer: Any, settings: BenchmarkSettings) -> list[Window]:
    """A document in windows of the settings' length."""
    assert settings.length is not None
    overlap = int(settings.length * settings.overlap)
    words = words_of(document.text)
    return windows_of(tokenizer, document.text, words, length=settings.length, overlap=overlap)


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
    heads: Heads,
    labels: Sequence[str],
    pooling: Pooling,
) -> dict[str, list[Mention]]:
    """The sorted mentions of each document by its name, from all windows' logits; ``labels`` name the outputs."""
    found, begins = {}, 0
    for document, windows in zip(documents, cuts, strict=True):
        here = logits[begins : begins + len(windows)]
        if pooling == "mean":
            here = [_pooled(each, window.groups) for each, window in zip(here, windows, strict=True)]
        begins += len(windows)
        words = words_of(document.text)
        columns = _tags(len(words), windows, here, heads, labels)
        found[document.name] = sorted(mention for tags in columns for mention in flat.decode(words, tags))
    return found


def _pooled(logits_LT: npt.NDArray[np.float32], groups: Sequence[int]) -> npt.NDArray[np.float32]:
    """As ``pooled``, of one window."""
    found: Tensor = pooled(torch.from_numpy(logits_LT)[None], torch.tensor(groups)[None])
    return found[0].numpy()


def _tags(
    words: int,
    windows: Sequence[Window],
    logits: Sequence[npt.NDArray[np.float32]],
    heads: Heads,
    labels: Sequence[str],
) -> list[list[str]]:
    """The tags of all words, a list a group of heads; outside where the model's tokenizer has no token for one."""
    columns = [[flat.OUTSIDE] * words for _ in heads.groups]
    before: tuple[int, int] | None = None
    for word, place in sorted(best_windows(windows).items()):
        for tags, tag in zip(columns, heads.tags(logits[place[0]][place[1]], labels), strict=True):
            shares = before == place and tag.startswith("B-")
            tags[word] = f"I-{tag[2:]}" if shares else tag  # a token of two words says one mention, not two
        before = place
    return [flat.repaired(tags) for tags in columns]
