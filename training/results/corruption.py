"""A frozen corruption file: the same corrupted held-out text for every run, so that runs can be ranked.

Made without any model: 15 % of the tokens (at the positions the objective would choose) are replaced by one that
follows another occurrence of the token before, which is locally plausible Spanish.
N rows, L length.
"""

from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from data.errors import InputError
from data.files import write_bytes
from training.electra.draws import Purpose, row_keys, uniform
from training.electra.masking import SpecialIds, choose_masked
from training.tokens.stream import TokenStream

FROZEN_SEED = 2109_07765
"""CoWeSe's arXiv number; never changes, or files of the same text would differ."""


def frozen_corruption(
    path: Path, stream: TokenStream, special: SpecialIds, *, rows: int, length: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Original and corrupted ids (N, L), read from the file, or made and written where it is missing.

    Raises:
        InputError: the file is damaged or of another vocabulary.
    """
    if not path.exists():
        original_NL = stream.rows(length).batch(np.arange(rows))
        tensors = {"original": original_NL, "corrupted": corrupt_by_neighbours(original_NL, special)}
        write_bytes(path, safetensors.numpy.save(tensors))
    try:
        tensors = safetensors.numpy.load_file(path)
        original_NL, corrupted_NL = tensors["original"], tensors["corrupted"]
    except (OSError, KeyError, SafetensorError) as error:
        raise InputError(f"{path}: not a corruption file ({error}). Delete it, it is made again.") from error
    if max(original_NL.max(), corrupted_NL.max()) >= stream.vocab_size:
        raise InputError(f"{path}: ids of a larger vocabulary than these tokens have. Give the file of this tokenizer.")
    return original_NL, corrupted_NL


def corrupt_by_neighbours(original_NL: NDArray[np.uint16], special: SpecialIds) -> NDArray[np.uint16]:
    """Replace the chosen tokens by successors of other occurrences of the token before; a function of the ids alone."""
    ids_NL = torch.from_numpy(original_NL.astype(np.int64))
    rows_N = torch.arange(len(ids_NL))
    masked = choose_masked(ids_NL, special, FROZEN_SEED, 0, rows_N, "without_replacement")
    positions_NK = masked.positions_BK.numpy()
    draws_NK = uniform(row_keys(FROZEN_SEED, Purpose.SAMPLE, 0, rows_N), positions_NK.shape[1]).numpy()

    before, after = original_NL[:, :-1].ravel(), original_NL[:, 1:].ravel()
    words = ~np.isin(after, (special.pad, special.cls, special.sep))
    order = np.argsort(before[words], kind="stable")
    before, after = before[words][order], after[words][order]
    previous_NK = np.take_along_axis(original_NL, np.maximum(positions_NK - 1, 0), 1)
    low_NK, high_NK = (np.searchsorted(before, previous_NK, side) for side in ("left", "right"))
    found_NK = (high_NK > low_NK) & (masked.weights_BK.numpy() > 0)
    pick_NK = low_NK + (draws_NK * (high_NK - low_NK)).astype(np.int64)
    chosen_NK = after[np.minimum(pick_NK, max(len(after) - 1, 0))]
    corrupted_NL = original_NL.copy()
    row_NK, column_NK = np.nonzero(found_NK)
    corrupted_NL[row_NK, positions_NK[found_NK]] = chosen_NK[row_NK, column_NK]
    return corrupted_NL
