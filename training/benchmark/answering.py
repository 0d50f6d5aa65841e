"""Questions whose answer is a piece of a text, or that the text does not answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark.answer_scoring import Answers, AnswerScoring, normalized
from training.benchmark.datasets import Splits
from training.benchmark.decoding import TaskTypeName
from training.benchmark.documents import Fragment
from training.benchmark.models import Source
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question
from training.benchmark.task_type import Logits
from training.benchmark.windows import Feature, Frame, spans_of

__all__ = ["Answering", "normalized"]
LONGEST_ANSWER = 30
"""Tokens."""
QUESTION_SHARE = 0.5
"""Of a window at most; a longer question is cut off."""
_ODDS = 1e6
"""Bound of a difference of scores; a text without a token has no answer to compare with."""
BEST = 20
"""Begins and ends of an answer that are tried with each other."""


@dataclass(frozen=True, slots=True)
class QuestionWindow:
    """A question with a piece of its text."""

    feature: Feature
    offsets: list[Fragment | None]
    """Where each token stands in the text; None for the question's and special ones."""


class Answering:
    """Questions about texts."""

    name: ClassVar[TaskTypeName] = "answering"
    auto: ClassVar[str] = "AutoModelForQuestionAnswering"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = AnswerScoring(splits, settings)
        silent = any(not question.answers for question in splits["train"])
        self.threshold: float | None = 0.0 if silent else None
        """Of the last look at the development split; None where training has an answer to every question."""
        self._windows = {
            split: [windows_of_question(question, source, settings) for question in questions]
            for split, questions in splits.items()
        }

    def attach(self, model: nn.Module) -> nn.Module:
        """The model as it is: nothing is learnt beside it."""
        return model

    def features(self, split: str) -> list[Feature]:
        """All windows of a split; one without the whole answer has it at its first token."""
        return [window.feature for windows in self._windows[split] for window in windows]

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Cross entropy of the begin and of the end, their mean."""
        begin = F.cross_entropy(outputs.start_logits.float(), batch["begin"], reduction="sum")
        end = F.cross_entropy(outputs.end_logits.float(), batch["end"], reduction="sum")
        return (begin + end) / 2, batch["begin"].new_tensor(len(batch["begin"]))

    def logits(self, outputs: Any) -> Tensor:
        """(B, L, 2)."""
        return torch.stack([outputs.start_logits, outputs.end_logits], -1)

    def answers(self, split: str, logits: Logits) -> Answers:
        """The answer to each question; empty where the text gives none."""
        return told_of(self.scoring.splits[split], self._windows[split], logits, self.threshold)

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split; the development split sets the threshold."""
        if split == "dev" and self.threshold is not None:
            self.threshold = self.scoring.threshold(split, self.answers(split, logits))
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        windows = {split: sum(map(len, windows)) for split, windows in self._windows.items()}
        return {**self.scoring.about(), "windows": windows}


def told_of(
    questions: Sequence[Question], cuts: Sequence[Sequence[QuestionWindow]], logits: Logits, threshold: float | None
) -> Answers:
    """The answers to questions from the logits of all their windows in order."""
    told, spans, odds, begins = {}, {}, {}, 0
    for question, windows in zip(questions, cuts, strict=True):
        here = logits[begins : begins + len(windows)]
        begins += len(windows)
        text, above = _best(question.context, windows, here)
        spans[question.name], odds[question.name] = text, above
        told[question.name] = "" if threshold is not None and above > threshold else text
    return Answers(told, spans, odds)


def windows_of_question(question: Question, source: Source, settings: BenchmarkSettings) -> list[QuestionWindow]:
    """The question with each window of its text; a question longer than its share of a window is cut off."""
    assert settings.length is not None
    tokenizer, frame = source.tokenizer, Frame.from_tokenizer(source.tokenizer, 2)
    asked = tokenizer(question.question, add_special_tokens=False, verbose=False)["input_ids"]
    asked = asked[: int(settings.length * QUESTION_SHARE)]
    encoded = tokenizer(question.context, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids, spans = encoded["input_ids"], encoded["offset_mapping"]
    room = settings.length - frame.special - len(asked)
    first = frame.slots[1] - 1 + len(asked)
    windows = []
    for start, end in spans_of(len(ids), room, int(settings.length * settings.overlap / 2)):
        inputs = frame.filled(asked, ids[start:end])
        offsets: list[Fragment | None] = [None] * len(inputs["input_ids"])
        offsets[first : first + end - start] = [tuple(span) for span in spans[start:end]]
        begin, last = _answer(offsets, question.answers[0][0] if question.answers else None)
        windows.append(QuestionWindow({**inputs, "begin": begin, "end": last}, offsets))
    return windows


def _answer(offsets: Sequence[Fragment | None], answer: Fragment | None) -> tuple[int, int]:
    """The first and last token of an answer; (0, 0) where the window does not hold all of it."""
    if answer is None:
        return 0, 0
    inside = [place for place, span in enumerate(offsets) if span and span[0] < answer[1] and span[1] > answer[0]]
    if not inside:
        return 0, 0
    first, last = offsets[inside[0]], offsets[inside[-1]]
    whole = first is not None and last is not None and first[0] <= answer[0] and last[1] >= answer[1]
    return (inside[0], inside[-1]) if whole else (0, 0)


def _best(
    context: str, windows: Sequence[QuestionWindow], logits: Sequence[npt.NDArray[np.float32]]
) -> tuple[str, float]:
    """The answer of the highest score over all windows, and how much higher saying nothing scores in every window."""
    best, silence, text = -np.inf, np.inf, ""
    for window, scores in zip(windows, logits, strict=True):
        silence = min(silence, float(scores[0].sum()))
        places = np.array([place for place, span in enumerate(window.offsets) if span and span[1] > span[0]])
        if not len(places):
            continue
        begins = places[np.argsort(-scores[places, 0])[:BEST]]
        ends = places[np.argsort(-scores[places, 1])[:BEST]]
        for begin in begins:
            for end in ends[(ends >= begin) & (ends < begin + LONGEST_ANSWER)]:
                score = float(scores[begin, 0] + scores[end, 1])
                first, last = window.offsets[begin], window.offsets[end]
                if score > best and first and last:
                    best, text = score, context[first[0] : last[1]]
    return text, round(float(np.clip(silence - best, -_ODDS, _ODDS)), 6)
