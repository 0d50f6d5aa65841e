"""The store: the one folder that all runs share."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.errors import InputError, StageError, StoreError
from data.files import storage_error

LOCK_POLL = 0.5
"""Seconds between two attempts to get a lock that another process holds."""
_PARTS = {
    "crawl",
    "warc",
    "texts",
    "documents",
    "signatures",
    "corpus",
    "takedowns.tsv",
    "tokenizers",
    "tokens",
    "runs",
    "models",
}
_PARTS |= {"rights", "benchmarks", "serve", "locks", "forgotten", "browse", "labels.tsv"}
"""Entries of a store's folder; a folder without any of them is not a store."""
_IN_ANY_FOLDER = re.compile(r"\..*|.*\.toml|lost\+found")
"""Names that an empty store may contain."""


@dataclass(frozen=True, slots=True)
class Store:
    """The layout of a store. Properties name folders and files; none of them creates anything."""

    root: Path

    @classmethod
    def open(cls, root: Path | str) -> "Store":
        """Open a store, creating its folder.

        Raises:
            StoreError: the folder cannot be created or written.
        """
        store = cls.named(root)
        try:
            store.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{store.root}: the store cannot be created ({error.strerror}). Choose another folder with --store."
            ) from error
        probe = store.root / f".writable.{os.getpid()}"
        try:
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise StoreError(
                f"{store.root}: the store is not writable ({error.strerror}). "
                "Check its permissions or choose another folder with --store."
            ) from error
        return store

    @classmethod
    def open_for_reading(cls, root: Path | str) -> "Store":
        """Open a store for reading: nothing is created, and no write permission is needed.

        Raises:
            InputError: there is no store. An empty folder is an empty store.
        """
        store = cls.named(root)
        if not store.root.is_dir():
            found = "a file, not a store" if store.root.exists() else "no store there"
            raise InputError(f"{store.root}: {found}. Check --store; `cowese crawl` makes one.")
        there = {path.name for path in store.root.iterdir() if not _IN_ANY_FOLDER.fullmatch(path.name)}
        if there and not there & _PARTS:
            raise InputError(f"{store.root}: a folder, but no store: nothing of one is in it. Check --store.")
        return store

    @classmethod
    def named(cls, root: Path | str) -> "Store":
        """The layout of a store that need not exist."""
        return cls(Path(root).expanduser().absolute())

    @contextlib.contextmanager
    def exclusive(self, stage: str, patience: float = 0.0, *, shared: bool = False) -> Iterator[None]:
        """Hold the lock of one stage. It is a lock of the kernel (flock), which ends with this process.

        A lock file that a process creates and deletes would survive a kill and block every later run.
        ``patience`` is how many seconds to wait for another process. ``shared`` admits other processes that also take
        the lock as shared: shards of one stage.

        Raises:
            StoreError: another process runs the same stage on this store.
            DiskFullError: there is no room for the lock.
        """
        path = self.root / "locks" / stage
        deadline = time.monotonic() + patience
        try:
            path.parent.mkdir(exist_ok=True)
            opened = path.open("a+")
        except OSError as error:
            raise storage_error(error, path) from error
        with opened as lock:
            while True:
                try:
                    fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        lock.seek(0)
                        raise StoreError(
                            f"{self.root}: process {lock.read().strip() or '?'} runs {stage} on this store. "
                            "Wait for it to end, or use another --store."
                        ) from error
                time.sleep(LOCK_POLL)
            with contextlib.suppress(OSError):  # on a full disk; the pid only serves the message to others
                os.ftruncate(lock.fileno(), 0)
                os.write(lock.fileno(), f"{os.getpid()}\n".encode())
            yield

    def is_busy(self, stage: str) -> bool:
        """Whether a process holds the lock of a stage."""
        path = self.root / "locks" / stage
        if not path.is_file():
            return False
        with path.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @property
    def crawl(self) -> Path:
        """The state of every URL, and the crawl's logs."""
        return self.root / "crawl"

    @property
    def crawl_state(self) -> Path:
        """The frontier's SQLite file (unless a PostgreSQL DSN is set)."""
        return self.crawl / "state.sqlite3"

    @property
    def yields(self) -> Path:
        """The yield of each section of a site: cleaning writes it, the crawler reads it."""
        return self.crawl / "yields.parquet"

    @property
    def warc(self) -> Path:
        """Raw pages: one folder for each round."""
        return self.root / "warc"

    @property
    def archives(self) -> Path:
        """One folder for each source and part of it: what was read of its index, and which records were left out."""
        return self.crawl / "archives"

    @property
    def texts(self) -> Path:
        """One folder for each extraction recipe: a Parquet file of extracted texts for each WARC segment."""
        return self.root / "texts"

    @property
    def rights(self) -> Path:
        """The ledger of rights: one folder for each extraction recipe, a Parquet file for each WARC segment."""
        return self.root / "rights"

    @property
    def documents(self) -> Path:
        """One folder for each recipe: a pair of Parquet files for each WARC segment."""
        return self.root / "documents"

    @property
    def signatures(self) -> Path:
        """MinHash signatures and the band index."""
        return self.root / "signatures"

    @property
    def corpus(self) -> Path:
        """One folder for each version; versions are immutable."""
        return self.root / "corpus"

    @property
    def latest_corpus(self) -> Path:
        """Link to the newest version."""
        return self.corpus / "latest"

    @property
    def takedowns(self) -> Path:
        """The list of URLs and hosts taken down; no crawl undoes it."""
        return self.root / "takedowns.tsv"

    @property
    def forgotten(self) -> Path:
        """The receipts of forgotten pages, and the key that signs them."""
        return self.root / "forgotten"

    @property
    def tokenizers(self) -> Path:
        """One folder for each tokenizer."""
        return self.root / "tokenizers"

    @property
    def tokens(self) -> Path:
        """Packed tokens: one folder for each pair of corpus and tokenizer."""
        return self.root / "tokens"

    @property
    def runs(self) -> Path:
        """One folder for each pretraining run."""
        return self.root / "runs"

    @property
    def models(self) -> Path:
        """One folder for each exported model."""
        return self.root / "models"

    @property
    def benchmarks(self) -> Path:
        """One folder for each task and model: figures, predictions, a report."""
        return self.root / "benchmarks"

    @property
    def browse(self) -> Path:
        """The search index: one folder for each corpus version; a deleted index is built again."""
        return self.root / "browse"

    @property
    def labels(self) -> Path:
        """The labels that readers gave to documents and dropped pages."""
        return self.root / "labels.tsv"

    def corpus_version(self, version: str) -> Path:
        """The folder of a corpus version; ``latest`` is resolved to the version it names.

        Raises:
            StageError: ``latest`` of a store that has none yet.
            InputError: there is no version of that name.
        """
        folder = self.corpus / version
        if version == self.latest_corpus.name and not folder.exists():
            raise StageError(f"{self.corpus}: no corpus version yet. `cowese publish` cuts one.")
        if not (folder / "manifest.json").is_file():
            raise InputError(
                f"{folder}: no such corpus version. `cowese status` lists them, `cowese publish` cuts one."
            )
        return folder.resolve()
