"""Scores of texts scored: Pearson's and Spearman's correlation with those that are due."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from data.errors import InputError
from training.benchmark.counts import SUMS, Counts, figures_of
from training.benchmark.datasets import Splits
from training.benchmark.label_scoring import SHOWN
from training.benchmark.row_predictions import read_predictions, write_predictions
from training.benchmark.rows import ScoreRow
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings

Array = npt.NDArray[np.float64]


class ScoreScoring:
    """Rows of a score and texts."""

    selects: ClassVar[str] = "pearson"
    labels: tuple[str, ...] = ("score",)

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        few = f" Raise {settings.fewer.partition('=')[0]}." if settings.fewer else ""
        for split, rows in splits.items():
            if len({row.label for row in rows}) < 2:  # noqa: PLR2004 - a correlation needs two
                raise InputError(f"{rows[0].place}: all scores of the {split} split are {rows[0].label:g}.{few}")
        self.splits: dict[str, list[ScoreRow]] = splits

    def judge(self, split: str, answers: Sequence[float]) -> Scores:
        """Both correlations."""
        counts = self.counts(split, answers)
        figures = figures_of(counts.columns, counts.values.sum(0))
        return Scores(figures={name: round(float(value), 6) for name, value in figures.items()})

    def counts(self, split: str, answers: Sequence[float]) -> Counts:
        """Of each row the products that correlations are made of; ranks are those in the whole split."""
        rows = self.splits[split]
        due, told = np.array([row.label for row in rows]), np.array(answers, np.float64)
        values = np.concatenate([_products(due, told), _products(rankdata(due), rankdata(told))], 1)
        columns = tuple(f"{of}/{name}" for of in ("score", "rank") for name in SUMS)
        return Counts(tuple(row.name for row in rows), columns, values)

    def samples(self, split: str, answers: Sequence[float], most: int) -> list[Sample]:
        """The rows whose scores are farthest off."""
        pairs = sorted(zip(self.splits[split], answers, strict=True), key=lambda pair: -abs(pair[0].label - pair[1]))
        return [
            Sample(
                where=row.name, kind="score", text=" | ".join(row.texts)[:SHOWN], gold=f"{row.label:g}",
                predicted=f"{told:.2f}",
            )
            for row, told in pairs[:most]
        ]  # fmt: skip

    def write(self, folder: Path, split: str, answers: Sequence[float]) -> None:
        """Write the score told and due of each row, an object a line."""
        write_predictions(folder / f"{split}.jsonl", self.splits[split], answers)

    def read(self, folder: Path, split: str) -> list[float]:
        """The score told of each row.

        Raises:
            InputError: other rows, or something that is no number.
        """
        path = folder / f"{split}.jsonl"
        told = read_predictions(path, self.splits[split])
        if not all(isinstance(one, int | float) for one in told):
            raise InputError(f"{path}: a prediction is no number.")
        return [float(one) for one in told]

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        scores = [row.label for row in self.splits["train"]]
        return {
            "documents": {split: len(rows) for split, rows in self.splits.items()},
            "scores": {"lowest": min(scores), "highest": max(scores)},
        }


def _products(due: Array, told: Array) -> Array:
    """(rows, 6), centred on the means, which changes no correlation and keeps digits."""
    x, y = due - due.mean(), told - told.mean()
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], 1)
