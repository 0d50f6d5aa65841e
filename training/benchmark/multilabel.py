"""Texts with any number of labels each: a probability a label, and one threshold, chosen on the development split."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark.classification import TextFeatures
from training.benchmark.datasets import Splits
from training.benchmark.decoding import TaskTypeName
from training.benchmark.finetune import TARGETS
from training.benchmark.models import Source
from training.benchmark.multilabel_scoring import MultiLabelScoring
from training.benchmark.rows import MultiRow
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.task_type import Logits
from training.benchmark.windows import Feature

Array = npt.NDArray[np.float64]


class MultiLabel:
    """Rows of labels and a text."""

    name: ClassVar[TaskTypeName] = "multilabel"
    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = MultiLabelScoring(splits, settings)
        self.threshold = 0.5
        """Of the last look at the development split."""
        texts = TextFeatures(self.scoring.splits, source, settings)
        self._cut = texts.cut_off
        self._features = texts.with_targets(self.scoring.splits, self._due)

    def _due(self, row: MultiRow) -> Feature:
        return {TARGETS: [float(label in row.label) for label in self.scoring.labels]}

    def attach(self, model: nn.Module) -> nn.Module:
        """The model, whose config says what the head is."""
        config: Any = model.config
        config.problem_type = "multi_label_classification"
        return model

    def features(self, split: str) -> list[Feature]:
        """A feature a text."""
        return self._features[split]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Binary cross entropy of each label."""
        due_BK = batch[TARGETS]
        loss = F.binary_cross_entropy_with_logits(outputs.logits.float(), due_BK, reduction="sum")
        return loss, due_BK.new_tensor(due_BK.numel())

    def logits(self, outputs: Any) -> Tensor:
        """(B, labels)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> list[tuple[str, ...]]:
        """The labels of each row."""
        del split
        return [given_labels(row, self.scoring.labels, self.threshold) for row in probabilities(logits)]

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split; the development split sets the threshold."""
        if split == "dev":
            due = np.array([feature[TARGETS] for feature in self._features["dev"]])
            self.threshold = best_threshold(probabilities(logits), due)
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {**self.scoring.about(), "cut_off": dict(self._cut)}


def probabilities(logits: Logits) -> Array:
    """(rows, labels)."""
    values: Array = expit(np.array(list(logits), np.float64))
    return values


def given_labels(row: Array, labels: tuple[str, ...], threshold: float) -> tuple[str, ...]:
    """The labels whose probability reaches the threshold."""
    return tuple(label for label, value in zip(labels, row, strict=True) if value >= threshold)


def best_threshold(told: Array, due: Array) -> float:
    """The threshold of the highest micro F1, half-way between two probabilities.

    >>> float(best_threshold(np.array([[0.9, 0.2], [0.6, 0.1]]), np.array([[1, 0], [1, 0]])))
    0.4
    """
    order = np.argsort(-told, axis=None, kind="stable")
    values, right = told.ravel()[order], np.cumsum(due.ravel()[order])
    f1 = 2 * right / (np.arange(1, len(values) + 1) + max(1.0, float(due.sum())))
    f1[:-1][values[:-1] == values[1:]] = -1  # equal probabilities cannot be cut apart
    best = int(np.argmax(f1))
    below = values[best + 1] if best + 1 < len(values) else 0.0
    return float(values[best] + below) / 2
