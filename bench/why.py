"""How long `cowese why` takes on a store of a million pages, and what it reads.

Usage: bench/why.py [--pages 1000000] [--rounds 3] [--versions 4] [--folder FOLDER] [--record]

The store is synthetic and has the form of a real one, written by the code that writes real ones wherever that is not
a crawl: the crawl state with a row a URL; a first round in WARC files of 25,000 pages, 4 in 10 of them documents of
about 300 words; further rounds in which all but 3 % of the pages answer 304; an index beside each WARC file (the
WARC files themselves are not there: nothing of this reads them); pairs with their lists of ids; versions cut by
``publish``. For each later version a thousand pages more are taken down, so that its parts differ.

Then it asks for pages of every kind, ``--asked`` of each: in this process, warm, and with the store's files dropped
from the page cache (posix_fadvise) before each; by the command, from its start to its end (beside `cowese --version`,
which does nothing but start); and warm without the lists of ids, as a store cleaned earlier has it. Printed are the
median and the slowest, and the bytes that were read.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, record_option

from cleaning.corpus.publish import publish
from cleaning.ids import ids_path, write_ids
from cleaning.judge_segment import GROUP_ROWS
from cleaning.pending import pairs
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from crawler.frontier.database import open_engine
from crawler.frontier.numbers import DONE
from crawler.frontier.tables import hosts, rounds, urls
from crawler.warc.index import write_index
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.parquet import write_parquet
from data.store import Store
from data.takedowns import Takedowns
from data.urls import document_id, host_of
from flows.settings import Settings
from flows.why import why

SEGMENT_PAGES = 25_000
CHANGED = 0.03
KEPT = 0.4
REASONS = ("quality/too_short", "http/404", "language/ca", "quality/duplicate_lines", "kind/xml")
START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = (
    "la",
    "salud",
    "del",
    "paciente",
    "con",
    "dolor",
    "de",
    "cabeza",
    "y",
    "fiebre",
    "en",
    "el",
    "hospital",
    "se",
    "debe",
)


def url_of(number: int) -> str:
    """Ten hosts have half of the pages, the others a few thousand each."""
    host = number % 10 if number % 2 else 10 + number % 499
    return f"https://www.sitio{host}.example/salud/articulos/{number // 1000}/pagina-{number}.html"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--versions", type=int, default=4)
    parser.add_argument("--asked", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/cowese-why"))
    record_option(parser)
    arguments = parser.parse_args()
    store = Store.open(arguments.folder)
    if not (store.root / "whole").exists():
        started = time.monotonic()
        build(store, arguments.pages, arguments.rounds, arguments.versions)
        (store.root / "whole").touch()
        print(f"built in {time.monotonic() - started:.0f} s", file=sys.stderr)
    files = [path for path in store.root.rglob("*") if path.is_file() and not path.is_symlink()]
    held = {(one.stat().st_dev, one.stat().st_ino): one.stat().st_size for one in files}
    segments = len(pairs(store.documents / recipe_digest(Settings().clean)))
    about = f"{arguments.pages:,} pages, {arguments.rounds} rounds, {arguments.versions} versions"
    run = Run("why", ("pyarrow", "sqlalchemy", "pydantic"))
    columns = ("", "wall s, median", "slowest", "CPU s, median", "MB read, median")
    rows = measure(store, arguments.pages, arguments.asked, files)
    run.table(f"{about}, {segments} WARC files, {sum(held.values()) / 1e9:.2f} GB", columns, rows)
    run.close(arguments.record)


def build(store: Store, pages: int, number_of_rounds: int, number_of_versions: int) -> None:
    draw = random.Random(1)
    fate = [draw.random() for _ in range(pages)]
    folder = store.documents / recipe_digest(Settings().clean)
    for number in range(1, number_of_rounds + 1):
        size = SEGMENT_PAGES if number == 1 else SEGMENT_PAGES * 4
        for segment, first in enumerate(range(0, pages, size)):
            some = range(first, min(pages, first + size))
            write_segment(store, folder, number, segment, some, fate, draw)
        print(f"round {number} written", file=sys.stderr)
    write_state(store, pages, number_of_rounds)
    write_versions(store, number_of_versions)


def write_segment(store: Store, folder: Path, number: int, segment: int, some: range, fate: list[float], draw: Any):
    name = f"{number:04d}/cowese-{number:04d}-{segment:05d}.warc.gz"
    when = START + timedelta(days=30 * (number - 1), seconds=segment * 10_000)
    order = draw.sample(some, len(some))  # pages come as their hosts answer, not in the order of their names
    kept, dropped, index = [], [], []
    for place, page in enumerate(order):
        at = when + timedelta(seconds=place // 5)
        full = number == 1 or draw.random() < CHANGED
        where = {"warc_file": name, "warc_offset": place * 14_000, "recipe": folder.name}
        row = identity(page) | {"fetched_at": at} | where
        if full and fate[page] < KEPT:
            kept.append(row | document(page, number, draw))
        else:
            reason = REASONS[page % len(REASONS)] if full else "revisit/not_modified"
            dropped.append(row | {"status": 200 if full else 304, "reason": reason, "figure": 0.5})
        index.append(record(page, at, name, place, full=full))
    documents = folder / f"{name.replace('/', '-').removesuffix('.warc.gz')}.parquet"
    for path, rows, schema, group_rows in (
        (documents, kept, DOCUMENT_SCHEMA, None),
        (documents.with_suffix(".dropped.parquet"), dropped, DROPPED_SCHEMA, GROUP_ROWS),
    ):
        batches = (pa.RecordBatch.from_pylist(rows[at : at + 5_000], schema) for at in range(0, len(rows), 5_000))
        write_parquet(path, batches, schema, dictionary_columns=DICTIONARY_COLUMNS, group_rows=group_rows)
    write_ids(ids_path(documents), [row["id"] for row in kept], [row["id"] for row in dropped])
    write_index(store.warc / name, index)


def identity(page: int) -> dict[str, Any]:
    url = url_of(page)
    return {"id": document_id(url), "url": url, "host": host_of(url), "site": f"https://{host_of(url)}/"}


def document(page: int, number: int, draw: random.Random) -> dict[str, Any]:
    text = "\n".join(" ".join(draw.choices(WORDS, k=60)) for _ in range(5)) + f"\n{page} {number}"
    rules = ("too_short", "stop_words", "word_length", "non_alphabetic", "duplicate_lines", "list", "top_ngram")
    return {
        "country": "ES",
        "category": "hospital",
        "source": "crawl",
        "title": f"Página {page}",
        "first_seen_at": START,
        "mime": "text/html",
        "text_given": False,
        "language": "es",
        "language_score": 1.0,
        "text": text,
        "n_words": 302,
        "quality": [{"rule": rule, "figure": draw.random()} for rule in rules],
        "verdicts": [{"identifier": "py3langid", "answer": "es"}, {"identifier": "langdetect", "answer": "es"}],
        "masked": [],
        "text_digest": document_id(f"x://{page}/{number}"),
    }


def record(page: int, at: datetime, name: str, place: int, *, full: bool) -> dict[str, Any]:
    return {
        "url": url_of(page),
        "kind": "response" if full else "revisit",
        "fetched_at": at,
        "digest": f"sha1:{document_id(f'x://{page}')}",
        "file": name.rpartition("/")[2],
        "offset": place * 14_000,
        "length": 14_000 if full else 600,
        "status": 200 if full else 304,
        "mime": "text/html",
        "charset": "utf-8",
    }


def write_state(store: Store, pages: int, number: int) -> None:
    store.crawl.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite:///{store.crawl_state}")
    columns = {"state": DONE, "round": number, "status": 304, "fetched_at": 1.77e9, "due_at": 1.78e9, "depth": 3}
    with engine.begin() as connection:
        connection.execute(sa.insert(rounds), [{"number": number, "started_at": 0.0, "finished_at": 1.0}])
        names = sorted({host_of(url_of(page)) for page in range(min(pages, 10_000))})
        connection.execute(sa.insert(hosts), [{"host": name} for name in names])
        for first in range(0, pages, 50_000):
            some = range(first, min(pages, first + 50_000))
            rows = (
                {"url": url_of(page), "host": host_of(url_of(page)), "seed": "https://x/"} | columns for page in some
            )
            connection.execute(sa.insert(urls), list(rows))
    engine.dispose()


def write_versions(store: Store, number_of_versions: int) -> None:
    for number in range(number_of_versions):
        if number:
            gone = [url_of(page) for page in range(1_000 * (number - 1), 1_000 * number)]
            Takedowns.load(store).add(gone, START.date())
        done = publish(store, Settings().clean, PublishSettings(containment=None))
        print(f"{done.version}: {done.documents:,} documents, {sum(done.dropped.values()):,} dropped", file=sys.stderr)


def measure(store: Store, pages: int, asked: int, files: list[Path]) -> list[tuple[str, float, float, float, float]]:
    draw = random.Random(2)
    known = [url_of(draw.randrange(pages)) for _ in range(asked)]
    unknown = [f"https://www.sitio1.example/nunca/{number}" for number in range(asked)]
    settings = Settings()
    look: Callable[[str], object] = lambda url: why(store, settings, url)  # noqa: E731 - one of several ways
    look(known[0])
    rows = [row_of("cowese --version", timed(lambda _: command("--version"), known[:5]))]
    lists = [ids_path(documents) for documents, _ in pairs(store.documents / recipe_digest(settings.clean))]
    for kind, addresses in (("known", known), ("never heard of", unknown)):
        rows.append(row_of(f"{kind}, warm", timed(look, addresses)))
        rows.append(row_of(f"{kind}, cold files", timed(look, addresses, before=lambda: forget(files))))
        by_command = timed(lambda url: command("why", url, "--store", store.root), addresses)
        rows.append(row_of(f"{kind}, the command", by_command))
    for path in lists:
        path.rename(path.with_suffix(".aside"))
    try:
        rows.append(row_of("known, warm, no lists of ids", timed(look, known)))
    finally:
        for path in lists:
            path.with_suffix(".aside").rename(path)
    return rows


def timed(look: Callable[[str], object], addresses: list[str], before: Callable[[], None] = lambda: None) -> Iterator:
    for url in addresses:
        before()
        read, cpu, started = bytes_read(), cpu_seconds(), time.perf_counter()
        look(url)
        yield time.perf_counter() - started, cpu_seconds() - cpu, bytes_read() - read


def row_of(name: str, samples: Iterator[tuple[float, float, int]]) -> tuple[str, float, float, float, float]:
    walls, cpus, reads = zip(*samples, strict=True)
    return name, statistics.median(walls), max(walls), statistics.median(cpus), statistics.median(reads) / 1e6


def command(*words: str | Path) -> None:
    done = subprocess.run([Path(sys.executable).with_name("cowese"), *words], stdout=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.returncode


def cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def bytes_read() -> int:
    """Bytes that this process asked the system for (memory-mapped ones are not counted)."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def forget(files: list[Path]) -> None:
    """Drop the files from the page cache."""
    for path in files:
        if path.exists():
            descriptor = os.open(path, os.O_RDONLY)
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


if __name__ == "__main__":
    main()
