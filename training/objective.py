"""ELECTRA's objective: mask, let the generator fill, let the discriminator tell what was replaced.

Tensor names carry their shapes: B batch, L length, K masked positions a row, V vocabulary.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from training.draws import Purpose, bits, gumbel, row_keys, uniform
from training.model import Electra, attention_bias
from training.presets import Masking, Sampling

MASK_SHARE = 0.15
SHOWN_SHARE = 0.85
"""Of the chosen positions, those that the generator sees as [MASK]; it sees the others as they are."""
DISCRIMINATOR_WEIGHT = 50.0
GUMBEL_CHUNK = 1 << 22
"""Noise is drawn for this many logits at once on a CPU, so that it stays in the cache."""
POSITION_BITS = 2**9 - 1
"""Rows have at most 512 tokens."""
SHOWN_BITS = 2**32 - 2**9
RANDOM_BITS = 2**63 - 2**9
BLOCK = 256
"""Width of a block of the two-level search in ``sample_inverse``."""


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """Ids of the tokens that are never masked, and of the mask."""

    pad: int
    cls: int
    sep: int
    mask: int


@dataclass(frozen=True, slots=True)
class Masked:
    """Which tokens of a batch are to be predicted."""

    positions_BK: Tensor
    weights_BK: Tensor
    """1.0 where the position counts; 0.0 past the number that a short row gets."""
    shown_BL: Tensor
    """What the generator sees."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Losses and counts of one batch; 0-dimensional tensors, sums where a name says so."""

    loss: Tensor
    figures: dict[str, Tensor]


def masked_per_row(length: int) -> int:
    """Most masked positions in a row: int(0.155 · length), 19 at 128, as the original has it."""
    return max(1, int((MASK_SHARE + 0.005) * length))


def choose_masked(
    ids_BL: Tensor, special: SpecialIds, seed: int, step: Tensor | int, rows_B: Tensor, masking: Masking
) -> Masked:
    """Choose the masked positions of each row as a function of (seed, step, row), those that count first.

    A row of n tokens, [CLS] and [SEP] counted as the original does, gets max(1, round(0.15 · n)) positions, at
    most ``masked_per_row``. ``without_replacement`` takes distinct ones; ``original`` draws with replacement, so
    that a position may be predicted more than once.
    """
    length = ids_BL.shape[1]
    k = min(masked_per_row(length), length)
    pad_BL = ids_BL == special.pad
    never_BL = pad_BL | (ids_BL == special.cls) | (ids_BL == special.sep)
    free_B1 = length - never_BL.sum(1, keepdim=True)
    real_B1 = length - pad_BL.sum(1, keepdim=True)
    wanted_B1 = (real_B1 * MASK_SHARE).round_().clamp_(min=1, max=k).minimum(free_B1)
    counts_BK = torch.arange(k, device=ids_BL.device) < wanted_B1
    keys_B = row_keys(seed, Purpose.POSITIONS, step, rows_B)
    if masking == "original":
        return _draw_with_replacement(ids_BL, special, keys_B, never_BL, counts_BK)
    # 31 random bits order the tokens, 23 decide what is shown, the position comes last: no two draws are equal
    draws_BL = bits(keys_B, length).bitwise_and_(RANDOM_BITS).bitwise_or_(torch.arange(length, device=ids_BL.device))
    drawn_BK = _smallest(draws_BL.masked_fill_(never_BL, RANDOM_BITS | POSITION_BITS), k)
    positions_BK = (drawn_BK & POSITION_BITS).masked_fill_(~counts_BK, length - 1)
    hidden_BK = ((drawn_BK & SHOWN_BITS) < round(SHOWN_SHARE * SHOWN_BITS)) & counts_BK
    change_BK = (special.mask - ids_BL.gather(1, positions_BK)) * hidden_BK
    shown_BL = ids_BL.scatter_add(1, positions_BK, change_BK)
    return Masked(positions_BK, counts_BK.to(torch.float32), shown_BL)


def _smallest(values_BL: Tensor, k: int) -> Tensor:
    """The k smallest of each row (B, K), rising."""
    if values_BL.device.type == "cpu":  # numpy partitions with vector instructions, five times as fast
        smallest_BK = np.partition(values_BL.numpy(), k - 1, axis=1)[:, :k]
        smallest_BK.sort(axis=1)
        return torch.from_numpy(smallest_BK)
    return values_BL.topk(k, dim=1, largest=False).values


def _draw_with_replacement(
    ids_BL: Tensor, special: SpecialIds, keys_B: Tensor, never_BL: Tensor, counts_BK: Tensor
) -> Masked:
    """The original's way; draws of one position lie side by side."""
    length, k = ids_BL.shape[1], counts_BK.shape[1]
    free_B1 = length - never_BL.sum(1, keepdim=True)
    draws_BN = uniform(keys_B, 2 * k)
    rank_BK = (draws_BN[:, :k] * free_B1).long() + 1
    chosen_BK = torch.searchsorted((~never_BL).cumsum(1), rank_BK).clamp_(max=length - 1)
    positions_BK, order_BK = chosen_BK.masked_fill(~counts_BK, length - 1).sort(dim=1, stable=True)
    weights_BK = counts_BK.gather(1, order_BK)
    hidden_BK = (draws_BN[:, k:] < SHOWN_SHARE) & weights_BK
    # amax: among several draws of one position a single [MASK] hides it
    hides_BL = torch.zeros_like(ids_BL).scatter_reduce_(1, positions_BK, hidden_BK.to(ids_BL.dtype), "amax")
    shown_BL = ids_BL.masked_fill(hides_BL.bool(), special.mask)
    return Masked(positions_BK, weights_BK.to(torch.float32), shown_BL)


def sample_gumbel(logits_BKV: Tensor, keys_B: Tensor) -> Tensor:
    """Draw (B, K) tokens from the softmax of the logits: the argmax of logits + Gumbel noise."""
    batch, k, vocabulary = logits_BKV.shape
    if logits_BKV.device.type != "cpu":
        return (logits_BKV.float() + gumbel(keys_B, k * vocabulary).view_as(logits_BKV)).argmax(-1)
    rows = max(1, GUMBEL_CHUNK // (k * vocabulary))
    parts = (
        (logits_BKV[at : at + rows] + gumbel(keys_B[at : at + rows], k * vocabulary).view(-1, k, vocabulary)).argmax(-1)
        for at in range(0, batch, rows)
    )
    return torch.cat(list(parts))


def sample_inverse(logits_BKV: Tensor, keys_B: Tensor) -> Tensor:
    """Draw (B, K) tokens from the same distribution with one random number a position.

    The cumulated probabilities are searched in two levels, blocks of ``BLOCK`` entries and then entries.
    """
    batch, k, vocabulary = logits_BKV.shape
    weights_BKV = (logits_BKV.float() - logits_BKV.amax(-1, keepdim=True)).exp_()
    blocks_BKNW = F.pad(weights_BKV, (0, -vocabulary % BLOCK)).view(batch, k, -1, BLOCK)
    upto_BKN = blocks_BKNW.sum(-1).cumsum(-1)
    target_BK1 = uniform(keys_B, k)[:, :, None] * upto_BKN[:, :, -1:]
    block_BK1 = torch.searchsorted(upto_BKN, target_BK1).clamp_(max=upto_BKN.shape[-1] - 1)
    before_BK1 = F.pad(upto_BKN, (1, 0)).gather(-1, block_BK1)
    within_BKW = blocks_BKNW.gather(2, block_BK1[..., None].expand(-1, -1, -1, BLOCK)).squeeze(2).cumsum(-1)
    entry_BK1 = torch.searchsorted(within_BKW, target_BK1 - before_BK1).clamp_(max=BLOCK - 1)
    return (block_BK1 * BLOCK + entry_BK1).squeeze(-1).clamp_(max=vocabulary - 1)


def corrupt(
    logits_BKV: Tensor, masked: Masked, ids_BL: Tensor, keys_B: Tensor, sampling: Sampling
) -> tuple[Tensor, Tensor]:
    """Put the generator's samples in: corrupted ids (B, L) and which were replaced (B, L), bool.

    A sample that happens to be the original counts as original. No gradient flows through it.
    """
    sample = sample_gumbel if sampling == "gumbel" else sample_inverse
    sampled_BK = sample(logits_BKV.detach(), keys_B)
    original_BK = ids_BL.gather(1, masked.positions_BK)
    counts_BK = masked.weights_BK > 0
    # Of several draws of one position (original masking) the first decides; what does not count keeps its token.
    change_BK = torch.where(counts_BK, sampled_BK - original_BK, 0)
    first_BK = torch.ones_like(counts_BK)
    first_BK[:, 1:] = masked.positions_BK[:, 1:] != masked.positions_BK[:, :-1]
    corrupted_BL = ids_BL.scatter_add(1, masked.positions_BK, change_BK * first_BK)
    return corrupted_BL, corrupted_BL != ids_BL


def summed(counts: Tensor, world: int) -> Tensor:
    """Counts summed over the processes."""
    if world > 1:
        dist.all_reduce(counts)
    return counts


def electra_loss(
    model: Electra,
    ids_BL: Tensor,
    special: SpecialIds,
    *,
    seed: int,
    step: Tensor | int,
    rows_B: Tensor,
    masking: Masking = "without_replacement",
    sampling: Sampling = "gumbel",
    world: int = 1,
    dropout: bool = True,
) -> Outcome:
    """The joint loss of a batch: cross-entropy at masked positions + 50 × the discriminator's over all tokens.

    ``rows_B`` are the rows' numbers in the global batch. With ``world`` processes each loss is this process's share
    of the whole batch's: their sum is the batch's loss, whatever rows each has. Pads count nowhere; [CLS] and [SEP]
    count for the discriminator, as in the original.
    """
    masked = choose_masked(ids_BL, special, seed, step, rows_B, masking)
    real_BL = ids_BL != special.pad
    masked_total, token_total = summed(torch.stack([masked.weights_BK.sum(), real_BL.sum()]), world)
    bias_B11L = attention_bias(ids_BL, special.pad)
    drop_B = row_keys(seed, Purpose.DROPOUT, step, rows_B) if dropout else None
    logits_BKV = model.generate(masked.shown_BL, masked.positions_BK, bias_B11L, drop_B)
    original_BK = ids_BL.gather(1, masked.positions_BK)
    nll_BK = F.cross_entropy(logits_BKV.flatten(0, 1).float(), original_BK.flatten(), reduction="none").view_as(
        original_BK
    )
    mlm_loss = (nll_BK * masked.weights_BK).sum() / masked_total.clamp(min=1)

    keys_B = row_keys(seed, Purpose.SAMPLE, step, rows_B)
    corrupted_BL, replaced_BL = corrupt(logits_BKV, masked, ids_BL, keys_B, sampling)
    judged_BL = model.discriminate(corrupted_BL, bias_B11L, drop_B).float()
    each_BL = F.binary_cross_entropy_with_logits(judged_BL, replaced_BL.float(), reduction="none")
    disc_loss = (each_BL * real_BL).sum() / token_total.clamp(min=1)
    loss = mlm_loss + DISCRIMINATOR_WEIGHT * disc_loss
    with torch.no_grad():
        flagged_BL = (judged_BL > 0) & real_BL
        right_BK = (logits_BKV.argmax(-1) == original_BK) * masked.weights_BK
        figures = {
            "loss": loss.detach(),
            "mlm_loss": mlm_loss.detach(),
            "disc_loss": disc_loss.detach(),
            "masked": masked.weights_BK.sum(),
            "generator_right": right_BK.sum(),
            "tokens": real_BL.sum(),
            "replaced": replaced_BL.sum(),
            "flagged": flagged_BL.sum(),
            "caught": (flagged_BL & replaced_BL).sum(),
            "disc_right": ((flagged_BL == replaced_BL) & real_BL).sum(),
        }
    return Outcome(loss, figures)
