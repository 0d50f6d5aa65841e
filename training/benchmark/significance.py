"""Whether two models differ by more than other documents and other seeds would make them differ.

Two sources of chance are told apart (as Obuchowski and Rockette 1995 do for readers and cases):

- **Documents.** Paired permutation: with both models equally good, a document's results could as well be those of the
  other model, so they are swapped, document by document, for all seeds at once (Yeh 2000). For the interval documents
  are drawn with replacement (bootstrap).
- **Seeds.** There are too few to permute (3 against 3 can be dealt in 10 ways, so that no p is below 0.1). The
  difference of two means over seeds is drawn with the seeds' own variance, in the shape of Student's t, whose degrees
  of freedom are those of the seeds where they decide, and more where documents do (Hillis 2007).

What is left between a seed and a document is in both parts; it is taken out of the documents' part.

To swap each document of each seed on its own leaves out that a seed is good or bad on all documents at once:
bench/verdict.py shows that such a test calls chance a difference in far more than 5 % of the cases.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from training.benchmark.counts import Array

DRAWS = 5_000
"""Permutations, and as many bootstrap samples: a p of 0.05 is known to ± 0.006."""
LEVEL = 0.05
SEED = 17
"""Of the draws: the same results give the same verdict."""
_BLOCK = 2_000_000
"""Weights of documents that are in memory at once."""

Figures = Callable[[Array], dict[str, Array]]
"""Sums of counts (…, columns) → each figure (…)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two models, means over their seeds."""

    first: float
    second: float
    low: float
    high: float
    """The 95 % interval of first − second."""
    p: float
    """Of the null hypothesis that there is no difference; two-sided."""

    @property
    def difference(self) -> float:
        """First − second."""
        return self.first - self.second

    @property
    def is_shown(self) -> bool:
        """Whether the null hypothesis is rejected at 5 %."""
        return self.p < LEVEL


def differences(first_SNK: Array, second_SNK: Array, figures: Figures, draws: int = DRAWS) -> dict[str, Difference]:
    """Compare two models by counts of S seeds, N items and K columns; the same items in the same order.

    With one seed a model the answer is about these two fitted models alone.

    >>> from training.benchmark.counts import figures_of
    >>> right = np.ones((1, 60, 2))
    >>> wrong = right * [1, 0]
    >>> found = differences(right, wrong, lambda sums: figures_of(("rows", "right"), sums))["accuracy"]
    >>> found.first, found.second, found.is_shown
    (1.0, 0.0, True)
    """
    random = np.random.default_rng(SEED)
    seeds, items, _ = first_SNK.shape
    ours, theirs = figures(first_SNK.sum(1)), figures(second_SNK.sum(1))
    swapped = _drawn(figures, first_SNK, second_SNK, _swaps(random, items, draws), swap=True)
    resampled = _drawn(figures, first_SNK, second_SNK, _samples(random, items, draws), swap=False)
    found = {}
    for name in ours:
        first, second = float(ours[name].mean()), float(theirs[name].mean())
        by_seeds, shared = 0.0, 0.0
        if seeds > 1:
            by_seeds = float(ours[name].var(ddof=1) + theirs[name].var(ddof=1)) / seeds
            shared = _shared_variance(name, figures, first_SNK, second_SNK)
        null_R = _with_seeds(random, _without(swapped[name], shared), by_seeds, 2 * (seeds - 1))
        extreme = np.abs(null_R) >= abs(first - second) - 1e-12
        documents_R = _without(resampled[name] - (first - second), shared)
        moved_R = _with_seeds(random, documents_R, by_seeds, 2 * (seeds - 1))
        low, high = np.quantile(moved_R, [LEVEL / 2, 1 - LEVEL / 2])
        p = (1 + int(extreme.sum())) / (1 + draws)
        found[name] = Difference(first, second, first - second + float(low), first - second + float(high), p)
    return found


def _swaps(random: np.random.Generator, items: int, draws: int) -> Iterator[Array]:
    """Blocks of (draws, items): 1 where the two models' results are swapped."""
    for size in _blocks(items, draws):
        yield random.integers(0, 2, (size, items)).astype(np.float64)


def _samples(random: np.random.Generator, items: int, draws: int) -> Iterator[Array]:
    """Blocks of (draws, items): how often each item is drawn."""
    for size in _blocks(items, draws):
        drawn = random.integers(0, items, (size, items)) + items * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * items).reshape(size, items).astype(np.float64)


def _blocks(items: int, draws: int) -> Iterator[int]:
    size = max(1, _BLOCK // items)
    for start in range(0, draws, size):
        yield min(size, draws - start)


def _drawn(
    figures: Figures, first_SNK: Array, second_SNK: Array, weights: Iterator[Array], *, swap: bool
) -> dict[str, Array]:
    """The difference of each figure under each draw of documents."""
    seeds, items, columns = first_SNK.shape
    ours_NX = first_SNK.transpose(1, 0, 2).reshape(items, -1)
    theirs_NX = second_SNK.transpose(1, 0, 2).reshape(items, -1)
    parts: dict[str, list[Array]] = {}
    for weight_RN in weights:
        if swap:
            moved_RX = weight_RN @ (theirs_NX - ours_NX)
            one_RX, other_RX = ours_NX.sum(0) + moved_RX, theirs_NX.sum(0) - moved_RX
        else:
            one_RX, other_RX = weight_RN @ ours_NX, weight_RN @ theirs_NX
        one, other = (figures(sums.reshape(-1, seeds, columns)) for sums in (one_RX, other_RX))
        for name in one:
            parts.setdefault(name, []).append(one[name].mean(-1) - other[name].mean(-1))
    return {name: np.concatenate(blocks) for name, blocks in parts.items()}


def _without(drawn_R: Array, variance: float) -> Array:
    """The draws about their mean with this variance taken out."""
    mean, whole = drawn_R.mean(), drawn_R.var()
    if not whole:
        return drawn_R
    narrowed: Array = mean + (drawn_R - mean) * np.sqrt(max(0.0, 1 - variance / whole))
    return narrowed


def _with_seeds(random: np.random.Generator, drawn_R: Array, variance: float, freedom: int) -> Array:
    """The documents' draws with the chance of seeds added, and widened for how well few seeds tell their variance."""
    if not variance:
        return drawn_R
    whole = drawn_R.var() + variance
    freedoms = freedom * (whole / variance) ** 2
    added_R = drawn_R + np.sqrt(variance) * random.standard_normal(len(drawn_R))
    widened: Array = added_R * np.sqrt(freedoms / random.chisquare(freedoms, len(drawn_R)))
    return widened


def _shared_variance(name: str, figures: Figures, first_SNK: Array, second_SNK: Array) -> float:
    """Of the difference: what comes from seeds and documents together, by pseudo-values of the jackknife."""
    total = 0.0
    for counts_SNK in (first_SNK, second_SNK):
        seeds, items, _ = counts_SNK.shape
        sums_S1K = counts_SNK.sum(1, keepdims=True)
        pseudo_SN = items * figures(sums_S1K)[name] - (items - 1) * figures(sums_S1K - counts_SNK)[name]
        rest_SN = pseudo_SN - pseudo_SN.mean(0) - pseudo_SN.mean(1, keepdims=True) + pseudo_SN.mean()
        total += float((rest_SN**2).sum()) / ((seeds - 1) * max(1, items - 1)) / (seeds * items)
    return total
