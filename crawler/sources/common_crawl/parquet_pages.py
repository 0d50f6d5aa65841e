"""Reads single pages of a remote Parquet file: only the pages with the wanted rows.

pyarrow reads whole column chunks: about 20 MB for a host of Common Crawl's index. Parquet's page index gives the rows
and the minimum and maximum of each page. A file of one column is built in memory from the wanted pages, and pyarrow
reads that. Without a page index a chunk counts as one page. Source: PageIndex.md.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.sources.common_crawl.thrift import BINARY, I32, I64, LIST, STRUCT, NotThriftError, Reader, Struct, written
from crawler.sources.remote import Remote
from data.errors import StageError

TAIL = 64 << 10
"""Bytes of a file's end in the first request; most footers fit."""
_MAGIC = b"PAR1"
_HELD = 16 << 20
"""Bytes in the cache: the next host is often in the same pages."""
_GAP = 4 << 10
"""Pages with fewer bytes between them share a request."""
_META = 3
"""Field of a ColumnChunk: its metadata."""
_V1, _V2 = 5, 8
"""Fields of a PageHeader: of a data page of the first version, of the second."""
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
        found: Struct = self.fields[_META][1]
        return found

    @cached_property
    def begin(self) -> int:
        """Its first byte, of the dictionary where it has one."""
        dictionary, data = _value(self.meta, 11, 0), _value(self.meta, 9, 0)
        return min(dictionary, data) if dictionary > 0 else int(data)

    @property
    def length(self) -> int:
        """Its bytes."""
        return int(_value(self.meta, 7, 0))

    @cached_property
    def bounds(self) -> tuple[bytes | None, bytes | None]:
        """The least and the greatest value, as its statistics have them."""
        statistics: Struct = _value(self.meta, 12, {})
        return _value(statistics, 6, None), _value(statistics, 5, None)

    @property
    def is_null(self) -> bool:
        """Whether every value is null."""
        return bool(_value(_value(self.meta, 12, {}), 3, -1) == self.rows)

    def index_spans(self, *, bounds: bool) -> list[tuple[int, int]]:
        """The byte ranges of its offset index and, for ``bounds``, its column index; empty if one is missing."""
        spans = [(_value(self.fields, at, 0), _value(self.fields, at + 1, 0)) for at in ((4, 6) if bounds else (4,))]
        return spans if all(begin and length for begin, length in spans) else []


class PageReader:
    """Reads the pages of one file."""

    def __init__(self, remote: Remote, path: str) -> None:
        self._remote = remote
        self._path = path
        self._had: dict[tuple[int, int], bytes] = {}
        footer = self._footer()
        self._schema = {one[4][1].decode(): one for one in footer[2][1][1][1:]}
        self.groups: list[dict[str, Chunk]] = [
            {
                _value(chunk[_META][1], 3, (0, [b""]))[1][-1].decode(): Chunk(chunk, group[3][1])
                for chunk in group[1][1][1]
                if _META in chunk
            }
            for group in footer[4][1][1]
        ]

    def columns(self, wanted: Iterable[str]) -> list[str]:
        """The wanted columns that the file has; older files have fewer."""
        return [name for name in wanted if name in self._schema]

    def find_pages(self, group: int, names: Sequence[str], *, bounds: bool = False) -> None:
        """Read the page index of some columns of a row group; with ``bounds``, also the pages' minimum and maximum."""
        chunks = [self.groups[group][name] for name in names if not self.groups[group][name].pages]
        contents = self._spans([span for chunk in chunks for span in chunk.index_spans(bounds=bounds)])
        for chunk in chunks:
            spans = chunk.index_spans(bounds=bounds)
            chunk.pages = self._pages(chunk, *(contents[span] for span in spans)) if spans else [_whole(chunk)]

    def read(self, group: int, rows: Rows, names: Sequence[str]) -> dict[str, pa.ChunkedArray]:
        """Read some columns of some rows of a row group, after ``find_pages``."""
        chunks = {name: self.groups[group][name] for name in names}
        covering = {name: _covering(chunk.pages, rows) for name, chunk in chunks.items() if not chunk.is_null}
        contents = self._spans([(page.begin, page.length) for pages in covering.values() for page in pages])
        data = {name: [contents[page.begin, page.length] for page in pages] for name, pages in covering.items()}
        self._find_dictionaries([chunks[name] for name, pages in data.items() if any(map(_refers, pages))])
        found = {}
        for name, chunk in chunks.items():
            if chunk.is_null:
                found[name] = pa.chunked_array([pa.nulls(rows[1] - rows[0], pa.string())])
                continue
            pages = covering[name]
            column = self._decoded(name, chunk, data[name], pages[-1].rows[1] - pages[0].rows[0])
            found[name] = column.slice(rows[0] - pages[0].rows[0], rows[1] - rows[0])
        return found

    def _footer(self) -> Struct:
        content, size = self._remote.tail(self._path, TAIL)
        if content[-4:] != _MAGIC:
            raise self._damaged("not a Parquet file")
        length = int.from_bytes(content[-8:-4], "little") + 8
        if length > size:
            raise self._damaged("its footer is longer than the file")
        if length > len(content):
            content = self._remote.span(self._path, size - length, length)
        try:
            return Reader(content[-length:-8]).struct()
        except (NotThriftError, KeyError) as error:
            raise self._damaged(f"its footer cannot be read ({error})") from error

    def _pages(self, chunk: Chunk, places: bytes, bounds: bytes | None = None) -> list[Page]:
        try:
            locations = [(one[1][1], one[2][1], one[3][1]) for one in Reader(places).struct()[1][1][1]]
            index = Reader(bounds).struct() if bounds is not None else {}
            unknown: tuple[int, list[Any]] = 0, [None] * len(locations)
            empty, least, greatest = (_value(index, number, unknown)[1] for number in (1, 2, 3))
        except (NotThriftError, KeyError) as error:
            raise self._damaged(f"its page index cannot be read ({error})") from error
        ends = [*(first for _, _, first in locations[1:]), chunk.rows]
        return [
            Page(begin, length, (first, end), *((None, None) if null else (low, high)))
            for (begin, length, first), end, null, low, high in zip(
                locations, ends, empty, least, greatest, strict=True
            )
        ]

    def _find_dictionaries(self, chunks: Sequence[Chunk]) -> None:
        wanted = {
            (chunk.begin, chunk.pages[0].begin - chunk.begin): chunk
            for chunk in chunks
            if chunk.dictionary is None and chunk.pages[0].begin > chunk.begin
        }
        for span, content in self._spans(list(wanted)).items():
            wanted[span].dictionary = content

    def _spans(self, spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The contents of byte ranges (first, length); neighbouring ones share a request."""
        found = {span: self._had[span] for span in spans if span in self._had}
        held: list[tuple[int, int]] = []
        for span in [*sorted(set(spans) - found.keys()), None]:
            if held and (span is None or span[0] > held[-1][0] + held[-1][1] + _GAP):
                begin, end = held[0][0], max(one[0] + one[1] for one in held)
                content = self._remote.span(self._path, begin, end - begin)
                found |= {one: content[one[0] - begin : one[0] - begin + one[1]] for one in held}
                held = []
            held += [span] if span is not None else []
        if sum(map(len, self._had.values())) > _HELD:
            self._had.clear()
        self._had |= found
        return found

    def _decoded(self, name: str, chunk: Chunk, pages: list[bytes], rows: int) -> pa.ChunkedArray:
        """Decode pages with pyarrow, as a file of one column."""
        dictionary = chunk.dictionary or b""
        kept: Struct = {number: chunk.meta[number] for number in (1, 2, 3, 4, 6) if number in chunk.meta}
        size = len(dictionary) + sum(map(len, pages))
        meta: Struct = {**kept, 5: (I64, rows), 7: (I64, size), 9: (I64, len(_MAGIC) + len(dictionary))}
        if dictionary:
            meta[11] = (I64, len(_MAGIC))
        column: Struct = {2: (I64, 0), 3: (STRUCT, meta)}
        group: Struct = {1: (LIST, (STRUCT, [column])), 2: (I64, size), 3: (I64, rows)}
        root: Struct = {4: (BINARY, b"schema"), 5: (I32, 1)}
        footer = written(
            {
                1: (I32, 1),
                2: (LIST, (STRUCT, [root, self._schema[name]])),
                3: (I64, rows),
                4: (LIST, (STRUCT, [group])),
            }
        )
        content = b"".join((_MAGIC, dictionary, *pages, footer, len(footer).to_bytes(4, "little"), _MAGIC))
        try:
            return pq.ParquetFile(pa.BufferReader(content)).read().column(0)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(f"column {name} cannot be read ({error})") from error

    def _damaged(self, why: str) -> StageError:
        return StageError(
            f"{self._path}: {why}. Run the same command again; where it says so again, the file itself is damaged."
        )


def _whole(chunk: Chunk) -> Page:
    """A chunk without a page index as one page, dictionary included."""
    return Page(chunk.begin, chunk.length, (0, chunk.rows), *chunk.bounds)


def _covering(pages: Sequence[Page], rows: Rows) -> list[Page]:
    first = bisect_right(pages, rows[0], key=lambda page: page.rows[0]) - 1
    last = bisect_right(pages, rows[1] - 1, key=lambda page: page.rows[0])
    return list(pages[first:last])


def _refers(page: bytes) -> bool:
    """Whether a data page refers to a dictionary."""
    try:
        header = Reader(page).struct()
    except NotThriftError:
        return False  # pyarrow reports the error
    of_data: Struct = _value(header, _V1, None) or _value(header, _V2, {})
    return _value(of_data, 2 if _V1 in header else 4, 0) in _DICTIONARY


def _value(fields: Struct, number: int, default: Any) -> Any:
    return fields[number][1] if number in fields else default
