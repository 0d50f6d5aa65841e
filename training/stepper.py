"""One optimiser step: loss, gradients, exchange between processes, update. Nothing in it waits for the device.

B rows of this process, L length.
"""

from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import Tensor

from training.distributed import Place
from training.model import Electra
from training.objective import Outcome, SpecialIds, electra_loss
from training.optimizer import Adam, AdamSettings, FlatParameters, learning_rate
from training.pretrain_settings import Plan

SEED_STRIDE = 1_000_003
"""Added to the seed for each roll-back, so that the run does not meet the same batches again."""
FIGURES = (
    "loss",
    "mlm_loss",
    "disc_loss",
    "masked",
    "generator_right",
    "tokens",
    "replaced",
    "flagged",
    "caught",
    "disc_right",
    "grad_norm",
    "skipped",
)
"""What is summed over steps on the device, in this order."""
WARM_STEPS = 3
"""Steps run before a CUDA graph is captured, as torch advises; their effect is undone."""


class Stepper:
    """The model, its optimiser and the step; ``sums`` collects figures until somebody reads them."""

    def __init__(self, plan: Plan, model: Electra, special: SpecialIds, place: Place, *, compiled: bool) -> None:
        self.plan = plan
        self.model = model
        self.special = special
        self.place = place
        if place.device.type == "cuda":
            # gradients of embeddings are sums in an order of their own otherwise, and resume would not be bitwise
            torch.use_deterministic_algorithms(True, warn_only=True)
        self.flat = FlatParameters(model)
        self.adam = Adam(
            self.flat,
            AdamSettings(decay=plan.weight_decay, clip=plan.clip, bias_correction=plan.bias_correction),
        )
        self.detours = 0
        """Roll-backs so far."""
        self.step_number = torch.zeros((), dtype=torch.int64, device=place.device)
        self.sums = torch.zeros(len(FIGURES), dtype=torch.float64, device=place.device)
        self.skipped_in_a_row = torch.zeros((), dtype=torch.int64, device=place.device)
        self._graphed = compiled and place.device.type == "cuda"
        self._loss: Callable[..., Outcome] = torch.compile(electra_loss, dynamic=False) if compiled else electra_loss
        self._replay: dict[tuple[tuple[int, ...], int], Callable[[Tensor, Tensor], None]] = {}

    def run(self, ids_BL: Tensor, rows_B: Tensor) -> None:
        """Do the step ``step_number`` on this process's part of the batch (int64, on the device) and count it."""
        if not self._graphed:
            self._step(ids_BL, rows_B)
            return
        key = (tuple(ids_BL.shape), self.detours)
        if key not in self._replay:
            self._replay[key] = self._capture(ids_BL, rows_B)
        self._replay[key](ids_BL, rows_B)

    def _step(self, ids_BL: Tensor, rows_B: Tensor) -> None:
        plan = self.plan
        on_gpu = self.place.device.type == "cuda"
        with torch.autocast(self.place.device.type, torch.bfloat16, enabled=on_gpu, cache_enabled=False):
            outcome = self._loss(
                self.model,
                ids_BL,
                self.special,
                seed=plan.seed + self.detours * SEED_STRIDE,
                step=self.step_number,
                rows_B=rows_B,
                masking=plan.masking,
                sampling=plan.sampling,
                world=self.place.world,
            )
        outcome.loss.backward()  # type: ignore[no-untyped-call]
        if self.place.world > 1:
            dist.all_reduce(self.flat.gradients)
        rate = learning_rate(self.step_number, peak=plan.learning_rate, warmup=plan.warmup, steps=plan.steps)
        norm = self.adam.step(rate)
        skipped = ~norm.isfinite()
        figures = {**outcome.figures, "grad_norm": norm / self.place.world, "skipped": skipped / self.place.world}
        self.sums += torch.stack([figures[name].to(torch.float64) for name in FIGURES]).nan_to_num_(posinf=0, neginf=0)
        self.skipped_in_a_row.add_(1).mul_(skipped)
        self.step_number += 1

    def _capture(self, ids_BL: Tensor, rows_B: Tensor) -> Callable[[Tensor, Tensor], None]:
        """Record the whole step as one CUDA graph for this shape of batch."""
        static_ids_BL, static_rows_B = ids_BL.clone(), rows_B.clone()
        changed = self._state()
        before = [tensor.clone() for tensor in changed]
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_STEPS):
                self._step(static_ids_BL, static_rows_B)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(static_ids_BL, static_rows_B)
        for tensor, value in zip(changed, before, strict=True):
            tensor.copy_(value)

        def replay(ids_BL: Tensor, rows_B: Tensor) -> None:
            static_ids_BL.copy_(ids_BL)
            static_rows_B.copy_(rows_B)
            graph.replay()

        return replay

    def _state(self) -> list[Tensor]:
        """Every tensor that a step changes."""
        adam = self.adam
        return [
            self.flat.values,
            self.flat.gradients,
            adam.mean,
            adam.square,
            adam.updates,
            self.step_number,
            self.sums,
            self.skipped_in_a_row,
        ]

    def figures(self) -> dict[str, float]:
        """The sums over all processes since the last ``clear_figures``, by name; waits for the device."""
        sums = self.sums.clone()
        if self.place.world > 1:
            dist.all_reduce(sums)
        return dict(zip(FIGURES, sums.tolist(), strict=True))

    def clear_figures(self, begin_with: dict[str, float] | None = None) -> None:
        """Begin the sums anew, or with those of all processes that a checkpoint kept."""
        self.sums.zero_()
        if begin_with and self.place.first:
            self.sums.copy_(torch.tensor([begin_with[name] for name in FIGURES]))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Copies in the host's memory: parameters by name, and Adam's moments by name."""
        model = {name: tensor.to("cpu", copy=True) for name, tensor in self.flat.named(self.flat.values).items()}
        optimizer = {"updates": self.adam.updates.to("cpu", copy=True)}
        for moment, buffer in (("mean", self.adam.mean), ("square", self.adam.square)):
            optimizer |= {f"{moment}.{name}": t.to("cpu", copy=True) for name, t in self.flat.named(buffer).items()}
        return model, optimizer

    def restore(self, step: int, detours: int, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
        """Go back to a saved state."""
        for name in self.flat.places:
            self.flat.view(self.flat.values, name).copy_(model[name])
            self.flat.view(self.adam.mean, name).copy_(optimizer[f"mean.{name}"])
            self.flat.view(self.adam.square, name).copy_(optimizer[f"square.{name}"])
        self.adam.updates.copy_(optimizer["updates"])
        self.flat.gradients.zero_()
        self.skipped_in_a_row.zero_()
        self.step_number.fill_(step)
        self.detours = detours
