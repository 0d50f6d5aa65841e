"""How much of Common Crawl's columnar index is read for some hosts: a synthetic index of 10 million rows.

    python bench/common_crawl_index.py --folder /tmp/index --rows 10000000 --hosts 100
    python bench/common_crawl_index.py --folder /tmp/index --hosts 17      # again, of the same index
    python bench/common_crawl_index.py --folder /tmp/fine --page-rows 1000

The index has the layout of the real one as far as it is published. Sorted by ``url_surtkey``; parts of 5 million rows,
row groups of 1.73 million; gzip; a page index; pages end at 1 MB or 20,000 rows; dictionaries only where parquet-java
keeps them, which are columns of few values. One file of January 2022 has a row group of 1,730,100 rows, with 68.2 bytes
a key, 13.4 compressed, in 122 pages without a dictionary; its whole index is 205 GB, some 69 bytes a row. The columns
that we do not need are missing here, but for some. Hosts have 1 to 5,000 pages. 4,180 hosts of 2.5 thousand million
rows are as dense as 17 of 10 million. ``row_groups_megabytes`` is what a reader of row groups would read, the columns
that we need. Bytes and requests are counted where they are asked for; the files are read from the disk. No record is
fetched.
"""

import argparse
import gzip
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from harness import Run, record_option

from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.index import INDEX_ROWS
from crawler.sources.common_crawl.run import archive_common_crawl
from crawler.sources.settings import CommonCrawlSettings
from data.store import Store

CRAWL = "CC-MAIN-2026-05"
PART_ROWS, GROUP_ROWS = 5_000_000, 1_730_000
WARCS, SEGMENTS = 90_000, 100
"""Files of a crawl, each with rows of every host, in so many folders."""
DICTIONARIES = [
    "url_host_name",
    "url_host_registered_domain",
    "fetch_status",
    "content_mime_detected",
    "content_languages",
    "content_truncated",
    "warc_segment",
]
"""Columns whose values repeat so often that parquet-java keeps their dictionary."""
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "S1")


def words(rng: np.random.Generator, count: int, syllables: int) -> np.ndarray:
    """Words of some syllables, all different in most cases."""
    parts = np.array([a + b for a in "bcdfglmnprstvz" for b in "aeiou"])
    found = parts[rng.integers(0, len(parts), count)]
    for _ in range(syllables - 1):
        found = np.char.add(found, parts[rng.integers(0, len(parts), count)])
    return found


def text(*parts) -> pa.Array:
    """Strings put together from arrays and single strings."""
    return pc.binary_join_element_wise(*[one if isinstance(one, str) else pa.array(one) for one in parts], "")


def table(hosts: np.ndarray, names: np.ndarray, rng: np.random.Generator, subset: str) -> pa.Table:
    """Rows of the index, of the hosts given by their sorted numbers in ``names``."""
    size = len(hosts)
    if subset == "robotstxt":
        path = np.full(size, "/robots.txt")
    else:
        vocabulary = words(rng, 20_000, 3)
        path = np.full(size, "")
        for end in ("/", "-", "-", "-"):
            path = np.char.add(np.char.add(path, end), vocabulary[rng.zipf(1.3, size) % len(vocabulary)])
        path = np.char.add(np.char.add(path, "-"), rng.integers(0, 10**4, size).astype(str))
    order = np.lexsort((path, hosts))
    name, path = names[hosts[order]], path[order]
    digest = LETTERS[rng.integers(0, 32, (size, 32))].view("S32").ravel().astype(str)
    number = rng.integers(0, WARCS, size)
    segment = np.char.add("17000", np.char.zfill((number % SEGMENTS * 7_919).astype(str), 8))
    file = np.char.zfill((number // SEGMENTS).astype(str), 5)
    hour = np.char.zfill((number % SEGMENTS % 14 + 10).astype(str), 2)
    return pa.table(
        {
            "url_surtkey": text("es,", name, ")", path),
            "url": text("https://www.", name, ".es", path),
            "url_host_name": text("www.", name, ".es"),
            "url_host_registered_domain": text(name, ".es"),
            "url_path": pa.array(path),
            "fetch_time": pa.array(
                1_767_600_000_000 + 1_000 * rng.integers(0, 10**6, size), pa.timestamp("ms", tz="UTC")
            ),
            "fetch_status": pa.array(np.full(size, 200, np.int16)),
            "content_digest": pa.array(digest),
            "content_mime_detected": pa.array(
                np.where(rng.random(size) < 0.97, "text/html" if subset == "warc" else "text/plain", "application/pdf")
            ),
            "content_languages": pa.array(np.array(["spa", "spa,eng", "eng", "cat"])[rng.integers(0, 4, size)]),
            "content_truncated": pa.array(np.where(rng.random(size) < 0.01, "length", None), pa.string()),
            "warc_filename": text(
                f"crawl-data/{CRAWL}/segments/", segment, f".1/{subset}/{CRAWL[:7]}-202601", hour, "093137-202601",
                hour, "123137-", file, ".warc.gz",
            ),
            "warc_record_offset": pa.array(rng.integers(0, 10**9, size).astype(np.int32)),
            "warc_record_length": pa.array(np.minimum(rng.lognormal(9.6, 1.0, size), 1 << 20).astype(np.int32)),
            "warc_segment": text(segment, ".1"),
        }
    )  # fmt: skip


def write_subset(
    folder: Path, subset: str, hosts: np.ndarray, names: np.ndarray, rng: np.random.Generator, *, page_rows: int
) -> list[str]:
    """Write the parts of a subset; ``hosts`` has the host of each row, sorted, as a number in ``names``."""
    paths = []
    for part in range(max(-(-len(hosts) // PART_ROWS), 1)):
        path = f"cc-index/table/cc-main/warc/crawl={CRAWL}/subset={subset}/part-{part:05d}.c000.gz.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        here = hosts[part * PART_ROWS : (part + 1) * PART_ROWS]
        writer = None
        for begin in range(0, max(len(here), 1), GROUP_ROWS):
            rows = table(here[begin : begin + GROUP_ROWS], names, rng, subset)
            writer = writer or pq.ParquetWriter(
                folder / path,
                rows.schema,
                compression="gzip",
                compression_level=6,
                use_dictionary=DICTIONARIES,
                write_page_index=True,
                max_rows_per_page=page_rows,
            )
            writer.write_table(rows, GROUP_ROWS)
        writer.close()
        paths.append(path)
    return paths


def bytes_of_row_groups(folder: Path, keys: list[bytes]) -> int:
    """Bytes of our columns in the row groups of which the statistics say that a host may be there."""
    size = 0
    for path in sorted(folder.rglob("*.parquet")):
        meta = pq.read_metadata(path)
        for number in range(meta.num_row_groups):
            group = meta.row_group(number)
            columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
            bounds = columns["url_surtkey"].statistics
            if any(bounds.min.encode() <= key + b"~" and key <= bounds.max.encode() for key in keys):
                needed = ["url_surtkey", *INDEX_ROWS.names]
                size += sum(one.total_compressed_size for name, one in columns.items() if name in needed)
    return size


def main() -> None:
    """Make the index where it is not there, then read it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--page-rows", type=int, default=20_000, help="of a page, at most; parquet-java has 20,000")
    record_option(parser)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    listing = given.folder / f"crawl-data/{CRAWL}/cc-index-table.paths.gz"
    sizes = np.minimum(rng.lognormal(3.0, 1.6, given.rows // 20).astype(int) + 1, 5_000)
    hosts = np.repeat(np.arange(len(sizes)), sizes)[: given.rows]
    names = np.unique(np.char.add(words(rng, 2 * len(sizes), 2), words(rng, 2 * len(sizes), 3)))
    names = names[np.sort(rng.permutation(len(names))[: len(sizes)])]
    if not listing.is_file():
        paths = write_subset(given.folder, "warc", hosts, names, rng, page_rows=given.page_rows)
        paths += write_subset(given.folder, "robotstxt", np.unique(hosts), names, rng, page_rows=given.page_rows)
        listing.parent.mkdir(parents=True)
        listing.write_bytes(gzip.compress("\n".join(paths).encode()))
    size = sum(path.stat().st_size for path in (given.folder / "cc-index").rglob("*.parquet"))
    seeds = given.folder / "seeds.tsv"
    chosen = np.sort(rng.choice(np.unique(hosts), given.hosts, replace=False))
    lines = [f"https://www.{names[one]}.es/\tSitio\tES\thospital\thost" for one in chosen]
    seeds.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    store = Store.open(given.folder / f"store-{time.time_ns()}")
    cpu = time.process_time()
    summary = archive_common_crawl(
        store,
        CrawlSettings(seeds=seeds),
        CommonCrawlSettings(base_url=f"file://{given.folder.absolute()}", requests_per_second=1e9),
        [CRAWL],
        dry_run=True,
    )
    found = int(np.isin(hosts, chosen).sum())
    told = {
        "rows": len(hosts),
        "index_megabytes": round(size / 1e6, 1),
        "hosts": given.hosts,
        "records_of_them": found + given.hosts,
        "records_found": summary.records + sum(summary.left_out.values()),
        "read_megabytes": summary.index_megabytes,
        "read_percent": round(100 * summary.index_megabytes * 1e6 / size, 2),
        "requests": summary.index_requests,
        "row_groups_megabytes": round(
            bytes_of_row_groups(given.folder / "cc-index", [f"es,{names[one]})".encode() for one in chosen]) / 1e6, 1
        ),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    run = Run("common_crawl_index", ("pyarrow",))
    run.table("Read of a columnar index for some hosts", ("", ""), list(told.items()))
    run.close(given.record)
    assert told["records_found"] == told["records_of_them"]


if __name__ == "__main__":
    main()
