"""Give a model the weights of another, whose tokenizer may be another one.

Tensor names carry their shapes: V entries of the new tokenizer, W entries of the old one, E embedding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.electra.model import Electra

TABLES = ("embeddings.word.weight", "word_delta")
"""One row an entry of the tokenizer."""
BIASES = ("generator_head.bias", "encoder_head.bias")
"""One number an entry of the tokenizer."""
Pieces = Sequence[Sequence[int]]
"""For each entry of the new tokenizer the entries of the old one that it is made of; none where it has no part."""


def is_same(pieces: Pieces, entries: int) -> bool:
    """Whether the new tokenizer's entries are the old one's, in the same order."""
    return len(pieces) == entries and all(list(part) == [at] for at, part in enumerate(pieces))


@torch.no_grad()
def carry_over(source: Electra, target: Electra, pieces: Pieces, counts_V: Tensor, *, fills: bool = False) -> None:
    """Copy every weight that both have. Rows go by token. A generator of another shape stays the target's own.

    A token that the old tokenizer lacks begins as the mean of its pieces, as long as they are; its bias as its
    frequency, ``counts_V``, has it among the tokens that both know. One without any piece keeps the target's row.

    ``fills``: the target's encoder fills masked tokens next. It then begins as the source's generator where that has
    the encoder's shape: the generator is the language model, RTD made another thing of the encoder.
    """
    given, taken = source.state_dict(), target.state_dict()
    if fills and source.shape.generator == source.shape.discriminator:
        given |= _as_encoder(given)
    if source.shape.generator != target.shape.generator:
        given = {name: tensor for name, tensor in given.items() if not name.startswith("generator")}
    for name, tensor in taken.items():
        if name in given and name not in TABLES and name not in BIASES:
            tensor.copy_(given[name])
    if is_same(pieces, source.shape.vocabulary):
        for name in {*TABLES, *BIASES} & given.keys() & taken.keys():
            taken[name].copy_(given[name])
        return
    for name in [name for name in TABLES if name in given and name in taken]:
        _carry_rows(given[name], taken[name], pieces)
    for name in [name for name in BIASES if name in given and name in taken]:
        _carry_bias(given[name], taken[name], pieces, counts_V)


def _as_encoder(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The generator's weights under the encoder's names; the generator reads word vectors without the delta of GDES."""
    places = {"generator.": "discriminator.", "generator_head.": "encoder_head."}
    found = {
        there + name.removeprefix(here): tensor
        for here, there in places.items()
        for name, tensor in given.items()
        if name.startswith(here)
    }
    return found | {name: torch.zeros_like(given[name]) for name in ("word_delta",) if name in given}


def _carry_rows(old_WE: Tensor, new_VE: Tensor, pieces: Pieces) -> None:
    for at, part in enumerate(pieces):
        if part:
            rows_PE = old_WE[list(part)]
            mean_E = rows_PE.mean(0)
            length = rows_PE.norm(dim=1).mean()
            new_VE[at] = rows_PE[0] if len(part) == 1 else mean_E * (length / mean_E.norm().clamp(min=1e-12))


def _carry_bias(old_W: Tensor, new_V: Tensor, pieces: Pieces, counts_V: Tensor) -> None:
    """Keep the biases of common tokens; others get the logarithm of their frequency, moved as the common ones are."""
    kept = torch.tensor([len(part) == 1 for part in pieces])
    old_at_V = torch.tensor([part[0] if part else 0 for part in pieces])
    frequency_V = (counts_V + 0.5).log() - (counts_V + 0.5).sum().log()
    usual = counts_V[kept] > 0
    away = (old_W[old_at_V[kept]] - frequency_V[kept])[usual]
    new_V.copy_(torch.where(kept, old_W[old_at_V], frequency_V + (away.median() if len(away) else 0.0)))
