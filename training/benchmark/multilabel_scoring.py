"""Several labels a text scored: micro and macro F1, and the share of texts with exactly their labels."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data.errors import InputError
from training.benchmark.counts import COUNTED, Counts, figures_of
from training.benchmark.datasets import Splits
from training.benchmark.label_scoring import SHOWN
from training.benchmark.row_predictions import read_predictions, write_predictions
from training.benchmark.rows import MultiRow
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.spans import rates

BY_LABEL = 200
"""Labels of which a result keeps figures, the commonest of the split."""
Answers = Sequence[tuple[str, ...]]
"""The labels of each row."""


class MultiLabelScoring:
    """Rows of labels and a text. A label that training lacks counts as missed."""

    selects: ClassVar[str] = "micro_f1"

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        self.labels = tuple(sorted({label for row in splits["train"] for label in row.label}))
        if not self.labels:
            few = f" Raise {settings.fewer.partition('=')[0]}." if settings.fewer else ""
            raise InputError(f"{splits['train'][0].place}: no training row has a label.{few}")
        self.splits: dict[str, list[MultiRow]] = splits

    def judge(self, split: str, answers: Answers) -> Scores:
        """Micro precision, recall and F1, macro F1 over the labels that are due or told, exact sets."""
        counts = self.counts(split, answers)
        figures = figures_of(counts.columns, counts.values.sum(0))
        due = Counter(label for row in self.splits[split] for label in row.label)
        marked = Counter(label for labels in answers for label in labels)
        right = Counter(
            label for row, told in zip(self.splits[split], answers, strict=True) for label in set(row.label) & set(told)
        )
        shown = [label for label, _ in (due | marked).most_common(BY_LABEL)]
        return Scores(
            figures={name: round(float(value), 6) for name, value in figures.items()},
            by_type={label: rates(right[label], marked[label], due[label]) for label in sorted(shown)},
        )

    def counts(self, split: str, answers: Answers) -> Counts:
        """Of each row what it adds to the counts over all labels, and to those of each label of training and split."""
        rows = self.splits[split]
        labels = sorted({label for row in rows for label in row.label} | set(self.labels))
        columns = ("sets", "sets/right", *(f"micro/{name}" for name in COUNTED))
        columns += tuple(f"label/{label}/{name}" for label in labels for name in COUNTED)
        place = {label: len(columns) - 3 * (len(labels) - number) for number, label in enumerate(labels)}
        values = np.zeros((len(rows), len(columns)))
        for number, (row, given) in enumerate(zip(rows, answers, strict=True)):
            due, told = set(row.label), set(given)
            values[number, :5] = 1, due == told, len(due & told), len(told), len(due)
            for label in due | told:
                at = place[label]
                values[number, at : at + 3] = label in due & told, label in told, label in due
        return Counts(tuple(row.name for row in rows), columns, values)

    def samples(self, split: str, answers: Answers, most: int) -> list[Sample]:
        """Texts with other labels than theirs."""
        wrong = [pair for pair in zip(self.splits[split], answers, strict=True) if set(pair[0].label) != set(pair[1])]
        return [
            Sample(
                where=row.name,
                kind="labels",
                text=" | ".join(row.texts)[:SHOWN],
                gold=", ".join(row.label),
                predicted=", ".join(told),
            )
            for row, told in wrong[:: -(-len(wrong) // most) or 1]
        ]

    def write(self, folder: Path, split: str, answers: Answers) -> None:
        """Write the labels told and due of each row, an object a line."""
        write_predictions(folder / f"{split}.jsonl", self.splits[split], [list(told) for told in answers])

    def read(self, folder: Path, split: str) -> list[tuple[str, ...]]:
        """The labels told of each row.

        Raises:
            InputError: other rows, or something that is no list of labels.
        """
        path = folder / f"{split}.jsonl"
        told = read_predictions(path, self.splits[split])
        if not all(isinstance(one, list) and set(one) <= set(self.labels) for one in told):
            raise InputError(f"{path}: a prediction is no list of labels that training has.")
        return [tuple(one) for one in told]

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        known = set(self.labels)
        return {
            "documents": {split: len(rows) for split, rows in self.splits.items()},
            "labels": len(self.labels),
            "labels_given": {split: sum(len(row.label) for row in rows) for split, rows in self.splits.items()},
            "unseen_labels": sum(label not in known for row in self.splits["test"] for label in row.label),
        }
