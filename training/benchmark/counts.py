"""What each item of a split adds to the figures, so that a difference of two models can be tested item by item.

An item is a document, a row or a question. Every figure is a function of sums over the items; the columns are:

``exact/right`` ``exact/marked`` ``exact/due``   mentions; the same with ``seqeval`` in front
``rows`` ``right``                               texts and those with their label; accuracy
``label/<name>/right`` …                         the same three counts of one label; their mean F1 is ``macro_f1``
``questions`` ``exact_match`` ``f1``             sums over the questions
``answerable`` ``answerable_f1``                 the same over the questions that have an answer
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from data.errors import InputError
from data.files import whole_file

Array = npt.NDArray[np.float64]
COUNTED = ("right", "marked", "due")
_MEANS = (
    ("accuracy", "right", "rows"),
    ("exact_match", "exact_match", "questions"),
    ("f1", "f1", "questions"),
    ("answerable_f1", "answerable_f1", "answerable"),
)
"""Figure, the sum above, the sum below."""
_NAME = "item"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of every item of a split."""

    items: tuple[str, ...]
    columns: tuple[str, ...]
    values: Array
    """(items, columns)."""

    def write(self, path: Path) -> None:
        """Write a Parquet file: the items' names, then a column a count."""
        table = pa.table({_NAME: list(self.items), **dict(zip(self.columns, self.values.T, strict=True))})
        with whole_file(path) as temporary:
            parquet.write_table(table, temporary, compression="zstd")

    @classmethod
    def read(cls, path: Path) -> "Counts":
        """Read what ``write`` wrote.

        Raises:
            InputError: there is no such file.
        """
        if not path.is_file():
            raise InputError(f"{path}: no such file. `cowese benchmark --rescore` makes it from the predictions.")
        table = parquet.read_table(path)
        columns = tuple(name for name in table.column_names if name != _NAME)
        values = np.stack([table[name].to_numpy() for name in columns], 1)
        return cls(tuple(table[_NAME].to_pylist()), columns, values)


def figures_of(columns: Sequence[str], sums: Array) -> dict[str, Array]:
    """The figures of sums (…, columns), each of shape (…); 0 where one is not defined.

    >>> found = figures_of(("exact/right", "exact/marked", "exact/due"), np.array([3.0, 4.0, 6.0]))
    >>> {name: float(value) for name, value in found.items()}
    {'exact_precision': 0.75, 'exact_recall': 0.5, 'exact_f1': 0.6}
    """
    column = {name: sums[..., place] for place, name in enumerate(columns)}
    found: dict[str, Array] = {}
    for scorer in ("exact", "seqeval"):
        if f"{scorer}/due" in column:
            right, marked, due = (column[f"{scorer}/{name}"] for name in COUNTED)
            found[f"{scorer}_precision"] = _ratio(right, marked)
            found[f"{scorer}_recall"] = _ratio(right, due)
            found[f"{scorer}_f1"] = _ratio(2 * right, marked + due)
    found |= {name: _ratio(column[above], column[below]) for name, above, below in _MEANS if below in column}
    labels = [name.removesuffix("/due") for name in columns if name.startswith("label/") and name.endswith("/due")]
    if labels:
        right, marked, due = (np.stack([column[f"{label}/{name}"] for label in labels], -1) for name in COUNTED)
        met = (marked + due > 0).sum(-1)
        found["macro_f1"] = _ratio(_ratio(2 * right, marked + due).sum(-1), met.astype(float))
    return found


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)
