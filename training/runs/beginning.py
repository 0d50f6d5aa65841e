"""A run's first weights."""

from training.electra.beginning import begin_from_counts, rank_needed, statistics_of
from training.electra.model import Electra
from training.runs.pretrain_settings import Plan
from training.tokens.stream import TokenStream
from training.tokens.vectors import vectors_of


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
