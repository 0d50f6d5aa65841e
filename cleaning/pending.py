"""Which WARC files there are, what their documents are called, and which have none yet."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError, StageError
from data.parquet import remembered
from data.store import Store

WARC_ENDINGS = (".warc.gz", ".warc")
DROPPED = ".dropped.parquet"
KEPT = ".parquet"
TORN_AT = "cowese.torn_at"
"""In the metadata of a WARC file's dropped pages: the offset of a record that is cut short."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A WARC file and the name of its pair."""

    path: Path
    name: str
    """As documents call the file: relative to ``store/warc``, or the file's own name."""

    def pair(self, folder: Path) -> tuple[Path, Path]:
        """Where its documents and its dropped pages go."""
        stem = self.name.replace("/", "-")
        for ending in WARC_ENDINGS:
            stem = stem.removesuffix(ending)
        return folder / f"{stem}{KEPT}", folder / f"{stem}{DROPPED}"

    def is_done(self, folder: Path) -> bool:
        """Whether its pair is there."""
        return all(path.is_file() for path in self.pair(folder))


def warc_files(store: Store, named: Sequence[Path] = ()) -> list[Pending]:
    """The closed WARC files of the store, and those named (files or folders).

    Raises:
        InputError: a named file is missing.
        StageError: there is none at all.
    """
    found = [*warcs_of(store), *_named(named)]
    if not found:
        raise StageError(f"{store.warc}: no WARC file to clean. `cowese crawl` makes them, or name some.")
    return found


def cut_short(folder: Path) -> dict[str, int]:
    """Of the WARC files with a pair those whose end was missing, by the pair's name, and the byte at which it was.

    Raises:
        InputError: a file of a pair is damaged.
    """
    torn = {path.name.removesuffix(DROPPED): remembered(path, TORN_AT) for path in sorted(folder.glob(f"*{DROPPED}"))}
    return {name: int(at) for name, at in torn.items() if at is not None}


def warcs_of(store: Store) -> list[Pending]:
    """The closed WARC files of a store."""
    files = (path for path in sorted(store.warc.glob("*/*")) if path.name.endswith(WARC_ENDINGS))
    return [Pending(path, path.relative_to(store.warc).as_posix()) for path in files]


def _named(warcs: Sequence[Path]) -> list[Pending]:
    found: list[Pending] = []
    for path in warcs:
        files = [one for one in sorted(path.rglob("*")) if one.name.endswith(WARC_ENDINGS)] if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise InputError(f"{path}: no such WARC file, or none in this folder.")
        found += [Pending(one, _name_of(one)) for one in files]
    return found


def _name_of(path: Path) -> str:
    """A foreign file's name with a digest of its beginning, so that namesakes stay apart."""
    with path.open("rb") as file:
        beginning = hashlib.sha256(file.read(1 << 20)).hexdigest()[:8]
    for ending in WARC_ENDINGS:
        if path.name.endswith(ending):
            return f"{path.name.removesuffix(ending)}-{beginning}{ending}"
    return f"{path.name}-{beginning}"
