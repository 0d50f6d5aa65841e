"""Cleaning and deduplication by a process pool and by Dask, two workers each; a Dask worker is killed on the way.

python bench/engines.py [--segments 8] [--pages 60] [--texts 100000] [--repeats 2] [--only clean|dedup] [--record]

Arms alternate on the same input; every arm must write the same bytes. CPU seconds are those of this process and of all
that it started, the start included.
"""

import argparse
import contextlib
import hashlib
import io
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).parents[1]))

import dedup
import numpy as np
import psutil
from harness import Run, record_option
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cleaning.clean import clean
from cleaning.corpus.live_pages import live_documents
from cleaning.duplicates.dedup import deduplicate
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from cleaning.stored_texts import StoredTexts
from data.engines.choice import opened
from data.engines.engine import EngineSettings
from data.store import Store
from data.takedowns import Takedowns

SENTENCES = (
    "La diabetes aparece cuando el cuerpo no usa bien la insulina que produce el páncreas.",
    "El médico recomienda caminar media hora cada día y reducir la sal de las comidas.",
    "Conviene revisar los pies cada noche y acudir a la consulta si aparece una herida.",
    "La vacuna de la gripe se pone cada otoño a las personas mayores y a quienes las cuidan.",
    "Cuando los cambios de hábitos no bastan, se añade un medicamento que se toma por la mañana.",
    "El azúcar en sangre se mide en ayunas y dos horas después de la comida principal.",
    "Las cifras se anotan en una libreta y se llevan a la enfermera en la próxima visita.",
)
ARMS = {
    "a pool of 2": EngineSettings(workers=2),
    "Dask local:2": EngineSettings(dask="local:2"),
}
KILLED = "Dask local:2, a worker killed"


def write_warcs(folder: Path, segments: int, pages: int) -> list[Path]:
    """Segments of pages of some 40 paragraphs with a menu, as a site has them."""
    chance, written = random.Random(7), []
    menu = "".join(f'<li><a href="/{number}">Apartado {number}</a></li>' for number in range(60))
    for segment in range(segments):
        path = folder / f"{segment:03d}.warc.gz"
        with path.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            for page in range(pages):
                text = "".join(f"<p>{' '.join(chance.choices(SENTENCES, k=4))} Nota {n}.</p>" for n in range(40))
                body = f"<html lang=es><body><ul>{menu}</ul><article>{text}</article></body></html>".encode()
                head = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
                address = f"https://h{segment}.example/{page}"
                writer.write_record(
                    writer.create_warc_record(address, "response", payload=io.BytesIO(body), http_headers=head)
                )
        written.append(path)
    return written


class ProcessorTime:
    """CPU seconds of this process and all its descendants, looked at often: some end without being waited for."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._before = sum(self._seconds.values())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look()

    @property
    def seconds(self) -> float:
        """Since the block began."""
        return sum(self._seconds.values()) - self._before

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            self._look()

    def _look(self) -> None:
        here = psutil.Process()
        for process in (here, *here.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                spent = process.cpu_times()
                self._seconds[process.pid] = spent.user + spent.system


def timed(work: Callable[[], str]) -> tuple[dict[str, float], str]:
    """Seconds by the wall and of CPU, and the digest that the work gave."""
    started = time.monotonic()
    with ProcessorTime() as spent:
        digest = work()
    return {"wall_s": round(time.monotonic() - started, 1), "cpu_s": round(spent.seconds, 1)}, digest


def digest_of(folder: Path) -> str:
    """Of all Parquet files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def kill_a_worker(folder: Path, pattern: str) -> None:
    """SIGKILL one of the Dask workers that this process has started, once a first file of that name is there."""

    def kill() -> None:
        while not list(folder.rglob(pattern)):
            time.sleep(0.02)
        victim = next(one for one in multiprocessing.active_children() if "Dask" in one.name)
        assert victim.pid is not None
        os.kill(victim.pid, signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()


def cleaned(folder: Path, warcs: list[Path], engine: EngineSettings) -> str:
    """Clean into a fresh store."""
    shutil.rmtree(folder, ignore_errors=True)
    store = Store.open(folder)
    clean(store, CleaningSettings(), warcs=warcs, engine=engine)
    return digest_of(store.documents)


def deduplicated(store: Store, pairs: list[tuple[Path, Path]], engine: EngineSettings) -> str:
    """Deduplicate without any memory of a run before."""
    shutil.rmtree(store.signatures, ignore_errors=True)
    documents = live_documents(pairs, Takedowns.load(store)).documents
    with opened(engine) as running:
        clusters = deduplicate(documents, StoredTexts(pairs, documents), store.signatures, PublishSettings(), running)
    return hashlib.sha256(clusters.keeper.tobytes() + np.nan_to_num(clusters.share).tobytes()).hexdigest()[:16]


def compare(
    run: Run, what: str, work: Callable[[EngineSettings], str], repeats: int, folder: Path, pattern: str
) -> None:
    """Every arm some times, alternating, then the one that loses a worker."""
    arms = [*(list(ARMS.items()) * repeats), (KILLED, ARMS["Dask local:2"])]
    digests, rows = set(), []
    for name, engine in arms:
        shutil.rmtree(folder, ignore_errors=True)
        if name == KILLED:
            kill_a_worker(folder, pattern)
        took, digest = timed(lambda engine=engine: work(engine))
        digests.add(digest)
        rows.append((name, took["cpu_s"], took["wall_s"], digest))
        print(*rows[-1], flush=True)
    run.table(what, ("engine", "CPU s", "wall s", "digest of what was written"), rows)
    assert len(digests) == 1, "not the same bytes"


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=8)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only", choices=("clean", "dedup"))
    record_option(parser)
    given = parser.parse_args()
    run = Run("engines", ("distributed", "pyarrow", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.only != "dedup":
            warcs = write_warcs(folder, given.segments, given.pages)
            compare(
                run,
                f"Cleaning {given.segments * given.pages} pages in {given.segments} WARC files",
                lambda engine: cleaned(folder / "store", warcs, engine),
                given.repeats,
                folder / "store",
                ".*.part",
            )
        if given.only != "clean":
            store = Store.open(folder / "texts")
            pairs = dedup.write_segments(store.documents, given.texts, 150)
            compare(
                run,
                f"Deduplicating {given.texts:,} texts of 150 words",
                lambda engine: deduplicated(store, pairs, engine),
                given.repeats,
                store.signatures,
                "bands-*",
            )
        run.close(given.record)


if __name__ == "__main__":
    sys.exit(main())
