"""Lineage: which artifacts were made from which, by the digests in their manifests."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import read_json, write_json
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store

MARK = "forgotten.json"
"""File beside the manifest of an artifact that was made from texts forgotten later; it lists the receipts."""


def artifacts_made_from(store: Store, digests: Iterable[str]) -> list[Path]:
    """The folders of tokenizers, tokens, runs and models, in this order, that depend on these digests at any remove."""
    known = set(digests)
    folders = [path.parent for kind in _kinds(store) for path in sorted(kind.glob(f"*/{MANIFEST_NAME}"))]
    found: set[Path] = set()
    while True:
        more = {folder for folder in set(folders) - found if known.intersection(_strings(_manifest(folder)))}
        if not more:
            return [folder for folder in folders if folder in found]
        found |= more
        known |= {digest for folder in more if (digest := _digest(folder)) is not None}


def mark_forgotten(folder: Path, receipt: str) -> None:
    """Note in a folder that texts it was made from have been forgotten."""
    write_json(folder / MARK, sorted({*forgotten_receipts(folder), receipt}))


def forgotten_receipts(folder: Path) -> list[str]:
    """The receipts of forgotten texts that a folder was made from."""
    try:
        return [str(one) for one in read_json(folder / MARK)]
    except InputError:
        return []


def _kinds(store: Store) -> tuple[Path, ...]:
    return store.tokenizers, store.tokens, store.runs, store.models


def _manifest(folder: Path) -> Any:
    try:
        return read_json(folder / MANIFEST_NAME)
    except InputError:
        return {}


def _digest(folder: Path) -> str | None:
    try:
        return Manifest.read(folder).digest
    except InputError:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)
