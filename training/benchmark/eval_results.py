"""Benchmark figures as the hub's model-index has them."""

from collections.abc import Mapping

from huggingface_hub import EvalResult

from training.benchmark.tasks import find_task

TOKENS, TEXTS, ANSWERS = "token-classification", "text-classification", "question-answering"
"""The hub's names of what a fine-tuned model does."""


def pipeline_of(figures: Mapping[str, float]) -> str:
    """What a model with these figures does.

    >>> pipeline_of({"exact_f1": 0.8}), pipeline_of({"exact_match": 0.7, "f1": 0.8}), pipeline_of({"pearson": 0.8})
    ('token-classification', 'question-answering', 'text-classification')
    """
    return TOKENS if "exact_f1" in figures else ANSWERS if "exact_match" in figures else TEXTS


def eval_results(task: str, figures: Mapping[str, float], documents: int | None = None) -> list[EvalResult]:
    """A result a figure, on the test split; ``documents`` is the most of a split that were used, if it was cut."""
    hub = find_task(task).hub
    return [
        EvalResult(
            task_type=pipeline_of(figures),
            dataset_type=hub or task.lower(),
            dataset_name=f"{task} (at most {documents} documents a split)" if documents else task,
            dataset_split="test",
            metric_type=name if name in ("exact_match", "subset_accuracy") else name.rpartition("_")[2],
            metric_name=name.replace("_", " "),
            metric_value=value,
        )
        for name, value in figures.items()
    ]
