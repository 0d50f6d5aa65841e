"""Cold rebuild: everything is made again from the WARC files, in a folder that then replaces the old one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cleaning.clean import clean
from cleaning.gone_warcs import check_remade
from cleaning.ids import ids_path
from cleaning.pending import KEPT, pairs
from cleaning.recipe import extraction_digest, recipe_digest
from cleaning.settings import CleaningSettings
from data.engines.engine import EngineSettings
from data.errors import StageError
from data.files import storage_error
from data.progress import Progress
from data.store import Store

_BESIDE = ".cold"


@dataclass(frozen=True, slots=True)
class ColdRebuild:
    """Documents and caches that depend on no earlier result, not even on earlier texts."""

    segments: list[tuple[Path, Path]]
    signatures: Path
    rights: Path
    """The ledger: a file for each segment."""


@contextmanager
def rebuild_from_warcs(
    store: Store, cleaning: CleaningSettings, engine: EngineSettings, progress: Progress
) -> Iterator[ColdRebuild]:
    """Clean every WARC file of the store again in a separate folder, which replaces the old one at the end.

    WARC files of others that belong to the store are included.

    Raises:
        StageError: the store has no WARC file, or one is gone of which documents were made.
    """
    recipe, extraction = recipe_digest(cleaning), extraction_digest(cleaning)
    beside = Store(store.root / _BESIDE)
    shutil.rmtree(beside.root, ignore_errors=True)
    if not store.warc.is_dir():
        raise StageError(f"{store.warc}: no WARC file to rebuild from. `cowese crawl` makes them.")
    check_remade(store)
    try:
        beside.root.mkdir(parents=True)
        beside.warc.symlink_to(store.warc)
        clean(beside, cleaning, engine=engine, progress=progress)
        yield ColdRebuild(pairs(beside.documents / recipe), beside.signatures, beside.rights / extraction)
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
    (store.rights / extraction).mkdir(parents=True, exist_ok=True)
    for path in (beside.rights / extraction).glob(f"*{KEPT}"):
        path.replace(store.rights / extraction / path.name)
    (store.documents / recipe).mkdir(parents=True, exist_ok=True)
    for documents, dropped in pairs(beside.documents / recipe):
        for path in (ids_path(documents), dropped, documents):
            path.replace(store.documents / recipe / path.name)
    shutil.rmtree(store.signatures, ignore_errors=True)
    beside.signatures.replace(store.signatures)
