"""Answers to questions scored: a piece of a text, or nothing where the text does not answer.

Figures are MLQA's (Lewis et al. 2020, mlqa_evaluation_v1.py): exact match and F1 of words after normalising, the best
over the right answers. Normalising lower-cases, takes out punctuation (it is not replaced by a blank) and Spanish
articles. Punctuation is every character of Unicode's categories P and the ASCII signs; other symbols stay.

Where some questions have no answer in their text there are SQuAD 2's further figures: the same over the questions with
an answer (HasAns) and without (NoAns), and exact match and F1 at the threshold that is best on the very split that is
scored (best_exact, best_f1), which no one knows beforehand. Our own answers use a threshold of the development split.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from data.errors import InputError
from data.files import read_json, write_json
from training.benchmark.counts import Counts, figures_of
from training.benchmark.datasets import Splits
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question

Array = npt.NDArray[np.float64]
_ARTICLES = re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b")
_COLUMNS = ("questions", "exact_match", "f1", "answerable", "answerable_f1")
_SILENT = ("answerable_exact", "unanswerable", "unanswerable_exact")
_BEST = ("best_exact", "best_f1")


class Answers(dict[str, str]):
    """The answer to each question by its name, and what was behind it."""

    spans: Mapping[str, str]
    """The best piece of the text, also where nothing was answered."""
    odds: Mapping[str, float]
    """How much higher than that piece saying nothing scores."""

    def __init__(self, told: Mapping[str, str], spans: Mapping[str, str], odds: Mapping[str, float]) -> None:
        super().__init__(told)
        self.spans, self.odds = spans, odds


class AnswerScoring:
    """Questions about texts."""

    selects: ClassVar[str] = "f1"
    labels: tuple[str, ...] = ()

    def __init__(self, splits: Splits, settings: BenchmarkSettings) -> None:
        del settings  # of no effect: nothing about answers depends on them
        self.splits: dict[str, list[Question]] = splits
        self.may_be_silent = any(not question.answers for questions in splits.values() for question in questions)

    def judge(self, split: str, answers: Mapping[str, str]) -> Scores:
        """Exact match and F1, over all questions and over those that have an answer."""
        counts = self.counts(split, answers)
        figures = figures_of(counts.columns, counts.values.sum(0))
        return Scores(figures={name: round(float(value), 6) for name, value in figures.items()})

    def counts(self, split: str, answers: Mapping[str, str]) -> Counts:
        """Exact match and F1 of each question."""
        questions = self.splits[split]
        judged = np.array([_judged(one, answers[one.name]) for one in questions], np.float64).reshape(-1, 2)
        has_answer = np.array([bool(one.answers) for one in questions], np.float64)
        columns, values = list(_COLUMNS), [np.ones(len(questions)), *judged.T, has_answer, judged[:, 1] * has_answer]
        if self.may_be_silent:
            columns += _SILENT
            values += [judged[:, 0] * has_answer, 1 - has_answer, judged[:, 0] * (1 - has_answer)]
            if isinstance(answers, Answers):
                columns += _BEST
                values += [*self._best(questions, answers).T]
        return Counts(tuple(one.name for one in questions), tuple(columns), np.stack(values, 1))

    def _best(self, questions: list[Question], answers: Answers) -> Array:
        """Exact match and F1 of each question, each at its own best threshold on this split."""
        spoken = np.array([_judged(one, answers.spans[one.name]) for one in questions])
        silent = np.array([_judged(one, "") for one in questions])
        odds = np.array([answers.odds[one.name] for one in questions])
        columns = []
        for figure in range(2):
            threshold = best_threshold(odds, spoken[:, figure], silent[:, figure])
            columns.append(np.where(odds > threshold, silent[:, figure], spoken[:, figure]))
        return np.stack(columns, 1)

    def threshold(self, split: str, answers: Answers) -> float:
        """The threshold of the highest F1 on a split."""
        questions = self.splits[split]
        spoken = np.array([_judged(one, answers.spans[one.name])[1] for one in questions])
        silent = np.array([_judged(one, "")[1] for one in questions])
        return best_threshold(np.array([answers.odds[one.name] for one in questions]), spoken, silent)

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
        """Write the answers by the questions' ids, as SQuAD's scorer reads them, and what was behind them."""
        write_json(folder / f"{split}.json", dict(answers))
        if isinstance(answers, Answers):
            write_json(folder / f"{split}.spans.json", dict(answers.spans))
            write_json(folder / f"{split}.null_odds.json", dict(answers.odds))

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
        spans, odds = folder / f"{split}.spans.json", folder / f"{split}.null_odds.json"
        if spans.is_file() and odds.is_file():
            return Answers(answers, read_json(spans), read_json(odds))
        return answers

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {
            "documents": {split: len(questions) for split, questions in self.splits.items()},
            "unanswerable": {
                split: sum(not question.answers for question in questions) for split, questions in self.splits.items()
            },
        }


def best_threshold(odds: Array, spoken: Array, silent: Array) -> float:
    """The odds above which nothing should be said, where each question's figure is known for both.

    >>> best_threshold(np.array([-2.0, 1.0, 3.0]), np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
    2.0
    """
    order = np.argsort(odds, kind="stable")
    values = odds[order]
    sums = silent.sum() + np.concatenate([[0.0], np.cumsum((spoken - silent)[order])])
    cuts = [-np.inf, *((values[1:] + values[:-1]) / 2), np.inf]
    may_cut = np.concatenate([[True], values[1:] > values[:-1], [True]])
    best = int(np.argmax(np.where(may_cut, sums, -np.inf)))
    low, high = values[0] - 1, values[-1] + 1
    return float(np.clip(cuts[best], low, high))


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
