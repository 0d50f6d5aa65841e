"""Corpus versions: immutable folders, published by one rename; unchanged files are hard links to the version before."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from data.files import file_digest, storage_error, sync_folder
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store

_NAME = re.compile(r"v(\d{4,})")
UNFINISHED = ".unfinished"
BESIDE = (
    *(MANIFEST_NAME, "README.md", "LICENSE.md", "croissant.json", "report.html", "parts.json"),
    *("public_summary.md", "public_summary.html"),
)
"""Files of a version that its manifest does not list."""


def versions(store: Store) -> list[str]:
    """Names of the published versions, oldest first."""
    if not store.corpus.is_dir():
        return []
    found = [(int(match[1]), path.name) for path in store.corpus.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [name for _, name in sorted(found)]


def newest(store: Store) -> Manifest | None:
    """The manifest of the newest version; None if there is none."""
    names = versions(store)
    return Manifest.read(store.corpus / names[-1]) if names else None


def previous_name(name: str) -> str | None:
    """The name that the version before this one has, or had; None for the first.

    >>> previous_name("v0012"), previous_name("v0001")
    ('v0011', None)
    """
    number = int(name[1:]) - 1
    return f"v{number:04d}" if number else None


def predecessor(store: Store, name: str) -> Path | None:
    """The folder of the version before; None if there is none, or it was deleted."""
    before = previous_name(name)
    return store.corpus / before if before and (store.corpus / before / MANIFEST_NAME).is_file() else None


def tidy(store: Store) -> None:
    """Clean up after a killed publish: point ``latest`` at the newest version, delete unfinished ones.

    Raises:
        DiskFullError, StoreError: the folder cannot be written.
    """
    try:
        for left in store.corpus.glob(f".*{UNFINISHED}"):
            shutil.rmtree(left)
        names = versions(store)
        if names and not (store.latest_corpus.is_symlink() and store.latest_corpus.readlink().name == names[-1]):
            point_latest(store, names[-1])
    except OSError as error:
        raise storage_error(error, store.corpus) from error


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each data file by its path in the folder."""
    return {path.relative_to(folder).as_posix(): file_digest(path) for path in sorted(folder.rglob("*.parquet"))}


def cut(store: Store, previous: Manifest | None, fill: Callable[[Path, str], Manifest | None]) -> str | None:
    """Publish the next version: ``fill`` writes into a hidden folder and returns its manifest, or None to cancel.

    Returns the version's name. A reader sees the whole version or none of it.

    Raises:
        DiskFullError, StoreError: the version cannot be written; those before it are untouched.
    """
    names = versions(store)
    number = int(names[-1][1:]) + 1 if names else 1
    name = f"v{number:04d}"
    hidden = store.corpus / f".{name}{UNFINISHED}"
    try:
        store.corpus.mkdir(parents=True, exist_ok=True)
        tidy(store)
        hidden.mkdir()
        manifest = fill(hidden, name)
        if manifest is None:
            shutil.rmtree(hidden)
            return None
        if previous is not None:
            _share(hidden, manifest, store.corpus / previous.name, previous)
        manifest.write(hidden)
        hidden.rename(store.corpus / name)
        sync_folder(store.corpus)
        point_latest(store, name)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        raise storage_error(error, hidden) from error
    return name


def point_latest(store: Store, name: str) -> None:
    """Point ``latest`` at a version, atomically."""
    link = store.corpus / f".latest.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(store.latest_corpus)
    sync_folder(store.corpus)


def _share(folder: Path, manifest: Manifest, before: Path, previous: Manifest) -> None:
    """Replace unchanged files by hard links, if the file system supports them.

    Existing links stay: renaming a link over another link of the same file does nothing and leaves both names. A file
    that does not match its manifest is not linked.
    """
    for path, digest in manifest.files.items():
        there = before / path
        if previous.files.get(path) != digest or not there.is_file() or there.samefile(folder / path):
            continue
        if file_digest(there) != digest:
            continue
        linked = folder / f".{Path(path).name}.linked"
        try:
            os.link(there, linked)
        except OSError:
            return
        linked.replace(folder / path)
