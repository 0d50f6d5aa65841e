"""Adam as ELECTRA uses it, on one flat buffer: clip, moments without bias correction, decoupled decay.

All parameters are views of one tensor and all gradients of another, weights that decay first. A step is then a
handful of operations whatever the number of layers, processes exchange one buffer, and a snapshot is one copy.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.electra.device import on_host

ALIGNMENT = 64
"""Elements between the starts of two parameters are a multiple of this: whole cache lines."""


@dataclass(frozen=True, slots=True)
class AdamSettings:
    """The original's numbers (google-research/electra, configure_pretraining and optimization)."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-6
    decay: float = 0.01
    clip: float = 1.0
    bias_correction: bool = False
    rates: tuple[tuple[str, float], ...] = ()
    """Shares of the rate by the beginning of a parameter's name; the first that fits decides, others learn at 1."""


def decays(name: str) -> bool:
    """Whether weight decay applies: not to biases nor to LayerNorm."""
    return not name.endswith("bias") and "norm" not in name.lower()


class FlatParameters:
    """A model's parameters and gradients, each in one contiguous buffer, float32.

    With ``working`` the model computes with a copy of its linear layers' weights in that type, made by one operation
    after each update: what autocast would make again, layer by layer, at each use.
    """

    def __init__(self, model: nn.Module, working: torch.dtype | None = None) -> None:
        named = sorted(model.named_parameters(), key=lambda item: not decays(item[0]))
        self.parameters = dict(named)
        self.places: dict[str, tuple[int, torch.Size]] = {}
        at = 0
        self.decayed = 0
        for name, parameter in named:
            self.places[name] = (at, parameter.shape)
            at += -(-parameter.numel() // ALIGNMENT) * ALIGNMENT
            if decays(name):
                self.decayed = at
        self.values = torch.zeros(at, device=named[0][1].device)
        self.gradients = torch.zeros_like(self.values)
        for name, parameter in named:
            self.view(self.values, name).copy_(parameter.detach())
        self.working = None if working is None else self.values.to(working)
        linear = linear_names(model) if working else set()
        for name, parameter in named:
            source = self.working if name in linear else self.values
            parameter.data = self.view(self.values if source is None else source, name)

    def view(self, buffer: Tensor, name: str) -> Tensor:
        """One parameter's place in a buffer of this layout."""
        at, shape = self.places[name]
        return buffer[at : at + shape.numel()].view(shape)

    def named(self, buffer: Tensor) -> dict[str, Tensor]:
        """Every parameter's place in a buffer of this layout, by name."""
        return {name: self.view(buffer, name) for name in self.places}

    def refresh(self) -> None:
        """Bring the working copy up to date, after ``values`` changed."""
        if self.working is not None:
            self.working.copy_(self.values)


def linear_names(model: nn.Module) -> set[str]:
    """Names of the weights and biases of a model's linear layers."""
    layers = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    return {name for name, _ in model.named_parameters() if name.rpartition(".")[0] in layers}


class Adam:
    """The optimiser's state and its step; nothing in it waits for the device."""

    def __init__(self, flat: FlatParameters, settings: AdamSettings) -> None:
        self.flat = flat
        self.settings = settings
        self.mean = torch.zeros_like(flat.values)
        self.square = torch.zeros_like(flat.values)
        self.updates = torch.zeros((), dtype=torch.int64, device=flat.values.device)
        """Updates made so far, skipped ones not counted; only bias correction reads it."""
        self._shares = torch.ones_like(flat.values)
        """Of each weight; written in place, since a CUDA graph reads it."""
        self.set_rates(settings.rates)

    @torch.no_grad()
    def set_rates(self, rates: tuple[tuple[str, float], ...], learning: Collection[str] | None = None) -> None:
        """Give each weight its share of the rate from now on; 0 freezes it, decay too.

        ``learning`` names the parameters that have gradients, where not all have; the others are frozen.
        """
        for name in self.flat.places:
            share = next((share for begin, share in rates if name.startswith(begin)), 1.0)
            share = share if learning is None or name in learning else 0.0
            self.flat.view(self._shares, name).fill_(share)

    @torch.no_grad()
    def forget(self) -> None:
        """Begin the moments again."""
        for tensor in (self.mean, self.square, self.updates):
            tensor.zero_()

    @torch.no_grad()
    def step(self, rate: Tensor) -> Tensor:
        """Update the parameters and return the gradient's norm before clipping; the gradients are used up.

        ``rate`` is 0-dimensional. Where the norm is not finite nothing changes: neither parameters nor moments.
        """
        gradients = self.flat.gradients
        norm: Tensor = torch.linalg.vector_norm(gradients)
        if on_host(gradients):
            if norm.isfinite():
                gradients.mul_(self.settings.clip / torch.clamp(norm, min=self.settings.clip))
                self._apply(gradients, rate, torch.ones(()))
        else:
            self.step_unasked(norm, rate)
        self.flat.refresh()
        return norm

    def step_unasked(self, norm: Tensor, rate: Tensor) -> None:
        """Update where the norm is finite, without waiting for the device to say whether it is."""
        sound, scale = norm.isfinite(), self.settings.clip / torch.clamp(norm, min=self.settings.clip)
        self._apply(torch.where(sound, self.flat.gradients * scale, 0.0), rate, sound.to(torch.float32))

    def _apply(self, gradients: Tensor, rate: Tensor, moves: Tensor) -> None:
        """One update; ``moves`` is 1.0, or 0.0 where nothing may change (on a device that is not asked)."""
        chosen, values = self.settings, self.flat.values
        self.updates.add_(moves.long())
        self.mean.lerp_(gradients, (1 - chosen.beta1) * moves)
        self.square.lerp_(gradients * gradients, (1 - chosen.beta2) * moves)
        rate = rate * moves
        mean, square = self.mean, self.square
        if chosen.bias_correction:
            count = self.updates.to(torch.float32).clamp(min=1)
            mean = mean / (1 - chosen.beta1**count)
            square = square / (1 - chosen.beta2**count)
        update = mean / square.sqrt().add_(chosen.epsilon)
        update[: self.flat.decayed].add_(values[: self.flat.decayed], alpha=chosen.decay)
        update.mul_(rate)
        values.sub_(update.mul_(self._shares))


def learning_rate(step: Tensor, *, peak: float, warmup: int, steps: int, floor: float = 0.0) -> Tensor:
    """The rate at a step, both counted from 0: linear decay to ``floor`` of it at ``steps`` × linear warm-up from 0.

    The original multiplies the two, so that the first update has rate 0.
    """
    done = step.to(torch.float32)
    falling = (1.0 - done / steps).clamp(min=0.0)
    return peak * (floor + (1.0 - floor) * falling) * (done / max(warmup, 1)).clamp(max=1.0)
