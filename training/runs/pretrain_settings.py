"""Settings of pretraining and of evaluation."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.settings_model import SettingsModel
from training.electra.choices import MASK_SHARE, SHOWN_SHARE, Begin, Begun, Masking, Sampling
from training.electra.phases import Phase, Stage
from training.electra.presets import DROPOUT, INIT_STD, PRESETS, ModelShape, PresetName, model_shape

LONG = 512
"""Length of the last phase, so that every position is trained."""
SETTLED = 10 * INIT_STD
"""Sum of the learning rates of the steps in which a position was seen; at this sum its vector counts as learnt."""
OF_PHASES = {"learning_rate", "vector_rate", "discriminator_rate", "mask_share", "shown_share", "sampling"}
"""Settings that a phase may have as well as the run."""


class PretrainSettings(SettingsModel):
    """How a run is trained. What is left out (null) is the preset's."""

    former_names: ClassVar[Mapping[str, str]] = {"begin": "initial_weights", "origin": "initial_model"}

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
    initial_weights: Begin | None = None
    """First weights: counts (a bigram model of both sides, from the counts that `pack` writes) or random; null: the
    preset's."""
    initial_model: str | None = None
    """A model to begin from instead (`--from`): a run or model of this store, a Hugging Face ELECTRA folder or name of
    the hub, or latest: the newest finished run of this shape on another corpus. If there is no such run,
    ``initial_weights`` decides. A tokenizer of its own is no hindrance: vectors are carried over by token."""
    phase: tuple[Phase, ...] | None = None
    """Phases, one after the other, as [[pretrain.phase]]; null: the preset's, or one phase with the settings here and
    one with rows of 512 (``long_share``). Give [] for the latter where the preset has phases. What is set for the run
    holds in all phases of a preset."""
    vector_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the learning rate at which embeddings learn, words' and positions'; null: 1, as the original."""
    mask_share: float = Field(default=MASK_SHARE, gt=0, le=0.9)
    """Share of the tokens to be predicted."""
    shown_share: float = Field(default=SHOWN_SHARE, ge=0, lt=1)
    """Of those, the share that the generator sees as it is instead of as [MASK]."""
    beta2: float | None = Field(default=None, gt=0, lt=1)
    """Adam's memory of squared gradients; null: the preset's, 0.999 as the original but for mini."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Peak of the learning rate; null: 5e-4; 2e-3 for mini, 2e-4 for base."""
    discriminator_rate: float | None = Field(default=None, gt=0, le=1)
    """Share of the learning rate at which the discriminator's own weights learn, the embeddings apart (those of
    ``gdes`` too); null: 1 as the original."""
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
    micro_batch: int | None = Field(default=None, ge=1)
    """Rows of a process that go through the model at once; null: all, 64 for base, whose 256 rows of 512 tokens would
    store some 106 GiB. The losses are the same; sums differ in their last bits."""
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
        phases = self._preset_phases if self.phase is None else self.phase
        plan = Plan(
            steps=steps,
            long_steps=0 if phases else long_steps,
            batch=batch,
            long_batch=max(1, batch * length // LONG),
            length=length,
            begin="model" if self.initial_model else self.initial_weights or chosen.begin,
            vector_rate=chosen.vector_rate if self.vector_rate is None else self.vector_rate,
            mask_share=self.mask_share,
            shown_share=self.shown_share,
            beta2=self.beta2 or chosen.beta2,
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
        return plan.model_copy(update={"phases": plan.staged(phases)}) if phases else plan

    @property
    def _preset_phases(self) -> tuple[Phase, ...]:
        """The preset's phases; what is set for the run holds in all of them."""
        said = {name: None for name in OF_PHASES & self.model_fields_set if getattr(self, name) is not None}
        return tuple(phase.model_copy(update=said) for phase in PRESETS[self.preset].phases)

    @property
    def micro_rows(self) -> int | None:
        """Rows of a process at once; None: all."""
        return self.micro_batch or PRESETS[self.preset].micro_batch

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
    begin: Begun = "random"
    vector_rate: float = 1.0
    mask_share: float = MASK_SHARE
    shown_share: float = SHOWN_SHARE
    beta2: float = 0.999
    phases: tuple[Stage, ...] = ()
    """None: one phase, and one of long rows, under one curve of the rate."""
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
        shape = model_shape(self.preset, vocabulary, gdes=self.gdes)
        fills = any(stage.objective == "mlm" for stage in self.stages)
        own_head = fills and shape.generator != shape.discriminator
        return shape.model_copy(update={"encoder_head": True}) if own_head else shape

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What the steps are, one stretch after the other."""
        if self.phases:
            return self.phases
        short = self.staged((Phase(),))[0]
        cut = self.steps - self.long_steps
        if not self.long_steps:
            return (short,)
        curve = (0, self.steps)
        first = short.model_copy(update={"steps": cut, "curve": curve})
        long = {"begin": cut, "steps": self.long_steps, "length": LONG, "batch": self.long_batch, "curve": curve}
        return (first, short.model_copy(update=long)) if cut else (short.model_copy(update=long),)

    def staged(self, phases: Sequence[Phase]) -> tuple[Stage, ...]:
        """Phases with their steps and the run's values filled in; each has a step at least.

        Raises:
            ValueError: there are more phases than steps.
        """
        if len(phases) > self.steps:
            raise ValueError(f"{len(phases)} phases want as many steps at least, and there are {self.steps}")
        total = sum(phase.share for phase in phases)
        ends = [round(self.steps * sum(one.share for one in phases[: at + 1]) / total) for at in range(len(phases))]
        stages: list[Stage] = []
        for at, phase in enumerate(phases):
            begin = stages[-1].end if stages else 0
            end = min(max(ends[at], begin + 1), self.steps - (len(phases) - 1 - at))
            stages.append(self._stage(phase, begin, end - begin, alone=len(phases) == 1))
        return tuple(stages)

    def _stage(self, phase: Phase, begin: int, steps: int, *, alone: bool) -> Stage:
        length = phase.length or self.length
        same = ("vector_rate", "discriminator_rate", "learning_rate", "mask_share", "shown_share", "sampling")
        given = phase.model_dump(exclude={"share", "warmup", "batch", "length"}, exclude_none=True)
        warmup = phase.warmup if phase.warmup is not None else min(self.warmup, self.warmup if alone else steps // 10)
        return Stage(
            **{**{name: getattr(self, name) for name in same}, **given},
            begin=begin,
            steps=steps,
            length=length,
            batch=phase.batch or max(1, self.batch * self.length // length),
            warmup=warmup,
        )

    def stage_at(self, step: int) -> Stage:
        """The stage that a step belongs to; past the end, the last."""
        return next((stage for stage in self.stages if step < stage.end), self.stages[-1])

    def learning_rate_at(self, step: int) -> float:
        """As ``training.electra.optimizer.learning_rate``, for reports."""
        return self.stage_at(step).learning_rate_at(step)

    def settled_length(self, step: int) -> int:
        """The longest rows whose positions had time to learn, after so many steps.

        Adam moves a weight by at most about the learning rate a step, mostly by far less. Where the rates of the steps
        with rows of some length sum to less than ``SETTLED``, the vectors of the positions that only they have are
        still about the noise that they began as. Sinusoids (``begin = "counts"``) need no time.
        """
        moved: dict[int, float] = {}
        for stage in self.stages:
            rates = sum(stage.learning_rate_at(at) for at in range(stage.begin, min(stage.end, step)))
            moved[stage.length] = moved.get(stage.length, 0.0) + rates * stage.vector_rate
        enough = 0.0 if self.begin == "counts" else SETTLED
        settled = [length for length in moved if sum(moved[more] for more in moved if more >= length) > enough]
        return max(settled, default=min(moved))

    def batch_at(self, step: int) -> int:
        """Rows of a step, over all processes."""
        return self.stage_at(step).batch

    def length_at(self, step: int) -> int:
        """Tokens a row at a step."""
        return self.stage_at(step).length


class EvaluationSettings(BaseModel):
    """How a run is measured on held-out text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
