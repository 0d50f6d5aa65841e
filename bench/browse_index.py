"""`cowese browse` on a version of a million documents: time and size of its index, time of each kind of question.

python bench/browse_index.py --folder /tmp/browse [--pages 1000000] [--words 150] [--duckdb] [--record]

The documents are made up: two of 50,000 pieces, whose words are drawn by Zipf's law from the project's list of Spanish
words, so that the commonest stand in most documents; 4,000 hosts, dates, lengths, categories at random; a fifth as many
dropped pages beside them. CPU seconds and the largest memory are those of the process that builds the index. Each
question is asked over HTTP of the page as it is served, rendering included, --repeats times: CPU seconds of the process
and seconds of the clock, the median and the slowest of each, files in the page cache. --duckdb counts the same facets
with DuckDB for comparison.
"""

import argparse
import functools
import http.client
import re
import resource
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, record_option

from browse.app import create_app
from browse.facets import FACETS
from browse.index import Index
from browse.index_build import CODES, build_index, index_folder
from browse.library import Library
from browse.server import listening
from browse.settings import BrowseSettings
from cleaning.settings import CleaningSettings
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.manifest import Manifest
from data.parquet import write_parquet
from data.store import Store
from data.takedowns import Takedowns

PART = 100_000
HALVES = 50_000
QUESTIONS = {
    "nothing: all pages with all facets": "",
    "a word of most documents": "q={0}",
    "two common words": "q={0}+{3}",
    "a phrase of common words": "q=%22{0}+{1}%22",
    "a rare word, by relevance": "q={9000}",
    "a rarer phrase": "q=%22{0}+{500}%22",
    "a beginning": "q={300}*",
    "a common word, one host": "q={0}&host=www.sitio7.es",
    "a common word, three facets, longest first": "q={1}&category=hospital&country=ES&split=train&sort=longest",
    "kept, newest first, page 1,000": "outcome=kept&sort=newest&page=1000",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=150)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--duckdb", action="store_true")
    parser.add_argument("--keep-index", action="store_true", help="use the index that is there")
    record_option(parser)
    options = parser.parse_args()
    store = Store.open(options.folder / "store")
    vocabulary = words()
    if not (store.corpus / "v0001" / "manifest.json").is_file():
        write_version(store, options.pages, options.words, vocabulary)
    if not options.keep_index:
        shutil.rmtree(store.browse, ignore_errors=True)
    began, cpu = time.perf_counter(), time.process_time()
    folder = build_index(store, CleaningSettings(), "v0001")
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sizes = {path.name: path.stat().st_size / 1e6 for path in folder.iterdir()}
    parts = sum(path.stat().st_size for path in store.corpus.rglob("*.parquet")) / 1e6
    run = Run("browse_index", ("numpy", "pyarrow", "starlette", "uvicorn", "duckdb"))
    listed = ", ".join(f"{name} {size:,.0f} MB" for name, size in sizes.items())
    columns = ("documents", "CPU s", "s", "memory at most, MB", "index, MB", "the version, MB")
    row = (options.pages, cpu, took, peak, sum(sizes.values()), parts)
    run.table("Building the index", columns, [row], f"Files: {listed}.")
    ask(run, store, vocabulary, options.repeats)
    if options.duckdb:
        beside_duckdb(run, store, options.repeats)
    run.close(options.record)


def words() -> list[str]:
    file = Path(__file__).parents[1] / "data" / "spanish_words.txt"
    listed = [line.split()[0] for line in file.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    return list(dict.fromkeys(listed))[:50_000]


def write_version(store: Store, pages: int, length: int, vocabulary: list[str]) -> None:
    random = np.random.default_rng(19)
    folder = store.corpus / "v0001"
    files = {}
    for number, begin in enumerate(range(0, pages, PART)):
        path = folder / "data" / "train" / f"part-{number:05d}-of-{-(-pages // PART):05d}.parquet"
        count = min(PART, pages - begin)
        table = documents(random, begin, count, length, vocabulary)
        write_parquet(path, table.to_batches(), DOCUMENT_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS)
        files[str(path.relative_to(folder))] = str(number)
        print(f"{begin + count:,} documents written", file=sys.stderr)
    path = folder / "dropped" / "part-00000-of-00001.parquet"
    write_parquet(
        path, dropped(random, pages, pages // 5).to_batches(), DROPPED_SCHEMA, dictionary_columns=DICTIONARY_COLUMNS
    )
    Manifest(kind="corpus", name="v0001", made_from={}, settings={}, files=files).write(folder)
    (store.corpus / "latest").symlink_to("v0001")


def documents(random, begin: int, count: int, length: int, vocabulary: list[str]) -> pa.Table:
    pieces, sizes = halves(length // 2, tuple(vocabulary))
    firsts, seconds = random.integers(0, len(pieces), (2, count))
    texts = [f"{pieces[first]} {pieces[second]}" for first, second in zip(firsts, seconds, strict=True)]
    lengths = sizes[firsts] + sizes[seconds]
    hosts = random.zipf(1.3, count) % 4_000
    moments = 1_700_000_000 + random.integers(0, 400, count) * 86_400
    ids = [f"{int(one):024x}" for one in np.sort(random.integers(0, 2**63, count, np.int64))]
    urls = [f"https://www.sitio{host}.es/pagina-{begin + number}" for number, host in enumerate(hosts.tolist())]
    columns = {
        "id": ids,
        "url": urls,
        "host": [f"www.sitio{host}.es" for host in hosts.tolist()],
        "country": np.array(["ES", "MX", "AR", "CO", "CL", "PE"], object)[random.integers(0, 6, count)],
        "category": np.array(["hospital", "society", "journal", "portal"], object)[random.integers(0, 4, count)],
        "source": ["crawl"] * count,
        "title": [text[:40].rpartition(" ")[0].capitalize() for text in texts],
        "fetched_at": moments,
        "first_seen_at": moments,
        "text_given": [False] * count,
        "language": ["es"] * count,
        "language_score": [1.0] * count,
        "text": texts,
        "n_words": lengths,
        "quality": [[]] * count,
        "verdicts": [[]] * count,
        "health": random.random(count),
        "masked": [[]] * count,
        "text_digest": ids,
        "cluster_id": ids,
        "cluster_size": random.zipf(2.5, count) % 300 + 1,
        "warc_file": [f"{number % 12:04d}/segment.warc.gz" for number in range(count)],
        "warc_offset": np.arange(begin, begin + count),
        "recipe": ["bench"] * count,
    }
    return table_of(columns, DOCUMENT_SCHEMA, count)


@functools.cache
def halves(length: int, vocabulary: tuple[str, ...]) -> tuple[list[str], np.ndarray]:
    random = np.random.default_rng(7)
    entries = np.array(vocabulary, object)
    sizes = np.maximum(random.lognormal(np.log(length), 0.6, HALVES).astype(int), 10)
    ranks = np.minimum(random.zipf(1.15, int(sizes.sum())) - 1, len(entries) - 1)
    return [" ".join(piece) for piece in np.split(entries[ranks], np.cumsum(sizes)[:-1])], sizes


def dropped(random, begin: int, count: int) -> pa.Table:
    reasons = np.array(["http/404", "quality/too_short", "quality/unaccented", "duplicate/near", "language/ca"], object)
    hosts = random.integers(0, 4_000, count)
    columns = {
        "id": [f"{int(one):024x}" for one in random.integers(0, 2**63, count, np.int64)],
        "url": [f"https://www.sitio{host}.es/otra-{begin + number}" for number, host in enumerate(hosts.tolist())],
        "host": [f"www.sitio{host}.es" for host in hosts.tolist()],
        "fetched_at": 1_700_000_000 + random.integers(0, 400, count) * 86_400,
        "warc_file": [f"{number % 12:04d}/segment.warc.gz" for number in range(count)],
        "warc_offset": np.arange(begin, begin + count),
        "reason": reasons[random.integers(0, len(reasons), count)],
        "recipe": ["bench"] * count,
    }
    return table_of(columns, DROPPED_SCHEMA, count)


def table_of(columns, schema: pa.Schema, count: int) -> pa.Table:
    arrays = []
    for field in schema:
        if field.name not in columns:
            arrays.append(pa.nulls(count, field.type))
        elif pa.types.is_timestamp(field.type):
            arrays.append(pa.array(columns[field.name], pa.int64()).cast(field.type))
        else:
            arrays.append(pa.array(columns[field.name]).cast(field.type))
    return pa.table(arrays, schema=schema)


def ask(run: Run, store: Store, vocabulary: list[str], repeats: int) -> None:
    rows: list[tuple[str, str, float, float, float, float]] = []
    with served(store) as port:
        began = time.perf_counter()
        page(port, "")
        first = time.perf_counter() - began
        for name, query in QUESTIONS.items():
            seconds, cpu = [], []
            for _ in range(repeats):
                began, worked = time.perf_counter(), time.process_time()
                found = page(port, query.format(*vocabulary))
                seconds.append(time.perf_counter() - began)
                cpu.append(time.process_time() - worked)
            figures = (statistics.median(cpu), max(cpu), statistics.median(seconds), max(seconds))
            rows.append((name, found, *figures))
    columns = ("question", "found", "CPU s, median", "slowest", "s of the clock, median", "slowest")
    run.table("Questions over HTTP", columns, rows, f"First page after the start: {first:.2f} s.")


@contextmanager
def served(store: Store) -> Iterator[int]:
    """The page over a store, in a thread of this process; its port."""
    settings = BrowseSettings(port=0)
    app = create_app(Library(store, CleaningSettings(), lambda _: []), settings)
    with listening(settings) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def page(port: int, query: str) -> str:
    """Ask for a page of results; how many it says that it found."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/v/v0001?{quote(query, safe='=&+%*')}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return re.search(r'role="status">([^<]*)<', text)[1]


def beside_duckdb(run: Run, store: Store, repeats: int) -> None:
    import duckdb

    index = Index(index_folder(store, "v0001"), Takedowns.load(store))
    names = [f"facet_{name}" for name in FACETS]
    with np.load(index.folder / CODES) as file:
        arrays = {name: file[name] for name in names}
    codes = pa.table(arrays)
    database = duckdb.connect()
    database.register("codes_in_arrow", codes)
    database.execute("CREATE TABLE codes AS SELECT * FROM codes_in_arrow")
    rows = []
    for what, count in (
        ("DuckDB", lambda: [database.execute(f"SELECT {n}, count(*) FROM codes GROUP BY 1").fetchall() for n in names]),
        ("numpy", lambda: [np.bincount(arrays[name]) for name in names]),
    ):
        seconds = []
        for _ in range(repeats):
            began = time.perf_counter()
            count()
            seconds.append(time.perf_counter() - began)
        rows.append((what, statistics.median(seconds)))
    run.table(f"{len(names)} facets of all pages counted", ("by", "s, median"), rows)


if __name__ == "__main__":
    main()
