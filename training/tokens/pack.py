"""Documents → token ids in one stream a split: nothing is cut off, nothing padded."""

import dataclasses
import functools
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data.engines.engine import POOL, Board, EngineSettings, Report
from data.errors import InputError, StageError
from data.files import atomic_file, file_digest, value_digest
from data.manifest import MANIFEST_NAME, Manifest, code_version
from data.progress import Progress, no_progress
from data.store import Store
from training.tokens.corpus import SPLITS, Corpus, Part, run_parts
from training.tokens.counts import count_stream, merge_counts, read_counts, write_counts
from training.tokens.encode import Encoder
from training.tokens.settings import UINT16, PackSettings
from training.tokens.stream import Special
from training.tokens.tokenizer import FILES, load_tokenizer, special_of

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
    store: Store,
    settings: PackSettings,
    *,
    corpus: Path,
    tokenizer: Path,
    engine: EngineSettings = POOL,
    progress: Progress = no_progress,
) -> PackSummary:
    """Encode every split of a corpus, or find what was packed before. Finished parts are not made again.

    ``engine`` encodes parts side by side; how they were cut shows in no byte.

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
    tasks = {
        split: [
            _Packing(
                part,
                tokenizer,
                made_from["tokenizer"],
                special,
                vocabulary,
                parts,
                _part(split, number),
                is_counted=split == "train",
            )
            for number, part in enumerate(source.parts(split))
        ]
        for split in SPLITS
    }

    def watch(board: Board) -> None:
        documents, tokens = (sum(row[column] for row in board) for column in range(2))
        progress("pack", documents, None, {"tokens": tokens})

    every = [task for some in tasks.values() for task in some]
    run_parts(engine, _pack_part, every, watch, rows=sum(len(task.part) for task in every), columns=2)
    figures = {split: _join(tasks[split], split, folder) for split in SPLITS}
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
class _Packing:
    """A part's task."""

    part: Part
    tokenizer: Path
    tokenizer_digest: str
    special: Special
    vocabulary: int
    folder: Path
    name: str
    """Of the part's files."""
    is_counted: bool

    @property
    def target(self) -> Path:
        """``ids`` of all its texts in a row and the ``lengths`` of the texts, the [SEP] after each counted."""
        return self.folder / f"{self.name}.npz"


def _pack_part(task: _Packing, report: Report) -> None:
    """Encode a part and count its neighbours, or find that it was done before."""
    if not task.target.is_file():
        encoded, texts = _encode(task, report)
        with atomic_file(task.target) as temporary, temporary.open("wb") as file:
            np.savez(file, ids=encoded, lengths=texts)
    ids, lengths = _packed(task)
    report([len(lengths), len(ids)])
    if task.is_counted and read_counts(task.folder, task.name) is None:
        write_counts(task.folder, task.name, count_stream(ids, task.vocabulary, task.special.sep))


def _encode(task: _Packing, report: Report) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    encoder, end = _encoder(task.tokenizer, task.tokenizer_digest), np.array([task.special.sep], np.uint16)
    pieces, lengths, tokens = [np.empty(0, np.uint16)], [], 0
    for texts in task.part.texts():
        for ids in encoder.encode(texts):
            pieces += [ids, end]
            lengths.append(len(ids) + 1)
            tokens += len(ids) + 1
        report([len(lengths), tokens])
    return np.concatenate(pieces), np.array(lengths, np.int64)


@functools.lru_cache(maxsize=1)
def _encoder(tokenizer: Path, _digest: str) -> Encoder:
    """For the tasks of a process: it remembers the words that it has met."""
    return Encoder(load_tokenizer(tokenizer))


def _packed(task: _Packing) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    with np.load(task.target, allow_pickle=False) as known:
        return known["ids"], known["lengths"]


def _join(tasks: Sequence[_Packing], split: str, folder: Path) -> dict[str, int]:
    """The stream of a split, the offsets of its documents, and what a run begins from: the counts of its tokens."""
    lengths, tokens, unknown = [np.zeros(1, np.int64)], 0, 0
    with atomic_file(folder / f"{split}.tokens") as path, path.open("wb") as file:
        for task in tasks:
            ids, part_lengths = _packed(task)
            file.write(ids.tobytes())
            lengths.append(part_lengths)
            tokens += len(ids)
            unknown += int((ids == task.special.unk).sum())
    offsets = np.cumsum(np.concatenate(lengths))
    with atomic_file(folder / f"{split}.offsets.npy") as path, path.open("wb") as file:
        np.save(file, offsets)
    counted = [counts for task in tasks if task.is_counted and (counts := read_counts(task.folder, task.name))]
    if counted:  # a function of the tokens, so no file of the manifest
        merge_counts(folder, split, counted, tasks[0].vocabulary)
    return {"documents": len(offsets) - 1, "tokens": tokens, "unknown": unknown}


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
