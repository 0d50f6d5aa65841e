"""Rounds of pages for the tests of the corpus: what cleaning would have written for a small web that changes."""

import hashlib
import random
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaning.corpus.versions import BESIDE
from cleaning.pending import Pending, pair_in
from cleaning.recipe import recipe_digest
from cleaning.settings import CleaningSettings
from data.documents import DICTIONARY_COLUMNS, DOCUMENT_SCHEMA, DROPPED_SCHEMA
from data.parquet import write_parquet
from data.store import Store
from data.urls import document_id, host_of

START = datetime(2026, 1, 1, tzinfo=UTC)
_SPOKEN = """
la salud del paciente depende de una dieta variada con fruta verdura legumbres pescado y aceite de oliva además
del ejercicio diario el médico recomienda dormir ocho horas beber agua evitar el tabaco controlar la tensión
arterial medir el azúcar vacunarse cada otoño lavarse las manos revisar la vista caminar nadar respirar hondo
tomar el sol con cuidado consultar al farmacéutico leer el prospecto guardar los medicamentos lejos de los niños
"""
WORDS = _SPOKEN.split()


def prose(seed: object, words: int = 120) -> str:
    """Text that is always the same for a seed and like that of no other."""
    chosen = random.Random(str(seed))
    return " ".join(chosen.choice(WORDS) for _ in range(words)).capitalize() + "."


def slightly_changed(text: str, seed: object) -> str:
    """The text with one word replaced near its end: Jaccard of its 5-word shingles about 0.92."""
    words = text.split(" ")
    words[-3] = f"cambio{seed}"
    return " ".join(words)


def stem_of(warc: str) -> str:
    """What the files that are made of a WARC file of this name, without its ending, are called."""
    name = f"{warc}.warc.gz"
    return Pending(Path(name), name).stem


class Round:
    """One WARC segment's worth of events, and the pair of files that cleaning makes of it."""

    def __init__(
        self,
        number: int,
        *,
        at: datetime | None = None,
        settings: CleaningSettings | None = None,
        warc: str | None = None,
    ) -> None:
        self.number = number
        self.warc = warc or f"{number:04d}/segment"
        self.at = at or START + timedelta(days=number)
        self.settings = settings or CleaningSettings()
        self.documents: list[dict[str, Any]] = []
        self.dropped: list[dict[str, Any]] = []

    def page(
        self, url: str, text: str, *, category: str = "portal", country: str = "ES", language: str = "es"
    ) -> "Round":
        """A page that was kept."""
        self.documents.append(
            {
                **self._shared(url),
                "first_seen_at": self.at,
                "country": country,
                "category": category,
                "source": "crawl",
                "title": text[:20],
                "mime": "text/html",
                "text_given": False,
                "language": language,
                "language_score": 0.99,
                "text": text,
                "n_words": len(text.split()),
                "quality": [{"rule": "stop_words", "figure": 5.0}],
                "verdicts": [{"identifier": "py3langid", "answer": "es"}],
                "masked": [{"kind": "telefono", "count": 1}] if "teléfono" in text else [],
                "text_digest": hashlib.sha256(text.encode()).hexdigest()[:32],
            }
        )
        return self

    def drop(self, url: str, reason: str, lost_to: str | None = None) -> "Round":
        """A record that is no page, or a page that was refused."""
        status = int(reason[5:]) if reason[5:].isdigit() else 200
        self.dropped.append({**self._shared(url), "status": status, "reason": reason, "lost_to": lost_to})
        return self

    def write(self, store: Store) -> tuple[Path, Path]:
        """Write the pair as `clean` does."""
        kept, dropped = pair_in(store.documents / recipe_digest(self.settings), stem_of(self.warc))
        for path, rows, schema in ((dropped, self.dropped, DROPPED_SCHEMA), (kept, self.documents, DOCUMENT_SCHEMA)):
            batches = [pa.RecordBatch.from_pylist(rows, schema)] if rows else []
            write_parquet(path, batches, schema, dictionary_columns=DICTIONARY_COLUMNS)
        return kept, dropped

    def _shared(self, url: str) -> dict[str, Any]:
        return {
            "id": document_id(url),
            "url": url,
            "host": host_of(url),
            "site": f"https://{host_of(url)}/",
            "fetched_at": self.at,
            "warc_file": f"{self.warc}.warc.gz",
            "warc_offset": 1000 * (len(self.documents) + len(self.dropped)),
            "recipe": recipe_digest(self.settings),
        }


class Here:
    """An engine that runs every task in this process, the last first."""

    slots = 1
    ends_processes = False

    def map(self, function, items, *, columns=1, watch=lambda _board: None):  # noqa: ARG002 - as Engine.map
        for item in reversed(items):
            yield function(item, lambda row: watch([row]))


@contextmanager
def here(_settings):
    """In the place of ``opened`` of an engine."""
    yield Here()


def listed_files(folder: Path) -> set[str]:
    """Every file of a version, hidden ones too, but those that lie beside what the manifest lists."""
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(BESIDE) <= files
    return files - set(BESIDE)


def parquet_bytes(folder: Path) -> dict[str, bytes]:
    """The bytes of every Parquet file of a version by its path in the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def urls(hosts: Sequence[str] = ("hospital.es", "revista.es", "guia.es"), each: int = 10) -> list[str]:
    """Addresses of a small web."""
    return [f"https://{host}/pagina-{number}" for host in hosts for number in range(each)]
