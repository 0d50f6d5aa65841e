"""What the kinds of task have in common: tagging, classification and answering fit one training loop."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from training.benchmark.decoding import KindName
from training.benchmark.scores import Scores
from training.benchmark.scoring import Scoring
from training.benchmark.windows import Feature

Logits = Sequence[npt.NDArray[np.float32]]
"""Of each feature, without its padding."""


class Head(Protocol):
    """What is read off a model."""

    def logits(self, outputs: Any) -> Tensor:
        """What predictions are made from: (windows, …)."""


class Kind(Head, Protocol):
    """A task's data, ready for a model: ``split`` is train, dev or test."""

    name: ClassVar[KindName]
    auto: ClassVar[str]
    """The Auto class of transformers."""

    @property
    def scoring(self) -> Scoring:
        """What is due, and how answers are scored."""

    def attach(self, model: nn.Module) -> nn.Module:
        """A model that is to be fine-tuned, with what the kind learns beside it."""

    def features(self, split: str) -> list[Feature]:
        """All windows of a split, with what is due."""

    def loss(self, outputs: Any, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The loss summed over what counts, and how many that are."""

    def answers(self, split: str, logits: Logits) -> Any:
        """What the logits of a split's features say, in the form that ``scoring`` takes."""

    def judge(self, split: str, logits: Logits) -> Scores:
        """The figures of a split."""

    def about(self) -> dict[str, Any]:
        """Counts of the data that a reader of figures wants to know."""
