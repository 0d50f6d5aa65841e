"""Several processes as torchrun starts them; one process needs none of this."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist

from data.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Which process this is, and where it computes."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0


def choose_device(wanted: str, local_rank: int = 0) -> torch.device:
    """The device to compute on.

    Raises:
        InputError: a GPU was asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise InputError("device cuda: torch sees no GPU on this machine. Use device auto or cpu.")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", local_rank)


def is_first_process() -> bool:
    """Whether this process is the only one, or the first on its machine of those that torchrun started."""
    return not dist.is_torchelastic_launched() or dist.get_node_local_rank() == 0


@contextlib.contextmanager
def joined(wanted_device: str) -> Iterator[Place]:
    """Join the group that torchrun made, if it did: NCCL on GPUs, gloo on CPUs. Leaves it at the end."""
    if not dist.is_torchelastic_launched():
        yield Place(0, 1, choose_device(wanted_device))
        return
    device = choose_device(wanted_device, dist.get_node_local_rank())
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Place(dist.get_rank(), dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()


def share(rows: int, place: Place) -> range:
    """The rows of this process: contiguous, in the order of the processes."""
    return range(rows * place.rank // place.world, rows * (place.rank + 1) // place.world)


def gathered(part: T, place: Place) -> list[T]:
    """What every process has, in the order of the processes, in all of them."""
    if place.world == 1:
        return [part]
    parts: list[T | None] = [None] * place.world
    dist.all_gather_object(parts, part)
    return [one for one in parts if one is not None]


def wait_for_all(place: Place) -> None:
    """Go on when every process has come here."""
    if place.world > 1:
        dist.barrier()


def agreed(flags: tuple[bool, ...], place: Place) -> tuple[bool, ...]:
    """Which flags any process has raised: what all of them then do."""
    if place.world == 1:
        return flags
    raised = torch.tensor(flags, dtype=torch.int32, device=place.device)
    dist.all_reduce(raised, dist.ReduceOp.MAX)
    return tuple(bool(flag) for flag in raised.tolist())
