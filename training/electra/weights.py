"""Refuse weights that do not fit a model or hold no numbers, by name, before torch would with a traceback."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from data.errors import InputError

MOST_NAMED = 3
"""Tensors that a message names; the others it counts."""


def refuse_misfit(expected: Mapping[str, Tensor], found: Mapping[str, Tensor], path: Path, remedy: str) -> None:
    """Compare names and shapes.

    Raises:
        InputError: names the first tensors that are missing, too many or of another shape.
    """
    wanted, given = ({name: tuple(tensor.shape) for name, tensor in one.items()} for one in (expected, found))
    differences = [
        f"{name} is {given.get(name, 'missing')}, not {wanted.get(name, 'of this model')}"
        for name in sorted(wanted.keys() | given.keys())
        if wanted.get(name) != given.get(name)
    ]
    if differences:
        more = f" and {len(differences) - MOST_NAMED} more" if len(differences) > MOST_NAMED else ""
        raise InputError(f"{path}: does not fit the model: {'; '.join(differences[:MOST_NAMED])}{more}. {remedy}")


def first_not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the first tensor with a NaN or an infinity; None where all are numbers."""
    return next((name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()), None)
