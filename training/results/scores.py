"""Scores of a yes-or-no judgement, exact ones and those of BIOMEDTRA's card. N judged tokens."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = 200
"""Of the card's AUC (tf.metrics.auc as google-research/electra calls it)."""
EDGE = 1e-7
"""How far the first and the last threshold lie outside 0 and 1."""


@dataclass
class CardCounts:
    """Counts from which the card's figures follow; fed batch by batch.

    Accuracy, precision and recall count all tokens but pads, [CLS] and [SEP] too. The AUC counts pads as well, as
    negatives of probability 0, and is the trapezoid over 200 thresholds.
    """

    tokens: int = 0
    right: int = 0
    positives: int = 0
    flagged: int = 0
    caught: int = 0

    def __post_init__(self) -> None:
        self.above = np.zeros((2, THRESHOLDS), np.int64)

    def add(self, logits: NDArray[np.float32], replaced: NDArray[np.bool_], real: NDArray[np.bool_]) -> None:
        """Count one batch; the three have one shape."""
        flagged = (logits > 0) & real
        labels = replaced & real
        self.tokens += int(real.sum())
        self.right += int(((flagged == labels) & real).sum())
        self.positives += int(labels.sum())
        self.flagged += int(flagged.sum())
        self.caught += int((flagged & labels).sum())
        probability = np.where(real, 1 / (1 + np.exp(-logits.astype(np.float64))), 0.0)
        for row, chosen in enumerate((~labels, labels)):
            ranked = np.sort(probability[chosen])
            self.above[row] += len(ranked) - np.searchsorted(ranked, thresholds(), side="right")

    def add_counts(self, other: "CardCounts") -> None:
        """Add what was counted elsewhere."""
        for name in ("tokens", "right", "positives", "flagged", "caught"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.above += other.above

    def auc(self) -> float:
        """Area under the ROC curve through the thresholds."""
        false, true = (row / max(row[0], 1) for row in self.above)
        return float(-np.trapezoid(true, false))

    def figures(self) -> dict[str, float]:
        """The card's four figures."""
        return {
            "accuracy": self.right / max(self.tokens, 1),
            "precision": self.caught / max(self.flagged, 1),
            "recall": self.caught / max(self.positives, 1),
            "auc": self.auc(),
        }

    def baseline(self) -> dict[str, float]:
        """The same of a judge who calls every token original."""
        return {"accuracy": 1 - self.positives / max(self.tokens, 1), "precision": 0.0, "recall": 0.0, "auc": 0.5}


def thresholds() -> NDArray[np.float64]:
    """The card's thresholds, rising, (200,)."""
    return np.concatenate([[-EDGE], np.arange(1, THRESHOLDS - 1) / (THRESHOLDS - 1), [1 + EDGE]])


def exact_scores(scores_N: NDArray[np.float32], labels_N: NDArray[np.bool_]) -> dict[str, float]:
    """AUC and average precision over every distinct score, and F1 of ``score > 0``."""
    order_N = np.argsort(-scores_N, kind="stable")
    ranked_N, hits_N = scores_N[order_N], labels_N[order_N]
    ends = np.append(np.flatnonzero(ranked_N[1:] != ranked_N[:-1]), len(ranked_N) - 1)
    true = np.concatenate([[0], np.cumsum(hits_N)[ends]])
    seen = np.concatenate([[0], ends + 1])
    false = seen - true
    positives, negatives = int(true[-1]), int(false[-1])
    flagged = scores_N > 0
    caught = int((flagged & labels_N).sum())
    return {
        "auc": float(np.trapezoid(true, false) / max(positives * negatives, 1)),
        "average_precision": float((np.diff(true) / max(positives, 1) * (true[1:] / seen[1:])).sum()),
        "f1": 2 * caught / max(int(flagged.sum()) + positives, 1),
    }
