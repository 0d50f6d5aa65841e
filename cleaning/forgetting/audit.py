"""Does anything in a store hold a run of words that was forgotten? Every file is opened, whatever made it.

Parquet by its text columns, WARC files by what each record says, SQLite by its tables, packed files by what they hold,
all else as text. Arrays of numbers are skipped: the caller that knows the tokenizer decodes packed tokens.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.forgetting.file_texts import kind_of, texts_of_file
from cleaning.forgetting.runs import Auditor, ForgottenRuns
from data.errors import InputError
from data.store import Store


class Audit(BaseModel):
    """What an audit read and found."""

    model_config = ConfigDict(frozen=True)

    receipts: int
    runs: int
    """Hashes of runs that nothing may hold."""
    read: dict[str, int]
    """Files that were read, by kind."""
    hits: dict[str, int]
    """Runs that a file still holds, by its path in the store; empty where the store keeps its word."""
    not_searched: dict[str, str] = {}
    """Files that could not be read to their end (encrypted, damaged, packed in an unknown way), with the reason."""
    unproved: dict[str, int] = {}
    """By receipt the forgotten pages without a run of their own, for which no search can prove anything."""

    @property
    def is_clean(self) -> bool:
        """Every file was searched and nothing was found."""
        return not self.hits and not self.not_searched


def audit(
    store: Store,
    forgotten: ForgottenRuns,
    receipts: int,
    foreign: Iterable[Path] = (),
    tokens: Iterable[tuple[str, Iterable[list[str]]]] = (),
    unproved: Mapping[str, int] | None = None,
    on_progress: Callable[[int], None] = lambda _files: None,
) -> Audit:
    """Search every file of a store, WARC files of others, and the texts that packed tokens say.

    ``tokens`` gives a name and batches of texts; ``on_progress`` hears how many files were read.
    """
    found = Search(Auditor(forgotten).held)
    for name, kind, batches in _everything(store, foreign, tokens):
        found.search(name, kind, batches)
        on_progress(found.read.total())
    return Audit(
        receipts=receipts,
        runs=len(forgotten.hashes),
        read=dict(sorted(found.read.items())),
        hits=dict(found.hits),
        not_searched=found.not_searched,
        unproved=dict(unproved or {}),
    )


class Search:
    """Counts the runs that files hold, and notes those that cannot be read."""

    def __init__(self, held: Callable[[Sequence[str]], int]) -> None:
        self.read: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        self.not_searched: dict[str, str] = {}
        self._held = held

    def search(self, name: str, kind: str, batches: Iterable[list[str]]) -> None:
        """Search the texts of one file."""
        try:
            for texts in batches:
                held = self._held(texts)
                if held:
                    self.hits[name] += held
        except InputError as error:
            self.not_searched[name] = str(error)
        self.read[kind] += 1


def files_of(store: Store) -> Iterator[tuple[str, Path]]:
    """Every file of a store with its path in it."""
    for path in sorted(store.root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(store.root).as_posix(), path


def _everything(
    store: Store, foreign: Iterable[Path], tokens: Iterable[tuple[str, Iterable[list[str]]]]
) -> Iterator[tuple[str, str, Iterable[list[str]]]]:
    for name, path in files_of(store):
        kind = kind_of(path)
        yield name, kind, texts_of_file(path, kind)
    for path in foreign:
        yield str(path), "WARC", texts_of_file(path, "WARC")
    for name, batches in tokens:
        yield name, "tokens", batches
