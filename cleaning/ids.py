"""Where the rows of a URL stand in a pair: a sorted list of ids beside it, searched without being read through.

The pair itself keeps the order of the WARC file, so its statistics say nothing of an id: in every row group lie the
least and the greatest. Python has no reader of Parquet's page index and Bloom filters, which would in any case leave
the ids of a row group to be read for each pair. The list costs 13 bytes a record and follows from the pair alone; a
pair without it (cleaned before it was written) is searched by its id column, more slowly.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cleaning.pending import KEPT
from data.files import atomic_file

IDS = ".ids.npy"
_ENTRY = np.dtype([("prefix", "<u8"), ("row", "<i4"), ("kept", "?")])
_PREFIX_DIGITS = 16


def ids_path(documents: Path) -> Path:
    """The list of ids of a pair."""
    return documents.with_name(documents.name.removesuffix(KEPT) + IDS)


def write_ids(path: Path, kept: Sequence[str], dropped: Sequence[str]) -> None:
    """Write the list of a pair whose rows have these ids."""
    entries = np.empty(len(kept) + len(dropped), _ENTRY)
    entries["prefix"] = [_prefix(one) for one in (*kept, *dropped)]
    entries["row"] = np.concatenate([np.arange(len(kept)), np.arange(len(dropped))])
    entries["kept"] = np.arange(len(entries)) < len(kept)
    with atomic_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.sort(entries, order=["prefix", "kept", "row"]))


def find_id(path: Path, identity: str) -> Iterator[tuple[bool, int]]:
    """The rows that an id may have: kept or dropped, and its number. Two ids may share their first 16 digits."""
    entries = np.load(path, mmap_mode="r")  # a binary search reads some 20 pages of the file, not all of it
    wanted = _prefix(identity)
    prefixes = entries["prefix"]
    for entry in entries[bisect_left(prefixes, wanted) :]:
        if entry["prefix"] != wanted:
            return
        yield bool(entry["kept"]), int(entry["row"])


def _prefix(identity: str) -> int:
    return int(identity[:_PREFIX_DIGITS], 16)
