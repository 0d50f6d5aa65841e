"""WARC files of others that belong to a store: a register with the path, size and digest of each.

They are cleaned under every recipe, like the store's own. A file that is gone, or was replaced, is reported; it never
leaves the store by itself (``cleaning.gone_warcs``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cleaning.ids import ids_path
from cleaning.pages.warc import Segment
from cleaning.pending import WARC_ENDINGS, Pending, pair_in, texts_in, warcs_of
from data.errors import InputError
from data.files import file_digest, read_json, write_json
from data.store import Store

_BEGINNING = 1 << 20
"""Bytes by which namesakes are kept apart."""


class ForeignWarc(BaseModel):
    """A WARC file that lies outside the store."""

    model_config = ConfigDict(frozen=True)

    name: str
    """As documents call it: the file's own name with a digest of its beginning."""
    path: Path
    bytes: int
    sha256: str

    @property
    def pending(self) -> Pending:
        """The file, and the names of what is made of it."""
        return Pending(self.path, self.name)

    @property
    def is_there(self) -> bool:
        """Whether the file still exists."""
        return self.path.is_file()

    @property
    def has_changed(self) -> bool:
        """Whether the file was replaced, judged by its size."""
        return self.is_there and self.path.stat().st_size != self.bytes

    def has_other_bytes(self) -> bool:
        """Whether the file was replaced, judged by its content."""
        return self.has_changed or file_digest(self.path) != self.sha256


_LIST = TypeAdapter(list[ForeignWarc])


@dataclass(slots=True)
class ForeignWarcs:
    """The register ``warc/foreign.json``."""

    store: Store
    by_name: dict[str, ForeignWarc] = field(default_factory=dict)

    @classmethod
    def load(cls, store: Store) -> "ForeignWarcs":
        """Read the register; empty if there is none.

        Raises:
            InputError: it is damaged.
        """
        path = cls(store).path
        if not path.is_file():
            return cls(store)
        try:
            found = _LIST.validate_python(read_json(path))
        except ValidationError as error:
            raise InputError(f"{path}: not a register of WARC files ({error.error_count()} errors).") from error
        return cls(store, {one.name: one for one in found})

    @property
    def path(self) -> Path:
        """The register's path."""
        return self.store.warc / "foreign.json"

    def add(self, named: Sequence[Path]) -> None:
        """Register files, and all in folders. What was made of a file that has changed since is deleted.

        Raises:
            InputError: a file is missing, or no WARC file.
            DiskFullError, StoreError: the register cannot be written.
        """
        before = dict(self.by_name)
        for one in _files(named):
            next(Segment(one).records(0), None)
            found = _entry(_name_of(one), one)
            for known in [*self.by_name.values()]:
                if known.sha256 == found.sha256:  # it may have been renamed, or blanked since it got its name
                    found = found.model_copy(update={"name": known.name})
                elif known.path == found.path or known.name == found.name:
                    delete_made(self.store, known.pending.stem)
                    del self.by_name[known.name]
            self.by_name[found.name] = found
        if self.by_name != before:
            self._write()

    def refresh(self, path: Path) -> None:
        """Note the digest of a file whose records were blanked; its name stays, by which documents know it."""
        for one in [*self.by_name.values()]:
            if one.path == path:
                self.by_name[one.name] = _entry(one.name, path)
                self._write()

    def leave_out(self, name: str) -> bool:
        """Take a file off the register and delete what was made of it; False where it is not on it.

        ``name`` is the file's name as documents call it, or its path.
        """
        entry = self.by_name.get(name) or next((one for one in self.by_name.values() if str(one.path) == name), None)
        if entry is None:
            return False
        delete_made(self.store, entry.pending.stem)
        del self.by_name[entry.name]
        self._write()
        return True

    def _write(self) -> None:
        entries = [self.by_name[name].model_dump(mode="json") for name in sorted(self.by_name)]
        write_json(self.path, entries)


def members(store: Store) -> list[Pending]:
    """Every WARC file of a store that is there: its own closed ones, then those of others.

    Raises:
        InputError: the register is damaged.
    """
    foreign = ForeignWarcs.load(store).by_name.values()
    return [*warcs_of(store), *(one.pending for one in foreign if one.is_there)]


def delete_made(store: Store, stem: str) -> bool:
    """Delete the texts, measures and pairs of a WARC file under every recipe; whether there was anything."""
    paths = [
        *(
            texts_in(folder, stem)
            for folder in (*store.texts.glob("*"), *store.texts.glob("*/measures-*"), *store.rights.glob("*"))
        ),
        *(path for folder in store.documents.glob("*") for path in pair_in(folder, stem)),
        *(ids_path(pair_in(folder, stem)[0]) for folder in store.documents.glob("*")),
    ]
    there = [path for path in paths if path.is_file()]
    for path in there:
        path.unlink()
    return bool(there)


def _files(named: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in named:
        files = [one for one in sorted(path.rglob("*")) if one.name.endswith(WARC_ENDINGS)] if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise InputError(f"{path}: no such WARC file, or none in this folder.")
        found += files
    return found


def _entry(name: str, path: Path) -> ForeignWarc:
    return ForeignWarc(name=name, path=path.absolute(), bytes=path.stat().st_size, sha256=file_digest(path))


def _name_of(path: Path) -> str:
    """A foreign file's name with a digest of its beginning, so that namesakes stay apart."""
    with path.open("rb") as file:
        beginning = hashlib.sha256(file.read(_BEGINNING)).hexdigest()[:8]
    for ending in WARC_ENDINGS:
        if path.name.endswith(ending):
            return f"{path.name.removesuffix(ending)}-{beginning}{ending}"
    return f"{path.name}-{beginning}"
