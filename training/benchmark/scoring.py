"""How the answers of a task are scored, written and read; it needs the data and no model."""

from pathlib import Path
from typing import Any, ClassVar, Protocol

from training.benchmark.counts import Counts
from training.benchmark.scores import Sample, Scores


class Scoring(Protocol):
    """What is due on each split. ``answers`` are mentions by document, a label a row, or a text by question."""

    selects: ClassVar[str]
    """The figure of the development split that chooses the epoch."""
    labels: tuple[str, ...]
    """What the head tells apart."""

    def judge(self, split: str, answers: Any) -> Scores:
        """The figures of a split."""

    def counts(self, split: str, answers: Any) -> Counts:
        """What each item adds to the figures."""

    def samples(self, split: str, answers: Any, most: int) -> list[Sample]:
        """Wrong answers to look at, evenly over the split."""

    def write(self, folder: Path, split: str, answers: Any) -> None:
        """Write the answers in the task's own form."""

    def read(self, folder: Path, split: str) -> Any:
        """Read what ``write`` wrote.

        Raises:
            InputError: a file is missing or is not of this split; names it.
        """

    def about(self) -> dict[str, Any]:
        """Counts of the data that a reader of figures wants to know."""
