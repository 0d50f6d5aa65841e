"""Phases of a run: stretches of steps with settings of their own."""

from pydantic import BaseModel, ConfigDict, Field

from training.electra.choices import DISCRIMINATOR_WEIGHT, MASK_SHARE, SHOWN_SHARE, Objective, Sampling


class Phase(BaseModel):
    """One ``[[pretrain.phase]]``. What is left out (null) is the run's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=1.0, gt=0)
    """Of the run's steps, in proportion to the shares of the other phases."""
    objective: Objective = "both"
    """mlm: the discriminator's encoder itself fills masked tokens; a generator of the same shape becomes its copy at
    the end. rtd: the discriminator alone learns, the generator is frozen. both: as ELECTRA."""
    length: int | None = Field(default=None, ge=8, le=512)
    """Tokens a row."""
    batch: int | None = Field(default=None, ge=1)
    """Rows a step over all processes; null: as many tokens a step as the run has."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Peak of the rate; it falls to ``floor`` of it at the end of the phase."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """Share of the peak at which the phase ends."""
    warmup: int | None = Field(default=None, ge=0)
    """Steps in which the rate rises; null: the run's, at most a tenth of the phase."""
    vector_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the rate at which embeddings learn; 0 freezes them."""
    generator_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the rate at which the generator's own weights learn."""
    discriminator_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the rate at which the discriminator's own weights learn, where it learns to discriminate."""
    mask_share: float | None = Field(default=None, gt=0, le=0.9)
    """Share of the tokens to be predicted."""
    shown_share: float | None = Field(default=None, ge=0, lt=1)
    """Of those, the share that is shown as it is instead of as [MASK]."""
    temperature: float = Field(default=1.0, gt=0)
    """The generator's logits are divided by it before a token is drawn."""
    discriminator_weight: float = Field(default=DISCRIMINATOR_WEIGHT, gt=0)
    """Of the discriminator's loss beside the generator's."""
    sampling: Sampling | None = None
    """How the generator's tokens are drawn."""


class Stage(BaseModel):
    """A phase with all values filled in: what shapes the numbers of its steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begin: int
    """Its first step, counted from 0."""
    steps: int
    objective: Objective
    length: int
    batch: int
    learning_rate: float
    warmup: int
    floor: float = 0.0
    vector_rate: float = 1.0
    generator_rate: float = 1.0
    discriminator_rate: float = 1.0
    mask_share: float = MASK_SHARE
    shown_share: float = SHOWN_SHARE
    temperature: float = 1.0
    discriminator_weight: float = DISCRIMINATOR_WEIGHT
    sampling: Sampling = "gumbel"
    curve: tuple[int, int] | None = None
    """First step and end of the learning rate's curve, where the stage is a part of a longer one."""

    @property
    def end(self) -> int:
        """The step after its last."""
        return self.begin + self.steps

    @property
    def rates(self) -> tuple[tuple[str, float], ...]:
        """Shares of the rate by the beginning of a parameter's name."""
        fills = self.objective == "mlm"
        vectors = ("embeddings.word", "embeddings.position", "embeddings.segment", "word_delta")
        return (
            *((name, self.vector_rate) for name in vectors),
            ("discriminator", 1.0 if fills else self.discriminator_rate),
            ("generator", 1.0 if fills else self.generator_rate),
        )

    @property
    def rate_span(self) -> tuple[int, int]:
        """First step of the learning rate's curve, and its end."""
        return self.curve or (self.begin, self.end)

    @property
    def rate_curve(self) -> tuple[int, int, float, int, float]:
        """First step and number of steps of the rate's curve, peak, warm-up, floor: plain, for torch.compile."""
        first, end = self.rate_span
        return first, end - first, self.learning_rate, self.warmup, self.floor

    def learning_rate_at(self, step: int) -> float:
        """As ``training.electra.optimizer.learning_rate``, for reports."""
        first, end = self.rate_span
        done = step - first
        falling = max(0.0, 1 - done / (end - first))
        return self.learning_rate * (self.floor + (1 - self.floor) * falling) * min(1.0, done / max(self.warmup, 1))
