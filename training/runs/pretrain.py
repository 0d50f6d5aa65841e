"""``cowese pretrain``: packed tokens → a pretrained ELECTRA. Run again, it goes on from the last checkpoint."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.manifest import Manifest, code_version
from data.progress import Progress, no_progress
from data.store import Store
from training.runs import checkpoint
from training.runs.beginning import losses_of_counts
from training.runs.distributed import joined
from training.runs.loop import Loop
from training.runs.metrics import read_metrics
from training.runs.origin import GENERATION, LATEST, Origin, find_origin, open_origin
from training.runs.pretrain_settings import Plan, PretrainSettings
from training.runs.run import adopt_tokenizer, compare, compare_shapes, made_from, open_tokens, shape_of
from training.runs.threads import choose_threads

log = logging.getLogger(__name__)


class PretrainSummary(BaseModel):
    """What a run came to."""

    model_config = ConfigDict(frozen=True)

    path: Path
    steps: int
    tokens_seen: int
    """Tokens trained on, pads not counted, over the whole run."""
    length: int
    """Tokens a row in the last steps. The loss is of rows of that length: it jumps where they become longer."""
    loss: float
    """The last line of metrics."""
    hidden_loss: float
    """Nats at the positions that were hidden from the generator; those that it saw as they are do not count."""
    hidden_accuracy: float
    replaced_rate: float
    disc_gain: float
    """Nats a token by which the discriminator's loss is below what knowing the rate of replaced tokens alone costs."""
    disc_accuracy: float
    tokens_per_second: float
    seconds: float
    """Spent by this call."""
    resumed_at: int
    """Steps that an earlier call had done."""
    reused: bool
    """The run was finished already."""


def pretrain(
    store: Store, settings: PretrainSettings, *, tokens: Path, name: str | None = None, progress: Progress = no_progress
) -> PretrainSummary:
    """Pretrain ELECTRA on packed tokens, into ``store/runs/<name>``.

    The default name is made from the preset and a digest of what shapes the run, so that other tokens or settings
    are another run. SIGTERM and SIGINT finish the step, save and stop; SIGUSR1 saves and goes on.

    Raises:
        InputError: no such tokens; no GPU where one was asked for; the model to begin from is missing, is no ELECTRA or
            has another shape; the named run was made from other tokens, another
            tokenizer or other settings (the message says which; ``force`` goes on nevertheless) or has a model of
            another shape (``force`` does not help).
        StageError: stopped by a signal; the losses are not finite time and again; no checkpoint is whole.
        DiskFullError, StoreError: a checkpoint cannot be written; earlier ones stay.
    """
    started = time.monotonic()
    with joined(settings.device) as place:
        stream = open_tokens(tokens, "train")
        inputs = made_from(tokens, stream)
        from_latest = settings.initial_model == LATEST
        settings, origin = _begun_from(store, settings, inputs, name)
        plan = settings.plan
        if origin:
            origin.refuse_another_shape(plan.shape(stream.vocab_size))
            inputs |= {"begin": origin.digest}
        manifest = Manifest(
            kind="run",
            name=name or f"{plan.preset}-{_digest(plan, inputs)}",
            made_from=inputs,
            settings=plan.recorded,
            code=code_version(),
        )
        run = store.runs / manifest.name
        counted = losses_of_counts(tokens, stream)
        figures = {
            "vocabulary": stream.vocab_size,
            "shape": plan.shape(stream.vocab_size).model_dump(mode="json"),
            "tokens_folder": os.path.relpath(tokens, run),
            "decontaminated": Manifest.read(tokens).figures.get("decontaminated"),
            **(origin.recorded if origin else {}),
            **({"from_latest": True} if from_latest else {}),
            "count_losses": counted,
        }
        manifest = manifest.model_copy(update={"figures": figures})
        _refuse_another(run, manifest, force=settings.force)
        saved = checkpoint.load_newest(run)
        if saved and saved.step >= plan.steps:
            return _summary(run, saved.step, started, saved.step, reused=True)
        if place.first:
            manifest.write(run)
            adopt_tokenizer(run, tokens)
        if min(stage.batch for stage in plan.stages) < place.world:
            raise InputError(
                f"batch {plan.batch}: fewer rows a step than processes ({place.world}). Raise pretrain.batch."
            )
        threads = saved.state.get("threads") if saved and settings.threads is None else settings.threads
        torch.set_num_threads(choose_threads(threads))
        bar = counted.get("pairs")
        loop = Loop(run, settings, stream, place, progress, fresh=saved is None, origin=origin, bar=bar)
        first = loop.begin(saved)
        loop.train()
        if place.first:
            folder = checkpoint.checkpoint_folder(run, plan.steps)
            digests = checkpoint.file_digests(folder)
            files = {f"checkpoints/{folder.name}/{file}": digest for file, digest in digests.items()}
            manifest.model_copy(
                update={"files": files, "figures": {**manifest.figures, **read_metrics(run)[-1]}}
            ).write(run)
        return _summary(run, plan.steps, started, first, reused=False)


def _begun_from(
    store: Store, settings: PretrainSettings, inputs: dict[str, str], name: str | None
) -> tuple[PretrainSettings, Origin | None]:
    """The model that the run begins from, and the settings with a seed for its generation."""
    if not settings.initial_model:
        return settings, None
    found = find_origin(store, settings.initial_model, settings.plan, inputs, run=name)
    if found is None:
        log.warning(
            "--from latest: no finished run of the preset %s on another corpus when this run began; "
            "begun as without it.",
            settings.preset,
        )
        return settings.model_copy(update={"initial_model": None}), None
    origin = open_origin(found, settings.plan)
    seed = settings.seed + GENERATION * len(origin.lineage)
    return settings.model_copy(update={"seed": seed}), origin


def _digest(plan: Plan, inputs: dict[str, str]) -> str:
    return Manifest(kind="run", name="", made_from=inputs, settings=plan.recorded).digest[:8]


def _refuse_another(run: Path, manifest: Manifest, *, force: bool) -> None:
    if not (run / "manifest.json").exists():
        return
    before = Manifest.read(run)
    if reshaped := compare_shapes(shape_of(before), shape_of(manifest)):
        raise InputError(
            f"{run}: this run's model has another shape: {'; '.join(reshaped)}. Its checkpoints cannot be gone on "
            "with; give another --name. `cowese evaluate` and `export` take it as it is."
        )
    differences = [] if force else compare(before, manifest)
    if differences:
        longer = before.files and manifest.settings["steps"] > before.settings["steps"]
        way = f"It is finished: to make it longer, go on from it, --from {run.name} --name NEW. " if longer else ""
        raise InputError(
            f"{run}: this run was made with something else: {'; '.join(differences)}. "
            f"{way}Give another --name, or pretrain.force=true to go on with it nevertheless."
        )


def _summary(run: Path, steps: int, started: float, first: int, *, reused: bool) -> PretrainSummary:
    lines = read_metrics(run)
    last: dict[str, Any] = lines[-1] if lines else {}
    return PretrainSummary(
        path=run,
        steps=steps,
        tokens_seen=round(last.get("tokens_seen", 0)),
        length=last.get("length", 0),
        loss=last.get("loss", float("nan")),
        hidden_loss=last.get("hidden_loss", float("nan")),
        hidden_accuracy=last.get("hidden_accuracy", float("nan")),
        replaced_rate=last.get("replaced_rate", float("nan")),
        disc_gain=last.get("disc_gain", float("nan")),
        disc_accuracy=last.get("disc_accuracy", float("nan")),
        tokens_per_second=last.get("tokens_per_second", float("nan")),
        seconds=round(time.monotonic() - started, 1),
        resumed_at=first,
        reused=reused,
    )
