"""Texts of a corpus: a version of ours with its splits, or any Parquet with a ``text`` column.

They are read by parts, ranges of the rows of one file, which tasks of an engine take side by side.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.engines.choice import opened
from data.engines.engine import Board, EngineSettings, Item, Report, Result, run_all, run_here
from data.errors import InputError
from data.files import file_digest, value_digest
from data.manifest import MANIFEST_NAME, Manifest
from data.parquet import row_count

SPLITS = ("train", "validation", "test")
HELD_OUT = {"validation": (0, 5), "test": (5, 10)}
"""Of a corpus without splits: thousandths of the texts by a hash of the text."""
BATCH = 1_000
PART_ROWS = 50_000
"""Rows of a part: at most so many texts are read again after a kill."""
ROWS_HERE = 50_000
"""Rows that are not worth other processes."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of one file, of which those of a split count."""

    file: Path
    start: int
    stop: int
    split: str
    is_whole: bool
    """All rows are of the split; else it is told by each text's hash."""

    def __len__(self) -> int:
        return self.stop - self.start

    def texts(self) -> Iterator[list[str]]:
        """The texts that are not empty, in batches."""
        with pq.ParquetFile(self.file) as file:
            groups, begin = _groups_from(file, self.start)
            at = begin
            for batch in file.iter_batches(BATCH, row_groups=groups, columns=["text"]):
                low, high = max(self.start - at, 0), min(self.stop - at, len(batch))
                at += len(batch)
                if low < high:
                    texts = [text for text in batch.column(0).slice(low, high - low).to_pylist() if text]
                    yield texts if self.is_whole else [text for text in texts if _split_of(text) == self.split]
                if at >= self.stop:
                    return


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where texts come from."""

    path: Path
    files: dict[str, tuple[Path, ...]]
    """Parquet files by split; under ``all`` where the corpus has no splits of its own."""

    @classmethod
    def open(cls, path: Path) -> "Corpus":
        """Find the Parquet files of a corpus.

        Raises:
            InputError: no such path, no Parquet file in it, or no ``text`` column.
        """
        if not path.exists():
            raise InputError(
                f"{path}: no such corpus. `cowese publish` makes one; any Parquet with a text column will do."
            )
        path = path.resolve()
        if (path / "data" / "train").is_dir():
            files = {split: tuple(sorted((path / "data" / split).glob("*.parquet"))) for split in SPLITS}
        else:
            files = {"all": tuple(sorted(path.rglob("*.parquet"))) if path.is_dir() else (path,)}
        if not any(files.values()):
            raise InputError(f"{path}: no Parquet file in it.")
        for file in (file for group in files.values() for file in group):
            _require_text(file)
        return cls(path, files)

    @property
    def name(self) -> str:
        """The version's name, or the file's without its ending."""
        return self.path.name.removesuffix(".parquet")

    def digest(self) -> str:
        """A digest of all texts: the version's own, or of the files."""
        if (self.path / MANIFEST_NAME).is_file():
            return Manifest.read(self.path).digest
        return value_digest([file_digest(file) for group in self.files.values() for file in group])

    def decontaminated(self) -> dict[str, int] | None:
        """The benchmarks whose texts the corpus does not hold, and how many documents went for each.

        None where nobody recorded it: a corpus that is no version of ours.
        """
        if not (self.path / MANIFEST_NAME).is_file():
            return None
        manifest = Manifest.read(self.path)
        names = manifest.settings.get("publish", {}).get("decontaminate", {})
        dropped = manifest.figures.get("dropped", {})
        return {name: dropped.get(f"decontaminated/{name}", 0) for name in names}

    def texts(self, split: str) -> Iterator[list[str]]:
        """The texts of a split in batches, in a fixed order."""
        for part in self.parts(split):
            yield from part.texts()

    def parts(self, split: str) -> list[Part]:
        """A split's parts, in the order of its texts."""
        return [
            Part(file, start, min(start + PART_ROWS, total), split, is_whole=split in self.files)
            for file in self.files.get(split, self.files.get("all", ()))
            if (total := row_count(file))
            for start in range(0, total, PART_ROWS)
        ]


def _groups_from(file: pq.ParquetFile, start: int) -> tuple[Sequence[int], int]:
    """The row groups from that of a row on, and the row with which they begin."""
    begin = 0
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if begin + rows > start:
            return range(group, file.metadata.num_row_groups), begin
        begin += rows
    return (), begin


def _split_of(text: str) -> str:
    thousandth = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 1_000
    return next((split for split, (low, high) in HELD_OUT.items() if low <= thousandth < high), "train")


def _require_text(file: Path) -> None:
    try:
        schema = pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from error
    if "text" not in schema.names:
        raise InputError(f"{file}: no column named text (it has {', '.join(schema.names[:8])}).")
    kind = schema.field("text").type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise InputError(f"{file}: its column text holds {kind}, not strings.")


def run_parts(
    settings: EngineSettings,
    function: Callable[[Item, Report], Result],
    items: Sequence[Item],
    watch: Callable[[Board], None],
    *,
    rows: int,
    columns: int,
) -> list[Result]:
    """A task for each part: on the engine where there are many ``rows``, else here.

    The board has so many ``columns``; results come in any order.
    """
    if rows > ROWS_HERE:
        with opened(settings) as engine:
            return run_all(engine, function, items, watch, columns=columns)
    return run_here(function, items, watch, columns=columns)
