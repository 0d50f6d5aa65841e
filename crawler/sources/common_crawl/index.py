"""The columnar index: which records Common Crawl has of some hosts, with file and offset.

``crawl-data/<crawl>/cc-index-table.paths.gz`` lists its Parquet files, some 300 for each subset, each sorted by
``url_surtkey`` as far as Common Crawl's writer kept the order. What was read of a file is kept in the store.
"""

import gzip
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crawler.sources.common_crawl.parquet_pages import Page, PageReader, Rows
from crawler.sources.remote import NotThereError, Remote
from crawler.warc.cdxj import surt
from data.errors import InputError, StageError
from data.parquet import read_parquet, write_parquet
from data.rights.files import READERS, ROBOTS_PATH
from data.seeds import Seed
from data.urls import canonical_url

WARC, DIAGNOSTICS, ROBOTS = "warc", "crawldiagnostics", "robotstxt"
CRAWL_NAME = re.compile(r"CC-MAIN-\d{4}-\d{2}")
KEY = "url_surtkey"
INDEX_ROWS = pa.schema(
    [
        pa.field("url", pa.string()),
        pa.field("fetch_time", pa.timestamp("s", tz="UTC")),
        pa.field("fetch_status", pa.int16()),
        pa.field("fetch_redirect", pa.string()),
        pa.field("content_digest", pa.string()),
        pa.field("content_mime_detected", pa.string()),
        pa.field("content_languages", pa.string()),
        pa.field("content_truncated", pa.string()),
        pa.field("warc_filename", pa.string()),
        pa.field("warc_record_offset", pa.int64()),
        pa.field("warc_record_length", pa.int64()),
    ]
)
"""The columns of the index that are read, with our types; a column that a crawl lacks is null."""
_DICTIONARY_COLUMNS = (
    "fetch_status",
    "content_mime_detected",
    "content_languages",
    "content_truncated",
    "warc_filename",
)
_FEW_PREFIXES = 16
"""Up to this many prefixes are searched one by one in a page."""
_NEAR = 500
"""Rows between two ranges that are read too, to save a request."""


def index_files(remote: Remote, crawl: str) -> dict[str, list[str]]:
    """The index files of a crawl, by subset.

    Raises:
        InputError: there is no such crawl.
    """
    path = f"crawl-data/{crawl}/cc-index-table.paths.gz"
    try:
        listed = gzip.decompress(remote.whole(path)).decode().split()
    except NotThereError as error:
        raise InputError(
            f"{crawl}: no such crawl, or its index is not published yet ({error}). "
            "https://index.commoncrawl.org/collinfo.json lists them."
        ) from error
    except (OSError, EOFError, ValueError) as error:
        raise StageError(f"{path}: not a list of files ({error}). Check archive.common_crawl.base_url.") from error
    files = [one for one in listed if one.endswith(".parquet")]
    return {
        subset: sorted(one for one in files if f"/subset={subset}/" in one) for subset in (ROBOTS, WARC, DIAGNOSTICS)
    }


def prefixes_of(seeds: Iterable[Seed], subset: str) -> list[bytes]:
    """The sorted key prefixes of all URLs of some seeds; none is a prefix of another.

    >>> prefixes_of([Seed("https://www.salud.es/", "Salud", "ES", "ministry", "host")], WARC)
    [b'es,salud)', b'es,salud:']
    """
    found: set[str] = set()
    for seed in seeds:
        host, _, path = surt(canonical_url(seed.url).partition("?")[0]).partition(")")
        if subset == ROBOTS:
            found.add(f"{host}){ROBOTS_PATH}")
        elif seed.scope == "host":
            found |= {f"{host})", f"{host.partition(':')[0]}:"}
        else:
            found |= {f"{host}){path.rstrip('/')}", *(f"{host}){one}" for one in READERS if one != ROBOTS_PATH)}
    kept: list[bytes] = []
    for one in sorted(prefix.encode() for prefix in found):
        if not kept or not one.startswith(kept[-1]):
            kept.append(one)
    return kept


def read_index(
    remote: Remote,
    files: Sequence[str],
    prefixes: Sequence[bytes],
    folder: Path,
    threads: int,
    on_progress: Callable[[int, int], None],
) -> pa.Table:
    """The rows of some hosts in some index files; the result of each file is cached in ``folder``.

    Raises:
        StageError: a file could not be had, or is damaged.
    """
    found: list[pa.Table] = [INDEX_ROWS.empty_table()]
    with ThreadPoolExecutor(threads, "index") as pool:
        read = pool.map(lambda path: _read_file(remote, path, prefixes, folder), files)
        for done, table in enumerate(read, 1):
            found.append(table)
            on_progress(done, len(files))
    return pa.concat_tables(found)


def _read_file(remote: Remote, path: str, prefixes: Sequence[bytes], folder: Path) -> pa.Table:
    subset = path.rpartition("/")[0].rpartition("=")[2]
    kept = folder / f"{subset}-{path.rpartition('/')[2]}"
    if not kept.is_file():
        try:
            rows = list(_rows_of(PageReader(remote, path), prefixes))
        except NotThereError as error:
            raise StageError(
                f"{error}, though the crawl's list of index files names it. Run the same command again; where it "
                "says so again, the crawl's index is being written again: try in a few days."
            ) from error
        batches = pa.concat_tables([INDEX_ROWS.empty_table(), *rows]).to_batches()
        write_parquet(kept, batches, INDEX_ROWS, dictionary_columns=_DICTIONARY_COLUMNS)
    return read_parquet(kept).cast(INDEX_ROWS)


def _rows_of(reader: PageReader, prefixes: Sequence[bytes]) -> Iterator[pa.Table]:
    wanted = reader.columns(INDEX_ROWS.names)
    for number, group in enumerate(reader.groups):
        if not group[KEY].rows or not _may_hold(group[KEY].bounds, prefixes):
            continue
        reader.find_pages(number, [KEY], bounds=True)
        pages = [page for page in group[KEY].pages if _may_hold((page.least, page.greatest), prefixes)]
        ranges = [one for run in _runs(pages) for one in _matching(reader, number, run, prefixes)]
        if ranges:
            reader.find_pages(number, wanted)
        for rows, found in ranges:
            yield _table(reader.read(number, rows, wanted), rows[1] - rows[0]).filter(found)


def _may_hold(bounds: tuple[bytes | None, bytes | None], prefixes: Sequence[bytes]) -> bool:
    """Whether a key between two bounds may begin with one of the prefixes; without bounds it may."""
    least, greatest = bounds
    if least is None or greatest is None:
        return True
    last = bisect_right(prefixes, greatest) - 1
    return last >= 0 and (prefixes[last] >= least or least.startswith(prefixes[last]))


def _runs(pages: Sequence[Page]) -> list[Rows]:
    runs: list[Rows] = []
    for page in pages:
        if runs and runs[-1][1] == page.rows[0]:
            runs[-1] = runs[-1][0], page.rows[1]
        else:
            runs.append(page.rows)
    return runs


def _matching(
    reader: PageReader, group: int, run: Rows, prefixes: Sequence[bytes]
) -> Iterator[tuple[Rows, pa.ChunkedArray]]:
    """The range of rows with keys that have one of the prefixes, and a mask of these rows."""
    found = _mask(reader.read(group, run, [KEY])[KEY], prefixes)
    begin = last = None
    for place in [*pc.indices_nonzero(found).to_pylist(), None]:
        if begin is not None and last is not None and (place is None or place > last + _NEAR):
            yield (run[0] + begin, run[0] + last + 1), found.slice(begin, last + 1 - begin)
            begin = None
        begin, last = place if begin is None else begin, place


def _mask(keys: pa.ChunkedArray, prefixes: Sequence[bytes]) -> pa.ChunkedArray:
    """Which keys begin with one of the prefixes."""
    bounds = pc.min_max(keys).as_py()
    least, greatest = (bounds[name].encode() for name in ("min", "max"))
    first = max(bisect_left(prefixes, least) - 1, 0)
    here = [one for one in prefixes[first : bisect_right(prefixes, greatest)] if _may_hold((least, greatest), [one])]
    if len(here) <= _FEW_PREFIXES:
        found = pa.chunked_array([pa.repeat(False, len(keys))])
        for one in here:
            found = pc.or_(found, pc.starts_with(keys, one.decode()))
        return found
    texts = [key.encode() for key in keys.to_pylist()]
    return pa.chunked_array([[_may_hold((text, text), prefixes) and _begins(text, prefixes) for text in texts]])


def _begins(text: bytes, prefixes: Sequence[bytes]) -> bool:
    return text.startswith(prefixes[bisect_right(prefixes, text) - 1])


def _table(columns: dict[str, pa.ChunkedArray], rows: int) -> pa.Table:
    arrays = [columns.get(field.name) for field in INDEX_ROWS]
    cast = [
        pa.nulls(rows, field.type) if array is None else _cast(array, field.type)
        for field, array in zip(INDEX_ROWS, arrays, strict=True)
    ]
    return pa.table(cast, schema=INDEX_ROWS)


def _cast(array: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_timestamp(array.type):
        unit = array.type.unit
        array = array.cast(pa.timestamp(unit, tz="UTC")) if array.type.tz is None else array
        return pc.floor_temporal(array, unit="second").cast(kind)
    return array.cast(kind)
