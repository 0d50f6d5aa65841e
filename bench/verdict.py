#!/usr/bin/env python
"""How often `cowese benchmark --compare` calls chance a difference, and how large a difference it finds.

Two models tag the same made-up documents. A mention is found with a probability that depends on the document (some are
hard), on the model and the document (each model has its own hard ones), on the seed (a fit is good or bad everywhere)
and on chance; the spreads are named below. On the first table both models are equally good: every "difference" is an
error. On the second one model is better by so many points of F1. Beside ours stands the test that swaps each document
of each seed on its own, and takes seeds for more documents.

Run: .venv/bin/python bench/verdict.py [--rounds 2000] [--record]   (10 minutes of one core)
"""

import argparse

import numpy as np
from harness import Run, record_option

from training.benchmark.counts import figures_of
from training.benchmark.significance import differences

COLUMNS = ("exact/right", "exact/marked", "exact/due")
MENTIONS = 14
"""A document, on average; so many has PharmaCoNER."""
WORLDS = {
    "chance alone": (0.0, 0.0),
    "own hard documents": (0.4, 0.0),
    "seeds differ": (0.0, 0.008),
    "both": (0.4, 0.008),
}
"""Spread of a model's own difficulty of a document (logits), spread of F1 over seeds (PharmaCoNER's is 0.007)."""
SIZES = ((250, 1), (250, 3), (250, 5), (60, 5))
"""Documents and seeds."""
DRAWS = 1_000


def made(random, documents, seeds, world, gain=0.0):
    """Counts of two models, each (seeds, documents, 3); ``gain`` is what the first has more, in F1."""
    own, spread = WORLDS[world]
    due = 1 + random.poisson(MENTIONS - 1, documents)
    hard = random.normal(0.5, 0.8, documents)
    sides = []
    for side in range(2):
        logit = hard + random.normal(0, own, documents)
        rate = 1 / (1 + np.exp(-logit))
        fit = random.normal(0, spread, (seeds, 1)) + (gain if side == 0 else 0.0)
        right = random.binomial(due, np.clip(rate + fit, 0.01, 0.99))
        marked = right + random.binomial(due, np.clip(1 - rate - fit, 0.01, 0.99))
        sides.append(np.stack([right, marked, np.broadcast_to(due, right.shape)], -1).astype(float))
    return sides


def naive(random, ours, theirs):
    """The p of swapping each document of each seed on its own."""
    flat = [side.reshape(-1, side.shape[-1]) for side in (ours, theirs)]
    swaps = random.integers(0, 2, (DRAWS, len(flat[0]))).astype(float)
    moved = swaps @ (flat[1] - flat[0])
    f1 = [figures_of(COLUMNS, sums)["exact_f1"] for sums in (flat[0].sum(0) + moved, flat[1].sum(0) - moved)]
    seen = [figures_of(COLUMNS, side.sum(0))["exact_f1"] for side in flat]
    return (1 + (np.abs(f1[0] - f1[1]) >= abs(seen[0] - seen[1])).sum()) / (1 + DRAWS)


def shares(world, documents, seeds, rounds, gain=0.0):
    """Share of rounds with a verdict, by our test and by the naive one, and of intervals that hold the truth."""
    random = np.random.default_rng([documents, seeds, int(gain * 1e4), list(WORLDS).index(world)])
    ours, others, held = 0, 0, 0
    for _ in range(rounds):
        first, second = made(random, documents, seeds, world, gain)
        found = differences(first, second, lambda sums: figures_of(COLUMNS, sums), DRAWS)["exact_f1"]
        ours += found.is_shown
        held += found.low <= gain <= found.high
        others += naive(random, first, second) < 0.05
    return ours / rounds, others / rounds, held / rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2_000)
    record_option(parser)
    given = parser.parse_args()
    run = Run("verdict", ("numpy",))
    rows = [
        (world, documents, seeds, *map("{:.1%}".format, shares(world, documents, seeds, given.rounds)))
        for world in WORLDS
        for documents, seeds in SIZES
    ]
    columns = ("world", "documents", "seeds", "verdicts, ours", "verdicts, naive", "intervals that hold 0")
    run.table("No difference in truth: 5 % of verdicts are due", columns, rows)
    rows = []
    for world in ("own hard documents", "both"):
        for gain in (0.005, 0.01, 0.02, 0.03):
            ours, _, held = shares(world, 250, 5, given.rounds // 4, gain)
            rows.append((world, gain, f"{ours:.1%}", f"{held:.1%}"))
    columns = ("world", "more F1 in truth", "verdicts", "intervals that hold it")
    run.table("A difference in truth: 250 documents, 5 seeds", columns, rows)
    run.close(given.record)


if __name__ == "__main__":
    main()
