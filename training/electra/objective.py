"""ELECTRA's objective: mask, let the generator fill, let the discriminator tell what was replaced.

The two losses are functions of their own: no gradient goes from the discriminator's into the generator, so that each
may be differentiated as soon as it is known, and beside the other.
Tensor names carry their shapes: B batch, L length, K masked positions a row, V vocabulary.
"""

from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from training.electra.choices import DISCRIMINATOR_WEIGHT, MASK_SHARE, SHOWN_SHARE, Masking, Objective, Sampling
from training.electra.draws import Purpose, Seed, row_keys
from training.electra.masking import Masked, SpecialIds, choose_masked
from training.electra.model import Electra, attention_bias
from training.electra.sampling import corrupt


@dataclass(frozen=True, slots=True)
class Filled:
    """What the generator made of a batch."""

    loss: Tensor
    """Cross-entropy at the masked positions, nats."""
    corrupted_BL: Tensor
    replaced_BL: Tensor
    token_total: Tensor
    """Tokens of the whole batch, pads not counted."""
    figures: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Losses and counts of one batch; 0-dimensional tensors, sums where a name says so."""

    loss: Tensor
    figures: dict[str, Tensor]


def summed(counts: Tensor, world: int) -> Tensor:
    """Counts summed over the processes."""
    if world > 1:
        dist.all_reduce(counts)
    return counts


def segments_of(ids_BL: Tensor, special: SpecialIds) -> Tensor:
    """Segments (B, L) of rows that are pairs: 1 after the first [SEP], pads left out."""
    ends_BL = (ids_BL == special.sep).long()
    return ((ends_BL.cumsum(1) > ends_BL) & (ids_BL != special.pad)).long()


def generator_loss(
    model: Electra,
    ids_BL: Tensor,
    special: SpecialIds,
    *,
    seed: Seed,
    step: Tensor | int,
    rows_B: Tensor,
    masking: Masking = "without_replacement",
    sampling: Sampling = "gumbel",
    pairs: bool = False,
    world: int = 1,
    dropout: bool = True,
    objective: Objective = "both",
    mask_share: float = MASK_SHARE,
    shown_share: float = SHOWN_SHARE,
    temperature: float = 1.0,
    totals: Tensor | None = None,
) -> Filled:
    """The cross-entropy at masked positions, and the rows with the generator's samples put in.

    With the objective ``mlm`` the discriminator's encoder fills, and nothing is sampled; with ``rtd`` the generator is
    frozen, and the loss has no gradient. ``rows_B`` are the rows' numbers in the global batch. With ``world`` processes
    the loss is this process's share of the whole batch's: their sum is the batch's loss, whatever rows each has. So are
    those of micro-batches, with the ``totals`` of ``batch_totals``. Pads count nowhere.
    """
    shares = {"mask_share": mask_share, "shown_share": shown_share}
    masked = choose_masked(ids_BL, special, seed, step, rows_B, masking, **shares)
    totals = _totals(masked, ids_BL, special, world) if totals is None else totals
    masked_total, token_total = totals.unbind()
    drop_B = row_keys(seed, Purpose.DROPOUT, step, rows_B) if dropout else None
    segments_BL = segments_of(ids_BL, special) if pairs else None
    bias_B11L = attention_bias(ids_BL, special.pad)
    with torch.set_grad_enabled(objective != "rtd" and torch.is_grad_enabled()):
        drop_B = None if objective == "rtd" else drop_B
        fill = model.fill_by_encoder if objective == "mlm" else model.generate
        logits_BKV = fill(masked.shown_BL, masked.positions_BK, bias_B11L, drop_B, segments_BL)
    original_BK = ids_BL.gather(1, masked.positions_BK)
    nll_BK = F.cross_entropy(logits_BKV.flatten(0, 1).float(), original_BK.flatten(), reduction="none").view_as(
        original_BK
    )
    loss = (nll_BK * masked.weights_BK).sum() / masked_total.clamp(min=1)
    if objective == "mlm":
        corrupted_BL, replaced_BL = ids_BL, torch.zeros_like(ids_BL, dtype=torch.bool)
    else:
        keys_B = row_keys(seed, Purpose.SAMPLE, step, rows_B)
        corrupted_BL, replaced_BL = corrupt(logits_BKV, masked, ids_BL, keys_B, sampling, temperature)
    with torch.no_grad():
        right_BK = logits_BKV.argmax(-1) == original_BK
        figures = {
            "mlm_loss": loss.detach(),
            **filling_figures(masked, nll_BK, right_BK),
            "replaced": replaced_BL.sum(),
        }
    return Filled(loss, corrupted_BL, replaced_BL, token_total, figures)


def batch_totals(
    ids_BL: Tensor,
    special: SpecialIds,
    *,
    seed: Seed,
    step: Tensor | int,
    rows_B: Tensor,
    masking: Masking,
    mask_share: float,
    world: int,
) -> Tensor:
    """Positions to predict and tokens of the whole batch, over all processes: (2,). What the losses are divided by."""
    masked = choose_masked(ids_BL, special, seed, step, rows_B, masking, mask_share=mask_share)
    return _totals(masked, ids_BL, special, world)


def _totals(masked: Masked, ids_BL: Tensor, special: SpecialIds, world: int) -> Tensor:
    return summed(torch.stack([masked.weights_BK.sum(), (ids_BL != special.pad).sum()]), world)


def filling_figures(masked: Masked, nll_BK: Tensor, right_BK: Tensor) -> dict[str, Tensor]:
    """Sums over the positions that are hidden from the generator, and over those that it sees and may copy.

    Only the hidden ones tell what it has learnt.
    """
    hidden_BK = masked.hidden_BK.to(nll_BK.dtype)
    shown_BK = masked.weights_BK - hidden_BK
    return {
        f"{name}_{figure}": (one_BK * each_BK).sum()
        for name, one_BK in (("hidden", hidden_BK), ("shown", shown_BK))
        for figure, each_BK in (("count", torch.ones_like(nll_BK)), ("nats", nll_BK), ("right", right_BK))
    }


def discriminator_loss(
    model: Electra,
    ids_BL: Tensor,
    special: SpecialIds,
    filled: Filled,
    *,
    seed: Seed,
    step: Tensor | int,
    rows_B: Tensor,
    pairs: bool = False,
    dropout: bool = True,
) -> Outcome:
    """The binary cross-entropy over all tokens but pads, [CLS] and [SEP] included as in the original; unweighted."""
    real_BL = ids_BL != special.pad
    drop_B = row_keys(seed, Purpose.DROPOUT, step, rows_B) if dropout else None
    segments_BL = segments_of(ids_BL, special) if pairs else None
    bias_B11L = attention_bias(ids_BL, special.pad)
    judged_BL = model.discriminate(filled.corrupted_BL, bias_B11L, drop_B, segments_BL).float()
    replaced_BL = filled.replaced_BL
    each_BL = F.binary_cross_entropy_with_logits(judged_BL, replaced_BL.float(), reduction="none")
    loss = (each_BL * real_BL).sum() / filled.token_total.clamp(min=1)
    with torch.no_grad():
        flagged_BL = (judged_BL > 0) & real_BL
        figures = {
            "disc_loss": loss.detach(),
            "tokens": real_BL.sum(),
            "flagged": flagged_BL.sum(),
            "caught": (flagged_BL & replaced_BL).sum(),
            "disc_right": ((flagged_BL == replaced_BL) & real_BL).sum(),
        }
    return Outcome(loss, figures)


def joint_figures(filled: Filled, judged: Outcome, weight: float = DISCRIMINATOR_WEIGHT) -> dict[str, Tensor]:
    """The figures of both, and the joint loss: cross-entropy + 50 × the discriminator's."""
    loss = filled.loss.detach() + weight * judged.loss.detach()
    return {"loss": loss, **filled.figures, **judged.figures}


def filling_alone(filled: Filled, ids_BL: Tensor, special: SpecialIds) -> dict[str, Tensor]:
    """The figures of a step without a discriminator: its own are 0."""
    nothing = torch.zeros_like(filled.loss.detach())
    judged = dict.fromkeys(("disc_loss", "flagged", "caught", "disc_right"), nothing)
    return {"loss": filled.loss.detach(), **filled.figures, **judged, "tokens": (ids_BL != special.pad).sum()}


def electra_loss(
    model: Electra,
    ids_BL: Tensor,
    special: SpecialIds,
    *,
    seed: Seed,
    step: Tensor | int,
    rows_B: Tensor,
    masking: Masking = "without_replacement",
    sampling: Sampling = "gumbel",
    pairs: bool = False,
    dropout: bool = True,
) -> Outcome:
    """The joint loss of a batch in one process: both losses, one after the other."""
    filled = generator_loss(
        model,
        ids_BL,
        special,
        seed=seed,
        step=step,
        rows_B=rows_B,
        masking=masking,
        sampling=sampling,
        pairs=pairs,
        dropout=dropout,
    )
    judged = discriminator_loss(
        model, ids_BL, special, filled, seed=seed, step=step, rows_B=rows_B, pairs=pairs, dropout=dropout
    )
    return Outcome(filled.loss + DISCRIMINATOR_WEIGHT * judged.loss, joint_figures(filled, judged))
