"""Finds artifacts of a store by name: corpus versions, tokenizers, tokens, runs, models."""

from pathlib import Path

from data.errors import InputError, StageError
from data.store import Store


def find_corpus(store: Store, corpus: str) -> Path:
    """The folder of a corpus version, by name or path.

    Raises:
        InputError: there is neither.
        StageError: there is no version yet.
    """
    path = Path(corpus)
    if path.exists():
        return path
    if path.name != corpus or path.suffix:
        raise InputError(f"{corpus}: no such file or folder. Name a corpus version, or Parquet with a column `text`.")
    return store.corpus_version(corpus)


def find_artifact(folder: Path, named: str | None, command: str) -> Path:
    """An artifact by name or path; without a name, the newest in ``folder``.

    Raises:
        InputError: there is none of that name.
        StageError: there is none yet.
    """
    if named is not None:
        for path in (folder / named, Path(named)):
            if path.is_dir():
                return path
        raise InputError(f"{folder / named}: no such folder. `{command}` makes it.")
    made = [path for path in folder.glob("*") if path.is_dir() and not path.name.startswith(".")]
    if not made:
        raise StageError(f"{folder}: nothing in it yet. `{command}` makes it.")
    return max(made, key=lambda path: path.stat().st_mtime)
