"""A run's first weights, and what counts alone would predict: the bar that it has to pass."""

from pathlib import Path

import numpy as np
import torch

from training.electra.beginning import begin_from_counts, rank_needed, statistics_of
from training.electra.masking import choose_masked
from training.electra.model import Electra
from training.runs.feed import special_ids
from training.runs.pretrain_settings import Plan
from training.tokens.count_loss import CountModels, mean_losses
from training.tokens.stream import TokenStream
from training.tokens.vectors import vectors_of

HELD_OUT_ROWS = 400
"""Rows of the validation split on which counts are asked: some 6,000 hidden tokens."""
LENGTH = 128
SEED = 20_210_916


def first_model(plan: Plan, stream: TokenStream, *, counted: bool = True) -> Electra:
    """The model before the first step, on the CPU; ``counted`` of False: only its shape matters, nothing is counted.

    A run that begins from a model (``begin`` is "model") gets its weights afterwards.
    """
    model = Electra(plan.shape(stream.vocab_size), plan.dropout).initialise(plan.seed)
    if plan.begin != "counts" or not counted:
        return model
    counts = stream.counts()
    vectors = vectors_of(counts, rank_needed(model.shape.embedding))
    statistics = statistics_of(counts.single_V, vectors.left_VK, vectors.right_VK, stream.special.mask)
    return begin_from_counts(model, statistics, plan.seed)


def losses_of_counts(tokens: Path, stream: TokenStream) -> dict[str, float]:
    """Nats at hidden positions of the validation split by counts of the training split (``CountModels``).

    Empty where the split is, or where `pack` counted nothing.
    """
    held_out = TokenStream.open(tokens, "validation")
    if stream.counted is None or not len(held_out.tokens) or not len(stream.counted.keys_P):
        return {}
    rows = held_out.rows(LENGTH)
    numbers = np.arange(min(len(rows), HELD_OUT_ROWS))
    ids_BL = torch.from_numpy(rows.batch(numbers).astype(np.int64))
    special = special_ids(stream)
    masked = choose_masked(ids_BL, special, SEED, 0, torch.from_numpy(numbers), "without_replacement")
    models = CountModels(stream.counted, special.mask)
    hidden_BL = (masked.shown_BL == special.mask) & (ids_BL != special.mask)
    models.add(masked.shown_BL.numpy(), ids_BL.numpy(), hidden_BL.numpy())
    return mean_losses(models.sums)
