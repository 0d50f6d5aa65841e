"""Texts to classify: one label each. A text longer than the model was trained at is cut off, and counted."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from data.errors import InputError
from data.files import write_text
from training.benchmark.datasets import Splits, listed
from training.benchmark.kind import Logits
from training.benchmark.models import Source
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.spans import rates
from training.benchmark.tables import Row
from training.benchmark.windows import INPUTS, Feature

SHOWN = 400
"""Characters of a text that are shown."""


class Classification:
    """Rows of label and text, or label and a pair of texts."""

    auto: ClassVar[str] = "AutoModelForSequenceClassification"
    selects: ClassVar[str] = "macro_f1"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.labels = tuple(sorted({row.label for row in splits["train"]}))
        _refuse_labels(splits, self.labels, settings)
        self._splits: dict[str, list[Row]] = splits
        number = {label: at for at, label in enumerate(self.labels)}
        self._cut = Counter[str]()
        self._features = {}
        for split, rows in splits.items():
            texts = [list(column) for column in zip(*(row.texts for row in rows), strict=True)]
            encoded = source.tokenizer(*texts, truncation="longest_first", max_length=settings.length)
            whole = source.tokenizer(*texts, truncation=False, verbose=False)["input_ids"]
            self._cut[split] = sum(len(ids) > len(cut) for ids, cut in zip(whole, encoded["input_ids"], strict=True))
            inputs = [name for name in INPUTS if name in encoded]
            self._features[split] = [
                {**{name: list(encoded[name][at]) for name in inputs}, "label": number[row.label]}
                for at, row in enumerate(rows)
            ]

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

    def judge(self, split: str, logits: Logits) -> Scores:
        """Accuracy and the mean of the labels' F1."""
        gold, predicted = [row.label for row in self._splits[split]], self._predicted(logits)
        right = Counter(one for one, other in zip(gold, predicted, strict=True) if one == other)
        marked, due = Counter(predicted), Counter(gold)
        by_type = {label: rates(right[label], marked[label], due[label]) for label in self.labels}
        met = [by_type[label]["f1"] for label in self.labels if due[label] or marked[label]]
        table: dict[str, Counter[str]] = {}
        for one, other in zip(gold, predicted, strict=True):
            table.setdefault(one, Counter())[other] += 1
        return Scores(
            figures={"accuracy": round(right.total() / len(gold), 6), "macro_f1": round(float(np.mean(met)), 6)},
            by_type=by_type,
            confusion={row: dict(sorted(columns.items())) for row, columns in sorted(table.items())},
        )

    def samples(self, split: str, logits: Logits, most: int) -> list[Sample]:
        """Texts with another label than theirs."""
        rows = zip(self._splits[split], self._predicted(logits), strict=True)
        wrong = [(row, label) for row, label in rows if row.label != label]
        return [
            Sample(where=row.name, kind="label", text=" | ".join(row.texts)[:SHOWN], gold=row.label, predicted=label)
            for row, label in wrong[:: -(-len(wrong) // most) or 1]
        ]

    def write(self, folder: Path, split: str, logits: Logits) -> None:
        """Write predicted label, label and text of each row."""
        rows = zip(self._splits[split], self._predicted(logits), strict=True)
        lines = "".join("\t".join((label, row.label, *row.texts)) + "\n" for row, label in rows)
        write_text(folder / f"{split}.tsv", f"predicted\tlabel\ttext\n{lines}")

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {
            "documents": {split: len(rows) for split, rows in self._splits.items()},
            "types": list(self.labels),
            "cut_off": dict(self._cut),
        }

    def _predicted(self, logits: Logits) -> list[str]:
        return [self.labels[int(np.argmax(one))] for one in logits]


def _refuse_labels(splits: Splits, labels: tuple[str, ...], settings: BenchmarkSettings) -> None:
    """Refuse what cannot be learnt.

    Raises:
        InputError: one label alone, or a label that training does not have; names the file, the line and what to do.
    """
    few = settings.documents is not None
    if len(labels) < 2:  # noqa: PLR2004 - else there is nothing to tell apart
        remedy = "Raise benchmark.documents." if few else "The first column is the label, the second the text."
        file = splits["train"][0].place.rpartition(":")[0]
        raise InputError(f"{file}: only one label, {labels[0]}, in the training split: nothing to tell apart. {remedy}")
    unknown = [row for split in splits.values() for row in split if row.label not in labels]
    if unknown:
        remedy = "Raise benchmark.documents." if few else "Mend it, or give training such rows."
        others = len({row.label for row in unknown}) - 1
        more = f" (nor {others:,} other{'s' if others > 1 else ''})" if others else ""
        raise InputError(
            f"{unknown[0].place}: no training row has the label {unknown[0].label}{more}; they have {listed(labels)}. "
            f"{remedy}"
        )
