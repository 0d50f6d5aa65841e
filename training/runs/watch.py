"""Warnings of a run that learns nothing: each is given once, and again only after a line of metrics was sound."""

import logging
from collections.abc import Mapping

from training.electra.phases import Stage
from training.runs.metrics import REPLACED_LOW

SETTLING = 1_000
"""Steps of a phase, beyond its warm-up, in which nothing is said; at most half of the phase."""
SHORTEST = 500
"""Steps of a phase; in a shorter one nothing is said at all, since a model needs time to learn."""
CONSTANT = 5e-4
"""Nats a token: a discriminator that gains less over the rate of replaced tokens says the same of every token."""

log = logging.getLogger(__name__)


def settled_step(stage: Stage) -> int:
    """The first step of a phase at which its figures are judged."""
    return stage.begin + stage.warmup + min(SETTLING, stage.steps // 2)


class Watch:
    """Compares lines of metrics with what a model that learns would have."""

    def __init__(self, pairs: float | None) -> None:
        self._pairs = pairs
        """Nats at hidden positions of counts of pairs; None where they were not counted."""
        self._said: set[str] = set()

    def __call__(self, step: int, stage: Stage, line: Mapping[str, float]) -> None:
        """Say what is wrong with the figures of the last steps."""
        if stage.steps < SHORTEST or step < settled_step(stage):
            return
        nats, gain, replaced = (line.get(name) for name in ("hidden_loss", "disc_gain", "replaced_rate"))
        if stage.objective != "rtd" and nats is not None and self._pairs is not None:
            self._say(
                "pairs",
                nats >= self._pairs,
                f"step {step}: the generator has {nats:.2f} nats at hidden tokens, no fewer than counts of pairs "
                f"({self._pairs:.2f}): it has not begun to learn from context. Begin from counts "
                "(pretrain.initial_weights=counts), or raise pretrain.learning_rate.",
            )
        if gain is not None:
            self._say(
                "constant",
                gain < CONSTANT,
                f"step {step}: the discriminator gains {gain:.1e} nats a token over knowing how many are replaced: it "
                "says the same of every token. Lower pretrain.discriminator_rate.",
            )
        if replaced is not None:
            self._say(
                "replaced",
                replaced < REPLACED_LOW,
                f"step {step}: {replaced:.1%} of the tokens are replaced, less than {REPLACED_LOW:.0%}: the generator "
                "is too good, or too little is masked.",
            )

    def _say(self, what: str, wrong: bool, words: str) -> None:  # noqa: FBT001 - one of three of this class
        if wrong and what not in self._said:
            log.warning("%s", words)
        if wrong:
            self._said.add(what)
        else:
            self._said.discard(what)
