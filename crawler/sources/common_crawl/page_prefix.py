"""The beginning of a data page, where only its first rows are wanted.

A page is compressed as a whole, but gzip, which Common Crawl's index has, decompresses as far as it came. Where a
prefix turns out too short, the rest is read: it costs a request, never a wrong value.
"""

import zlib
from collections.abc import Sequence

from crawler.sources.common_crawl.parquet_chunks import V1, Page
from crawler.sources.common_crawl.thrift import I32, STRUCT, Reader, Struct, written

_GZIP_WINDOW = 31
_SPARE_SHARE, _SPARE_BYTES = 1.1, 4 << 10
"""Read more than the share of the wanted rows, since rows are not equally long."""
_DICTIONARY_PAGE = 7
"""Field of a PageHeader."""


class CannotCutError(Exception):
    """The page must be read whole."""


def prefix_length(page: Page, end: int) -> int:
    """How many bytes of a page probably hold its rows before ``end``.

    >>> prefix_length(Page(0, 200_000, (40_000, 60_000)), 45_000)
    59096
    """
    share = (end - page.rows[0]) / (page.rows[1] - page.rows[0])
    return min(page.length, int(page.length * share * _SPARE_SHARE) + _SPARE_BYTES)


def unpacked(page: bytes, rows: int | None = None) -> bytes:
    """A page of the first version, or a dictionary, without compression; ``rows``: it claims its first rows alone.

    Raises:
        CannotCutError, NotThriftError: it is neither, or is not compressed with gzip.
    """
    reader = Reader(page)
    header = reader.struct()
    kind = V1 if V1 in header else _DICTIONARY_PAGE
    if not {1, 2, kind} <= header.keys():
        raise CannotCutError("a data page of the second version, or a damaged one")
    try:
        body = zlib.decompressobj(_GZIP_WINDOW).decompress(page[reader.position :], max(header[2][1], 1))
    except zlib.error as error:
        raise CannotCutError(f"not gzip ({error})") from error
    about: Struct = {number: field for number, field in header[kind][1].items() if field[0] != STRUCT}
    if rows is not None:
        about[1] = (I32, rows)
    size = (I32, len(body))
    return written({1: header[1], 2: size, 3: size, kind: (STRUCT, about)}) + body


def unpacked_pages(contents: Sequence[bytes], pages: Sequence[Page], end: int) -> list[bytes]:
    """Pages of which the last holds its rows before ``end`` at least.

    Raises:
        CannotCutError, NotThriftError: one cannot be cut.
    """
    *whole, last = contents
    return [*(unpacked(one) for one in whole), unpacked(last, end - pages[-1].rows[0])]
