"""Reads single pages of a remote Parquet file: only the pages with the wanted rows.

pyarrow reads whole column chunks: about 20 MB for a host of Common Crawl's index. Parquet's page index gives the rows
and the minimum and maximum of each page. A file of one column is built in memory from the wanted pages, and pyarrow
reads that. Without a page index a chunk counts as one page. Source: PageIndex.md.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crawler.sources.common_crawl.page_prefix import CannotCutError, prefix_length, unpacked, unpacked_pages
from crawler.sources.common_crawl.parquet_chunks import (
    GZIP,
    MAGIC,
    META,
    UNCOMPRESSED,
    Chunk,
    Page,
    Rows,
    one_column,
    refers,
    value,
)
from crawler.sources.common_crawl.thrift import NotThriftError, Reader, Struct
from crawler.sources.remote import Remote
from data.errors import StageError

TAIL = 64 << 10
"""Bytes of a file's end in the first request; most footers fit."""
_HELD = 16 << 20
"""Bytes in the cache: the next host is often in the same pages."""
_GAP = 4 << 10
"""Pages with fewer bytes between them share a request."""

Span = tuple[int, int]
"""First byte and length."""


class PageReader:
    """Reads the pages of one file."""

    def __init__(self, remote: Remote, path: str) -> None:
        self._remote = remote
        self._path = path
        self._had: dict[int, bytes] = {}
        footer = self._footer()
        self._schema = {one[4][1].decode(): one for one in footer[2][1][1][1:]}
        self.groups: list[dict[str, Chunk]] = [
            {
                value(chunk[META][1], 3, (0, [b""]))[1][-1].decode(): Chunk(chunk, group[3][1])
                for chunk in group[1][1][1]
                if META in chunk
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
            chunk.pages = self._pages(chunk, *(contents[span] for span in spans)) if spans else [chunk.whole()]

    def read(
        self, group: int, rows: Rows, names: Sequence[str], ranges: Sequence[Rows] = ()
    ) -> dict[str, pa.ChunkedArray]:
        """Read some columns of some rows of a row group, after ``find_pages``.

        ``ranges`` are rows that will be wanted too: what of them lies in the same pages comes by the same requests.
        """
        chunks = {name: self.groups[group][name] for name in names}
        known = {name: _known(chunk, rows[1] - rows[0]) for name, chunk in chunks.items()}
        covering = {name: chunk.covering(rows) for name, chunk in chunks.items() if known[name] is None}
        spans = {name: _spans_of(chunks[name], pages, [rows, *ranges]) for name, pages in covering.items()}
        contents = self._spans([span for of_column in spans.values() for span in of_column])
        data = {name: [contents[span] for span in of_column] for name, of_column in spans.items()}
        self._find_dictionaries([chunks[name] for name, pages in data.items() if any(map(refers, pages))])
        found = {name: column for name, column in known.items() if column is not None}
        for name, pages in covering.items():
            begin, end = pages[0].rows[0], min(rows[1], pages[-1].rows[1])
            column = None
            if spans[name][-1][1] < pages[-1].length:
                column = self._cut(name, chunks[name], data[name], pages, end)
            if column is None:
                whole = self._spans([(page.begin, page.length) for page in pages])
                column = self._decoded(name, chunks[name], list(whole.values()), pages[-1].rows[1] - begin)
            found[name] = column.slice(rows[0] - begin, rows[1] - rows[0])
        return found

    def _footer(self) -> Struct:
        content, size = self._remote.tail(self._path, TAIL)
        if content[-4:] != MAGIC:
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
            empty, least, greatest = (value(index, number, unknown)[1] for number in (1, 2, 3))
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
        wanted = {chunk.dictionary_span: chunk for chunk in chunks if chunk.dictionary is None}
        for span, content in self._spans([span for span in wanted if span is not None]).items():
            wanted[span].dictionary = content

    def _spans(self, spans: Sequence[Span]) -> dict[Span, bytes]:
        """The contents of byte ranges; what came before is not read again."""
        wanted: dict[int, int] = {}
        for begin, length in spans:
            wanted[begin] = max(length, wanted.get(begin, 0))
        had = {begin: self._had.get(begin, b"") for begin in wanted}
        missing = [(at + len(had[at]), length - len(had[at])) for at, length in wanted.items() if len(had[at]) < length]
        came = self._came(sorted(missing))
        found = {at: content + came.get(at + len(content), b"") for at, content in had.items()}
        if sum(map(len, self._had.values())) > _HELD:
            self._had.clear()
        self._had |= found
        return {(begin, length): found[begin][:length] for begin, length in spans}

    def _came(self, spans: Sequence[Span]) -> dict[int, bytes]:
        """Read byte ranges, which are sorted; neighbouring ones share a request."""
        found: dict[int, bytes] = {}
        held: list[Span] = []
        for span in [*spans, None]:
            if held and (span is None or span[0] > sum(held[-1]) + _GAP):
                begin = held[0][0]
                content = self._remote.span(self._path, begin, sum(held[-1]) - begin)
                found |= {at: content[at - begin :][:length] for at, length in held}
                held = []
            held += [span] if span is not None else []
        return found

    def _cut(
        self, name: str, chunk: Chunk, data: list[bytes], pages: Sequence[Page], end: int
    ) -> pa.ChunkedArray | None:
        """Decode the rows before ``end`` from pages of which the last is a prefix; None if it is too short."""
        try:
            dictionary = unpacked(chunk.dictionary) if chunk.dictionary else b""
            cut = unpacked_pages(data, pages, end)
            rows = end - pages[0].rows[0]
            return _read(one_column(self._schema[name], chunk, dictionary, cut, rows, UNCOMPRESSED))
        except (CannotCutError, NotThriftError, OSError, pa.ArrowException):
            return None

    def _decoded(self, name: str, chunk: Chunk, data: list[bytes], rows: int) -> pa.ChunkedArray:
        content = one_column(self._schema[name], chunk, chunk.dictionary or b"", data, rows, chunk.codec)
        try:
            return _read(content)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(f"column {name} cannot be read ({error})") from error

    def _damaged(self, why: str) -> StageError:
        return StageError(
            f"{self._path}: {why}. Run the same command again; where it says so again, the file itself is damaged."
        )


def _spans_of(chunk: Chunk, pages: Sequence[Page], ranges: Sequence[Rows]) -> list[Span]:
    """The bytes of some pages; of the last one only as many as probably hold its rows within the ranges."""
    *whole, last = pages
    end = max(min(end, last.rows[1]) for begin, end in ranges if begin < last.rows[1] and end > last.rows[0])
    is_cut = chunk.codec == GZIP and end < last.rows[1] and last.length < chunk.length
    length = prefix_length(last, end) if is_cut else last.length
    return [*((page.begin, page.length) for page in whole), (last.begin, length)]


def _known(chunk: Chunk, rows: int) -> pa.ChunkedArray | None:
    """A column whose values its statistics tell."""
    if chunk.is_null:
        return pa.chunked_array([pa.nulls(rows, pa.string())])
    return None if chunk.constant is None else pa.chunked_array([pa.repeat(chunk.constant, rows)])


def _read(file: bytes) -> pa.ChunkedArray:
    """The column of a file of one column."""
    return pq.ParquetFile(pa.BufferReader(file)).read().column(0)
