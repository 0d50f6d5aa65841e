"""Random numbers without a state: every draw is a pure function of (seed, purpose, step, global row, counter).

Masks, samples and dropout are therefore the same for any number of processes, and resuming needs no generator's state.
With generators a resumed run, or one on more GPUs, would draw other masks, and runs could not be compared. The integer
arithmetic wraps modulo 2**64 and gives the same bits on every device.
Shapes: B rows, N draws a row.
"""

import math
from enum import IntEnum

import torch
from torch import Tensor

from training.electra.device import on_host

GOLDEN = 0x9E3779B97F4A7C15 - 2**64
"""2**64 / golden ratio, odd: the increment of SplitMix64 (Steele, Lea, Flood 2014), as a signed integer."""
FIRST = 0xBF58476D1CE4E5B9 - 2**64
SECOND = 0x94D049BB133111EB - 2**64
"""SplitMix64's two multipliers."""
HALF_WORD = 1 << 15
WORD = 1 << 16
WIDTHS = {16: torch.int16, 32: torch.int32}


class Purpose(IntEnum):
    """What a draw decides; dropout sites count on from ``DROPOUT``."""

    POSITIONS = 1
    """Which tokens are masked, and which of them are shown as [MASK]."""
    SAMPLE = 3
    """What the generator puts there."""
    ORDER = 4
    """The order of rows in an epoch."""
    SINGLE = 5
    """Which rows of pairs are of one segment."""
    DROPOUT = 16
    """Which activations are dropped; each site adds its own number."""


def signed(value: int) -> int:
    """An integer modulo 2**64, in the range of int64."""
    return (value + 2**63) % 2**64 - 2**63


def mix(values: Tensor) -> Tensor:
    """Scramble int64 values in place: two xor-shift-multiply rounds; returns ``values``."""
    values ^= values >> 32
    values *= FIRST
    values ^= values >> 29
    values *= SECOND
    return values


Seed = int | Tensor
"""A seed as a number, or as what ``seed_table`` made of it: on the device, so that a compiled step takes any seed."""


def seed_table(seed: int, device: torch.device | None = None) -> Tensor:
    """A seed scrambled with each purpose, (purposes,) int64."""
    scrambled = [_scrambled(seed, purpose) for purpose in range(max(Purpose) + 1)]
    return torch.tensor(scrambled, dtype=torch.int64, device=device)


def row_keys(seed: Seed, purpose: int, step: Tensor | int, rows_B: Tensor) -> Tensor:
    """Keys (B,) int64 of some rows for one purpose at one step; ``step`` may live on the device.

    The low bits of a product depend on few bits of its factors; a last shift brings the high ones down.
    """
    turned = signed(step * SECOND) if isinstance(step, int) else step * SECOND
    begins = _scrambled(seed, purpose) if isinstance(seed, int) else seed[purpose]
    keys_B = mix(rows_B * GOLDEN + begins + turned)
    return keys_B ^ (keys_B >> 31)


def _scrambled(seed: int, purpose: int) -> int:
    """A seed and a purpose as one number without a pattern: SplitMix64 in Python's integers."""
    value = (seed * 0x9E3779B97F4A7C15 + purpose * 0xD1342543DE82EF95) % 2**64
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
    return signed(value ^ value >> 31)


def bits(keys_B: Tensor, n: int) -> Tensor:
    """``n`` draws of 64 bits for each key: (B, n) int64."""
    # Inductor makes index arithmetic of a product with arange; C++ leaves its overflow undefined. The xor stops that.
    counter_N = (torch.arange(n, device=keys_B.device) ^ 0) * GOLDEN
    return mix(keys_B[:, None] + counter_N)


def words(keys_B: Tensor, n: int, width: int) -> Tensor:
    """``n`` draws of 16 or 32 bits for each key, signed: (B, n); each 64 bits are cut up, low ones first."""
    drawn_BM = bits(keys_B, math.ceil(n * width / 64))
    if on_host(keys_B):
        return drawn_BM.view(WIDTHS[width])[:, :n]
    return cut_by_shifts(drawn_BM, width)[:, :n]


def cut_by_shifts(drawn_BM: Tensor, width: int) -> Tensor:
    """The same as a view in a narrower type, by arithmetic that a compiler fuses with what reads it: int64."""
    lifts = torch.arange(64 - width, -1, -width, device=drawn_BM.device)
    return ((drawn_BM[:, :, None] << lifts) >> (64 - width)).flatten(1)


def uniform(keys_B: Tensor, n: int) -> Tensor:
    """``n`` draws from the open interval (0, 1) for each key: (B, n) float32; 23 bits each, so none rounds to 1."""
    high_BN = (bits(keys_B, n) >> 41) & 0x7FFFFF
    return (high_BN.to(torch.float32) + 0.5) * 2.0**-23


def gumbel(keys_B: Tensor, n: int) -> Tensor:
    """``n`` draws from the standard Gumbel distribution for each key: (B, n) float32.

    A Gumbel draw is the negative logarithm of an exponential one. The exponential is ``-log1p(-u)`` so that
    its small values, the only ones an argmax can pick, keep 31 bits.
    """
    words_BN = words(keys_B, n, 32) & 0x7FFFFFFF
    uniform_BN = (words_BN.to(torch.float32) + 0.5).mul_(2.0**-31)
    return uniform_BN.neg_().log1p_().neg_().log_().neg_()


def keep(keys_B: Tensor, n: int, dropped: float) -> Tensor:
    """True (B, n) where an activation stays; four decisions of 16 bits a draw. ``dropped`` is a share in [0, 1)."""
    return words(keys_B, n, 16) >= round(dropped * WORD) - HALF_WORD


def drop(x: Tensor, keys_B: Tensor | None, site: int, dropped: float) -> Tensor:
    """Dropout of x (B, …) at one site; ``keys_B`` of None means that nothing is dropped."""
    if keys_B is None or dropped == 0.0:
        return x
    kept = keep(keys_B + signed(site * FIRST), x[0].numel(), dropped).view(x.shape)
    share = 1.0 - round(dropped * WORD) / WORD
    return (x * kept.to(torch.float32).mul_(1.0 / share)).to(x.dtype)
