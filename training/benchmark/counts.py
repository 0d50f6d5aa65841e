"""What each item of a split adds to the figures, so that a difference of two models can be tested item by item.

An item is a document, a row or a question. Every figure is a function of sums over the items; the columns are:

``exact/right`` ``exact/marked`` ``exact/due``   mentions; the same with ``seqeval`` in front
``rows`` ``right``                               texts and those with their label; accuracy
``label/<name>/right`` …                         the same three counts of one label; their mean F1 is ``macro_f1``
``sets`` ``sets/right``                          rows of several labels, and those with exactly theirs; with them stand
``micro/right`` …                                the three counts over all labels
``score/n`` ``score/x`` … ``score/xy``           sums of scores (x due, y told), their squares and products: Pearson's r
``rank/n`` …                                     the same of their ranks in the whole split: Spearman's
``questions`` ``exact_match`` ``f1``             sums over the questions
``answerable`` ``answerable_exact`` …            the same over the questions that have an answer
``unanswerable`` ``unanswerable_exact``          questions without one, and those that were left unanswered
``best_exact`` ``best_f1``                       sums at the threshold that is best on this split, as SQuAD 2 has it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from data.errors import InputError
from data.files import atomic_file

Array = npt.NDArray[np.float64]
COUNTED = ("right", "marked", "due")
_MEANS = (
    ("accuracy", "right", "rows"),
    ("exact_match", "exact_match", "questions"),
    ("f1", "f1", "questions"),
    ("answerable_exact", "answerable_exact", "answerable"),
    ("answerable_f1", "answerable_f1", "answerable"),
    ("unanswerable_exact", "unanswerable_exact", "unanswerable"),
    ("best_exact", "best_exact", "questions"),
    ("best_f1", "best_f1", "questions"),
    ("subset_accuracy", "sets/right", "sets"),
)
"""Figure, the sum above, the sum below."""
_CORRELATIONS = (("pearson", "score"), ("spearman", "rank"))
SUMS = ("n", "x", "y", "xx", "yy", "xy")
"""What a correlation is a function of."""
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
        with atomic_file(path) as temporary:
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
    for scorer in ("exact", "seqeval", "micro"):
        if f"{scorer}/due" in column:
            right, marked, due = (column[f"{scorer}/{name}"] for name in COUNTED)
            found[f"{scorer}_precision"] = _ratio(right, marked)
            found[f"{scorer}_recall"] = _ratio(right, due)
            found[f"{scorer}_f1"] = _ratio(2 * right, marked + due)
    found |= {name: _ratio(column[above], column[below]) for name, above, below in _MEANS if above in column}
    found |= {name: _correlation(column, of) for name, of in _CORRELATIONS if f"{of}/n" in column}
    labels = [name.removesuffix("/due") for name in columns if name.startswith("label/") and name.endswith("/due")]
    if labels:
        right, marked, due = (np.stack([column[f"{label}/{name}"] for label in labels], -1) for name in COUNTED)
        met = (marked + due > 0).sum(-1)
        found["macro_f1"] = _ratio(_ratio(2 * right, marked + due).sum(-1), met.astype(float))
    return found


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros(np.shape(below)), where=below > 0)


def _correlation(column: Mapping[str, Array], of: str) -> Array:
    """Pearson's r from sums; 0 where one side is constant."""
    n, x, y, xx, yy, xy = (column[f"{of}/{name}"] for name in SUMS)
    spread = np.maximum(n * xx - x**2, 0) * np.maximum(n * yy - y**2, 0)
    return np.clip(_ratio(n * xy - x * y, np.sqrt(spread)), -1, 1)
