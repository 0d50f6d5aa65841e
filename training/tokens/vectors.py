"""Word vectors from counts of neighbours: positive pointwise mutual information, cut to its largest singular vectors.

P[a, b] = max(0, log(C[a, b] · Σ q / (C[a, ·] · q[b]))) with q the right counts to the power 0.75 (Levy and Goldberg
2014; Levy, Goldberg and Dagan 2015), P ≈ L Rᵀ by a randomised SVD (Halko, Martinsson and Tropp 2011) from a fixed seed.
V vocabulary, K rank.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from training.tokens.counts import Counts

SMOOTHING = 0.75
"""Power of the context's counts (Levy, Goldberg and Dagan 2015): rare contexts do not get the largest values."""
MOST_PAIRS = 60_000_000
"""Pairs that the matrix holds; where there are more, those that occur least are left out (about 1.5 GB in all)."""
OVERSAMPLED = 16
ROUNDS = 2
"""Power iterations (Halko et al., algorithm 4.4)."""
SEED = 2009
BLOCK_PAIRS = 1 << 22


@dataclass(frozen=True, slots=True)
class Vectors:
    """P ≈ left · rightᵀ, largest singular values first; float32."""

    left_VK: NDArray[np.float32]
    """Of a token as the left one of a pair: what it says of the token after it."""
    right_VK: NDArray[np.float32]
    """Of a token as the right one: what it says of the token before it."""


def ppmi(counts: Counts) -> scipy.sparse.csr_array:
    """The positive entries of P, (V, V) float32, made block by block."""
    size = counts.vocabulary
    left_V, right_V = np.zeros(size), np.zeros(size)
    least = _least(counts.counts_P)
    for keys, number in _blocks(counts):
        left_V += np.bincount(keys // size, number, minlength=size)
        right_V += np.bincount(keys % size, number, minlength=size)
    smoothed_V = right_V**SMOOTHING
    smoothed_V /= max(smoothed_V.sum(), 1e-300)
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []
    for keys, number in _blocks(counts):
        a, b = keys // size, keys % size
        value = np.log(number / (left_V[a] * smoothed_V[b]))
        kept = (value > 0) & (number >= least)
        rows.append(np.bincount(a[kept], minlength=size))
        columns.append(b[kept].astype(np.int32))
        values.append(value[kept].astype(np.float32))
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sum(rows, np.zeros(size, np.int64)))])
    joined = np.concatenate([np.empty(0, np.int32), *columns])
    return scipy.sparse.csr_array((np.concatenate([np.empty(0, np.float32), *values]), joined, starts), (size, size))


def vectors_of(counts: Counts, rank: int) -> Vectors:
    """Left and right vectors of every token; zero beyond the rank of P. A function of the counts alone.

    One thread: sums in another order turn the vectors of equal singular values, and processes would begin apart.
    """
    with threadpool_limits(1):
        return _factors(counts, rank)


def _factors(counts: Counts, rank: int) -> Vectors:
    matrix = ppmi(counts)
    rank = min(rank, counts.vocabulary)
    width = min(rank + OVERSAMPLED, counts.vocabulary)
    draw = np.random.default_rng(SEED).standard_normal((counts.vocabulary, width), np.float32)
    basis_VW = _orthonormal(matrix @ draw)
    for _ in range(ROUNDS):
        basis_VW = _orthonormal(matrix @ _orthonormal(matrix.T @ basis_VW))
    small_VW = (matrix.T @ basis_VW).astype(np.float64)  # P ≈ basis · smallᵀ
    values_W, turned_WW = np.linalg.eigh(small_VW.T @ small_VW)
    order = np.argsort(-values_W, kind="stable")[:rank]
    root_K = np.sqrt(np.sqrt(np.maximum(values_W[order], 0.0)))  # of a singular value, shared by both sides
    right_VK = small_VW @ turned_WW[:, order] / np.maximum(root_K, 1e-12)
    left_VK = basis_VW @ turned_WW[:, order] * root_K
    sign_K = np.where(left_VK[np.abs(left_VK).argmax(0), np.arange(len(order))] < 0, -1.0, 1.0)
    return Vectors((left_VK * sign_K).astype(np.float32), (right_VK * sign_K).astype(np.float32))


def _orthonormal(vectors_VW: NDArray[np.float32]) -> NDArray[np.float32]:
    """An orthonormal basis of the same span; directions of which nothing is left are zero.

    By the eigenvectors of a small product in float64, twice: cheaper than a QR of V rows, and as exact.
    """
    found = vectors_VW.astype(np.float64)
    for _ in range(2):
        values_W, turned_WW = np.linalg.eigh(found.T @ found)
        kept = values_W > values_W[-1] * 1e-10
        found = found @ (turned_WW / np.sqrt(np.where(kept, values_W, np.inf)))
    return found.astype(np.float32)


def _blocks(counts: Counts) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Keys and occurrences of the pairs, some at a time."""
    for at in range(0, len(counts.keys_P), BLOCK_PAIRS):
        keys = np.asarray(counts.keys_P[at : at + BLOCK_PAIRS]).astype(np.int64)
        yield keys, np.asarray(counts.counts_P[at : at + BLOCK_PAIRS]).astype(np.float64)


def _least(counts_P: NDArray[np.uint32]) -> int:
    """The smallest count that at most ``MOST_PAIRS`` pairs have or surpass."""
    if len(counts_P) <= MOST_PAIRS:
        return 1
    histogram = np.zeros(1 << 16, np.int64)
    for at in range(0, len(counts_P), BLOCK_PAIRS):
        histogram += np.bincount(np.minimum(counts_P[at : at + BLOCK_PAIRS], len(histogram) - 1), minlength=1 << 16)
    as_many = histogram[::-1].cumsum()[::-1]
    return int(np.argmax(as_many <= MOST_PAIRS))
