"""Finding mentions: a tag for each word.

In a vocabulary of 8,000 entries two thirds of a drug's words are two tokens or more. The first one alone has to gather
all that the others say; the mean of their logits (``pooling``) is given it. Ács et al. 2021 compare such poolings.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark import flat
from training.benchmark.datasets import Splits
from training.benchmark.decoding import KindName
from training.benchmark.documents import Document, Mention
from training.benchmark.kind import Logits
from training.benchmark.mention_scoring import MentionScoring
from training.benchmark.models import Source
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.windows import Feature, Window, windows_of
from training.benchmark.word_tags import TagDecoding, found_in, pooled
from training.benchmark.words import words_of


class Tagging:
    """Documents in windows, a tag for each word: at its first token, or from the mean of its tokens."""

    name: ClassVar[KindName] = "tagging"
    auto: ClassVar[str] = "AutoModelForTokenClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = MentionScoring(splits, settings)
        self._decoding = TagDecoding(settings.pooling or "first", settings.transitions)
        self._windows = {
            split: [cut(document, source.tokenizer, settings) for document in documents]
            for split, documents in splits.items()
        }

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
        """Cross entropy of each word."""
        labels_BL, logits_BLT = batch["labels"], outputs.logits.float()
        if self._decoding.pooling == "mean":
            logits_BLT = pooled(logits_BLT, batch["groups"])
        loss = F.cross_entropy(
            logits_BLT.flatten(0, 1), labels_BL.flatten(), ignore_index=flat.IGNORED, reduction="sum"
        )
        return loss, (labels_BL != flat.IGNORED).sum()

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> dict[str, list[Mention]]:
        """The mentions of each document."""
        documents, windows = self.scoring.splits[split], self._windows[split]
        return found_in(documents, windows, logits, self.scoring.labels, self._decoding)

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
