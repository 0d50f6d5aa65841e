"""What a GPU computes by other operations than a CPU, with the same results; one place chooses, so a test can too.

A GPU's operations must give the same bits at every run, or resuming would not be bitwise. Sums by atomic additions
(``gather``'s gradient, ``scatter_add`` of floats) do not. Their forms by comparison and by product do, and the kernels
are fused.
Tensor names carry their shapes: B batch, L length, K positions a row, H hidden, E embedding, V entries.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

HOST: tuple[str, ...] = ("cpu",)
"""Device types whose tensors take the CPU's operations."""


def on_host(tensor: Tensor) -> bool:
    """Whether a tensor takes the CPU's operations."""
    return tensor.device.type in HOST


def stands_at(positions_BK: Tensor, length: int) -> Tensor:
    """Which place of a row each of its positions is: (B, K, L) bool."""
    return positions_BK[:, :, None] == torch.arange(length, device=positions_BK.device)


def pick_rows(hidden_BLH: Tensor, positions_BK: Tensor) -> Tensor:
    """The hidden states at some positions of each row: (B, K, H).

    On a GPU the product with a matrix of zeros and ones: its gradient sums in a fixed order where a position is drawn
    more than once.
    """
    if on_host(hidden_BLH):
        return hidden_BLH.gather(1, positions_BK[:, :, None].expand(-1, -1, hidden_BLH.shape[-1]))
    return stands_at(positions_BK, hidden_BLH.shape[1]).to(hidden_BLH.dtype) @ hidden_BLH


def add_at(ids_BL: Tensor, positions_BK: Tensor, change_BK: Tensor) -> Tensor:
    """The integers of each row with changes added at some positions."""
    if on_host(ids_BL):
        return ids_BL.scatter_add(1, positions_BK, change_BK)
    return ids_BL + (stands_at(positions_BK, ids_BL.shape[1]) * change_BK[:, :, None]).sum(1)


def any_at(positions_BK: Tensor, flags_BK: Tensor, length: int) -> Tensor:
    """Whether any of a row's flags stands at a place: (B, L) bool."""
    if on_host(positions_BK):
        marks_BL = torch.zeros(len(positions_BK), length, dtype=torch.int64, device=positions_BK.device)
        return marks_BL.scatter_reduce_(1, positions_BK, flags_BK.long(), "amax").bool()
    return (stands_at(positions_BK, length) & flags_BK[:, :, None]).any(1)


def look_up(ids_BL: Tensor, table_VE: Tensor) -> Tensor:
    """Rows of a table (B, L, E).

    On a GPU the gradient is torch's own kernel, which sorts the ids and sums in parallel and in a fixed order. Inductor
    would replace it by ``index_put``, whose deterministic form sums the occurrences of a token one after the other:
    [MASK] stands two thousand times in a batch of small.
    """
    if on_host(ids_BL):
        return F.embedding(ids_BL, table_VE)
    found_BLE: Tensor = _LookUp.apply(ids_BL, table_VE)  # type: ignore[no-untyped-call]
    return found_BLE


@torch.library.custom_op("cowese::table_gradient", mutates_args=())
def table_gradient(gradient_BLE: Tensor, ids_BL: Tensor, entries: int) -> Tensor:
    """Sum the gradients of each entry's occurrences (V, E); as an operation of its own Inductor leaves it whole."""
    summed_VE: Tensor = torch.ops.aten.embedding_dense_backward(gradient_BLE.contiguous(), ids_BL, entries, -1, False)
    return summed_VE


@table_gradient.register_fake
def _(gradient_BLE: Tensor, ids_BL: Tensor, entries: int) -> Tensor:
    del ids_BL
    return gradient_BLE.new_empty(entries, gradient_BLE.shape[-1])


class _LookUp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ids_BL: Tensor, table_VE: Tensor) -> Tensor:
        ctx.save_for_backward(ids_BL)
        ctx.entries = table_VE.shape[0]
        return F.embedding(ids_BL, table_VE)

    @staticmethod
    def backward(ctx: Any, gradient_BLE: Tensor) -> tuple[None, Tensor]:
        (ids_BL,) = ctx.saved_tensors
        return None, table_gradient(gradient_BLE, ids_BL, ctx.entries)
