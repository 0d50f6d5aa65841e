"""Settings of pretraining and of evaluation."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from training.electra.presets import DROPOUT, INIT_STD, PRESETS, Masking, ModelShape, PresetName, Sampling, model_shape

LONG = 512
"""Length of the last phase, so that every position is trained."""
SETTLED = 10 * INIT_STD
"""Sum of the learning rates of the steps in which a position was seen, from which on its vector is taken as learnt."""


class PretrainSettings(BaseModel):
    """How a run is trained. What is left out (null) is the preset's."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: PresetName = "small"
    """The model's size with its defaults: tiny, mini, small, small++ or base."""
    steps: int | None = Field(default=None, ge=1)
    """Optimiser steps; null: 200 for tiny, 8,000 for mini (an hour of one core), 1,000,000 for small."""
    batch: int | None = Field(default=None, ge=1)
    """Rows a step over all processes; null: 32 for tiny, 16 for mini, 128 for small."""
    length: int | None = Field(default=None, ge=8, le=512)
    """Tokens a row; null: 128 for tiny, mini and small, 512 for small++ and base."""
    long_share: float | None = Field(default=None, ge=0.0, le=1.0)
    """Share of the steps, the last ones, with rows of 512 tokens and as many tokens a step; null: 0.05 where
    ``length`` is below 512."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Peak of the learning rate; null: 5e-4; 2e-3 for mini, 2e-4 for base."""
    discriminator_rate: float | None = Field(default=None, gt=0, le=1)
    """Share of the learning rate at which the discriminator's own weights learn, the embeddings apart (those of
    ``gdes`` too); null: 1 as the original, a quarter for mini."""
    warmup: int | None = Field(default=None, ge=0)
    """Steps of linear warm-up; null: 10,000 (tiny: 20, mini: 300), at most a tenth of the steps."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay, not on biases nor LayerNorm."""
    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the gradient."""
    bias_correction: bool | None = None
    """Adam's bias correction; null: none, as the original, but for tiny and mini, whose runs are short."""
    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of the activations that is dropped; null: 0.1 as the original, none for tiny and mini, which see few tokens
    twice. Exports ask for 0.1 in fine-tuning whatever it was."""
    masking: Masking = "without_replacement"
    """How masked positions are drawn: distinct ones, or with replacement as the original."""
    sampling: Sampling = "gumbel"
    """How the generator's tokens are drawn: argmax with Gumbel noise, or one inverse-distribution draw a position.
    The distribution is the same."""
    gdes: bool = False
    """Gradient-disentangled embedding sharing instead of one shared table."""
    pairs: bool = False
    """Rows as the original's: two segments of one document, [CLS] A [SEP] B [SEP], the last of a document padded."""
    seed: int = Field(default=1, ge=0)
    """Decides every random draw."""
    save_every: int | None = Field(default=None, ge=1)
    """Steps between checkpoints; null: a hundredth of the steps, at least 50."""
    keep: int = Field(default=2, ge=1)
    """Newest checkpoints kept."""
    milestone_every: int | None = Field(default=None, ge=1)
    """Checkpoints at multiples of this many steps are kept for good; null: a tenth of the steps, from 1,000 up."""
    log_every: int | None = Field(default=None, ge=1)
    """Steps between two lines of metrics; null: a thousandth of the steps, 10 to 100."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto: a GPU where there is one."""
    compile: bool | None = None
    """torch.compile and a CUDA graph of the step; null: on a GPU."""
    side_stream: bool = False
    """On one GPU: the generator's backward on a stream of its own, beside the discriminator's work. The numbers are
    the same; bench/gpu.py measures whether it is faster."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads; null: those of the checkpoint, else torch's choice or 1, whichever is faster at the moment."""
    tensorboard: bool = True
    """Write TensorBoard events beside metrics.jsonl."""
    force: bool = False
    """Go on with a run although its tokens, tokenizer or settings differ from these."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.plan.warmup >= self.plan.steps > 1:
            raise ValueError(f"warmup ({self.plan.warmup}) must be below steps ({self.plan.steps})")
        return self

    @property
    def plan(self) -> "Plan":
        """The settings with the preset's values filled in."""
        chosen = PRESETS[self.preset]
        steps = self.steps or chosen.steps
        length = self.length or chosen.length
        share = chosen.long_share if self.long_share is None else self.long_share
        long_steps = round(steps * share) if length < LONG else 0
        batch = self.batch or chosen.batch
        return Plan(
            steps=steps,
            long_steps=long_steps,
            batch=batch,
            long_batch=max(1, batch * length // LONG),
            length=length,
            learning_rate=self.learning_rate or chosen.learning_rate,
            discriminator_rate=self.discriminator_rate or chosen.discriminator_rate,
            warmup=min(chosen.warmup, steps // 10) if self.warmup is None else self.warmup,
            weight_decay=self.weight_decay,
            clip=self.clip,
            bias_correction=chosen.bias_correction if self.bias_correction is None else self.bias_correction,
            dropout=chosen.dropout if self.dropout is None else self.dropout,
            masking=self.masking,
            sampling=self.sampling,
            gdes=self.gdes,
            pairs=self.pairs,
            seed=self.seed,
            preset=self.preset,
        )

    @property
    def save_interval(self) -> int:
        """Steps between checkpoints."""
        return self.save_every or max(50, self.plan.steps // 100)

    @property
    def milestone_interval(self) -> int:
        """Steps between checkpoints that are kept for good."""
        return self.milestone_every or max(1000, self.plan.steps // 10)

    @property
    def log_interval(self) -> int:
        """Steps between lines of metrics."""
        return self.log_every or min(100, max(10, self.plan.steps // 1000))


class Plan(BaseModel):
    """What shapes a run's numbers: two runs of the same plan on the same tokens are the same run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: PresetName
    steps: int
    long_steps: int
    batch: int
    long_batch: int
    length: int
    learning_rate: float
    warmup: int
    weight_decay: float
    clip: float
    bias_correction: bool
    dropout: float = DROPOUT
    discriminator_rate: float = 1.0
    masking: Masking
    sampling: Sampling
    gdes: bool
    pairs: bool = False
    seed: int

    @property
    def recorded(self) -> dict[str, Any]:
        """As a manifest holds it: what a later version adds is left out where it changes nothing."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def shape(self, vocabulary: int) -> ModelShape:
        """The model for a vocabulary of this many entries."""
        return model_shape(self.preset, vocabulary, gdes=self.gdes)

    def learning_rate_at(self, step: int) -> float:
        """As ``training.electra.optimizer.learning_rate``, for reports."""
        return self.learning_rate * max(0.0, 1 - step / self.steps) * min(1.0, step / max(self.warmup, 1))

    def settled_length(self, step: int) -> int:
        """The longest rows whose positions had time to learn, after so many steps.

        Adam moves a weight by at most about the learning rate a step, mostly by far less. Where the rates of the steps
        with long rows sum to less than ``SETTLED``, the vectors of the positions that only those rows have are still
        about the noise that they began as.
        """
        moved = sum(self.learning_rate_at(at) for at in range(self.steps - self.long_steps, step))
        return LONG if self.length < LONG and moved >= SETTLED else self.length

    def is_long(self, step: int) -> bool:
        """Whether a step belongs to the last phase."""
        return step >= self.steps - self.long_steps

    def batch_at(self, step: int) -> int:
        """Rows of a step, over all processes."""
        return self.long_batch if self.is_long(step) else self.batch

    def length_at(self, step: int) -> int:
        """Tokens a row at a step."""
        return LONG if self.is_long(step) else self.length


class EvaluationSettings(BaseModel):
    """How a run is measured on held-out text."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_tokens: int = Field(default=2_000_000, ge=1)
    """Held-out tokens read at most; the first ones of the split."""
    batch: int = Field(default=32, ge=1)
    """Rows at once."""
    length: int | None = Field(default=None, ge=8, le=512)
    """Tokens a row; null: the run's."""
    seed: int = Field(default=20_210_916, ge=0)
    """Decides masks and samples; the same for every run that is compared."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to evaluate; auto: a GPU where there is one."""
    corruption: Path | None = None
    """A frozen corruption file to rank runs on; null: the store's for these tokens, made where it is missing."""
