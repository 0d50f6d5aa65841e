"""First weights from counts: a network that predicts a hidden token from its two neighbours before any training.

Each row of word vectors is [right; left] (``training.tokens.vectors``), what the token says of the one before it and of
the one after it. Positions are sinusoids in dimensions that words leave free. Two heads of the first layer look at the
token before and the token after, and copy the left vector of the one where the right vector stands, and the right
vector of the other where the left one stands. At a hidden token the state is then [left(before); right(after)], its
product with a word's row PMI(before, word) + PMI(word, after), and the generator's bias the logarithm of the word's
frequency: the bigram model of both sides. All else begins as small noise. docs/beginnings.md says why.

Tensor names carry shapes: V vocabulary, E embedding, H hidden, D width of a head, F frequencies, K rank of the vectors.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.electra.model import Electra, Encoder, GeneratorHead, Layer
from training.electra.presets import EncoderShape

PARTS = frozenset({"positions", "heads", "vectors", "bias", "scale"})
"""What begins from counts or by construction; bench/beginnings.py leaves out one at a time."""
WORD_SPREAD = 0.1
"""Root mean square of a word's entries; the norm that follows makes it 1, so that only learning rates feel it."""
MOST_FREQUENCIES = 16
PEAK = 9.0
"""Attention logit at the position that a head looks at: others are e⁹ times lighter, but for side lobes."""
UNSEEN = 1e-6
"""Length of a vector below which a token was never seen beside anything."""
OFFSETS = (-1, 1, -2, 2)
GAIN = 2.0
"""What a head copies is this many times as strong as where it comes from."""
BRANCH = 0.3
"""Spread of a branch's last matrix, in units of 1/√fan-in: noise is small beside what the first layer computes."""
SHALLOW = 4
"""Layers of which the sum of their noise is borne; in a deeper encoder each has less."""
WORD_DIMENSIONS = 96
"""Dimensions of words at which logits are of the size of PMI; the head's norm scales others to it."""
LIFT = 3.0
"""Bias in front of the head's GELU, where it is nearly a line; the norm after it takes the lift out again."""
REPLACED = 0.1
"""Share of replaced tokens that the discriminator expects at first."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What counts give; all float32."""

    single_V: Tensor
    """Occurrences of each token."""
    left_VK: Tensor
    right_VK: Tensor
    mask: int
    """Id of [MASK], whose vector is zero: a hidden token says nothing of itself."""


@dataclass(frozen=True, slots=True)
class VectorLayout:
    """Where words and positions stand among the dimensions of a residual stream of this width."""

    width: int
    half: int
    """Dimensions of each of a word's two vectors: [0, half) right, [half, 2 · half) left."""
    frequencies: int
    """Positions take the last 2 · frequencies dimensions."""

    @classmethod
    def for_width(cls, width: int) -> "VectorLayout":
        """Of 128: 48, 48 and 32."""
        frequencies = min(MOST_FREQUENCIES, width // 8)
        return cls(width, (width - 2 * frequencies) // 2, frequencies)

    @property
    def right(self) -> slice:
        """Of a word's right vector."""
        return slice(0, self.half)

    @property
    def left(self) -> slice:
        """Of a word's left vector."""
        return slice(self.half, 2 * self.half)

    @property
    def waves(self) -> slice:
        """Of the position's cosines and sines, in turns."""
        return slice(self.width - 2 * self.frequencies, self.width)


def rank_needed(embedding: int) -> int:
    """Singular vectors that an embedding of this width holds."""
    return VectorLayout.for_width(embedding).half


def begin_from_counts(model: Electra, counted: Statistics, seed: int, parts: frozenset[str] = PARTS) -> Electra:
    """Overwrite a model's weights; a function of the counts and the seed. Returns the model."""
    draw = torch.Generator().manual_seed(seed)
    shape = model.shape
    places = VectorLayout.for_width(shape.embedding)
    frequencies_F = _frequencies(places.frequencies, draw)
    with torch.no_grad():
        _begin_embeddings(model, counted, places, frequencies_F, parts, draw)
        for encoder, its_shape in ((model.generator, shape.generator), (model.discriminator, shape.discriminator)):
            _begin_encoder(encoder, its_shape, places, frequencies_F, parts, draw)
        heads = [(model.generator_head, shape.generator)]
        if model.encoder_head is not None:
            heads.append((model.encoder_head, shape.discriminator))
        for head, its_shape in heads:
            _begin_head(head, its_shape.hidden, places, counted, parts, draw)
        _noise(model.discriminator_head.dense, 1.0, draw)
        _noise(model.discriminator_head.out, BRANCH, draw)
        model.discriminator_head.out.bias.fill_(math.log(REPLACED / (1 - REPLACED)))
        if shape.generator == shape.discriminator:
            model.copy_encoder("generator", "discriminator")
    return model


def _frequencies(number: int, draw: torch.Generator) -> Tensor:
    """(F,) radians a token: one from each of ``number`` equal parts of (0, π), so that no distance but 0 fits them all.

    Every second part comes first: a narrow encoder takes the first ones, and needs the whole range.
    """
    drawn_F = (torch.arange(number) + torch.rand(number, generator=draw)) * (math.pi / number)
    return torch.cat([drawn_F[::2], drawn_F[1::2]])


def _begin_embeddings(
    model: Electra, counted: Statistics, places: VectorLayout, frequencies_F: Tensor, parts: frozenset[str],
    draw: torch.Generator,
) -> None:  # fmt: skip
    embeddings = model.embeddings
    words_VE = torch.zeros_like(embeddings.word.weight)
    if "vectors" in parts:
        rank = min(places.half, counted.left_VK.shape[1])
        words_VE[:, : places.half][:, :rank] = counted.right_VK[:, :rank]
        words_VE[:, places.left][:, :rank] = counted.left_VK[:, :rank]
        lost_V1 = words_VE.norm(dim=1, keepdim=True) < UNSEEN
        random_VE = torch.randn(words_VE.shape, generator=draw)
        random_VE[:, places.waves] = 0
        words_VE = torch.where(lost_V1, random_VE, words_VE)
    else:
        words_VE = torch.randn(words_VE.shape, generator=draw)
        words_VE[:, places.waves] = 0
    words_VE *= WORD_SPREAD * math.sqrt(2 * places.half) / words_VE.norm(dim=1, keepdim=True).clamp(min=UNSEEN)
    words_VE[counted.mask] = 0
    embeddings.word.weight.copy_(words_VE)
    if model.word_delta is not None:
        model.word_delta.zero_()
    embeddings.segment.weight.zero_()
    embeddings.norm.weight.fill_(1)
    embeddings.norm.bias.zero_()
    position_LE = embeddings.position.weight
    if "positions" in parts:
        position_LE.zero_()
        angle_LF = torch.arange(len(position_LE))[:, None] * frequencies_F
        waves = torch.stack([angle_LF.cos(), angle_LF.sin()], -1).flatten(1)
        position_LE[:, places.waves] = waves * (math.sqrt(2) * WORD_SPREAD)
    else:
        position_LE.copy_(torch.randn(position_LE.shape, generator=draw) * WORD_SPREAD / 2)


def _begin_encoder(
    encoder: Encoder, shape: EncoderShape, outer: VectorLayout, frequencies_F: Tensor, parts: frozenset[str],
    draw: torch.Generator,
) -> None:  # fmt: skip
    inner = VectorLayout.for_width(shape.hidden) if shape.hidden < outer.width else outer
    if isinstance(encoder.project, nn.Linear):
        _begin_projection(encoder.project, inner, outer, draw)
    branch = BRANCH / math.sqrt(max(1.0, shape.layers / SHALLOW))
    for layer in encoder.layers:
        assert isinstance(layer, Layer)
        _noise(layer.qkv, 1.0, draw)
        _noise(layer.out, branch if "scale" in parts else 1.0, draw)
        _noise(layer.up, 1.0, draw)
        _noise(layer.down, branch if "scale" in parts else 1.0, draw)
        for norm in (layer.attention_norm, layer.output_norm):
            norm.weight.fill_(1)
            norm.bias.zero_()
    if "heads" in parts:
        slots = [(layer, head) for layer in encoder.layers for head in range(shape.heads)]
        for (layer, head), offset in zip(slots, OFFSETS, strict=False):
            assert isinstance(layer, Layer)
            _look_at(layer, head, offset, shape, inner, frequencies_F[: inner.frequencies])


def _begin_projection(project: nn.Linear, inner: VectorLayout, outer: VectorLayout, draw: torch.Generator) -> None:
    """Each kind of dimension to its own place; dimensions that an embedding lacks begin as small noise."""
    _noise(project, BRANCH, draw)
    project.weight[: inner.width] = 0
    for kind in ("right", "left", "waves"):
        to, source = (range(*getattr(one, kind).indices(one.width)) for one in (inner, outer))
        for i, j in zip(to, source, strict=False):
            project.weight[i, j] = 1


def _look_at(
    layer: Layer, head: int, offset: int, shape: EncoderShape, places: VectorLayout, frequencies_F: Tensor
) -> None:
    """Make a head attend to the token at ``offset``; those beside a token copy its vector across."""
    hidden, width = shape.hidden, shape.hidden // shape.heads
    rows = slice(head * width, (head + 1) * width)
    query, key, value = (layer.qkv.weight[at * hidden : (at + 1) * hidden][rows] for at in range(3))
    used = min(places.frequencies, width // 2)
    query.zero_()
    key.zero_()
    sharp = math.sqrt(PEAK * math.sqrt(width) / (2 * used))  # a wave's square is 2, its pair's sum too
    for i in range(used):
        at = places.waves.start + 2 * i
        turn = float(frequencies_F[i]) * offset
        key[2 * i, at] = key[2 * i + 1, at + 1] = sharp
        query[2 * i, at], query[2 * i, at + 1] = sharp * math.cos(turn), -sharp * math.sin(turn)
        query[2 * i + 1, at], query[2 * i + 1, at + 1] = sharp * math.sin(turn), sharp * math.cos(turn)
    if abs(offset) > 1:
        return
    taken, put = (places.left, places.right) if offset < 0 else (places.right, places.left)
    copied = min(places.half, width)
    value.zero_()
    layer.out.weight[:, rows] = 0
    for i in range(copied):
        value[i, taken.start + i] = 1
        layer.out.weight[put.start + i, head * width + i] = GAIN


def _begin_head(
    head: GeneratorHead,
    hidden: int,
    outer: VectorLayout,
    counted: Statistics,
    parts: frozenset[str],
    draw: torch.Generator,
) -> None:
    """Nearly the identity back to the embedding; the bias is the frequency's logarithm."""
    inner = VectorLayout.for_width(hidden) if hidden < outer.width else outer
    _noise(head.dense, 0.0, draw)
    for kind in ("right", "left"):
        to, source = (range(*getattr(one, kind).indices(one.width)) for one in (outer, inner))
        for i, j in zip(to, source, strict=False):
            head.dense.weight[i, j] = 1
    head.dense.bias.fill_(LIFT)
    head.norm.weight.fill_(WORD_DIMENSIONS / (2 * outer.half))
    head.norm.bias.zero_()
    head.bias.zero_()
    if "bias" in parts:
        share_V = (counted.single_V + 0.5) / (counted.single_V + 0.5).sum()
        head.bias.copy_(share_V.log())


def _noise(layer: nn.Linear, spread: float, draw: torch.Generator) -> None:
    layer.weight.copy_(torch.randn(layer.weight.shape, generator=draw) * (spread / math.sqrt(layer.weight.shape[1])))
    layer.bias.zero_()


def statistics_of(
    single_V: NDArray[Any], left_VK: NDArray[np.float32], right_VK: NDArray[np.float32], mask: int
) -> Statistics:
    """From numpy's arrays."""
    single, left, right = (torch.from_numpy(np.asarray(one, np.float32)) for one in (single_V, left_VK, right_VK))
    return Statistics(single, left, right, mask)
