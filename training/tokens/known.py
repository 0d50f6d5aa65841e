"""How much of a held-out text training has read: runs of tokens that stand in both.

A split by a hash keeps a copy of a text from being held out only where nothing was deduplicated: figures on such a
split are better than the model is. Runs are numbers modulo 2⁶⁴, a run of 2n tokens made of two of n.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RUN = 16
"""Tokens of a run; a power of two. About ten words with a vocabulary of 8,000, thirteen with one of 31,000."""
_BASE = 0x9E3779B97F4A7C15
_BITS = 22
"""Of a run's number, in the table that most runs of training do not pass: 4 MB."""
CHUNK = 1 << 22
"""Tokens of training that are read at once."""


def runs_of(ids_T: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """The number of the run that begins at each token, (T - RUN + 1,); empty where there are fewer tokens."""
    numbers = ids_T.astype(np.uint64) + np.uint64(1)
    power, length = _BASE, 1
    while length < RUN:
        numbers = numbers[:-length] * np.uint64(power) + numbers[length:]
        power, length = power * power % (1 << 64), 2 * length
    return numbers


def chunks_of(tokens: int) -> list[tuple[int, int]]:
    """(start, end) of the stretches in which a stream is read; they overlap so that no run is cut."""
    return [(start, min(start + CHUNK + RUN - 1, tokens)) for start in range(0, tokens, CHUNK)]


class KnownRuns:
    """Which runs of a held-out stream were met in training text."""

    def __init__(self, held_T: NDArray[np.uint16]) -> None:
        self._tokens = len(held_T)
        self._runs, self._back = np.unique(runs_of(np.asarray(held_T)), return_inverse=True)
        self.met = np.zeros(len(self._runs), np.bool_)
        self._table = np.zeros(1 << _BITS, np.bool_)
        self._table[self._low(self._runs)] = True

    def meet(self, ids_T: NDArray[np.uint16]) -> None:
        """Note the runs that stand in a stretch of training text."""
        if not len(self._runs):
            return
        runs = runs_of(np.asarray(ids_T))
        likely = runs[self._table[self._low(runs)]]
        at = np.minimum(np.searchsorted(self._runs, likely), len(self._runs) - 1)
        self.met[at[self._runs[at] == likely]] = True

    @property
    def share(self) -> float:
        """Share of the held-out tokens that stand in a run that was met.

        >>> known = KnownRuns(np.arange(40, dtype=np.uint16))
        >>> known.meet(np.arange(10, 30, dtype=np.uint16))
        >>> known.share
        0.5
        """
        starts = np.flatnonzero(self.met[self._back])
        edges = np.zeros(self._tokens + 1, np.int64)
        np.add.at(edges, starts, 1)
        np.add.at(edges, starts + RUN, -1)
        return float((np.cumsum(edges)[:-1] > 0).mean()) if self._tokens else 0.0

    @staticmethod
    def _low(runs: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (runs >> np.uint64(64 - _BITS)).astype(np.int64)


def stretches(ids_T: NDArray[np.uint16], mine: range) -> Iterator[NDArray[np.uint16]]:
    """The stretches of a stream of these numbers."""
    for start, end in (chunks_of(len(ids_T))[number] for number in mine):
        yield ids_T[start:end]
