"""Labels of texts scored: accuracy and the mean of the labels' F1."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data.errors import InputError
from data.files import write_text
from training.benchmark.brat import read_text
from training.benchmark.counts import COUNTED, Counts
from training.benchmark.datasets import Splits, listed
from training.benchmark.rows import Row
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.spans import rates

SHOWN = 400
"""Characters of a text that are shown."""
_HEAD = "predicted\tlabel\ttext"
_BREAKS = re.compile(r"[\t\n\r]+")


class LabelScoring:
    """Rows of label and text, or label and a pair of texts."""

    selects: ClassVar[str] = "macro_f1"

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        self.labels = tuple(sorted({row.label for row in splits["train"]}))
        _refuse_labels(splits, self.labels, settings)
        self.splits: dict[str, list[Row]] = splits

    def judge(self, split: str, answers: Sequence[str]) -> Scores:
        """Accuracy and macro F1, and the table of labels."""
        gold = [row.label for row in self.splits[split]]
        right = Counter(one for one, other in zip(gold, answers, strict=True) if one == other)
        marked, due = Counter(answers), Counter(gold)
        by_type = {label: rates(right[label], marked[label], due[label]) for label in self.labels}
        met = [by_type[label]["f1"] for label in self.labels if due[label] or marked[label]]
        table: dict[str, Counter[str]] = {}
        for one, other in zip(gold, answers, strict=True):
            table.setdefault(one, Counter())[other] += 1
        return Scores(
            figures={"accuracy": round(right.total() / len(gold), 6), "macro_f1": round(float(np.mean(met)), 6)},
            by_type=by_type,
            confusion={row: dict(sorted(columns.items())) for row, columns in sorted(table.items())},
        )

    def counts(self, split: str, answers: Sequence[str]) -> Counts:
        """Of each row whether it is right, and the counts of its label and of the predicted one."""
        rows = self.splits[split]
        columns = ("rows", "right", *(f"label/{label}/{name}" for label in self.labels for name in COUNTED))
        place = {name: number for number, name in enumerate(columns)}
        values = np.zeros((len(rows), len(columns)))
        for number, (row, told) in enumerate(zip(rows, answers, strict=True)):
            values[number, 0] = 1
            values[number, 1] = values[number, place[f"label/{row.label}/right"]] = row.label == told
            values[number, place[f"label/{told}/marked"]] = values[number, place[f"label/{row.label}/due"]] = 1
        return Counts(tuple(row.name for row in rows), columns, values)

    def samples(self, split: str, answers: Sequence[str], most: int) -> list[Sample]:
        """Texts with another label than theirs."""
        wrong = [pair for pair in zip(self.splits[split], answers, strict=True) if pair[0].label != pair[1]]
        return [
            Sample(where=row.name, kind="label", text=" | ".join(row.texts)[:SHOWN], gold=row.label, predicted=label)
            for row, label in wrong[:: -(-len(wrong) // most) or 1]
        ]

    def write(self, folder: Path, split: str, answers: Sequence[str]) -> None:
        """Write predicted label, label and text of each row."""
        rows = zip(self.splits[split], answers, strict=True)
        lines = "".join("\t".join((label, row.label, *map(_cell, row.texts))) + "\n" for row, label in rows)
        write_text(folder / f"{split}.tsv", f"{_HEAD}\n{lines}")

    def read(self, folder: Path, split: str) -> list[str]:
        """The predicted label of each row.

        Raises:
            InputError: another number of rows, other rows, or a label that training does not have.
        """
        path = folder / f"{split}.tsv"
        head, *lines = read_text(path, missing=f"{path}: no such file.").removesuffix("\n").split("\n")
        rows = self.splits[split]
        if head != _HEAD or len(lines) != len(rows):
            raise InputError(f"{path}: not the predictions of {len(rows):,} rows. Is --data what was predicted on?")
        answers = []
        for number, (row, line) in enumerate(zip(rows, lines, strict=True), 2):
            told, *rest = line.split("\t")
            if [*map(_cell, rest)] != [row.label, *map(_cell, row.texts)] or told not in self.labels:
                raise InputError(f"{path}:{number}: not the row of {row.place} with one of its labels.")
            answers.append(told)
        return answers

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {
            "documents": {split: len(rows) for split, rows in self.splits.items()},
            "types": list(self.labels),
        }


def _cell(text: str) -> str:
    """A text in one cell: the tables that are read have no tabs and line breaks in them, other forms may."""
    return _BREAKS.sub(" ", text)


def _refuse_labels(splits: Splits, labels: tuple[str, ...], settings: BenchmarkSettings) -> None:
    """Refuse what cannot be learnt.

    Raises:
        InputError: one label alone, or a label that training does not have; names the file, the line and what to do.
    """
    few = settings.fewer
    if len(labels) < 2:  # noqa: PLR2004 - else there is nothing to tell apart
        remedy = f"Raise {few.partition('=')[0]}." if few else "The first column is the label, the second the text."
        file = splits["train"][0].place.rpartition(":")[0]
        raise InputError(f"{file}: only one label, {labels[0]}, in the training split: nothing to tell apart. {remedy}")
    unknown = [row for split in splits.values() for row in split if row.label not in labels]
    if unknown:
        remedy = f"Raise {few.partition('=')[0]}." if few else "Mend it, or give training such rows."
        others = len({row.label for row in unknown}) - 1
        more = f" (nor {others:,} other{'s' if others > 1 else ''})" if others else ""
        raise InputError(
            f"{unknown[0].place}: no training row has the label {unknown[0].label}{more}; they have {listed(labels)}. "
            f"{remedy}"
        )
