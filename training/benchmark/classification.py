"""Texts to classify: one label each. A text longer than the model was trained at is cut off, and counted."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark.datasets import Splits
from training.benchmark.decoding import KindName
from training.benchmark.kind import Logits
from training.benchmark.label_scoring import LabelScoring
from training.benchmark.models import Source
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.windows import INPUTS, Feature


class Classification:
    """Rows of label and text, or label and a pair of texts."""

    name: ClassVar[KindName] = "classification"
    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = LabelScoring(splits, settings)
        number = {label: at for at, label in enumerate(self.scoring.labels)}
        self._cut = Counter[str]()
        self._features = {}
        for split, rows in self.scoring.splits.items():
            texts = [list(column) for column in zip(*(row.texts for row in rows), strict=True)]
            encoded = source.tokenizer(*texts, truncation="longest_first", max_length=settings.length)
            whole = source.tokenizer(*texts, truncation=False, verbose=False)["input_ids"]
            self._cut[split] = sum(len(ids) > len(cut) for ids, cut in zip(whole, encoded["input_ids"], strict=True))
            inputs = [name for name in INPUTS if name in encoded]
            self._features[split] = [
                {**{name: list(encoded[name][at]) for name in inputs}, "label": number[row.label]}
                for at, row in enumerate(rows)
            ]

    def attach(self, model: nn.Module) -> nn.Module:
        """The model as it is: nothing is learnt beside it."""
        return model

    def features(self, split: str) -> list[Feature]:
        """A feature a text."""
        return self._features[split]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Cross entropy."""
        labels_B = batch["label"]
        return F.cross_entropy(outputs.logits.float(), labels_B, reduction="sum"), labels_B.new_tensor(len(labels_B))

    def logits(self, outputs: Any) -> Tensor:
        """(B, labels)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> list[str]:
        """The label of each row."""
        del split
        return [self.scoring.labels[int(np.argmax(one))] for one in logits]

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split."""
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {**self.scoring.about(), "cut_off": dict(self._cut)}
