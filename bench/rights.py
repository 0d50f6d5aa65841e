"""What the ledger of rights costs when a version is cut: CPU seconds and memory at a million pages.

Usage: bench/rights.py [--pages 1000000] [--hosts 4180] [--rounds 13] [--lines 25] [--record]

The ledger is synthetic, its rows are made by the readers that make real ones: in each round a robots.txt a host with so
many lines (one host in ten reserves training, one in ten shuts out an agent by name), a tdmrep.json at one host in
twenty, and rows of their own for one page in a hundred. It is read from Parquet files, one a round, as publishing reads
it; then every page is asked for, under ``as_fetched`` and ``as_of_today``. Printed are CPU seconds, microseconds a page
and the peak of the process, which the pages' addresses are part of.
"""

import argparse
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from harness import Run, record_option

from data.parquet import read_parquet, row_count, write_parquet
from data.rights.files import READERS, ROBOTS_PATH, TDMREP_PATH
from data.rights.ledger import PAGE_FILE, RIGHTS_DICTIONARY_COLUMNS, RIGHTS_SCHEMA, Ledger
from data.rights.settings import RIGHTS
from data.rights.signals import Signal

START = datetime(2026, 1, 1, tzinfo=UTC)
RESERVING, NAMING, TDM, SPEAKING = 10, 10, 20, 100
"""One host, or page, in so many."""
FOLDERS = ("noticias", "salud", "consejos", "blog", "enfermedades", "tag", "buscar", "admin", "wp-admin", "privado")


def robots(host: int, lines: int) -> bytes:
    """A robots.txt of so many lines that let most of the host in."""
    chance = random.Random(host)
    text = ["User-agent: *", "Content-Signal: search=yes,ai-train=no" if host % RESERVING == 0 else "# libre"]
    text += [f"Disallow: /{chance.choice(FOLDERS)}/{chance.randrange(1000)}*/x$" for _ in range(lines)]
    text += ["", "User-agent: GPTBot", "Disallow: /"] if host % NAMING == 1 else []
    return "\n".join(text).encode()


def rows(round_number: int, hosts: int, pages: int, lines: int) -> Iterator[dict[str, Any]]:
    """The rows of a round."""
    seen = START + timedelta(days=30 * round_number)
    warc = f"{round_number:04d}/segment.warc.gz"
    for host in range(hosts):
        said: list[tuple[str, Signal]] = [(ROBOTS_PATH, word) for word in READERS[ROBOTS_PATH](robots(host, lines))]
        if host % TDM == 0:
            said += [(TDMREP_PATH, word) for word in READERS[TDMREP_PATH](b'[{"location":"/p/","tdm-reservation":0}]')]
        for file, word in said:
            yield _row(f"h{host}.es", file, word, seen, warc, host)
    word = Signal("meta/robots", '<meta name="robots" content="noarchive">', "allowed")
    for page in range(0, pages, SPEAKING):
        yield _row(f"h{page % hosts}.es", PAGE_FILE, word, seen, warc, hosts + page)


def _row(host: str, file: str, word: Signal, seen: datetime, warc: str, offset: int) -> dict[str, Any]:
    said = {"carrier": word.carrier, "path": word.path, "line": word.line, "verdict": word.verdict}
    return {"host": host, "file": file, **said, "seen_at": seen, "warc_file": warc, "warc_offset": offset}


def write(folder: Path, chosen: argparse.Namespace) -> None:
    """Write the ledger's files."""
    for number in range(chosen.rounds):
        found = list(rows(number, chosen.hosts, chosen.pages // chosen.rounds, chosen.lines))
        batches = [
            pa.RecordBatch.from_pylist(found[at : at + 50_000], RIGHTS_SCHEMA) for at in range(0, len(found), 50_000)
        ]
        path = folder / f"{number:04d}-segment.parquet"
        write_parquet(path, batches, RIGHTS_SCHEMA, dictionary_columns=RIGHTS_DICTIONARY_COLUMNS)


def measured(paths: Sequence[Path], chosen: argparse.Namespace) -> dict[str, float]:
    """Read the ledger and ask it for every page."""
    began = time.process_time()
    ledger = Ledger(read_parquet(path) for path in paths)
    found = {"read CPU s": time.process_time() - began, "peak MB after reading": _peak()}
    for mode in ("as_fetched", "as_of_today"):
        began, refused = time.process_time(), 0
        for page in range(chosen.pages):
            at = START + timedelta(days=page % (30 * chosen.rounds)) if mode == "as_fetched" else None
            url = f"https://www.h{page % chosen.hosts}.es/{FOLDERS[page % len(FOLDERS)]}/articulo-{page}"
            refused += ledger.refusal(url, at, ("0000/segment.warc.gz", chosen.hosts + page), RIGHTS) is not None
        spent = time.process_time() - began
        found |= {f"{mode} CPU s": spent, f"{mode} us a page": 1e6 * spent / chosen.pages, f"{mode} refused": refused}
    return found | {"peak MB": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("pages", 1_000_000), ("hosts", 4_180), ("rounds", 13), ("lines", 25)):
        parser.add_argument(f"--{name}", type=int, default=value)
    record_option(parser)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        writing = multiprocessing.get_context("spawn").Process(target=write, args=(Path(folder), chosen))
        writing.start()  # in a process of its own: its memory is no part of what is measured
        writing.join()
        paths = sorted(Path(folder).glob("*.parquet"))
        run, before = Run("rights", ("pyarrow",)), _peak()
        about = f"{sum(row_count(path) for path in paths):,} rows, {chosen.pages:,} pages, {chosen.hosts:,} hosts"
        run.table(f"The ledger: {about}", ("", ""), [("peak MB before", before), *measured(paths, chosen).items()])
        run.close(chosen.record)


if __name__ == "__main__":
    main()
