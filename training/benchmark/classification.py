"""Texts to classify, one label each. A text longer than the model was trained at is cut off, and counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark.datasets import Splits
from training.benchmark.decoding import TaskTypeName
from training.benchmark.label_scoring import LabelScoring
from training.benchmark.models import Source
from training.benchmark.rows import AnyRow
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.task_type import Logits
from training.benchmark.windows import INPUTS, Feature

Target = Callable[[Any], Feature]
"""What is due of a row, as its feature has it."""


class TextFeatures:
    """Rows of one text or two, encoded and cut off at the model's length."""

    def __init__(self, splits: Mapping[str, list[Any]], source: Source, settings: BenchmarkSettings) -> None:
        assert settings.length is not None
        self._encoded = {split: encode(rows, source, settings.length) for split, rows in splits.items()}
        self.cut_off = {split: cut for split, (_, cut) in self._encoded.items()}

    def with_targets(self, splits: Mapping[str, list[Any]], target: Target) -> dict[str, list[Feature]]:
        """The features of each split, with what is due."""
        return {
            split: [{**inputs, **target(row)} for inputs, row in zip(self._encoded[split][0], rows, strict=True)]
            for split, rows in splits.items()
        }


def encode(rows: list[AnyRow], source: Source, length: int) -> tuple[list[Feature], int]:
    """What a model is given of each row, and how many were cut off."""
    if not rows:
        return [], 0
    texts = [list(column) for column in zip(*(row.texts for row in rows), strict=True)]
    encoded = source.tokenizer(*texts, truncation="longest_first", max_length=length)
    whole = source.tokenizer(*texts, truncation=False, verbose=False)["input_ids"]
    cut = sum(len(ids) > len(some) for ids, some in zip(whole, encoded["input_ids"], strict=True))
    inputs = [name for name in INPUTS if name in encoded]
    return [{name: list(encoded[name][at]) for name in inputs} for at in range(len(rows))], cut


class Classification:
    """Rows of label and text, or label and a pair of texts."""

    name: ClassVar[TaskTypeName] = "classification"
    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = LabelScoring(splits, settings)
        number = {label: at for at, label in enumerate(self.scoring.labels)}
        texts = TextFeatures(self.scoring.splits, source, settings)
        self._cut = Counter(texts.cut_off)
        self._features = texts.with_targets(self.scoring.splits, lambda row: {"label": number[row.label]})

    def attach(self, model: nn.Module) -> nn.Module:
        """The model, whose config says what the head is."""
        config: Any = model.config
        config.problem_type = "single_label_classification"
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
