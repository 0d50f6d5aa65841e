"""Publishing at growing sizes: seconds, CPU seconds and memory of all processes together, step by step.

python bench/publish_sizes.py [--sizes 100000,300000,1000000] [--workers 2] [--shard-rows 250000] [--changed 0.01]
                              [--folder DIR] [--record]

Documents are synthetic and written as cleaning writes them: three paragraphs of 36 words drawn by Zipf's law and a
line that the pages of a site share; one in ten is a copy of another with a few words changed, a host has 400. Each
size is published in a process of its own, then again with a share of the pages changed. Memory is the sum of the
proportional set sizes (PSS) of the process and of those that it starts, looked at five times a second; ``private`` is
the part of it that is no page of a file.
"""

import argparse
import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from harness import Run, record_option

from cleaning.corpus import decisions
from cleaning.corpus import publish as publishing
from cleaning.duplicates import dedup
from cleaning.publish_settings import PublishSettings
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.engines.engine import EngineSettings
from data.parquet import write_parquet
from data.store import Store
from data.urls import document_id

SEGMENT = 20_000
VOCABULARY = 60_000
HOST_PAGES = 400
PARAGRAPHS, WORDS = 3, 36
START = datetime(2026, 1, 1, tzinfo=UTC)
LOOK_EVERY = 0.2


@functools.cache
def _vocabulary() -> tuple[pa.Array, np.ndarray]:
    chance = np.random.default_rng(1)
    syllables = ["ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "ña", "rrá"]
    drawn = chance.integers(0, len(syllables), (VOCABULARY, 4))
    words = ["".join(syllables[one] for one in row[: 1 + row[0] % 4]) for row in drawn]
    weights = 1 / np.arange(1, VOCABULARY + 1)
    return pa.array(words), np.cumsum(weights / weights.sum())


def texts(numbers: np.ndarray, round_number: int) -> list[str]:
    """The texts of pages by number; a later round gives other texts, every tenth is nearly the one before it."""
    words, bounds = _vocabulary()
    chance = np.random.default_rng([round_number, int(numbers[0])])
    long = PARAGRAPHS * WORDS
    places = np.minimum(np.searchsorted(bounds, chance.random((len(numbers), long))), VOCABULARY - 1)
    copies = np.flatnonzero((numbers % 10 == 9) & (np.arange(len(numbers)) > 0))
    places[copies] = places[copies - 1]
    for _ in range(3):
        places[copies, chance.integers(0, long, len(copies))] = chance.integers(0, VOCABULARY, len(copies))
    flat = words.take(pa.array(places.ravel()))
    paragraphs = pc.binary_join(pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, WORDS, np.int32), flat), " ")
    offsets = np.arange(0, len(paragraphs) + 1, PARAGRAPHS, np.int32)
    bodies = pc.binary_join(pa.ListArray.from_arrays(offsets, paragraphs), "\n").to_pylist()
    return [
        f"{body}\nPida cita en la unidad de salud número {number // HOST_PAGES} de lunes a viernes."
        for number, body in zip(numbers.tolist(), bodies, strict=True)
    ]


def write_segment(folder: Path, numbers: np.ndarray, round_number: int) -> None:
    """A pair of files as cleaning writes them: the documents, and one dropped page for five of them."""
    stem, recipe = f"{round_number:04d}-{int(numbers[0]):09d}", folder.name
    urls = [f"https://h{number // HOST_PAGES}.es/pagina/{number}" for number in numbers.tolist()]
    bodies = texts(numbers, round_number)
    at = START + timedelta(days=round_number)
    shared = {
        "id": [document_id(url) for url in urls],
        "url": urls,
        "host": [f"h{number // HOST_PAGES}.es" for number in numbers.tolist()],
        "site": [f"https://h{number // HOST_PAGES}.es/" for number in numbers.tolist()],
        "fetched_at": [at] * len(urls),
        "warc_file": [f"{stem}.warc.gz"] * len(urls),
        "warc_offset": (numbers * 5_000).tolist(),
        "recipe": [recipe] * len(urls),
    }
    given = shared | {
        "country": ["ES"] * len(urls),
        "category": ["portal"] * len(urls),
        "source": ["crawl"] * len(urls),
        "text_given": [False] * len(urls),
        "canonical": urls,
        "title": [body[:40] for body in bodies],
        "first_seen_at": [at] * len(urls),
        "mime": ["text/html"] * len(urls),
        "language": ["es"] * len(urls),
        "language_score": [1.0] * len(urls),
        "text": bodies,
        "n_words": [PARAGRAPHS * WORDS + 12] * len(urls),
        "quality": [[]] * len(urls),
        "verdicts": [[]] * len(urls),
        "masked": [[]] * len(urls),
        "text_digest": [hashlib.sha256(body.encode()).hexdigest()[:32] for body in bodies],
    }
    _write(folder / f"{stem}.parquet", given, DOCUMENT_SCHEMA)
    gone = [f"{url}/pdf" for url in urls[::5]]
    dropped = {name: values[::5] for name, values in shared.items()}
    dropped |= {"id": [document_id(url) for url in gone], "url": gone, "reason": ["quality/too_short"] * len(gone)}
    _write(folder / f"{stem}.dropped.parquet", dropped, DROPPED_SCHEMA)


def _write(path: Path, given: dict[str, list[Any]], schema: pa.Schema) -> None:
    rows = len(given["id"])
    columns = [pa.array(given.get(field.name, [None] * rows), field.type) for field in schema]
    write_parquet(
        path, [pa.RecordBatch.from_arrays(columns, schema=schema)], schema, dictionary_columns=DICTIONARY_COLUMNS
    )


def write_round(store: Store, numbers: np.ndarray, round_number: int) -> None:
    """The segments of one round."""
    folder = store.documents / recipe_digest(CleaningSettings())
    for start in range(0, len(numbers), SEGMENT):
        write_segment(folder, numbers[start : start + SEGMENT], round_number)


class Watch:
    """Memory and CPU time of this process and of those that it started, by the step that is under way."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}
        self._current = ["other"]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def follow(self, module: Any, name: str) -> None:
        """Let a function of a module be a step."""
        function: Callable[..., Any] = getattr(module, name)

        @functools.wraps(function)
        def wrapped(*given: Any, **named: Any) -> Any:
            self._current.append(name)
            started, worked = time.monotonic(), _cpu()
            try:
                return function(*given, **named)
            finally:
                self._current.pop()
                step = self.steps.setdefault(name, {})
                step["s"] = round(step.get("s", 0) + time.monotonic() - started, 1)
                step["cpu_s"] = round(step.get("cpu_s", 0) + _cpu() - worked, 1)

        setattr(module, name, wrapped)

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            total, private = _memory()
            step = self.steps.setdefault(self._current[-1], {})
            step["gb"] = max(step.get("gb", 0), round(total / 1e9, 2))
            step["private_gb"] = max(step.get("private_gb", 0), round(private / 1e9, 2))


def _cpu() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _memory() -> tuple[int, int]:
    """PSS of all processes, and the part that is no page of a file, in bytes."""
    total = private = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
        total += sizes["Pss"] * 1024
        private += sizes.get("Pss_Anon", 0) * 1024
    return total, private


STEPS = {
    decisions: (
        "build_shards",
        "take_out_site_lines",
        "decontaminated",
        "deduplicate_each",
        "assigned",
        "plan",
        "build_final_rows",
        "part_digests",
    ),
    dedup: ("sign_missing", "candidates", "settle_crowds", "Containment"),
    publishing: ("write_parts", "write_dropped", "write_report", "note_yields"),
}


def measured(store: Store, engine: EngineSettings) -> dict[str, Any]:
    """Publish, and say what it took."""
    watch = Watch()
    for module, names in STEPS.items():
        for name in names:
            watch.follow(module, name)
    started, worked = time.monotonic(), _cpu()
    done = publishing.publish(store, CleaningSettings(), PublishSettings(), engine=engine)
    seconds, cpu = time.monotonic() - started, _cpu() - worked
    watch.stop()
    written = {path: path.stat() for path in done.path.rglob("*") if path.is_file()}
    return {
        "version": done.version,
        "documents": done.documents,
        "urls": done.funnel["urls"],
        "s": round(seconds, 1),
        "cpu_s": round(cpu, 1),
        "gb": max(step.get("gb", 0) for step in watch.steps.values()),
        "private_gb": max(step.get("private_gb", 0) for step in watch.steps.values()),
        "bytes": sum(stat.st_size for stat in written.values()),
        "new_bytes": sum(stat.st_size for stat in written.values() if stat.st_nlink == 1),
        "files": hashlib.sha256(json.dumps(_files(done.path), sort_keys=True).encode()).hexdigest()[:16],
        "steps": watch.steps,
    }


def _files(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text())["files"]


def run_size(size: int, given: argparse.Namespace, root: Path) -> list[dict[str, Any]]:
    """Write the documents of one size, publish, change some, publish again; each publish in a process of its own."""
    shutil.rmtree(root, ignore_errors=True)
    store = Store.open(root)
    started = time.monotonic()
    write_round(store, np.arange(size), 1)
    print(f"# {size:,} documents written in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--one", str(root), "--workers", str(given.workers)]
    command += ["--shard-rows", str(given.shard_rows)] if given.shard_rows else []
    told = [json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)]
    if given.changed:
        every = round(1 / given.changed)
        write_round(store, np.arange(0, size, every), 2)
        told.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    return told


def tables(run: Run, size: int, told: list[dict[str, Any]]) -> None:
    """A row for each publish, and one for each of its steps."""
    columns = ("version", "documents", "urls", "s", "cpu_s", "gb", "private_gb", "bytes", "new_bytes", "files")
    run.table(f"Publishing {size:,} documents", columns, [[one[name] for name in columns] for one in told])
    columns = ("s", "cpu_s", "gb", "private_gb")
    steps = [(one["version"], name, *map(step.get, columns)) for one in told for name, step in one["steps"].items()]
    run.table("Its steps", ("version", "step", *columns), steps)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100000,300000,1000000")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-rows", type=int)
    parser.add_argument("--changed", type=float, default=0.01)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    record_option(parser)
    given = parser.parse_args()
    if given.one:
        shares = {"shard_rows": given.shard_rows} if given.shard_rows else {}
        engine = EngineSettings(workers=given.workers, **shares)
        print(json.dumps(measured(Store.open(given.one), engine)), flush=True)
        return
    run = Run("publish_sizes", ("pyarrow", "numpy"))
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory(dir=given.folder) as name:
            tables(run, size, run_size(size, given, Path(name) / "store"))
    run.close(given.record)


if __name__ == "__main__":
    main()
