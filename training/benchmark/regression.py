"""Texts, or pairs of them, with a score each: one number of the head, its squared error."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from data.errors import InputError
from training.benchmark.classification import TextFeatures
from training.benchmark.datasets import Splits
from training.benchmark.decoding import TaskTypeName
from training.benchmark.models import Source
from training.benchmark.score_scoring import ScoreScoring
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.task_type import Logits
from training.benchmark.windows import Feature


class Regression:
    """Rows of a score and texts."""

    name: ClassVar[TaskTypeName] = "regression"
    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = ScoreScoring(splits, settings)
        texts = TextFeatures(self.scoring.splits, source, settings)
        self._cut = texts.cut_off
        self._features = texts.with_targets(self.scoring.splits, lambda row: {"score": row.label})
        scores = [row.label for row in self.scoring.splits["train"]]
        self._mean = sum(scores) / len(scores)

    def attach(self, model: nn.Module) -> nn.Module:
        """Let the head begin at the mean of the training scores, so that no step is spent on the way there.

        Raises:
            InputError: the model's head does not end in one number.
        """
        config: Any = model.config
        config.problem_type = "regression"
        heads = [part for part in model.modules() if isinstance(part, nn.Linear) and part.out_features == 1]
        if not heads or heads[-1].bias is None:
            raise InputError(f"{type(model).__name__}: its head does not end in one number, as scores need it.")
        with torch.no_grad():
            heads[-1].bias.fill_(self._mean)
        return model

    def features(self, split: str) -> list[Feature]:
        """A feature a text."""
        return self._features[split]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Squared error."""
        due_B = batch["score"].float()
        return F.mse_loss(outputs.logits.float().squeeze(-1), due_B, reduction="sum"), due_B.new_tensor(len(due_B))

    def logits(self, outputs: Any) -> Tensor:
        """(B, 1)."""
        logits: Tensor = outputs.logits
        return logits

    def answers(self, split: str, logits: Logits) -> list[float]:
        """The score of each row."""
        del split
        return [round(float(one[0]), 6) for one in logits]

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split."""
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {**self.scoring.about(), "cut_off": dict(self._cut)}
