"""Finding mentions: a tag for each word.

In a vocabulary of 8,000 entries two thirds of a drug's words are two tokens or more. The first one alone has to gather
all that the others say; the mean of their logits (``pooling``) is given it. Ács et al. 2021 compare such poolings.
B windows, L tokens, O outputs, H heads, T tags of a head, W words, G groups of tokens.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark import iob_tags
from training.benchmark.datasets import Splits
from training.benchmark.decoding import Pooling, TaskTypeName
from training.benchmark.documents import Document, Mention
from training.benchmark.heads import Heads
from training.benchmark.mention_scoring import MentionScoring
from training.benchmark.models import Source
from training.benchmark.readout import AllLayers
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.task_type import Logits
from training.benchmark.transitions import STEPS, sequence_loss, valid_steps
from training.benchmark.windows import Feature, Window, windows_of
from training.benchmark.word_split import split_words
from training.benchmark.word_tags import Floats, TagDecoding, by_group, found_in, is_first, pooled


class Tagging:
    """Documents in windows, a tag for each word: at its first token, or from the mean of its tokens."""

    name: ClassVar[TaskTypeName] = "tagging"
    auto: ClassVar[str] = "AutoModelForTokenClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = MentionScoring(splits, settings)
        self._pooling: Pooling = settings.pooling or "first"
        self._transitions = settings.transitions or "none"
        self._readout = settings.readout or "last"
        self._learnt: Tensor | None = None
        self._windows = {
            split: [cut(document, source.tokenizer, settings) for document in documents]
            for split, documents in splits.items()
        }

    @property
    def heads(self) -> Heads:
        """What the outputs mean."""
        return self.scoring.heads

    def attach(self, model: nn.Module) -> nn.Module:
        """The model with a head for all layers, and with the scores of the steps between tags, where it has them."""
        if self._readout == "all":
            model = AllLayers(model)
        if self._transitions == "learnt":
            heads, tags = len(self.heads.tags), len(self.heads.tags[0])
            self._learnt = nn.Parameter(torch.zeros(heads, tags, tags, device=next(model.parameters()).device))
            model.register_parameter(STEPS, self._learnt)
        return model

    @property
    def steps(self) -> Floats | None:
        """What it is worth that a tag follows another, (heads, tags + 1, tags)."""
        if self._transitions == "none":
            return None
        steps = np.stack([valid_steps(tags) for tags in self.heads.tags])
        if self._learnt is not None:
            steps[:, :-1] += self._learnt.detach().cpu().numpy()
        return steps

    def features(self, split: str) -> list[Feature]:
        """All windows of a split."""
        documents = zip(self.scoring.splits[split], self._windows[split], strict=True)
        return [
            window.labelled(tags, len(self.heads.tags))
            for document, windows in documents
            for tags in (self.scoring.gold_tags(document),)
            for window in windows
        ]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Cross entropy of each word, of each window's sequence where steps are learnt; summed over heads.

        A word counts once, however many heads learn from it.
        """
        labels_BLH, logits_BLO = batch["labels"], outputs.logits.float()
        count = (labels_BLH != iob_tags.IGNORED).any(-1).sum()
        if self._learnt is not None:
            return self._sequence_loss(logits_BLO, labels_BLH, batch["groups"], self._learnt), count
        if self._pooling == "mean":
            logits_BLO = pooled(logits_BLO, batch["groups"])
        logits_NT = logits_BLO.reshape(-1, len(self.heads.tags[0]))
        return F.cross_entropy(logits_NT, labels_BLH.flatten(), ignore_index=iob_tags.IGNORED, reduction="sum"), count

    def _sequence_loss(self, logits_BLO: Tensor, labels_BLH: Tensor, groups_BL: Tensor, learnt: Tensor) -> Tensor:
        heads = labels_BLH.shape[-1]
        scores_BWO = by_group(logits_BLO, groups_BL, self._pooling)[:, 1:]
        tags_BGH = labels_BLH.new_full((len(labels_BLH), scores_BWO.shape[1] + 1, heads), iob_tags.IGNORED)
        row_N, token_N = is_first(groups_BL).nonzero(as_tuple=True)
        tags_BGH[row_N, groups_BL[row_N, token_N]] = labels_BLH[row_N, token_N]
        words_W = torch.arange(1, tags_BGH.shape[1], device=groups_BL.device)
        is_word_BW = words_W <= groups_BL.max(1).values[:, None]
        valid = torch.from_numpy(np.stack([valid_steps(tags)[:-1] for tags in self.heads.tags])).to(learnt.device)
        steps_HTT = F.pad(learnt + valid, (0, 0, 0, 1))  # any tag may begin a window: it may begin inside a mention
        return sequence_loss(
            scores_BWO.reshape(*scores_BWO.shape[:2], heads, -1).transpose(1, 2).flatten(0, 1),
            tags_BGH[:, 1:].transpose(1, 2).flatten(0, 1),
            is_word_BW.repeat_interleave(heads, 0),
            steps_HTT,
        )

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, tags of all heads)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> dict[str, list[Mention]]:
        """The mentions of each document."""
        documents, windows = self.scoring.splits[split], self._windows[split]
        return found_in(documents, windows, logits, TagDecoding(self.heads, self._pooling, self.steps))

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
    words = split_words(document.text)
    return windows_of(tokenizer, document.text, words, length=settings.length, overlap=overlap)
