"""The columnar index: which records Common Crawl has of some hosts, with file and offset.

``crawl-data/<crawl>/cc-index-table.paths.gz`` lists its Parquet files, some 300 for each subset, each sorted by
``url_surtkey`` as far as Common Crawl's writer kept the order. What was read of a file is kept in the store.
"""

import gzip
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from crawler.sources.common_crawl.key_prefixes import KeyPrefixes
from crawler.sources.common_crawl.parquet_chunks import Page, Rows
from crawler.sources.common_crawl.parquet_pages import PageReader
from crawler.sources.remote import NotThereError, Remote
from data.errors import InputError, StageError
from data.parquet import read_parquet, write_parquet

WARC, DIAGNOSTICS, ROBOTS = "warc", "crawldiagnostics", "robotstxt"
CRAWL_NAME = re.compile(r"CC-MAIN-\d{4}-\d{2}")
KEY, HOST = "url_surtkey", "url_host_name"
INDEX_ROWS = pa.schema(
    [
        pa.field("url", pa.string()),
        pa.field("fetch_time", pa.timestamp("s", tz="UTC")),
        pa.field("fetch_status", pa.int16()),
        pa.field("fetch_redirect", pa.string()),
        pa.field("content_mime_detected", pa.string()),
        pa.field("content_languages", pa.string()),
        pa.field("content_truncated", pa.string()),
        pa.field("warc_filename", pa.string()),
        pa.field("warc_record_offset", pa.int64()),
        pa.field("warc_record_length", pa.int64()),
    ]
)
"""The columns of the index that are read, with our types; a column that a crawl lacks is null. The digest is a third of
an index and tells nothing that the record itself does not."""
_OF_PAGES = frozenset({"fetch_time", "fetch_status", "fetch_redirect", "content_mime_detected", "content_languages"})
"""Columns that are not read for robots.txt, of which every response is fetched."""
_DICTIONARY_COLUMNS = (
    "fetch_status",
    "content_mime_detected",
    "content_languages",
    "content_truncated",
    "warc_filename",
)
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


def read_index(
    remote: Remote,
    files: Sequence[str],
    prefixes: KeyPrefixes,
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


def _read_file(remote: Remote, path: str, prefixes: KeyPrefixes, folder: Path) -> pa.Table:
    subset = path.rpartition("/")[0].rpartition("=")[2]
    kept = folder / f"{subset}-{path.rpartition('/')[2]}"
    if not kept.is_file():
        try:
            unread = _OF_PAGES if subset == ROBOTS else frozenset()
            rows = list(_rows_of(PageReader(remote, path), prefixes, unread))
        except NotThereError as error:
            raise StageError(
                f"{error}, though the crawl's list of index files names it. Run the same command again; where it "
                "says so again, the crawl's index is being written again: try in a few days."
            ) from error
        batches = pa.concat_tables([INDEX_ROWS.empty_table(), *rows]).to_batches()
        write_parquet(kept, batches, INDEX_ROWS, dictionary_columns=_DICTIONARY_COLUMNS)
    return read_parquet(kept, INDEX_ROWS.names).cast(INDEX_ROWS)


def _rows_of(reader: PageReader, prefixes: KeyPrefixes, unread: frozenset[str]) -> Iterator[pa.Table]:
    wanted = [name for name in reader.columns(INDEX_ROWS.names) if name not in unread]
    finders = reader.columns((HOST, KEY))
    for number, group in enumerate(reader.groups):
        if not group[KEY].rows or not prefixes.may_hold(group[KEY].bounds):
            continue
        reader.find_pages(number, [KEY], bounds=True)
        pages = [page for page in group[KEY].pages if prefixes.may_hold((page.least, page.greatest))]
        if pages:
            reader.find_pages(number, [*finders, *wanted])
        ranges = [one for run in _runs(pages) for one in _matching(reader, number, run, finders, prefixes)]
        for rows, found in ranges:
            columns = reader.read(number, rows, wanted, [one for one, _ in ranges])
            table = _table(columns, rows[1] - rows[0]).filter(found)
            yield table.filter(prefixes.of_urls(table["url"]))


def _runs(pages: Sequence[Page]) -> list[Rows]:
    runs: list[Rows] = []
    for page in pages:
        if runs and runs[-1][1] == page.rows[0]:
            runs[-1] = runs[-1][0], page.rows[1]
        else:
            runs.append(page.rows)
    return runs


def _matching(
    reader: PageReader, group: int, run: Rows, finders: Sequence[str], prefixes: KeyPrefixes
) -> Iterator[tuple[Rows, pa.ChunkedArray]]:
    """The ranges of rows with our hosts, each with a mask of these rows, by that column which takes fewer bytes."""
    finder = min(finders, key=lambda name: reader.groups[group][name].size_of(run))
    found = prefixes.of_hosts(reader.read(group, run, [finder])[finder], are_keys=finder == KEY)
    begin = last = None
    for place in [*pc.indices_nonzero(found).to_pylist(), None]:
        if begin is not None and last is not None and (place is None or place > last + _NEAR):
            yield (run[0] + begin, run[0] + last + 1), found.slice(begin, last + 1 - begin)
            begin = None
        begin, last = place if begin is None else begin, place


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
