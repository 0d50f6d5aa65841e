"""``cowese predict``: labels, scores and answers for new texts by a fine-tuned model, as JSON lines.

It encodes and decodes as scoring does, so that on the test split it says what ``predictions/`` holds.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from data.errors import InputError
from data.files import write_text
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark.answering import told_of, windows_of_question
from training.benchmark.classification import Classification, encode
from training.benchmark.decoding import Decoding, TaskTypeName
from training.benchmark.finetune import predict as logits_of
from training.benchmark.keeping import find_kept
from training.benchmark.models import Source, load_source
from training.benchmark.multilabel import given_labels, probabilities
from training.benchmark.new_rows import NewRow, read_new_rows
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question
from training.benchmark.task_type import Logits
from training.runs.distributed import choose_device
from training.runs.threads import choose_threads

BLOCK = 1_000
"""Rows that are encoded and held in memory at once."""
_DIGITS = 4
_PROBLEMS: dict[str | None, TaskTypeName] = {
    "regression": "regression",
    "multi_label_classification": "multilabel",
    "single_label_classification": "classification",
}
"""What a config of a model that was fine-tuned elsewhere says of its head."""


class PredictSummary(BaseModel):
    """What was told."""

    model_config = ConfigDict(frozen=True)

    model: Path
    kind: str
    rows: int
    out: Path | None


def predict(
    store: Store,
    settings: BenchmarkSettings,
    *,
    model: str,
    files: Sequence[str],
    out: Path | None = None,
    stdin: BinaryIO | None = None,
    stdout: TextIO | None = None,
    progress: Progress = no_progress,
) -> PredictSummary:
    """Classify texts or pairs, give them scores, or answer questions about them; a JSON object a row.

    Raises:
        InputError: no such model or file, a model that finds mentions, or rows of another kind than the model's.
    """
    device = choose_device(settings.device)
    torch.set_num_threads(choose_threads(settings.threads))
    folder = find_kept(store, model)
    predictor = Predictor(folder, settings, device)
    rows = read_new_rows(files, stdin or sys.stdin.buffer, questions=predictor.kind == "answering")
    lines: list[str] = []
    for start in range(0, len(rows), BLOCK):
        progress("predict", start, len(rows), {})
        block = rows[start : start + BLOCK]
        for row, told in zip(block, predictor.predict(block), strict=True):
            lines.append(json.dumps({"id": row.name, **told}, ensure_ascii=False) + "\n")
    if out is not None:
        write_text(out, "".join(lines))
    else:
        (stdout or sys.stdout).write("".join(lines))
    return PredictSummary(model=folder, kind=predictor.kind, rows=len(rows), out=out)


class Predictor:
    """A fine-tuned classifier, scorer or answerer."""

    def __init__(self, folder: Path, settings: BenchmarkSettings, device: torch.device) -> None:
        self._source: Source = load_source(folder)
        config = self._source.config
        decoding = Decoding.read(folder)
        self.kind: TaskTypeName = decoding.kind if decoding else _kind_of(folder, config)
        if self.kind == "tagging":
            raise InputError(f"{folder}: a model that finds mentions. `cowese tag` is its command.")
        self._settings = settings.model_copy(
            update={
                "length": decoding.length if decoding else self._source.usual_length,
                "overlap": decoding.overlap if decoding else settings.overlap,
            }
        )
        self._threshold = decoding.threshold if decoding else None
        self.labels = tuple(str(config.id2label[number]) for number in range(len(config.id2label)))
        auto = "AutoModelForQuestionAnswering" if self.kind == "answering" else Classification.auto
        self._model: Any = self._source.load(auto, ()).to(device)

    def logits(self, outputs: Any) -> Tensor:
        """(B, labels), or (B, L, 2) of answers."""
        if self.kind == "answering":
            return torch.stack([outputs.start_logits, outputs.end_logits], -1)
        logits: Tensor = outputs.logits
        return logits

    def predict(self, rows: Sequence[NewRow]) -> list[dict[str, Any]]:
        """What is said of each row."""
        if self.kind == "answering":
            return self._answers([row for row in rows if isinstance(row, Question)])
        assert self._settings.length is not None
        features, _ = encode(
            [row for row in rows if not isinstance(row, Question)], self._source, self._settings.length
        )
        return [self._said(one) for one in self._predicted(features)]

    def _said(self, logits: Any) -> dict[str, Any]:
        if self.kind == "regression":
            return {"score": round(float(logits[0]), 6)}
        if self.kind == "multilabel":
            row = probabilities([logits])[0]
            given = given_labels(row, self.labels, 0.5 if self._threshold is None else self._threshold)
            return {"labels": list(given), "scores": self._scores(row)}
        shares = np.exp(logits - np.max(logits))
        return {"label": self.labels[int(np.argmax(logits))], "scores": self._scores(shares / shares.sum())}

    def _scores(self, row: Any) -> dict[str, float]:
        return {label: round(float(value), _DIGITS) for label, value in zip(self.labels, row, strict=True)}

    def _answers(self, questions: Sequence[Question]) -> list[dict[str, Any]]:
        cuts = [windows_of_question(question, self._source, self._settings) for question in questions]
        logits = self._predicted([window.feature for windows in cuts for window in windows])
        told = told_of(questions, cuts, logits, self._threshold)
        return [
            {"answer": told[one.name], "span": told.spans[one.name], "null_odds": told.odds[one.name]}
            for one in questions
        ]

    def _predicted(self, features: list[dict[str, Any]]) -> Logits:
        pad = int(self._source.tokenizer.pad_token_id or 0)
        return logits_of(self._model, self, features, self._settings, pad)


def _kind_of(folder: Path, config: Any) -> TaskTypeName:
    """The kind of a model that was fine-tuned elsewhere, by its config.

    Raises:
        InputError: it has no head for a task.
    """
    architecture = next(iter(config.architectures or ()), "")
    if architecture.endswith("ForTokenClassification"):
        return "tagging"
    if architecture.endswith("ForQuestionAnswering"):
        return "answering"
    if not architecture.endswith("ForSequenceClassification"):
        raise InputError(f"{folder}: {architecture or 'a model'} has no head for a task. Fine-tune it first.")
    return _PROBLEMS.get(config.problem_type, "regression" if config.num_labels == 1 else "classification")
