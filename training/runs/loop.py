"""The training loop: steps, lines of metrics, signals, saving, going back."""

import logging
from pathlib import Path
from typing import Any

import torch

from data.errors import StageError
from data.progress import Progress
from training.electra.masking import masked_per_row
from training.electra.weights import refuse_misfit
from training.runs import checkpoint
from training.runs.beginning import first_model
from training.runs.distributed import Place, agreed
from training.runs.feed import Feed
from training.runs.metrics import MetricsLog, Speed, rates
from training.runs.origin import Origin
from training.runs.pretrain_settings import PretrainSettings
from training.runs.run import TOKENIZER_FOLDER
from training.runs.signals import Asked, signals
from training.runs.stepper import Stepper
from training.runs.time_left import TimeLeft, duration
from training.runs.watch import Watch

SKIPS_TO_ROLL_BACK = 5
"""Skipped updates in a row after which the run goes back to its last checkpoint and on with other draws."""
MOST_DETOURS = 3
AGREE_EVERY = 10
"""Steps between two looks at the signals of all processes, where there are several."""

log = logging.getLogger(__name__)


class Loop:
    """The run between two checkpoints, two lines of metrics, two signals."""

    def __init__(
        self,
        run: Path,
        settings: PretrainSettings,
        stream: Any,
        place: Place,
        progress: Progress,
        *,
        fresh: bool = True,
        origin: Origin | None = None,
        bar: float | None = None,
    ) -> None:
        plan = settings.plan
        self.run, self.settings, self.plan, self.place, self.progress = run, settings, plan, place, progress
        self.feed = Feed(plan, stream, place)
        model = first_model(plan, stream, counted=fresh)
        moments = {}
        if fresh and origin:
            moments = origin.give(model, stream, run / TOKENIZER_FOLDER, plan.stages[0].objective)
        model = model.to(place.device)
        compiled = place.device.type == "cuda" if settings.compile is None else settings.compile
        self.stepper = Stepper(
            plan,
            model,
            self.feed.special,
            place,
            compiled=compiled,
            side_stream=settings.side_stream,
            micro_batch=settings.micro_rows,
        )
        if fresh:
            self.stepper.begin_alike()
            if moments:
                self.stepper.take_moments(moments)
        self.step = 0
        self.tokens_seen = 0.0
        self.writer = checkpoint.BackgroundWriter(run, keep=settings.keep, milestone=settings.milestone_interval)
        self._left = TimeLeft(plan.stages, model.shape)
        self._logged_at = 0
        self._watch = Watch(bar)
        self._metrics: MetricsLog | None = None

    def begin(self, saved: checkpoint.Snapshot | None) -> int:
        """Take up a checkpoint, or step 0; returns the step."""
        if saved:
            folder = checkpoint.checkpoint_folder(self.run, saved.step)
            expected, moments = self.stepper.state()
            remedy = "Delete that checkpoint to go on from the one before, or give another --name."
            refuse_misfit(expected | moments, saved.model | saved.optimizer, folder, remedy)
            self.stepper.restore(saved.step, saved.state["detours"], saved.model, saved.optimizer)
            self.stepper.be_in(self.plan.stage_at(max(saved.step - 1, 0)))
            self.stepper.clear_figures(saved.state["figures"])
            self.step, self.tokens_seen = saved.step, saved.state["tokens_seen"]
            self._logged_at = saved.state["logged_at"]
        return self.step

    def train(self) -> None:
        """Go on to the last step; every way out leaves the last finished step saved or an earlier one whole."""
        if self.place.first:
            self._metrics = MetricsLog(self.run, first_step=self.step, tensorboard=self.settings.tensorboard)
        device_name = torch.cuda.get_device_name() if self.place.device.type == "cuda" else "cpu"
        speed = Speed(self.stepper.model.shape, device_name)
        try:
            with signals() as asked:
                while self.step < self.plan.steps:
                    self._one_step()
                    if self._is_due(self.settings.log_interval):
                        self._tell(speed)
                    self._save_where_due(asked)
            self.writer.wait()
        finally:
            if self._metrics:
                self._metrics.close()
            self.feed.close()

    def _one_step(self) -> None:
        if (stage := self.plan.stage_at(self.step)) != self.stepper.stage:
            self.stepper.enter(stage)
        ids_BL, rows_B = self.feed.batch(self.step)
        self.stepper.run(ids_BL, rows_B)
        self.step += 1

    def _is_due(self, interval: int) -> bool:
        # a line also at the end of each phase: the two have other lengths and speeds
        return self.step % interval == 0 or self.step in {stage.end for stage in self.plan.stages}

    def _tell(self, speed: Speed) -> None:
        sums = self.stepper.figures()
        self.stepper.clear_figures()
        stage = self.stepper.stage
        line = rates(sums, self.step - self._logged_at, stage.objective)
        self._logged_at = self.step
        self.tokens_seen += sums["tokens"]
        length = stage.length
        masked = masked_per_row(length, stage.mask_share)
        line |= speed.read(sums["tokens"], length, masked, self.place.world, stage.objective)
        self._watch(self.step, stage, line)
        if self._metrics:
            rate = self.plan.learning_rate_at(self.step - 1)
            self._metrics.write(
                {"step": self.step, "length": length, "learning_rate": rate, **line, "tokens_seen": self.tokens_seen}
            )
            names = ("loss", "hidden_loss", "hidden_accuracy", "disc_gain", "tokens_per_second")
            shown = {name: line[name] for name in names if name in line}
            # beside the loss, which jumps where rows become longer
            left = self._left.read(self.step)
            told = {} if left is None else {"left": duration(left)}
            self.progress("pretrain", self.step, self.plan.steps, {**told, "length": length, **shown})
        if int(self.stepper.skipped_in_a_row) >= SKIPS_TO_ROLL_BACK:
            self._roll_back()

    def _roll_back(self) -> None:
        """Go back to the last checkpoint and on with the same rows, masked, filled and dropped out otherwise.

        Raises:
            StageError: there is none, or it was done too often.
        """
        self.writer.wait()
        saved = checkpoint.load_newest(self.run)
        detours = self.stepper.detours + 1
        if saved is None or detours > MOST_DETOURS:
            raise StageError(
                f"step {self.step}: the gradient is not finite {SKIPS_TO_ROLL_BACK} times in a row"
                f"{'' if saved is None else f', after {MOST_DETOURS} roll-backs'}. "
                "Lower pretrain.learning_rate, or give it a longer warm-up."
            )
        log.warning("step %d: not finite again and again; back to step %d, with other masks.", self.step, saved.step)
        self.begin(saved)
        self.stepper.detours = detours
        if self._metrics:
            self._metrics.go_back(saved.step)

    def _save_where_due(self, asked: Asked) -> None:
        due = self.step % self.settings.save_interval == 0 or self.step == self.plan.steps
        # several processes must agree, which waits for the device: now and then only
        heard = self.place.world == 1 or self.step % AGREE_EVERY == 0
        stop, save = agreed((asked.stop, asked.save), self.place) if heard else (False, False)
        if due or stop or save:
            asked.save = False
            self._save()
        if stop:
            self.writer.wait()
            raise asked.error(
                f"{self.run.name}: stopped at step {self.step} of {self.plan.steps} and saved. "
                "The same command goes on from there."
            )

    def _save(self) -> None:
        if int(self.stepper.skipped_in_a_row):
            log.warning("step %d: the last update was skipped; saved at the next sound step.", self.step)
            if self.step < self.plan.steps:
                return
        figures = self.stepper.figures()
        if self.place.first:
            model, optimizer = self.stepper.state()
            state = {
                "detours": self.stepper.detours,
                "figures": figures,
                "logged_at": self._logged_at,
                "threads": torch.get_num_threads(),
                "tokens_seen": self.tokens_seen,
            }
            self.writer.submit(checkpoint.Snapshot(self.step, model, optimizer, state))
