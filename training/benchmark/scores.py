"""Figures of one seed and of several."""

import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

_ORDER = (
    "exact_precision", "exact_recall", "exact_f1", "seqeval_precision", "seqeval_recall", "seqeval_f1",
    "micro_precision", "micro_recall", "micro_f1", "accuracy", "macro_f1", "subset_accuracy", "pearson", "spearman",
    "exact_match", "precision", "recall", "f1", "answerable_exact", "answerable_f1", "unanswerable_exact", "best_exact",
    "best_f1", "support",
)  # fmt: skip
"""Of figures as people read them; a result's file has them by name."""


class Scores(BaseModel):
    """One model on one split."""

    model_config = ConfigDict(frozen=True)

    figures: dict[str, float]
    by_type: dict[str, dict[str, float]] = {}
    """Precision, recall, F1 and support of each type or label."""
    confusion: dict[str, dict[str, int]] = {}
    """Gold → predicted."""
    errors: dict[str, int] = {}
    """How many mentions went wrong in which way."""


class Epoch(BaseModel):
    """One point of the curve."""

    model_config = ConfigDict(frozen=True)

    epoch: int
    loss: float
    """Mean of the training loss over the epoch."""
    dev: dict[str, float]
    seconds: float


class Sample(BaseModel):
    """One prediction, to be looked at."""

    model_config = ConfigDict(frozen=True)

    where: str
    kind: str
    before: str = ""
    text: str
    after: str = ""
    gold: str
    predicted: str


class SeedResult(BaseModel):
    """A fine-tuned model's figures: those of the epoch that was best on the development set."""

    model_config = ConfigDict(frozen=True)

    seed: int
    best_epoch: int
    curve: list[Epoch]
    dev: Scores
    test: Scores
    samples: list[Sample]
    device: str
    seconds: float


def mean(values: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each figure."""
    return {name: round(statistics.fmean(one[name] for one in values), 6) for name in _names(values)}


def deviation(values: Sequence[dict[str, float]]) -> dict[str, float]:
    """The sample standard deviation of each figure; nothing for fewer than two seeds."""
    if len(values) < 2:  # noqa: PLR2004 - a spread needs two
        return {}
    return {name: round(statistics.stdev(one[name] for one in values), 6) for name in _names(values)}


def _names(values: Sequence[dict[str, float]]) -> list[str]:
    return sorted(values[0], key=_ORDER.index) if values else []
