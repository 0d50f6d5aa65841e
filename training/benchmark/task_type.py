"""What the types of task have in common, so that one training loop serves all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from training.benchmark.decoding import TaskTypeName
from training.benchmark.scores import Scores
from training.benchmark.scoring import Scoring
from training.benchmark.windows import Feature

Logits = Sequence[npt.NDArray[np.float32]]
"""The scores of each feature, without its padding."""


class Head(Protocol):
    """How the outputs of a model become scores."""

    def logits(self, outputs: Any) -> Tensor:
        """The scores that predictions are made from: (windows, …)."""


class TaskType(Head, Protocol):
    """A task's data, ready for a model: ``split`` is train, dev or test."""

    name: ClassVar[TaskTypeName]
    auto: ClassVar[str]
    """The Auto class of transformers."""

    @property
    def scoring(self) -> Scoring:
        """The gold items, and how predictions are scored."""

    def attach(self, model: nn.Module) -> nn.Module:
        """The model to fine-tune, with the weights that this type of task adds to it."""

    def features(self, split: str) -> list[Feature]:
        """All windows of a split, with their gold labels."""

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The summed loss, and the number of items in the sum."""

    def answers(self, split: str, logits: Logits) -> Any:
        """The predictions of a split, from its logits, in the form that ``scoring`` takes."""

    def judge(self, split: str, logits: Logits) -> Scores:
        """The scores of a split."""

    def about(self) -> dict[str, Any]:
        """Counts of the data, for the report."""
