"""Packed tokens → the texts that they say, to be searched."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.manifest import Manifest
from training.tokens.tokenizer import load_tokenizer

BATCH = 500
"""Documents that are decoded at a time."""


def texts_of_tokens(folder: Path) -> Iterator[list[str]]:
    """The documents of every split, decoded; without special tokens, case and accents as the tokenizer has them.

    Raises:
        InputError: the tokens are damaged, or their tokenizer is gone.
    """
    figures = Manifest.read(folder).figures
    tokenizer = load_tokenizer((folder / figures["tokenizer_path"]).resolve())
    for split in figures["splits"]:
        offsets, tokens = _stream(folder, split)
        for start in range(0, len(offsets) - 1, BATCH):
            bounds = offsets[start : start + BATCH + 1].tolist()
            yield tokenizer.decode_batch([tokens[begin:end].tolist() for begin, end in itertools.pairwise(bounds)])


def _stream(folder: Path, split: str) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    try:
        return np.load(folder / f"{split}.offsets.npy"), np.fromfile(folder / f"{split}.tokens", np.uint16)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: cannot be read ({error}).") from error
