"""Documents → token ids in one stream a split: nothing is cut off, nothing padded."""

import dataclasses
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data.errors import InputError, StageError
from data.files import atomic_file, file_digest, value_digest
from data.manifest import MANIFEST_NAME, Manifest, code_version
from data.progress import Progress, no_progress
from data.store import Store
from training.tokens.corpus import SPLITS, Corpus
from training.tokens.counts import count_stream, merge_counts, read_counts, write_counts
from training.tokens.encode import Encoder
from training.tokens.settings import UINT16, PackSettings
from training.tokens.stream import Special
from training.tokens.tokenizer import FILES, load_tokenizer, special_of

PART_BATCHES = 50
"""Batches of a part: at most 50,000 documents are encoded again after a kill."""
PARTS = ".parts-"
"""Begins the name of the folder of finished parts; it goes when the tokens are whole."""


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
    store: Store, settings: PackSettings, *, corpus: Path, tokenizer: Path, progress: Progress = no_progress
) -> PackSummary:
    """Encode every split of a corpus, or find what was packed before. Finished parts are not made again.

    Raises:
        InputError: no such corpus or tokenizer, one without the special tokens, or a vocabulary too large for 16 bits.
        StageError: the training split has too few tokens.
    """
    started = time.monotonic()
    source = Corpus.open(corpus)
    encoder = load_tokenizer(tokenizer)
    vocabulary = max(encoder.get_vocab().values(), default=-1) + 1  # ids of others may have gaps
    if vocabulary > UINT16:
        raise InputError(f"{tokenizer}: ids up to {vocabulary - 1:,} do not fit into 16 bits; at most {UINT16 - 1:,}.")
    special = special_of(encoder, tokenizer)
    made_from = {"corpus": source.digest(), "tokenizer": _tokenizer_digest(tokenizer)}
    folder = store.tokens / f"{source.name}+{tokenizer.name}"
    if (folder / MANIFEST_NAME).is_file():
        known = Manifest.read(folder)
        if known.made_from != made_from:
            raise InputError(f"{folder}: tokens of another corpus or tokenizer have this name. Move the folder away.")
        return _summary(folder, known, reused=True, seconds=time.monotonic() - started)
    parts = folder / f"{PARTS}{value_digest(made_from)}"
    packer = _Packer(parts, Encoder(encoder), special, vocabulary, progress)
    figures = {split: packer.pack(source, split, folder) for split in SPLITS}
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
        settings=settings.model_dump(),
        figures={
            "splits": figures,
            "vocab_size": vocabulary,
            "special": dataclasses.asdict(special),
            "sentence_ends": [number for mark in ".!?…" if (number := encoder.token_to_id(mark)) is not None],
            "tokenizer_path": os.path.relpath(tokenizer, folder),
            "decontaminated": source.decontaminated(),
        },
        files={name: file_digest(folder / name) for name in files},
        code=code_version(),
    )
    manifest.write(folder)
    for leftover in folder.glob(f"{PARTS}*"):
        shutil.rmtree(leftover)
    return _summary(folder, manifest, reused=False, seconds=time.monotonic() - started)


@dataclasses.dataclass(frozen=True)
class _Packer:
    parts: Path
    encoder: Encoder
    special: Special
    vocabulary: int
    progress: Progress

    def pack(self, source: Corpus, split: str, folder: Path) -> dict[str, int]:
        """Encode a split part by part, then write its stream and the offsets of its documents."""
        lengths: list[NDArray[np.int64]] = []
        documents = tokens = unknown = parts = 0
        with atomic_file(folder / f"{split}.tokens") as path, path.open("wb") as file:
            for ids, part_lengths in self._all_parts(source, split):
                file.write(ids.tobytes())
                lengths.append(part_lengths)
                documents += len(part_lengths)
                tokens += len(ids)
                unknown += int((ids == self.special.unk).sum())
                parts += 1
                self.progress("pack", documents, None, {"split": split, "tokens": tokens})
        offsets = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
        with atomic_file(folder / f"{split}.offsets.npy") as path, path.open("wb") as file:
            np.save(file, offsets)
        if split == "train":  # what a run begins from; a function of the tokens, so no file of the manifest
            counted = [read_counts(self.parts, _part(split, number)) for number in range(parts)]
            merge_counts(folder, split, [one for one in counted if one], self.vocabulary)
        return {"documents": documents, "tokens": tokens, "unknown": unknown}

    def _all_parts(self, source: Corpus, split: str) -> Iterator[tuple[NDArray[np.uint16], NDArray[np.int64]]]:
        batches = source.texts(split)
        for number in count():
            part = list(islice(batches, PART_BATCHES))
            if not part:
                return
            path = self.parts / f"{_part(split, number)}.npz"
            if not path.is_file():
                with atomic_file(path) as temporary, temporary.open("wb") as file:
                    ids, lengths = self._encode(part)
                    np.savez(file, ids=ids, lengths=lengths)
            with np.load(path, allow_pickle=False) as known:
                ids, lengths = known["ids"], known["lengths"]
            if split == "train" and read_counts(self.parts, _part(split, number)) is None:
                counted = count_stream(ids, self.vocabulary, self.special.sep)
                write_counts(self.parts, _part(split, number), counted)
            yield ids, lengths

    def _encode(self, part: Iterable[list[str]]) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        end = np.array([self.special.sep], np.uint16)
        pieces, lengths = [np.empty(0, np.uint16)], []
        for texts in part:
            for ids in self.encoder.encode(texts):
                pieces += [ids, end]
                lengths.append(len(ids) + 1)
        return np.concatenate(pieces), np.array(lengths, np.int64)


def _part(split: str, number: int) -> str:
    return f"{split}-{number:05}"


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
