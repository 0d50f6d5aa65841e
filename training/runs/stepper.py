"""One optimiser step: losses, gradients, exchange between processes, update. Nothing in it waits for the device.

B rows of this process, L length.
"""

import contextlib
import importlib
import os
from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.utils.deterministic
from torch import Tensor

from training.electra.draws import seed_table
from training.electra.masking import SpecialIds
from training.electra.model import Electra
from training.electra.objective import (
    Filled,
    Outcome,
    batch_totals,
    discriminator_loss,
    filling_alone,
    generator_loss,
    joint_figures,
)
from training.electra.optimizer import Adam, AdamSettings, FlatParameters, learning_rate
from training.electra.phases import Stage
from training.runs.distributed import Place
from training.runs.pretrain_settings import Plan

SEED_STRIDE = 1_000_003
"""Added to the seed for each roll-back, so that the run does not meet the same masks and samples again."""
FIGURES = (
    "loss",
    "mlm_loss",
    "disc_loss",
    "hidden_count",
    "hidden_nats",
    "hidden_right",
    "shown_count",
    "shown_nats",
    "shown_right",
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
"""Steps before a CUDA graph is captured, as torch advises: lazy initialisation (cuBLAS workspaces, autotuning) must not
be recorded, or the capture fails. Their effect is undone."""


class Stepper:
    """The model, its optimiser and the step; ``sums`` collects figures until somebody reads them.

    ``compiled`` compiles the two losses and the update, and on a GPU records the whole step as one CUDA graph;
    ``graphed`` records it without compiling, which begins at once.
    ``low_precision`` computes in bfloat16 with float32 master weights; by default on a GPU. ``side_stream`` lets the
    generator's backward run beside the discriminator's work, on a GPU and in one process; the numbers are the same.
    ``micro_batch`` rows at a time go through the model, and the gradients are summed.
    """

    def __init__(
        self,
        plan: Plan,
        model: Electra,
        special: SpecialIds,
        place: Place,
        *,
        compiled: bool,
        low_precision: bool | None = None,
        side_stream: bool = False,
        micro_batch: int | None = None,
        graphed: bool | None = None,
    ) -> None:
        self.plan = plan
        self.model = model
        self.special = special
        self.place = place
        self.micro_batch = micro_batch
        on_gpu = place.device.type == "cuda"
        if on_gpu:
            _be_deterministic()
        self._low = on_gpu if low_precision is None else low_precision
        self.flat = FlatParameters(model, torch.bfloat16 if self._low else None)
        self.adam = Adam(
            self.flat,
            AdamSettings(
                decay=plan.weight_decay,
                clip=plan.clip,
                beta2=plan.beta2,
                bias_correction=plan.bias_correction,
            ),
        )
        self.stage: Stage = plan.stages[0]
        """The phase that the next step belongs to."""
        self.seeds = seed_table(plan.seed, place.device)
        self._detours = 0
        self.step_number = torch.zeros((), dtype=torch.int64, device=place.device)
        self.sums = torch.zeros(len(FIGURES), dtype=torch.float64, device=place.device)
        self.skipped_in_a_row = torch.zeros((), dtype=torch.int64, device=place.device)
        self._read = {part: model.read_by(part) for part in ("generator", "discriminator", "encoder")}
        self.be_in(self.stage)
        self._side = torch.cuda.Stream() if side_stream and on_gpu and place.world == 1 else None  # type: ignore[no-untyped-call]
        self._graphed = on_gpu and (compiled if graphed is None else graphed)
        self._generator_loss: Callable[..., Filled] = generator_loss
        self._discriminator_loss: Callable[..., Outcome] = discriminator_loss
        self._update = self._update_eagerly
        if compiled:
            self._generator_loss = torch.compile(generator_loss, dynamic=False)
            self._discriminator_loss = torch.compile(discriminator_loss, dynamic=False)
            self._update = torch.compile(self._update_eagerly, dynamic=False)
        self._replay: dict[tuple[tuple[int, ...], int], Callable[[Tensor, Tensor], None]] = {}

    @property
    def detours(self) -> int:
        """Roll-backs so far. Each changes the seed, on the device: nothing is compiled or recorded again."""
        return self._detours

    @detours.setter
    def detours(self, detours: int) -> None:
        self._detours = detours
        self.seeds.copy_(seed_table(self.plan.seed + detours * SEED_STRIDE))

    def begin_alike(self) -> None:
        """Give every process the first one's weights."""
        if self.place.world > 1:
            dist.broadcast(self.flat.values, 0)
            self.flat.refresh()

    def be_in(self, stage: Stage) -> None:
        """Take up a phase in its midst, as a checkpoint was saved in it."""
        self.stage = stage
        self._set_rates()
        self.flat.gradients.zero_()

    def _set_rates(self) -> None:
        parts = {"mlm": ("encoder",), "rtd": ("discriminator",), "both": ("generator", "discriminator")}
        learning = {name for part in parts[self.stage.objective] for name in self._read[part]}
        self.adam.set_rates(self.stage.rates, learning)

    def enter(self, stage: Stage) -> None:
        """Go on in another phase. Where its objective is another, moments begin again and a copy is made."""
        before, self.stage = self.stage, stage
        self._set_rates()
        if stage.objective != before.objective:
            self.flat.gradients.zero_()  # of what this phase does not read, nothing must be left
            self.adam.forget()
            if before.objective == "mlm":
                self._copy_encoder(self.flat.named(self.flat.values))
                self.flat.refresh()

    @torch.no_grad()
    def _copy_encoder(self, values: dict[str, Tensor]) -> None:
        """Make a generator of the same shape the copy of the encoder that learnt to fill."""
        if self.model.shape.generator == self.model.shape.discriminator:
            for name, value in values.items():
                if name.startswith("generator."):
                    value.copy_(values[f"discriminator.{name.removeprefix('generator.')}"])

    def run(self, ids_BL: Tensor, rows_B: Tensor) -> None:
        """Do the step ``step_number`` on this process's part of the batch (int64, on the device) and count it."""
        if not self._graphed:
            self._step(ids_BL, rows_B)
            return
        key = (tuple(ids_BL.shape), self.stage.begin)
        if key not in self._replay:
            self._replay[key] = self._capture(ids_BL, rows_B)
        self._replay[key](ids_BL, rows_B)

    def _step(self, ids_BL: Tensor, rows_B: Tensor) -> None:
        """All micro-batches, the exchange of gradients, the update."""
        rows = self.micro_batch or len(ids_BL)
        if rows >= len(ids_BL):
            figures = self._part(ids_BL, rows_B)
        else:
            totals = self._totals(ids_BL, rows_B)
            found = [
                self._part(ids_BL[at : at + rows], rows_B[at : at + rows], totals=totals, first=at == 0)
                for at in range(0, len(ids_BL), rows)
            ]
            figures = {name: torch.stack([one[name] for one in found]).sum(0) for name in found[0]}
        if self.place.world > 1:
            dist.all_reduce(self.flat.gradients)
        self._update(figures, self.stage.rate_curve)

    def _totals(self, ids_BL: Tensor, rows_B: Tensor) -> Tensor:
        return batch_totals(
            ids_BL,
            self.special,
            seed=self.seeds,
            step=self.step_number,
            rows_B=rows_B,
            masking=self.plan.masking,
            mask_share=self.stage.mask_share,
            world=self.place.world,
        )

    def _part(
        self, ids_BL: Tensor, rows_B: Tensor, totals: Tensor | None = None, *, first: bool = True
    ) -> dict[str, Tensor]:
        """Losses and gradients of some rows; but for the first ones they are added to those in the buffer."""
        plan, stage = self.plan, self.stage
        draws = {"seed": self.seeds, "step": self.step_number, "rows_B": rows_B}
        self._fork()
        with self._beside(), self._autocast():
            filled = self._generator_loss(
                self.model,
                ids_BL,
                self.special,
                **draws,
                masking=plan.masking,
                sampling=stage.sampling,
                pairs=plan.pairs,
                world=self.place.world,
                objective=stage.objective,
                mask_share=stage.mask_share,
                shown_share=stage.shown_share,
                temperature=stage.temperature,
                totals=totals,
            )
        self._join()
        gradients: list[dict[str, Tensor]] = []
        if stage.objective != "rtd":
            with self._beside():  # from here on the discriminator needs nothing more of the generator
                part = "encoder" if stage.objective == "mlm" else "generator"
                gradients.append(self._gradients(filled.loss, part))
        if stage.objective == "mlm":
            figures = filling_alone(filled, ids_BL, self.special)
        else:
            with self._autocast():
                judged = self._discriminator_loss(self.model, ids_BL, self.special, filled, **draws, pairs=plan.pairs)
            gradients.append(self._gradients(stage.discriminator_weight * judged.loss, "discriminator"))
            figures = joint_figures(filled, judged, stage.discriminator_weight)
        self._join()
        self._gather(*gradients, first=first)
        return figures

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if not self._low:
            return contextlib.nullcontext()
        return torch.autocast(self.place.device.type, torch.bfloat16, cache_enabled=False)

    def _beside(self) -> contextlib.AbstractContextManager[object]:
        return torch.cuda.stream(self._side) if self._side else contextlib.nullcontext()

    def _fork(self) -> None:
        if self._side:
            self._side.wait_stream(torch.cuda.current_stream())

    def _join(self) -> None:
        if self._side:
            torch.cuda.current_stream().wait_stream(self._side)

    def _gradients(self, loss: Tensor, part: str) -> dict[str, Tensor]:
        names = self._read[part]
        found = torch.autograd.grad(loss, [self.flat.parameters[name] for name in names])
        return dict(zip(names, found, strict=True))

    @torch.no_grad()
    def _gather(self, *parts: dict[str, Tensor], first: bool) -> None:
        """Put the gradients of both losses into the flat buffer; those of what both read are summed.

        After the ``first`` rows of a batch all are added.
        """
        written: set[str] = set() if first else set(self.flat.places)
        for part in parts:
            for names, put in (
                (part.keys() - written, torch._foreach_copy_),
                (part.keys() & written, torch._foreach_add_),
            ):
                ordered = sorted(names)
                views = [self.flat.view(self.flat.gradients, name) for name in ordered]
                if views:
                    put(views, [part[name] for name in ordered])
            written |= part.keys()

    @torch.no_grad()
    def _update_eagerly(self, figures: dict[str, Tensor], curve: tuple[int, int, float, int, float]) -> None:
        """Adam's step, and the counting; ``curve`` is ``Stage.rate_curve``."""
        first, steps, peak, warmup, floor = curve
        rate = learning_rate(self.step_number - first, peak=peak, warmup=warmup, steps=steps, floor=floor)
        norm = self.adam.step(rate)
        skipped = ~norm.isfinite()
        figures = {**figures, "grad_norm": norm / self.place.world, "skipped": skipped / self.place.world}
        counted = torch.stack([figures[name].to(torch.float64) for name in FIGURES])
        self.sums.add_(counted.nan_to_num_(posinf=0, neginf=0))
        self.skipped_in_a_row.add_(1).mul_(skipped)
        self.step_number.add_(1)

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
        # thread_local: the thread that pins the next rows may go on meanwhile
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._step(static_ids_BL, static_rows_B)
        for tensor, value in zip(changed, before, strict=True):
            tensor.copy_(value)
        self.flat.refresh()

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
        """Begin the sums again, or with those of all processes that a checkpoint kept."""
        self.sums.zero_()
        if begin_with and self.place.first:
            self.sums.copy_(torch.tensor([begin_with[name] for name in FIGURES]))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Copies in the host's memory: parameters by name, and Adam's moments by name."""
        model = {name: tensor.to("cpu", copy=True) for name, tensor in self.flat.named(self.flat.values).items()}
        if self.stage.objective == "mlm":  # as the phase would end here
            self._copy_encoder(model)
        optimizer = {"updates": self.adam.updates.to("cpu", copy=True)}
        for moment, buffer in (("mean", self.adam.mean), ("square", self.adam.square)):
            optimizer |= {f"{moment}.{name}": t.to("cpu", copy=True) for name, t in self.flat.named(buffer).items()}
        return model, optimizer

    def take_moments(self, optimizer: dict[str, Tensor]) -> None:
        """Adam's moments of a checkpoint, of the parameters that it has."""
        for name in self.flat.places:
            if f"mean.{name}" in optimizer:
                self.flat.view(self.adam.mean, name).copy_(optimizer[f"mean.{name}"])
                self.flat.view(self.adam.square, name).copy_(optimizer[f"square.{name}"])
        self.adam.updates.copy_(optimizer["updates"])

    def restore(self, step: int, detours: int, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
        """Go back to a saved state."""
        for name in self.flat.places:
            self.flat.view(self.flat.values, name).copy_(model[name])
        self.take_moments(optimizer)
        self.flat.refresh()
        self.skipped_in_a_row.zero_()
        self.step_number.fill_(step)
        self.detours = detours


def _be_deterministic() -> None:
    """Sums in a fixed order, or resume would not be bitwise: gradients of embeddings, cuBLAS's workspaces."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS when its first product is asked for
    torch.use_deterministic_algorithms(True, warn_only=True)
    inductor = importlib.import_module("torch._inductor.config")
    inductor.deterministic = True  # type: ignore[attr-defined]  # no choice of kernels by timing: another process would choose others
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # each step writes what it reads
