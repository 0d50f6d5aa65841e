"""Rebuild from nothing but the WARC files, beside what is there, which stays whole until the rebuild is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleaning.clean import clean
from cleaning.corpus.living import pairs
from cleaning.engines.engine import EngineSettings
from cleaning.ids import ids_path
from cleaning.pending import KEPT
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from data.errors import StageError
from data.files import storage_error
from data.progress import Progress
from data.store import Store

_BESIDE = ".cold"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Documents and memory that nothing earlier had a part in; nor had it in the texts that they were judged from."""

    segments: list[tuple[Path, Path]]
    signatures: Path


@contextmanager
def rebuilt(store: Store, cleaning: CleaningSettings, engine: EngineSettings, progress: Progress) -> Iterator[Rebuilt]:
    """Clean every WARC file of the store anew, in a folder of its own; at the end it takes the place of the old.

    Documents of WARC files that are not in the store (foreign ones that were named to `cowese clean`) are kept as they
    are, since nothing here could make them again.

    Raises:
        StageError: the store has no WARC file.
    """
    recipe, extraction = recipe_digest(cleaning), extraction_digest(cleaning)
    beside = Store(store.root / _BESIDE)
    shutil.rmtree(beside.root, ignore_errors=True)
    if not store.warc.is_dir():
        raise StageError(f"{store.warc}: no WARC file to rebuild from. `cowese crawl` makes them.")
    try:
        beside.root.mkdir(parents=True)
        beside.warc.symlink_to(store.warc)
        clean(beside, cleaning, engine=engine, progress=progress)
        made = pairs(beside.documents / recipe)
        names = {documents.name for documents, _ in made}
        foreign = [pair for pair in pairs(store.documents / recipe) if pair[0].name not in names]
        yield Rebuilt(sorted([*made, *foreign], key=lambda pair: pair[0].name), beside.signatures)
        _take_place(beside, store, recipe, extraction)
    except OSError as error:
        raise storage_error(error, beside.root) from error
    finally:
        shutil.rmtree(beside.root, ignore_errors=True)


def _take_place(beside: Store, store: Store, recipe: str, extraction: str) -> None:
    (store.texts / extraction).mkdir(parents=True, exist_ok=True)
    for made in (beside.texts / extraction).rglob(f"*{KEPT}"):
        place = store.texts / made.relative_to(beside.texts)
        place.parent.mkdir(exist_ok=True)
        made.replace(place)
    (store.documents / recipe).mkdir(parents=True, exist_ok=True)
    for documents, dropped in pairs(beside.documents / recipe):
        for path in (ids_path(documents), dropped, documents):
            path.replace(store.documents / recipe / path.name)
    shutil.rmtree(store.signatures, ignore_errors=True)
    beside.signatures.replace(store.signatures)
