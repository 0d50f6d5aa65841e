"""A Parquet file's columns and pages as its footer and page index describe them. Source: parquet.thrift."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crawler.sources.common_crawl.thrift import BINARY, I32, I64, LIST, STRUCT, NotThriftError, Reader, Struct, written

MAGIC = b"PAR1"
UNCOMPRESSED, GZIP = 0, 2
"""Codecs."""
META = 3
"""Field of a ColumnChunk: its metadata."""
V1, V2 = 5, 8
"""Fields of a PageHeader: of a data page of the first version, of the second."""
_INT32 = 1
"""A physical type."""
_DICTIONARY = (2, 8)
"""Encodings PLAIN_DICTIONARY and RLE_DICTIONARY: the page refers to the chunk's dictionary."""

Rows = tuple[int, int]
"""First row of a range and the one after the last."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a column chunk."""

    begin: int
    length: int
    rows: Rows
    least: bytes | None = None
    greatest: bytes | None = None


@dataclass
class Chunk:
    """A column of a row group: what its footer says."""

    fields: Struct
    """ColumnChunk."""
    rows: int
    pages: list[Page] = field(default_factory=list)
    dictionary: bytes | None = None

    @cached_property
    def meta(self) -> Struct:
        """ColumnMetaData."""
        found: Struct = self.fields[META][1]
        return found

    @property
    def codec(self) -> int:
        """Its compression."""
        return int(value(self.meta, 4, -1))

    @cached_property
    def begin(self) -> int:
        """Its first byte, of the dictionary where it has one."""
        dictionary, data = value(self.meta, 11, 0), value(self.meta, 9, 0)
        return min(dictionary, data) if dictionary > 0 else int(data)

    @property
    def length(self) -> int:
        """Its bytes."""
        return int(value(self.meta, 7, 0))

    @cached_property
    def bounds(self) -> tuple[bytes | None, bytes | None]:
        """The least and the greatest value, as its statistics have them."""
        statistics: Struct = value(self.meta, 12, {})
        return value(statistics, 6, None), value(statistics, 5, None)

    @property
    def is_null(self) -> bool:
        """Whether every value is null."""
        return bool(self._nulls == self.rows)

    @property
    def constant(self) -> int | None:
        """The value of every row, where the statistics of a whole number say so: the status of pages is always 200."""
        least, greatest = self.bounds
        if value(self.meta, 1, None) != _INT32 or self._nulls != 0 or least is None or least != greatest:
            return None
        return int.from_bytes(least, "little", signed=True)

    @property
    def dictionary_span(self) -> tuple[int, int] | None:
        """First byte and length of its dictionary, after its pages were found; a whole chunk has it inside."""
        length = self.pages[0].begin - self.begin
        return (self.begin, length) if length > 0 else None

    def index_spans(self, *, bounds: bool) -> list[tuple[int, int]]:
        """The byte ranges of its offset index and, for ``bounds``, its column index; empty if one is missing."""
        spans = [(value(self.fields, at, 0), value(self.fields, at + 1, 0)) for at in ((4, 6) if bounds else (4,))]
        return spans if all(begin and length for begin, length in spans) else []

    def whole(self) -> Page:
        """A chunk without a page index as one page, dictionary included."""
        return Page(self.begin, self.length, (0, self.rows), *self.bounds)

    def covering(self, rows: Rows) -> list[Page]:
        """The pages with some rows."""
        first = bisect_right(self.pages, rows[0], key=lambda page: page.rows[0]) - 1
        last = bisect_right(self.pages, rows[1] - 1, key=lambda page: page.rows[0])
        return self.pages[first:last]

    def size_of(self, rows: Rows) -> int:
        """Bytes to read for some rows, the dictionary included."""
        dictionary = self.dictionary_span if self.dictionary is None else None
        return sum(page.length for page in self.covering(rows)) + (dictionary or (0, 0))[1]

    @property
    def _nulls(self) -> int:
        return int(value(value(self.meta, 12, {}), 3, -1))


def one_column(
    element: Struct, chunk: Chunk, dictionary: bytes, pages: Sequence[bytes], rows: int, codec: int
) -> bytes:
    """A Parquet file of some pages of a column; ``element`` is the column's SchemaElement."""
    kept: Struct = {number: chunk.meta[number] for number in (1, 2, 3, 6) if number in chunk.meta}
    size = len(dictionary) + sum(map(len, pages))
    meta: Struct = {
        **kept, 4: (I32, codec), 5: (I64, rows), 7: (I64, size), 9: (I64, len(MAGIC) + len(dictionary)),
    }  # fmt: skip
    if dictionary:
        meta[11] = (I64, len(MAGIC))
    column: Struct = {2: (I64, 0), 3: (STRUCT, meta)}
    group: Struct = {1: (LIST, (STRUCT, [column])), 2: (I64, size), 3: (I64, rows)}
    root: Struct = {4: (BINARY, b"schema"), 5: (I32, 1)}
    footer = written({1: (I32, 1), 2: (LIST, (STRUCT, [root, element])), 3: (I64, rows), 4: (LIST, (STRUCT, [group]))})
    return b"".join((MAGIC, dictionary, *pages, footer, len(footer).to_bytes(4, "little"), MAGIC))


def refers(page: bytes) -> bool:
    """Whether a data page refers to a dictionary."""
    try:
        header = Reader(page).struct()
    except NotThriftError:
        return False  # pyarrow reports the error
    of_data: Struct = value(header, V1, None) or value(header, V2, {})
    return value(of_data, 2 if V1 in header else 4, 0) in _DICTIONARY


def value(fields: Struct, number: int, default: Any) -> Any:
    """A field of a struct."""
    return fields[number][1] if number in fields else default
