"""Documents that are still in, and those that a step after the first dropped."""

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
        pa.field("lost_to", pa.int64()),  # place of the document that a duplicate lost to
        pa.field("foreign", pa.large_string()),  # id of the text of another corpus that it lost to
        pa.field("detail", pa.large_string()),
    ]
)
"""A document that was dropped, by its place; its row is made when it is written."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """Documents by place, with no more than what decides on them (``Shards.placed``), and what was dropped."""

    documents: pa.Table
    funnel: Counter[str]
    drops: tuple[pa.Table, ...] = ()

    def without(self, lost: npt.NDArray[np.bool_], columns: Mapping[str, Any]) -> "Remaining":
        """Drop the documents of ``lost``; ``columns`` are those of DROPS that are not null, a value for each."""
        if not lost.any():
            return self
        places = self.documents["place"].filter(pa.array(lost)).combine_chunks()
        given: dict[str, Any] = {"place": places, **columns}
        filled = [given[field.name] if field.name in given else pa.nulls(len(places), field.type) for field in DROPS]
        rows = pa.table(filled, names=DROPS.names).cast(DROPS)
        return replace(self, documents=self.documents.filter(pa.array(~lost)), drops=(*self.drops, rows))

    def dropped(self) -> pa.Table:
        """All that was dropped, by place."""
        return pa.concat_tables([DROPS.empty_table(), *self.drops]).sort_by("place")

    def reasons(self) -> dict[str, int]:
        """How often each reason."""
        found = pc.value_counts(self.dropped()["reason"].combine_chunks())
        return {one["values"].as_py(): one["counts"].as_py() for one in found}
