"""Sizes of the model: ELECTRA's (Clark et al. 2020, appendix; google-research/electra defaults), two for a CPU."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from training.electra.choices import Begin, Objective
from training.electra.phases import Phase

PresetName = Literal["tiny", "mini", "small", "small++", "base"]
DROPOUT = 0.1
"""The original's, in pretraining and in fine-tuning."""
INIT_STD = 0.02
"""Standard deviation of fresh weights."""


class EncoderShape(BaseModel):
    """One transformer encoder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: int
    """Number of layers."""
    hidden: int
    """Width of the residual stream."""
    heads: int
    """Attention heads; must divide ``hidden``."""
    feed_forward: int
    """Width inside the feed-forward block."""


class ModelShape(BaseModel):
    """A discriminator, a generator, and the embeddings that they share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocabulary: int
    """Entries of the tokenizer, special ones included."""
    embedding: int
    """Width of the embeddings; projected to each encoder's width where it differs."""
    positions: int
    """Longest sequence."""
    discriminator: EncoderShape
    generator: EncoderShape
    gdes: bool = False
    """Gradient-disentangled embedding sharing (DeBERTaV3): the discriminator adds its own word vectors to the
    generator's and sends no gradient into them. False: both share one table, as ELECTRA does."""
    encoder_head: bool = False
    """Whether the discriminator's encoder has a head of its own that fills masked tokens; where both encoders have
    one shape it uses the generator's."""


class Preset(BaseModel):
    """A model's size with the settings it is trained with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: int
    positions: int
    discriminator: EncoderShape
    generator: EncoderShape
    steps: int
    batch: int
    length: int
    learning_rate: float
    warmup: int
    long_share: float
    bias_correction: bool = False
    dropout: float = DROPOUT
    discriminator_rate: float = 1.0
    begin: Begin = "random"
    vector_rate: float = 1.0
    beta2: float = 0.999
    phases: tuple[Phase, ...] = ()
    micro_batch: int | None = None


PRESETS: dict[PresetName, Preset] = {
    "tiny": Preset(
        embedding=64,
        positions=512,
        discriminator=EncoderShape(layers=2, hidden=128, heads=2, feed_forward=512),
        generator=EncoderShape(layers=2, hidden=64, heads=1, feed_forward=256),
        steps=200,
        batch=32,
        length=128,
        learning_rate=5e-4,  # at 2e-3 the discriminator never leaves the prior
        warmup=20,
        long_share=0.05,
        bias_correction=True,
        dropout=0.0,
    ),
    "mini": Preset(
        embedding=128,
        positions=512,
        discriminator=EncoderShape(layers=4, hidden=128, heads=4, feed_forward=512),
        generator=EncoderShape(layers=4, hidden=128, heads=4, feed_forward=512),  # the encoder's copy after its phase
        steps=8_000,
        batch=16,
        length=128,
        learning_rate=2e-3,
        warmup=300,
        long_share=0.05,
        bias_correction=True,
        dropout=0.0,
        begin="counts",
        vector_rate=0.1,
        beta2=0.99,
        phases=(
            # with 15 % of them shown it learns to copy, and the tagger loses 0.05 of F1 (docs/results.md)
            Phase(objective="mlm", share=0.8, mask_share=0.3, shown_share=0.0),
            Phase(objective="rtd", share=0.2, learning_rate=1e-3, shown_share=0.0),
        ),
    ),
    "small": Preset(
        embedding=128,
        positions=512,
        discriminator=EncoderShape(layers=12, hidden=256, heads=4, feed_forward=1024),
        generator=EncoderShape(layers=12, hidden=64, heads=1, feed_forward=256),
        steps=1_000_000,
        batch=128,
        length=128,
        learning_rate=5e-4,
        warmup=10_000,
        long_share=0.05,
    ),
    "small++": Preset(
        embedding=128,
        positions=512,
        discriminator=EncoderShape(layers=12, hidden=256, heads=4, feed_forward=1024),
        generator=EncoderShape(layers=12, hidden=256, heads=4, feed_forward=1024),
        steps=4_000_000,
        batch=128,
        length=512,
        learning_rate=5e-4,
        warmup=10_000,
        long_share=0.0,
    ),
    "base": Preset(
        embedding=768,
        positions=512,
        discriminator=EncoderShape(layers=12, hidden=768, heads=12, feed_forward=3072),
        generator=EncoderShape(layers=12, hidden=256, heads=4, feed_forward=1024),
        steps=766_000,
        batch=256,
        length=512,
        learning_rate=2e-4,
        warmup=10_000,
        long_share=0.0,
        micro_batch=64,
    ),
}


def model_shape(preset: PresetName, vocabulary: int, *, gdes: bool = False) -> ModelShape:
    """A preset's model for a vocabulary of this many entries."""
    chosen = PRESETS[preset]
    return ModelShape(
        vocabulary=vocabulary,
        embedding=chosen.embedding,
        positions=chosen.positions,
        discriminator=chosen.discriminator,
        generator=chosen.generator,
        gdes=gdes,
    )


def flops_per_token(shape: ModelShape, length: int, masked: int, objective: Objective = "both") -> float:
    """Floating-point operations a token of a training step: multiply-adds count two, backward twice forward.

    The generator's head runs on ``masked`` of ``length`` positions only. small at 128 with 19: 70.2 MFLOP (FACTS).
    """
    discriminator, generator = (
        _forward(shape.embedding, one, length) for one in (shape.discriminator, shape.generator)
    )
    head = shape.discriminator.hidden * (shape.discriminator.hidden + 1)
    filler = shape.discriminator if objective == "mlm" else shape.generator
    fill = masked / length * shape.embedding * (filler.hidden + shape.vocabulary)
    if objective == "mlm":
        return 6 * (discriminator + fill)
    # a frozen generator has no backward
    return 6 * (discriminator + head) + (6 if objective == "both" else 2) * (generator + fill)


def _forward(embedding: int, encoder: EncoderShape, length: int) -> float:
    """Multiply-adds a token of an encoder's forward pass."""
    layer = 4 * encoder.hidden**2 + 2 * encoder.hidden * encoder.feed_forward + 2 * length * encoder.hidden
    return encoder.layers * layer + (embedding * encoder.hidden if embedding != encoder.hidden else 0)
