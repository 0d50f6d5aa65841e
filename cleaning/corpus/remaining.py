"""The documents that remain after each step of publishing, and the dropped ones."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

DROPS = pa.schema(
    [
        pa.field("place", pa.int64()),
        pa.field("reason", pa.large_string()),
        pa.field("figure", pa.float32()),
        pa.field("lost_to", pa.int64()),  # place of the document that a duplicate lost to (the canonical document)
        pa.field("foreign", pa.large_string()),  # id of the text of another corpus that it lost to
        pa.field("detail", pa.large_string()),
    ]
)
"""A dropped document by place; its row is built when it is written."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """Documents by place, with only the columns that decide (``Shards.placed``), and the dropped ones."""

    documents: pa.Table
    funnel: Counter[str]
    drops: tuple[pa.Table, ...] = ()

    def without(self, lost: npt.NDArray[np.bool_], columns: Mapping[str, Any]) -> "Remaining":
        """Drop the documents of the mask ``lost``; ``columns`` are the values of DROPS for them."""
        if not lost.any():
            return self
        places = self.documents["place"].filter(pa.array(lost)).combine_chunks()
        given: dict[str, Any] = {"place": places, **columns}
        filled = [given[field.name] if field.name in given else pa.nulls(len(places), field.type) for field in DROPS]
        rows = pa.table(filled, names=DROPS.names).cast(DROPS)
        return replace(self, documents=self.documents.filter(pa.array(~lost)), drops=(*self.drops, rows))

    def dropped(self) -> pa.Table:
        """All dropped documents, by place."""
        return pa.concat_tables([DROPS.empty_table(), *self.drops]).sort_by("place")

    def reasons(self) -> dict[str, int]:
        """Number of dropped documents by reason."""
        found = pc.value_counts(self.dropped()["reason"].combine_chunks())
        return {one["values"].as_py(): one["counts"].as_py() for one in found}
