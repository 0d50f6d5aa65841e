"""Questions whose answer is a piece of a text, or that the text does not answer.

Figures are MLQA's (Lewis et al. 2020, mlqa_evaluation_v1.py): exact match and F1 of words after normalising, the best
over the right answers. Normalising lower-cases, takes out punctuation (it is not replaced by a blank) and Spanish
articles. Punctuation is every character of Unicode's categories P and the ASCII signs; other symbols stay.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from data.files import write_json
from training.benchmark.datasets import Splits
from training.benchmark.documents import Fragment
from training.benchmark.kind import Logits
from training.benchmark.models import Source
from training.benchmark.scores import Sample, Scores
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question
from training.benchmark.windows import Feature, Frame, spans_of

LONGEST_ANSWER = 30
"""Tokens."""
QUESTION_SHARE = 0.5
"""Of a window at most; a longer question is cut off."""
BEST = 20
"""Begins and ends of an answer that are tried with each other."""
_ARTICLES = re.compile(r"\b(un|una|unos|unas|el|la|los|las)\b")


@dataclass(frozen=True, slots=True)
class _Window:
    feature: Feature
    offsets: list[Fragment | None]
    """Where each token stands in the text; None for the question's and special ones."""


class Answering:
    """Questions about texts."""

    auto: ClassVar[str] = "AutoModelForQuestionAnswering"
    selects: ClassVar[str] = "f1"
    labels: tuple[str, ...] = ()

    def __init__(self, splits: Splits, source: Source, settings: BenchmarkSettings) -> None:
        self._splits: dict[str, list[Question]] = splits
        self._may_be_silent = any(not question.answers for question in splits["train"])
        self._windows = {
            split: [_windows(question, source, settings) for question in questions]
            for split, questions in splits.items()
        }

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

    def judge(self, split: str, logits: Logits) -> Scores:
        """Exact match and F1, over all questions and over those that have an answer."""
        told = self._told(split, logits)
        judged = [_judged(question, told[question.name]) for question in self._splits[split]]
        with_answer = [one for one, question in zip(judged, self._splits[split], strict=True) if question.answers]
        return Scores(
            figures={
                "exact_match": round(float(np.mean([exact for exact, _ in judged])), 6),
                "f1": round(float(np.mean([f1 for _, f1 in judged])), 6),
                "answerable_f1": round(float(np.mean([f1 for _, f1 in with_answer])), 6) if with_answer else 0.0,
            }
        )

    def samples(self, split: str, logits: Logits, most: int) -> list[Sample]:
        """Questions that were not answered exactly."""
        told = self._told(split, logits)
        wrong = [one for one in self._splits[split] if not _judged(one, told[one.name])[0]]
        return [
            Sample(
                where=one.name,
                kind="answer",
                text=one.question,
                gold=" | ".join(dict.fromkeys(text for _, text in one.answers)),
                predicted=told[one.name],
            )
            for one in wrong[:: -(-len(wrong) // most) or 1]
        ]

    def write(self, folder: Path, split: str, logits: Logits) -> None:
        """Write the answers by the questions' ids, as SQuAD's scorer reads them."""
        write_json(folder / f"{split}.json", self._told(split, logits))

    def about(self) -> dict[str, Any]:
        """Counts of the data."""
        return {
            "documents": {split: len(questions) for split, questions in self._splits.items()},
            "unanswerable": {
                split: sum(not question.answers for question in questions) for split, questions in self._splits.items()
            },
            "windows": {split: sum(map(len, windows)) for split, windows in self._windows.items()},
        }

    def _told(self, split: str, logits: Logits) -> dict[str, str]:
        told, begins = {}, 0
        for question, windows in zip(self._splits[split], self._windows[split], strict=True):
            here = logits[begins : begins + len(windows)]
            begins += len(windows)
            told[question.name] = _best(question.context, windows, here, may_be_silent=self._may_be_silent)
        return told


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
