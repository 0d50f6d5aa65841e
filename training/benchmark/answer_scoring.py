"""Answers to questions scored: a piece of a text, or nothing where the text does not answer.

Figures are MLQA's (Lewis et al. 2020, mlqa_evaluation_v1.py): exact match and F1 of words after normalising, the best
over the right answers. Normalising lower-cases, takes out punctuation (it is not replaced by a blank) and Spanish
articles. Punctuation is every character of Unicode's categories P and the ASCII signs; other symbols stay.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from data.errors import InputError
from data.files import read_json, write_json
from training.benchmark.counts import Counts, figures_of
from training.benchmark.datasets import Splits
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question

_ARTICLES = re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b")
_COLUMNS = ("questions", "exact_match", "f1", "answerable", "answerable_f1")


class AnswerScoring:
    """Questions about texts."""

    selects: ClassVar[str] = "f1"
    labels: tuple[str, ...] = ()

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        del settings  # of no effect: nothing about answers depends on them
        self.splits: dict[str, list[Question]] = splits

    def judge(self, split: str, answers: Mapping[str, str]) -> Scores:
        """Exact match and F1, over all questions and over those that have an answer."""
        figures = figures_of(_COLUMNS, self.counts(split, answers).values.sum(0))
        return Scores(figures={name: round(float(value), 6) for name, value in figures.items()})

    def counts(self, split: str, answers: Mapping[str, str]) -> Counts:
        """Exact match and F1 of each question."""
        rows = []
        for question in self.splits[split]:
            exact, f1 = _judged(question, answers[question.name])
            has_answer = bool(question.answers)
            rows.append([1, exact, f1, has_answer, f1 * has_answer])
        return Counts(tuple(one.name for one in self.splits[split]), _COLUMNS, np.array(rows, np.float64))

    def samples(self, split: str, answers: Mapping[str, str], most: int) -> list[Sample]:
        """Questions that were not answered exactly."""
        wrong = [one for one in self.splits[split] if not _judged(one, answers[one.name])[0]]
        return [
            Sample(
                where=one.name,
                kind="answer",
                text=one.question,
                gold=" | ".join(dict.fromkeys(text for _, text in one.answers)),
                predicted=answers[one.name],
            )
            for one in wrong[:: -(-len(wrong) // most) or 1]
        ]

    def write(self, folder: Path, split: str, answers: Mapping[str, str]) -> None:
        """Write the answers by the questions' ids, as SQuAD's scorer reads them."""
        write_json(folder / f"{split}.json", answers)

    def read(self, folder: Path, split: str) -> dict[str, str]:
        """The answers by the questions' ids.

        Raises:
            InputError: a question has none.
        """
        path = folder / f"{split}.json"
        answers: dict[str, str] = read_json(path)
        missing = next((one for one in self.splits[split] if one.name not in answers), None)
        if missing is not None:
            raise InputError(f"{path}: no answer to {missing.name}. Is --data what was predicted on?")
        return answers

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {
            "documents": {split: len(questions) for split, questions in self.splits.items()},
            "unanswerable": {
                split: sum(not question.answers for question in questions) for split, questions in self.splits.items()
            },
        }


def normalized(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces."""
    kept = "".join(
        letter for letter in text.lower() if letter not in string.punctuation and unicodedata.category(letter)[0] != "P"
    )
    return " ".join(_ARTICLES.sub(" ", kept).split())


def _judged(question: Question, told: str) -> tuple[float, float]:
    right = [text for _, text in question.answers] or [""]
    return max(float(normalized(told) == normalized(one)) for one in right), max(_f1(told, one) for one in right)


def _f1(told: str, right: str) -> float:
    ours, theirs = normalized(told).split(), normalized(right).split()
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))
