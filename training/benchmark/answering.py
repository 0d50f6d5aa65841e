"""Questions whose answer is a piece of a text, or that the text does not answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from training.benchmark.answer_scoring import AnswerScoring, normalized
from training.benchmark.datasets import Splits
from training.benchmark.decoding import KindName
from training.benchmark.documents import Fragment
from training.benchmark.kind import Logits
from training.benchmark.models import Source
from training.benchmark.scores import Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question
from training.benchmark.windows import Feature, Frame, spans_of

__all__ = ["Answering", "normalized"]
LONGEST_ANSWER = 30
"""Tokens."""
QUESTION_SHARE = 0.5
"""Of a window at most; a longer question is cut off."""
BEST = 20
"""Begins and ends of an answer that are tried with each other."""


@dataclass(frozen=True, slots=True)
class _Window:
    feature: Feature
    offsets: list[Fragment | None]
    """Where each token stands in the text; None for the question's and special ones."""


class Answering:
    """Questions about texts."""

    name: ClassVar[KindName] = "answering"
    auto: ClassVar[str] = "AutoModelForQuestionAnswering"

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self.scoring = AnswerScoring(splits, settings)
        self._may_be_silent = any(not question.answers for question in splits["train"])
        self._windows = {
            split: [_windows(question, source, settings) for question in questions]
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

    def answers(self, split: str, logits: Logits) -> dict[str, str]:
        """The answer to each question; empty where the text gives none."""
        told, begins = {}, 0
        for question, windows in zip(self.scoring.splits[split], self._windows[split], strict=True):
            here = logits[begins : begins + len(windows)]
            begins += len(windows)
            told[question.name] = _best(question.context, windows, here, may_be_silent=self._may_be_silent)
        return told

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split."""
        return self.scoring.judge(split, self.answers(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        windows = {split: sum(map(len, windows)) for split, windows in self._windows.items()}
        return {**self.scoring.about(), "windows": windows}


def _windows(question: Question, source: Source, settings: BenchmarkSettings) -> list[_Window]:
    """The question with each window of its text; a question longer than its share of a window is cut off."""
    assert settings.length is not None
    tokenizer, frame = source.tokenizer, Frame.of(source.tokenizer, 2)
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
        windows.append(_Window({**inputs, "begin": begin, "end": last}, offsets))
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
    context: str, windows: Sequence[_Window], logits: Sequence[npt.NDArray[np.float32]], *, may_be_silent: bool
) -> str:
    """The answer of the highest score over all windows; none where saying nothing scores higher in every window."""
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
    return "" if may_be_silent and silence > best else text
