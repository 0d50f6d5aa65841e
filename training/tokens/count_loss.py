"""What counts alone predict at hidden positions: the bar that a generator must pass.

Tensor names carry shapes: N rows, L length, M hidden positions, V vocabulary.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from training.tokens.counts import Counts

DISCOUNT = 0.75
"""Taken off each pair's count and given to single tokens (absolute discounting, Ney et al. 1994)."""
MOST_BOTH = 2_000
"""Hidden positions of which the model of both sides is asked: it needs a sum over the vocabulary for each."""
MOST_TURNED = 50_000_000
"""Pairs up to which the model of both sides is asked: it needs them sorted by the right token too (1.2 GB)."""
MODELS = ("single", "pairs", "both_sides")


class CountModels:
    """Three models made of counts of other text, asked for hidden tokens.

    ``single``: how frequent a token is. ``pairs``: how often it follows the token before; where that one is hidden too,
    as single. ``both_sides``: the product of what the token before and the token after say, over the first
    ``MOST_BOTH`` positions of which neither neighbour is hidden; not where there are more than ``MOST_TURNED`` pairs.
    """

    def __init__(self, counts: Counts, mask: int) -> None:
        self._counts = counts
        self._mask = mask
        self._turned: Counts | None = None
        smoothed_V = counts.single_V + 0.5
        self._single_V: NDArray[np.float64] = smoothed_V / smoothed_V.sum()
        self.sums = {f"{model}_{what}": 0.0 for model in MODELS for what in ("nats", "count")}

    def add(self, shown_NL: NDArray[np.int64], original_NL: NDArray[np.int64], hidden_NL: NDArray[np.bool_]) -> None:
        """Ask for the hidden tokens of some rows; the first and the last of a row are left out."""
        rows, columns = np.nonzero(hidden_NL)
        inner = (columns > 0) & (columns < shown_NL.shape[1] - 1)
        rows, columns = rows[inner], columns[inner]
        true_M, before_M, after_M = original_NL[rows, columns], shown_NL[rows, columns - 1], shown_NL[rows, columns + 1]
        single_M = self._single_V[true_M]
        pairs_M = np.where(before_M == self._mask, single_M, self._given(before_M, true_M, single_M))
        left = MOST_BOTH - int(self.sums["both_sides_count"]) if len(self._counts.keys_P) <= MOST_TURNED else 0
        both = np.flatnonzero((before_M != self._mask) & (after_M != self._mask))[:left]
        nats = [self._both_sides(*(int(one[at]) for one in (before_M, after_M, true_M))) for at in both]
        for model, each in (("single", -np.log(single_M)), ("pairs", -np.log(pairs_M)), ("both_sides", np.array(nats))):
            self.sums[f"{model}_nats"] += float(each.sum())
            self.sums[f"{model}_count"] += len(each)

    def _given(
        self, before_M: NDArray[np.int64], true_M: NDArray[np.int64], single_M: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of tokens after others, (M,)."""
        counts = self._counts
        wanted = (before_M * counts.vocabulary + true_M).astype(np.uint32)
        at = np.minimum(np.searchsorted(counts.keys_P, wanted), len(counts.keys_P) - 1)
        found = np.where(counts.keys_P[at] == wanted, counts.counts_P[at], 0).astype(np.float64)
        follow = {int(one): counts.row(int(one))[1] for one in np.unique(before_M)}
        total = np.array([max(follow[int(one)].sum(), 1.0) for one in before_M])
        kinds = np.array([len(follow[int(one)]) for one in before_M])
        kept: NDArray[np.float64] = np.maximum(found - DISCOUNT, 0) / total
        return kept + np.where(kinds > 0, DISCOUNT * kinds / total, 1.0) * single_M

    def _both_sides(self, before: int, after: int, true: int) -> float:
        """Nats of a token between two others: the pairs' product over the token's own frequency, normalised."""
        self._turned = self._turned or transposed(self._counts)
        score_V = -np.log(self._single_V)
        for table, neighbour in ((self._counts, before), (self._turned, after)):
            ids, number = table.row(neighbour)
            total = max(number.sum(), 1.0)
            given_V = (DISCOUNT * len(ids) / total if len(ids) else 1.0) * self._single_V
            given_V[ids] += np.maximum(number - DISCOUNT, 0) / total
            score_V += np.log(given_V)
        highest = score_V.max()
        return float(highest + np.log(np.exp(score_V - highest).sum()) - score_V[true])


def mean_losses(sums: Mapping[str, float]) -> dict[str, float]:
    """Nats a hidden position by model, of ``CountModels.sums``; models that were asked nothing are left out."""
    return {
        model: sums[f"{model}_nats"] / sums[f"{model}_count"] for model in MODELS if sums.get(f"{model}_count", 0) > 0
    }


def transposed(counts: Counts) -> Counts:
    """The same pairs, right one first."""
    size = counts.vocabulary
    keys = np.asarray(counts.keys_P).astype(np.int64)
    turned = (keys % size * size + keys // size).astype(np.uint32)
    order = np.argsort(turned, kind="stable")
    return Counts(counts.single_V, turned[order], np.asarray(counts.counts_P)[order])
