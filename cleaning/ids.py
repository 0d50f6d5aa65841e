"""Where the rows of a URL stand in a pair: a sorted list of ids beside it, searched without being read through.

The pair itself keeps the order of the WARC file, so its statistics say nothing of an id: in every row group lie the
least and the greatest. Python has no reader of Parquet's page index and Bloom filters, which would in any case leave
the ids of a row group to be read for each pair. The list costs 13 bytes a record and follows from the pair alone; a
pair without it (cleaned before it was written) is searched by its id column, more slowly.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import Struct
from typing import Any

import numpy as np

from cleaning.pending import KEPT
from data.errors import InputError
from data.files import atomic_file

IDS = ".ids.npy"
_ENTRY = np.dtype([("prefix", "<u8"), ("row", "<i4"), ("kept", "?")])
_NPY = b"\x93NUMPY\x01\x00"
_SHAPE = re.compile(rb"'shape': \((\d+),\)")
_PACKED = Struct("<Qi?")
"""An entry as it lies in the file."""
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
    """The rows that an id may have: kept or dropped, and its number. Two ids may share their first 16 digits.

    Raises:
        InputError: the list is damaged.
    """
    wanted = _prefix(identity)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as pages:
        entries = _Entries(pages, path)  # a binary search reads some 20 pages of the file, not all of it
        for number in range(bisect_left(entries, wanted), len(entries)):
            prefix, row, kept = entries.whole(number)
            if prefix != wanted:
                return
            yield kept, row


class _Entries(Sequence[int]):
    """The prefixes of a list, straight from the file: ``numpy.load`` alone takes longer than the search.

    The length of a .npy file's header stands in its bytes 8 and 9 (numpy.lib.format, version 1.0).
    """

    def __init__(self, pages: mmap, path: Path) -> None:
        self._pages = pages
        self._first = 10 + int.from_bytes(pages[8:10], "little")
        rows = _SHAPE.search(pages[10 : self._first])
        self._count = int(rows[1]) if rows else -1
        if pages[:8] != _NPY or len(pages) != self._first + self._count * _ENTRY.itemsize:
            raise InputError(f"{path}: no list of ids, or cut short. Delete it: the pair's id column is read instead.")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: Any) -> Any:
        return self.whole(number)[0]

    def whole(self, number: int) -> tuple[int, int, bool]:
        """Prefix, row, and whether it is kept."""
        found: tuple[int, int, bool] = _PACKED.unpack_from(self._pages, self._first + number * _ENTRY.itemsize)
        return found


def _prefix(identity: str) -> int:
    return int(identity[:_PREFIX_DIGITS], 16)
