"""What a list can be narrowed by: a facet gives each page one value of few, held as a small number.

Codes are whole arrays in memory, one number a page, so that counting a facet over a million pages is one pass of
numpy (2 to 5 ms).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.unsignedinteger]

LENGTHS = (0, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000)
"""Least words of each class."""
CLUSTERS = (1, 2, 3, 5, 10, 20, 50, 100)
HEALTH = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
NONE = "–"
"""The value of a page that has none."""
FACETS = (
    "outcome",
    "reason",
    "host",
    "category",
    "country",
    "language",
    "day",
    "published",
    "length",
    "health",
    "cluster",
    "split",
    "source",
    "rights",
)
"""In the order in which they are shown."""
IN_ORDER = ("length", "health", "cluster", "day", "published")
"""Facets whose values have an order of their own; the others are shown by their counts."""


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of a facet, and for each page the number of its value."""

    values: tuple[str, ...]
    codes: Codes


def by_value(column: pa.ChunkedArray | pa.Array) -> Facet:
    """A facet of the different values of a column of strings."""
    filled = pc.fill_null(column.cast(pa.large_string()), NONE)
    encoded = pc.dictionary_encode(filled)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # of no rows
        return Facet((), np.zeros(0, np.uint8))
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(len(values))
    codes = ranks[encoded.indices.to_numpy(zero_copy_only=False)]
    return Facet(tuple(values[place] for place in order), codes.astype(_smallest(len(values))))


def by_class(column: pa.ChunkedArray | pa.Array, least: Sequence[float]) -> Facet:
    """A facet of classes of numbers; each begins at its least value. Nulls have a class of their own, the last."""
    numbers = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False) if len(column) else np.zeros(0)
    missing = np.isnan(numbers)
    codes = np.searchsorted(np.array(least), np.where(missing, least[0], numbers), side="right") - 1
    codes = np.where(missing, len(least), np.maximum(codes, 0))
    return Facet((*_class_names(least), NONE), codes.astype(np.uint8))


def by_day(column: pa.ChunkedArray, pattern: str = "%Y-%m-%d") -> Facet:
    """A facet of days, or of years."""
    return by_value(pc.strftime(column.cast(pa.timestamp("s")), pattern))


def _class_names(least: Sequence[float]) -> list[str]:
    """As ``300–499``, ``0.25–0.5``, ``10,000+``."""
    names = []
    for low, high in zip(least, [*least[1:], None], strict=True):
        if high is None:
            names.append(f"{low:,g}+" if low < 1 else f"{low:,}+")
        elif isinstance(low, int):
            names.append(f"{low:,}" if high == low + 1 else f"{low:,}–{int(high) - 1:,}")
        else:
            names.append(f"{low:g}–{high:g}")
    return names


def _smallest(count: int) -> type[np.unsignedinteger]:
    for kind in (np.uint8, np.uint16):
        if count <= np.iinfo(kind).max:
            return kind
    return np.uint32
