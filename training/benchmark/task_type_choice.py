"""The type of a task, chosen by the class of its items."""

from dataclasses import replace
from typing import Any

from training.benchmark.answer_scoring import AnswerScoring
from training.benchmark.answering import Answering
from training.benchmark.classification import Classification
from training.benchmark.datasets import Splits
from training.benchmark.documents import Document
from training.benchmark.heads import usual_heads
from training.benchmark.label_scoring import LabelScoring
from training.benchmark.mention_scoring import MentionScoring
from training.benchmark.models import Source
from training.benchmark.multilabel import MultiLabel
from training.benchmark.multilabel_scoring import MultiLabelScoring
from training.benchmark.regression import Regression
from training.benchmark.rows import MultiRow, Row, ScoreRow
from training.benchmark.score_scoring import ScoreScoring
from training.benchmark.scoring import Scoring
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.squad import Question
from training.benchmark.tagging import Tagging
from training.benchmark.task_type import TaskType
from training.benchmark.tasks import Task

_KINDS: dict[type[Any], tuple[Any, Any]] = {
    Document: (Tagging, MentionScoring),
    Row: (Classification, LabelScoring),
    MultiRow: (MultiLabel, MultiLabelScoring),
    ScoreRow: (Regression, ScoreScoring),
    Question: (Answering, AnswerScoring),
}
"""Items → how they are learnt, and how they are scored."""


def chosen_by(settings: BenchmarkSettings, task: Task) -> Task:
    """The task with the form and the column of labels that settings name."""
    return replace(task, form=settings.form or task.form, label=settings.label_column or task.label)


def with_heads(splits: Splits, settings: BenchmarkSettings) -> BenchmarkSettings:
    """The settings with the heads of a tagger chosen by its training documents, where they name none."""
    documents = [item for item in splits["train"] if isinstance(item, Document)]
    if settings.heads is not None or not documents:
        return settings
    return settings.model_copy(update={"heads": usual_heads(documents)})


def has_mentions(splits: Splits) -> bool:
    """Whether the task is to find mentions."""
    return _classes(splits)[0] is Tagging


def choose_task_type(splits: Splits, source: Source, settings: BenchmarkSettings) -> TaskType:
    """A task's data, ready for a model."""
    kind: TaskType = _classes(splits)[0](splits, source, settings)
    return kind


def scoring_of(splits: Splits, settings: BenchmarkSettings) -> Scoring:
    """How a task is scored; it needs no model."""
    scoring: Scoring = _classes(splits)[1](splits, settings)
    return scoring


def _classes(splits: Splits) -> tuple[Any, Any]:
    item = splits["train"][0]
    return next(classes for type_, classes in _KINDS.items() if isinstance(item, type_))
