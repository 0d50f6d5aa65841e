"""Texts of a corpus: a version of ours with its splits, or any Parquet with a ``text`` column."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.errors import InputError
from data.files import file_digest, value_digest
from data.manifest import MANIFEST_NAME, Manifest

SPLITS = ("train", "validation", "test")
HELD_OUT = {"validation": (0, 5), "test": (5, 10)}
"""Of a corpus without splits: thousandths of the texts by a hash of the text."""
BATCH = 1_000


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
        for file in self.files.get(split, self.files.get("all", ())):
            for batch in pq.ParquetFile(file).iter_batches(BATCH, columns=["text"]):
                texts = [text for text in batch.column(0).to_pylist() if text]
                yield texts if split in self.files else [text for text in texts if _split_of(text) == split]


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
