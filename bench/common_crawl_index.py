"""How much of Common Crawl's columnar index is read for some hosts: a synthetic index of 10 million rows.

    python bench/common_crawl_index.py --folder /tmp/index --rows 10000000 --hosts 100
    python bench/common_crawl_index.py --folder /tmp/index --hosts 17      # again, of the same index
    python bench/common_crawl_index.py --folder /tmp/fine --page-rows 1000

The index has the layout of the real one as far as it is published: parts of some 5 million rows sorted by
``url_surtkey``, row groups of 500,000 rows (128 MB before compression, parquet-java's default), pages of 20,000 rows
at most, a page index, zstd. Hosts have 1 to 5,000 pages. A page is the least that can be read, so that hosts times
pages decide: 4,180 hosts of 2.5 thousand million rows are as dense as 17 of 10 million. ``row_groups_megabytes`` is
what a reader of row groups would read, the columns that we need. Bytes and requests are counted where they are asked
for; the files are read from the disk. No record is fetched.
"""

import argparse
import gzip
import json
import resource
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crawler.settings import CrawlSettings
from crawler.sources.common_crawl.index import INDEX_ROWS
from crawler.sources.common_crawl.run import archive_common_crawl
from crawler.sources.settings import CommonCrawlSettings
from data.store import Store

CRAWL = "CC-MAIN-2026-05"
PART_ROWS, GROUP_ROWS = 5_000_000, 500_000
WARCS = 90_000
"""WARC files of a crawl; each has rows of every host."""
WORDS = np.array(
    [
        "salud",
        "consulta",
        "pacientes",
        "noticias",
        "articulo",
        "revista",
        "hospital",
        "agenda",
        "servicios",
        "prevencion",
        "vacunas",
        "dieta",
    ]
)


def text(*parts) -> pa.Array:
    """Strings put together from arrays and single strings."""
    return pc.binary_join_element_wise(*[one if isinstance(one, str) else pa.array(one) for one in parts], "")


def table(hosts: np.ndarray, rng: np.random.Generator, subset: str) -> pa.Table:
    """Rows of the index, of the hosts given by their sorted numbers."""
    size = len(hosts)
    names = np.char.add("sitio", np.char.zfill(hosts.astype(str), 7))
    if subset == "robotstxt":
        path = np.full(size, "/robots.txt")
    else:
        words = (np.char.add(np.char.add("/", WORDS[rng.integers(0, len(WORDS), size)]), "/") for _ in range(2))
        path = np.char.add(np.char.add(next(words), next(words)), rng.integers(0, 10**7, size).astype(str))
    order = np.lexsort((path, hosts))
    names, path = names[order], path[order]
    letters = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "S1")
    digest = letters[rng.integers(0, 32, (size, 32))].view("S32").ravel().astype(str)
    file = np.char.zfill(rng.integers(0, WARCS, size).astype(str), 5)
    segment = f"crawl-data/{CRAWL}/segments/1700000000.1/{subset}/{CRAWL[:7]}-20260105120000-20260105150000-"
    return pa.table(
        {
            "url_surtkey": text("es,", names, ")", path),
            "url": text("https://www.", names, ".es", path),
            "url_host_name": text("www.", names, ".es"),
            "url_host_registered_domain": text(names, ".es"),
            "url_path": pa.array(path),
            "fetch_time": pa.array(1_767_600_000_000 + rng.integers(0, 10**9, size), pa.timestamp("ms", tz="UTC")),
            "fetch_status": pa.array(np.full(size, 200, np.int16)),
            "content_digest": pa.array(digest),
            "content_mime_detected": pa.array(
                np.where(rng.random(size) < 0.97, "text/html" if subset == "warc" else "text/plain", "application/pdf")
            ),
            "content_languages": pa.array(np.array(["spa", "spa,eng", "eng", "cat"])[rng.integers(0, 4, size)]),
            "content_truncated": pa.nulls(size, pa.string()),
            "warc_filename": text(segment, file, ".warc.gz"),
            "warc_record_offset": pa.array(rng.integers(0, 10**9, size).astype(np.int32)),
            "warc_record_length": pa.array(rng.integers(2_000, 60_000, size).astype(np.int32)),
            "warc_segment": pa.array(np.full(size, "1700000000.1")),
        }
    )


def write_subset(
    folder: Path, subset: str, hosts: np.ndarray, rng: np.random.Generator, *, page_rows: int
) -> list[str]:
    """Write the parts of a subset; ``hosts`` has the host of each row, sorted."""
    paths = []
    for part in range(max(-(-len(hosts) // PART_ROWS), 1)):
        path = f"cc-index/table/cc-main/warc/crawl={CRAWL}/subset={subset}/part-{part:05d}.c000.zstd.parquet"
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        here = hosts[part * PART_ROWS : (part + 1) * PART_ROWS]
        writer = None
        for begin in range(0, max(len(here), 1), GROUP_ROWS):
            rows = table(here[begin : begin + GROUP_ROWS], rng, subset)
            writer = writer or pq.ParquetWriter(
                folder / path,
                rows.schema,
                compression="zstd",
                compression_level=3,
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
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    listing = given.folder / f"crawl-data/{CRAWL}/cc-index-table.paths.gz"
    sizes = np.minimum(rng.lognormal(3.0, 1.6, given.rows // 20).astype(int) + 1, 5_000)
    hosts = np.repeat(np.arange(len(sizes)), sizes)[: given.rows]
    if not listing.is_file():
        paths = write_subset(given.folder, "warc", hosts, rng, page_rows=given.page_rows)
        paths += write_subset(given.folder, "robotstxt", np.unique(hosts), rng, page_rows=given.page_rows)
        listing.parent.mkdir(parents=True)
        listing.write_bytes(gzip.compress("\n".join(paths).encode()))
    size = sum(path.stat().st_size for path in (given.folder / "cc-index").rglob("*.parquet"))
    seeds = given.folder / "seeds.tsv"
    chosen = np.sort(rng.choice(np.unique(hosts), given.hosts, replace=False))
    lines = [f"https://www.sitio{one:07d}.es/\tSitio\tES\thospital\thost" for one in chosen]
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
            bytes_of_row_groups(given.folder / "cc-index", [f"es,sitio{one:07d})".encode() for one in chosen]) / 1e6, 1
        ),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(told, indent=1))
    assert told["records_found"] == told["records_of_them"]


if __name__ == "__main__":
    main()
