"""Packed tokens that hold forgotten texts: which they are, and how they are packed again."""

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from data.errors import InputError, StageError
from data.files import TEMPORARY
from data.lineage import version_digests
from data.manifest import MANIFEST_NAME, Manifest
from data.progress import Progress
from data.store import Store


class PackedTokens(BaseModel):
    """Tokens packed from a version that holds the pages, with what is needed to pack them again."""

    folder: str
    """By its path in the store."""
    corpus: str
    """The version."""
    tokenizer: str
    """Its path as the tokens' manifest has it: from their folder."""
    settings: dict[str, Any]


def packed_from(store: Store, folders: Sequence[Path], held: Collection[str]) -> Iterator[PackedTokens]:
    """Those folders that are tokens of the texts of these versions; others have a tokenizer fitted on them."""
    manifests = {version: Manifest.read(store.corpus / version) for version in held}
    by_digest = {digest: version for version, found in manifests.items() for digest in version_digests(found)}
    for folder in (one for one in folders if one.parent == store.tokens):
        manifest = Manifest.read(folder)
        named = folder.name.partition("+")[0]
        version = by_digest.get(manifest.made_from.get("corpus", ""), named if named in held else None)
        if version is not None:
            yield PackedTokens(
                folder=folder.relative_to(store.root).as_posix(),
                corpus=version,
                tokenizer=str(manifest.figures.get("tokenizer_path", "")),
                settings=manifest.settings,
            )


def half_packed(store: Store, held: Collection[str]) -> Iterator[str]:
    """Folders in which packing was cut off: their parts hold texts of these versions."""
    for folder in sorted(store.tokens.glob("*+*")):
        if folder.name.partition("+")[0] in held and not (folder / MANIFEST_NAME).is_file():
            yield folder.relative_to(store.root).as_posix()


def pack_again(store: Store, tokens: Sequence[PackedTokens], progress: Progress) -> dict[str, str]:
    """Pack the rewritten versions with the same tokenizers and settings; folders that cannot be, with the reason.

    Parts that an interrupted run finished are not made again.
    """
    from training.tokens.pack import pack  # noqa: PLC0415 - `cowese status` reads plans and starts faster without it
    from training.tokens.settings import PackSettings  # noqa: PLC0415 - as above

    failed: dict[str, str] = {}
    for one in tokens:
        folder = store.root / one.folder
        tokenizer = Path(os.path.normpath(folder / one.tokenizer))
        try:
            chosen = PackSettings.model_validate(one.settings)
            pack(store, chosen, corpus=store.corpus / one.corpus, tokenizer=tokenizer, progress=progress)
            for leftover in folder.glob(f".*{TEMPORARY}"):  # of a run that was killed while it packed
                leftover.unlink()
        except (InputError, StageError, ValidationError) as error:  # too few tokens are left, or no tokenizer is there
            shutil.rmtree(folder, ignore_errors=True)
            failed[one.folder] = str(error)
    return failed
