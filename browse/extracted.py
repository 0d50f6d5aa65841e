"""The extracted texts and measures from which a version was judged: found by the WARC record of a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleaning.recipe import extraction_digest, measuring_digest
from cleaning.settings import CleaningSettings
from data.lookup import row_at
from data.parquet import parquet_errors, read_wide
from data.store import Store

BATCH_ROWS = 500


@dataclass(frozen=True)
class Extracted:
    """One folder of extracted texts, those of the settings where there are some, otherwise the newest ones."""

    folder: Path | None
    measures: Path | None

    @classmethod
    def find(cls, store: Store, settings: CleaningSettings) -> "Extracted":
        """The folders that the settings name, or else those written last."""
        folder = _named_or_newest(store.texts, extraction_digest(settings), "*")
        measures = folder and _named_or_newest(folder, f"measures-{measuring_digest(settings)}", "measures-*")
        return cls(folder, measures)

    @cached_property
    def files(self) -> dict[str, Path]:
        """The file of texts of each WARC file."""
        found: dict[str, Path] = {}
        for path in sorted(self.folder.glob("*.parquet")) if self.folder else ():
            for name in _warc_files(path):
                found[name] = path
        return found

    def measures_of(self, texts: Path) -> Path | None:
        """The measures beside a file of texts."""
        path = self.measures / texts.name if self.measures else None
        return path if path is not None and path.is_file() else None

    def batches(self, warc_file: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a WARC file in the order of its records, some at a time."""
        path = self.files.get(warc_file)
        if path is not None:
            with parquet_errors(path), pq.ParquetFile(path) as file:
                yield from file.iter_batches(BATCH_ROWS, columns=["warc_offset", *columns])

    def row_number(self, warc_file: str, warc_offset: int) -> tuple[Path, int] | None:
        """Where the row of a record stands."""
        path = self.files.get(warc_file)
        if path is None:
            return None
        offsets = read_wide(path, ["warc_offset"])["warc_offset"].to_numpy()
        places = np.flatnonzero(offsets == warc_offset)
        return (path, int(places[0])) if len(places) else None

    def row(self, warc_file: str, warc_offset: int, columns: list[str]) -> dict[str, Any] | None:
        """The row of a record; None where it was never extracted here."""
        place = self.row_number(warc_file, warc_offset)
        return None if place is None else row_at(*place, columns)


def _named_or_newest(folder: Path, name: str, pattern: str) -> Path | None:
    named = folder / name
    if named.is_dir():
        return named
    others = [path for path in folder.glob(pattern) if path.is_dir()] if folder.is_dir() else []
    return max(others, key=lambda path: path.stat().st_mtime, default=None)


def _warc_files(path: Path) -> set[str]:
    """The WARC file whose rows a file holds, by its statistics; empty where it has no rows."""
    with parquet_errors(path):
        metadata = pq.read_metadata(path)
    place = next(at for at in range(metadata.num_columns) if metadata.schema.column(at).path == "warc_file")
    names = set()
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        if statistics is not None and statistics.has_min_max:
            names |= {statistics.min, statistics.max}
    return names
