"""ELECTRA (Clark et al. 2020): a generator that fills masked tokens, a discriminator that tells which were replaced.

Tensor names carry their shapes: B batch, L length, K masked positions a row, E embedding, H hidden, A heads,
D width of a head, V vocabulary.
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from training.electra.device import look_up, on_host, pick_rows
from training.electra.draws import drop
from training.electra.presets import DROPOUT, INIT_STD, EncoderShape, ModelShape

NORM_EPSILON = 1e-12
EncoderName = Literal["generator", "discriminator"]
SITES_A_LAYER = 3
"""Places in a layer where activations are dropped: attention weights, attention output, feed-forward output."""


class Embeddings(nn.Module):
    """Word + position + segment, normalised; shared by generator and discriminator."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.word = nn.Embedding(shape.vocabulary, shape.embedding)
        self.position = nn.Embedding(shape.positions, shape.embedding)
        self.segment = nn.Embedding(2, shape.embedding)
        self.norm = nn.LayerNorm(shape.embedding, NORM_EPSILON)

    def forward(self, ids_BL: Tensor, word_VE: Tensor, segments_BL: Tensor | None = None) -> Tensor:
        """Embeddings (B, L, E); without segments every token is of the first segment."""
        words_BLE = look_up(ids_BL, word_VE)
        first, second = self.segment.weight.unbind()
        segments = first if segments_BL is None else torch.where(segments_BL[:, :, None] == 1, second, first)
        normalised_BLE: Tensor = self.norm(words_BLE + self.position.weight[: ids_BL.shape[1]] + segments)
        return normalised_BLE


class Layer(nn.Module):
    """Self-attention and a feed-forward block, each followed by residual and LayerNorm (post-norm, as BERT)."""

    def __init__(self, shape: EncoderShape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.dropout = dropout
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.out = nn.Linear(shape.hidden, shape.hidden)
        self.attention_norm = nn.LayerNorm(shape.hidden, NORM_EPSILON)
        self.up = nn.Linear(shape.hidden, shape.feed_forward)
        self.down = nn.Linear(shape.feed_forward, shape.hidden)
        self.output_norm = nn.LayerNorm(shape.hidden, NORM_EPSILON)

    def attend(self, x_BLH: Tensor, bias_B11L: Tensor | None, keys_B: Tensor | None, site: int) -> Tensor:
        """Mixed values (B, L, H)."""
        batch, length, hidden = x_BLH.shape
        qkv_3BALD = self.qkv(x_BLH).view(batch, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        q_BALD, k_BALD, v_BALD = qkv_3BALD.unbind(0)
        # the fused kernel's gradient is deterministic on a CPU only
        if on_host(x_BLH) and (keys_B is None or self.dropout == 0.0):
            mixed_BALD = F.scaled_dot_product_attention(q_BALD, k_BALD, v_BALD, attn_mask=bias_B11L)
        else:
            scores_BALL = (q_BALD / math.sqrt(q_BALD.shape[-1])) @ k_BALD.transpose(-1, -2)
            scores_BALL = scores_BALL if bias_B11L is None else scores_BALL + bias_B11L
            weights_BALL = drop(scores_BALL.softmax(-1), keys_B, site, self.dropout)
            mixed_BALD = weights_BALL.to(v_BALD.dtype) @ v_BALD
        return mixed_BALD.transpose(1, 2).reshape(batch, length, hidden)

    def forward(self, x_BLH: Tensor, bias_B11L: Tensor | None, keys_B: Tensor | None, site: int) -> Tensor:
        """The layer's output (B, L, H); ``site`` numbers this layer's first place of dropout."""
        mixed_BLH = self.out(self.attend(x_BLH, bias_B11L, keys_B, site))
        x_BLH = self.attention_norm(x_BLH + drop(mixed_BLH, keys_B, site + 1, self.dropout))
        inner_BLH = self.down(F.gelu(self.up(x_BLH)))
        output_BLH: Tensor = self.output_norm(x_BLH + drop(inner_BLH, keys_B, site + 2, self.dropout))
        return output_BLH


class Encoder(nn.Module):
    """Embeddings → hidden states."""

    def __init__(self, embedding: int, shape: EncoderShape, dropout: float, first_site: int) -> None:
        super().__init__()
        self.dropout = dropout
        self.first_site = first_site
        self.project = nn.Linear(embedding, shape.hidden) if embedding != shape.hidden else nn.Identity()
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))

    def forward(self, embedded_BLE: Tensor, bias_B11L: Tensor | None, keys_B: Tensor | None) -> Tensor:
        """Hidden states (B, L, H); ``keys_B`` are the rows' dropout keys, None where nothing is dropped."""
        x_BLH: Tensor = self.project(drop(embedded_BLE, keys_B, self.first_site, self.dropout))
        for number, layer in enumerate(self.layers):
            x_BLH = layer(x_BLH, bias_B11L, keys_B, self.first_site + 1 + number * SITES_A_LAYER)
        return x_BLH


class GeneratorHead(nn.Module):
    """Hidden states → vectors whose product with the word embeddings are the logits."""

    def __init__(self, hidden: int, shape: ModelShape) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, shape.embedding)
        self.norm = nn.LayerNorm(shape.embedding, NORM_EPSILON)
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))

    def forward(self, hidden_H: Tensor, word_VE: Tensor) -> Tensor:
        """Logits (…, V) of hidden states (…, H)."""
        return F.linear(self.norm(F.gelu(self.dense(hidden_H))), word_VE, self.bias)


class DiscriminatorHead(nn.Module):
    """Hidden states → one logit a token: above 0, it looks replaced."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, hidden_BLH: Tensor) -> Tensor:
        """Logits (B, L)."""
        logits_BL: Tensor = self.out(F.gelu(self.dense(hidden_BLH))).squeeze(-1)
        return logits_BL


class Electra(nn.Module):
    """Generator and discriminator over shared embeddings."""

    def __init__(self, shape: ModelShape, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = Embeddings(shape)
        self.word_delta = nn.Parameter(torch.zeros(shape.vocabulary, shape.embedding)) if shape.gdes else None
        self.generator = Encoder(shape.embedding, shape.generator, dropout, first_site=0)
        self.generator_head = GeneratorHead(shape.generator.hidden, shape)
        sites = 1 + SITES_A_LAYER * shape.generator.layers
        self.discriminator = Encoder(shape.embedding, shape.discriminator, dropout, first_site=sites)
        self.discriminator_head = DiscriminatorHead(shape.discriminator.hidden)
        self.encoder_head = GeneratorHead(shape.discriminator.hidden, shape) if shape.encoder_head else None

    def initialise(self, seed: int) -> "Electra":
        """Truncated normal weights, zero biases, as a function of the seed alone; returns itself."""
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1 and name != "word_delta":
                nn.init.trunc_normal_(parameter, std=INIT_STD, a=-2 * INIT_STD, b=2 * INIT_STD, generator=generator)
            elif name.endswith("norm.weight"):
                nn.init.ones_(parameter)
            else:
                nn.init.zeros_(parameter)
        return self

    def discriminator_words(self) -> Tensor:
        """The discriminator's word embeddings (V, E)."""
        word_VE = self.embeddings.word.weight
        return word_VE if self.word_delta is None else word_VE.detach() + self.word_delta

    def read_by(self, part: Literal["generator", "discriminator", "encoder"]) -> list[str]:
        """Names of the parameters that a part's loss depends on: its own, and those that both share.

        ``encoder`` is the discriminator's where it fills masked tokens.
        """
        if part == "encoder":
            head = "generator_head" if self.encoder_head is None else "encoder_head"
            begins = ("discriminator.", "embeddings.", f"{head}.")
            return [name for name, _ in self.named_parameters() if name.startswith(begins)]
        skipped = {"embeddings.word.weight"} if part == "discriminator" and self.shape.gdes else set()
        begins = (part, "embeddings", "word_delta" if part == "discriminator" else part)
        return [name for name, _ in self.named_parameters() if name.startswith(begins) and name not in skipped]

    def copy_encoder(self, source: EncoderName, target: EncoderName) -> None:
        """Give one encoder the weights of the other, whose shape is the same."""
        getattr(self, target).load_state_dict(getattr(self, source).state_dict())

    def with_encoder_as_generator(self) -> "Electra":
        """The same model, but that its generator is the encoder with its own head, which fills masked tokens."""
        shape = self.shape.model_copy(update={"generator": self.shape.discriminator, "encoder_head": False})
        other = Electra(shape)
        for target, source in (
            (other.embeddings, self.embeddings),
            (other.generator, self.discriminator),
            (other.generator_head, self.encoder_head),
            (other.discriminator, self.discriminator),
            (other.discriminator_head, self.discriminator_head),
        ):
            assert source is not None
            target.load_state_dict(source.state_dict())
        if self.word_delta is not None:  # the encoder reads and predicts words with it
            other.embeddings.word.weight.data.copy_(self.discriminator_words().detach())
        return other.eval()

    def generate(
        self,
        ids_BL: Tensor,
        positions_BK: Tensor,
        bias_B11L: Tensor | None = None,
        keys_B: Tensor | None = None,
        segments_BL: Tensor | None = None,
    ) -> Tensor:
        """The generator's logits (B, K, V) at some positions of each row."""
        word_VE = self.embeddings.word.weight
        hidden_BLH = self.generator(self.embeddings(ids_BL, word_VE, segments_BL), bias_B11L, keys_B)
        logits_BKV: Tensor = self.generator_head(pick_rows(hidden_BLH, positions_BK), word_VE)
        return logits_BKV

    def fill_by_encoder(
        self,
        ids_BL: Tensor,
        positions_BK: Tensor,
        bias_B11L: Tensor | None = None,
        keys_B: Tensor | None = None,
        segments_BL: Tensor | None = None,
    ) -> Tensor:
        """As ``generate``, by the discriminator's encoder; the shared word vectors learn from it (with GDES too)."""
        word_VE = self.embeddings.word.weight
        word_VE = word_VE if self.word_delta is None else word_VE + self.word_delta.detach()
        hidden_BLH = self.discriminator(self.embeddings(ids_BL, word_VE, segments_BL), bias_B11L, keys_B)
        head = self.generator_head if self.encoder_head is None else self.encoder_head
        logits_BKV: Tensor = head(pick_rows(hidden_BLH, positions_BK), word_VE)
        return logits_BKV

    def discriminate(
        self,
        ids_BL: Tensor,
        bias_B11L: Tensor | None = None,
        keys_B: Tensor | None = None,
        segments_BL: Tensor | None = None,
    ) -> Tensor:
        """The discriminator's logits (B, L)."""
        embedded_BLE = self.embeddings(ids_BL, self.discriminator_words(), segments_BL)
        logits_BL: Tensor = self.discriminator_head(self.discriminator(embedded_BLE, bias_B11L, keys_B))
        return logits_BL


def attention_bias(ids_BL: Tensor, pad: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """What is added to attention scores (B, 1, 1, L): 0, and the lowest number at pads."""
    lowest = torch.finfo(dtype).min
    return torch.zeros(ids_BL.shape, dtype=dtype, device=ids_BL.device).masked_fill_(ids_BL == pad, lowest)[
        :, None, None
    ]


def count_discriminator(shape: ModelShape) -> int:
    """Parameters of the discriminator with its embeddings and head; small at 31,002 entries: 13,610,497."""
    with torch.device("meta"):
        model = Electra(shape)
    parts = (model.embeddings, model.discriminator, model.discriminator_head)
    return sum(parameter.numel() for part in parts for parameter in part.parameters())
