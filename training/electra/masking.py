"""Which tokens the generator is to predict: drawn for each row as a function of (seed, step, row).

Tensor names carry their shapes: B batch, L length, K masked positions a row, N draws.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.electra.choices import MASK_SHARE, SHOWN_SHARE, Masking
from training.electra.device import add_at, any_at, on_host
from training.electra.draws import Purpose, Seed, bits, row_keys, uniform

POSITION_BITS = 2**9 - 1
"""Rows have at most 512 tokens."""
SHOWN_BITS = 2**32 - 2**9
RANDOM_BITS = 2**63 - 2**9


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
    hidden_BK: Tensor
    """True where the generator sees [MASK]; the others that count it sees as they are, and may copy."""
    shown_BL: Tensor
    """What the generator sees."""


def masked_per_row(length: int, mask_share: float = MASK_SHARE) -> int:
    """Most masked positions in a row: int(0.155 · length), 19 at 128, as the original has it."""
    return max(1, int((mask_share + 0.005) * length))


def choose_masked(
    ids_BL: Tensor,
    special: SpecialIds,
    seed: Seed,
    step: Tensor | int,
    rows_B: Tensor,
    masking: Masking,
    *,
    mask_share: float = MASK_SHARE,
    shown_share: float = SHOWN_SHARE,
) -> Masked:
    """Choose the masked positions of each row as a function of (seed, step, row), those that count first.

    A row of n tokens, [CLS] and [SEP] counted as the original does, gets max(1, round(mask_share · n)) positions, at
    most ``masked_per_row``. ``without_replacement`` takes distinct ones; ``original`` draws with replacement, so
    that a position may be predicted more than once.
    """
    length = ids_BL.shape[1]
    k = min(masked_per_row(length, mask_share), length)
    pad_BL = ids_BL == special.pad
    never_BL = pad_BL | (ids_BL == special.cls) | (ids_BL == special.sep)
    free_B1 = length - never_BL.sum(1, keepdim=True)
    real_B1 = length - pad_BL.sum(1, keepdim=True)
    wanted_B1 = (real_B1 * mask_share).round_().clamp_(min=1, max=k).minimum(free_B1)
    counts_BK = torch.arange(k, device=ids_BL.device) < wanted_B1
    keys_B = row_keys(seed, Purpose.POSITIONS, step, rows_B)
    if masking == "original":
        return _draw_with_replacement(ids_BL, special, keys_B, never_BL, counts_BK, shown_share)
    # 31 random bits order the tokens, 23 decide what is shown, the position comes last: no two draws are equal
    draws_BL = bits(keys_B, length).bitwise_and_(RANDOM_BITS).bitwise_or_(torch.arange(length, device=ids_BL.device))
    drawn_BK = _smallest(draws_BL.masked_fill_(never_BL, RANDOM_BITS | POSITION_BITS), k)
    positions_BK = (drawn_BK & POSITION_BITS).masked_fill_(~counts_BK, length - 1)
    hidden_BK = ((drawn_BK & SHOWN_BITS) < round((1 - shown_share) * SHOWN_BITS)) & counts_BK
    change_BK = (special.mask - ids_BL.gather(1, positions_BK)) * hidden_BK
    shown_BL = add_at(ids_BL, positions_BK, change_BK)
    return Masked(positions_BK, counts_BK.to(torch.float32), hidden_BK, shown_BL)


def _smallest(values_BL: Tensor, k: int) -> Tensor:
    """The k smallest of each row (B, K), rising."""
    if on_host(values_BL):  # numpy partitions with vector instructions, five times as fast
        smallest_BK = np.partition(values_BL.numpy(), k - 1, axis=1)[:, :k]
        smallest_BK.sort(axis=1)
        return torch.from_numpy(smallest_BK)
    return values_BL.topk(k, dim=1, largest=False).values


def _draw_with_replacement(
    ids_BL: Tensor, special: SpecialIds, keys_B: Tensor, never_BL: Tensor, counts_BK: Tensor, shown_share: float
) -> Masked:
    """The original's way; draws of one position lie side by side."""
    length, k = ids_BL.shape[1], counts_BK.shape[1]
    free_B1 = length - never_BL.sum(1, keepdim=True)
    draws_BN = uniform(keys_B, 2 * k)
    rank_BK = (draws_BN[:, :k] * free_B1).long() + 1
    chosen_BK = torch.searchsorted((~never_BL).cumsum(1), rank_BK).clamp_(max=length - 1)
    positions_BK, order_BK = chosen_BK.masked_fill(~counts_BK, length - 1).sort(dim=1, stable=True)
    weights_BK = counts_BK.gather(1, order_BK)
    hidden_BK = (draws_BN[:, k:] < 1 - shown_share) & weights_BK
    # among several draws of one position a single [MASK] hides it
    hides_BL = any_at(positions_BK, hidden_BK, length)
    shown_BL = ids_BL.masked_fill(hides_BL, special.mask)
    return Masked(positions_BK, weights_BK.to(torch.float32), hides_BL.gather(1, positions_BK) & weights_BK, shown_BL)
