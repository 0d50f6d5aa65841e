"""What the generator puts at the masked positions: draws from its softmax as a function of the rows' keys.

Tensor names carry their shapes: B batch, L length, K masked positions a row, V vocabulary, N blocks of W entries.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from training.electra.choices import Sampling
from training.electra.device import add_at, on_host
from training.electra.draws import gumbel, uniform
from training.electra.masking import Masked

GUMBEL_CHUNK = 1 << 22
"""Noise is drawn for this many logits at once on a CPU, so that it stays in the cache."""
BLOCK = 256
"""Width of a block of the two-level search in ``sample_inverse``."""


def sample_gumbel(logits_BKV: Tensor, keys_B: Tensor) -> Tensor:
    """Draw (B, K) tokens from the softmax of the logits: the argmax of logits + Gumbel noise."""
    batch, k, vocabulary = logits_BKV.shape
    if not on_host(logits_BKV):
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
    logits_BKV: Tensor, masked: Masked, ids_BL: Tensor, keys_B: Tensor, sampling: Sampling, temperature: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Put the generator's samples in: corrupted ids (B, L) and which were replaced (B, L), bool.

    A sample that happens to be the original counts as original. No gradient flows through it.
    """
    sample = sample_gumbel if sampling == "gumbel" else sample_inverse
    logits_BKV = logits_BKV.detach()
    sampled_BK = sample(logits_BKV if temperature == 1.0 else logits_BKV / temperature, keys_B)
    original_BK = ids_BL.gather(1, masked.positions_BK)
    counts_BK = masked.weights_BK > 0
    # Of several draws of one position (original masking) the first decides; what does not count keeps its token.
    change_BK = torch.where(counts_BK, sampled_BK - original_BK, 0)
    first_BK = torch.ones_like(counts_BK)
    first_BK[:, 1:] = masked.positions_BK[:, 1:] != masked.positions_BK[:, :-1]
    corrupted_BL = add_at(ids_BL, masked.positions_BK, change_BK * first_BK)
    return corrupted_BL, corrupted_BL != ids_BL
