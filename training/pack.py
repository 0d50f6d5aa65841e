"""Documents → token ids in one stream a split: nothing is cut off, nothing padded."""

import os
import time
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer

from data.errors import InputError, StageError
from data.files import file_digest, value_digest, whole_file
from data.manifest import MANIFEST_NAME, Manifest, code_version
from data.progress import Progress, quiet
from data.store import Store
from training.corpus import SPLITS, Corpus
from training.stream import Special
from training.tokenizer import FILES, UINT16, load_tokenizer


class PackSettings(BaseModel):
    """What shapes packed tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    min_tokens: int = Field(default=1_000, ge=1)
    """Tokens that the training split must have."""


class PackSummary(BaseModel):
    """Packed tokens."""

    model_config = ConfigDict(frozen=True)

    path: Path
    reused: bool
    tokens: dict[str, int]
    documents: dict[str, int]
    unknown: int
    """[UNK] over all splits."""
    digest: str
    seconds: float = 0.0


def pack(
    store: Store, settings: PackSettings, *, corpus: Path, tokenizer: Path, progress: Progress = quiet
) -> PackSummary:
    """Encode every split of a corpus, or find what was packed before. A finished split is not made again.

    Raises:
        InputError: no such corpus or tokenizer, or a vocabulary too large for 16 bits.
        StageError: the training split has too few tokens.
    """
    started = time.monotonic()
    source = Corpus.open(corpus)
    encoder = load_tokenizer(tokenizer)
    if encoder.get_vocab_size() > UINT16:
        raise InputError(
            f"{tokenizer}: {encoder.get_vocab_size():,} entries do not fit into 16 bits; at most {UINT16:,}."
        )
    made_from = {"corpus": source.digest(), "tokenizer": _tokenizer_digest(tokenizer)}
    folder = store.tokens / f"{source.name}+{tokenizer.name}"
    if (folder / MANIFEST_NAME).is_file():
        known = Manifest.read(folder)
        if known.made_from != made_from:
            raise InputError(f"{folder}: tokens of another corpus or tokenizer have this name. Move the folder away.")
        return _summary(folder, known, reused=True, seconds=time.monotonic() - started)
    figures = {split: _pack_split(folder, source, split, encoder, progress) for split in SPLITS}
    if figures["train"]["tokens"] < settings.min_tokens:
        raise StageError(
            f"{source.path}: {figures['train']['tokens']:,} tokens are too few to train on; {settings.min_tokens:,} "
            "are needed. Crawl more pages, or lower pack.min_tokens."
        )
    files = {f"{split}.{kind}": "" for split in SPLITS for kind in ("tokens", "offsets.npy")}
    manifest = Manifest(
        kind="tokens",
        name=folder.name,
        made_from=made_from,
        settings={**settings.model_dump(), "tokenizer_path": os.path.relpath(tokenizer, folder)},
        figures={"splits": figures, "vocab_size": encoder.get_vocab_size()},
        files={name: file_digest(folder / name) for name in files},
        code=code_version(),
    )
    manifest.write(folder)
    return _summary(folder, manifest, reused=False, seconds=time.monotonic() - started)


def _pack_split(folder: Path, source: Corpus, split: str, encoder: Tokenizer, progress: Progress) -> dict[str, int]:
    special = Special()
    lengths: list[int] = []
    unknown = 0
    with whole_file(folder / f"{split}.tokens") as path, path.open("wb") as file:
        for texts in source.texts(split):
            encoded = encoder.encode_batch_fast(texts, add_special_tokens=False)
            ids = [np.array([*one.ids, special.sep], np.uint16) for one in encoded]
            lengths += map(len, ids)
            joined = np.concatenate(ids) if ids else np.empty(0, np.uint16)
            unknown += int((joined == special.unk).sum())
            file.write(joined.tobytes())
            progress("pack", len(lengths), None, {"split": split, "tokens": sum(lengths)})
    with whole_file(folder / f"{split}.offsets.npy") as path, path.open("wb") as file:
        np.save(file, np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64))
    return {"documents": len(lengths), "tokens": sum(lengths), "unknown": unknown}


def _tokenizer_digest(folder: Path) -> str:
    if (folder / MANIFEST_NAME).is_file():
        return Manifest.read(folder).digest
    return value_digest({name: file_digest(folder / name) for name in FILES if (folder / name).is_file()})


def _summary(folder: Path, manifest: Manifest, *, reused: bool, seconds: float) -> PackSummary:
    splits = manifest.figures["splits"]
    return PackSummary(
        path=folder,
        reused=reused,
        tokens={split: one["tokens"] for split, one in splits.items()},
        documents={split: one["documents"] for split, one in splits.items()},
        unknown=sum(one["unknown"] for one in splits.values()),
        digest=manifest.digest,
        seconds=round(seconds, 1),
    )
