"""``cowese benchmark``: one model on one task, over several seeds; a finished seed is never made again."""

import shutil
import time
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict

from data.files import TEMPORARY, storage_error, sync_folder, write_json
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark.datasets import listed, read_splits
from training.benchmark.finetune import Clock, fine_tune, predict, steps_of
from training.benchmark.keeping import MODEL, drop_others, is_kept, keep_model
from training.benchmark.layout import left_out
from training.benchmark.leaks import also_trained
from training.benchmark.models import Source, find_model, freshened
from training.benchmark.scores import SeedResult
from training.benchmark.search import searched
from training.benchmark.seeds import (
    COUNTS,
    PREDICTIONS,
    RESULT,
    SAMPLES,
    adopt,
    data_digest,
    read_result,
    seed_name,
    write_manifest,
)
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.split_assignment import at_most
from training.benchmark.task_type import TaskType
from training.benchmark.task_type_choice import choose_task_type, chosen_by, has_mentions, with_heads
from training.benchmark.tasks import find_task
from training.runs.distributed import choose_device
from training.runs.threads import choose_threads


class BenchmarkSummary(BaseModel):
    """A model's figures on a task."""

    model_config = ConfigDict(frozen=True)

    task: str
    model: str
    path: Path
    report: Path
    form: str
    seeds: int
    made: int
    """Seeds that were not there before."""
    mean: dict[str, float]
    """Of the test split, over the seeds."""
    deviation: dict[str, float]
    """Sample standard deviation over the seeds."""
    heads: str | None
    """A head a type, or one head for all of them (a task of mentions)."""
    ceiling: dict[str, float]
    """What a perfect tagger would reach under the rule for nested and discontinuous mentions."""
    also_in_training: dict[str, int]
    """Sentences, rows or short documents of the development and test split that training has too; splits with some."""
    misfit_lines: int | None
    """Lines of annotations that fit no way of counting, listed in the report; None where there are none."""
    left_out: str | None
    """Files of the same form whose names tell no split, so that they are not read."""
    models: list[Path]
    """Fine-tuned models that are kept, for `cowese tag`."""
    device: str
    seconds: float


def benchmark(
    store: Store,
    settings: BenchmarkSettings,
    *,
    model: str,
    task: str,
    data: Path,
    name: str | None = None,
    progress: Progress = no_progress,
) -> BenchmarkSummary:
    """Fine-tune ``model`` on ``task`` once a seed and score each at its best epoch on the development split.

    ``name`` is what the model is called in the store and in tables; by default its own, with ``-fresh`` for the control
    with new weights.

    Raises:
        InputError: the model or the data cannot be read; transformers is not installed; results of other data, another
            model or other settings have this name.
        StageError: the loss is not finite.
        DiskFullError, StoreError: results cannot be written; finished seeds stay.
    """
    started = time.monotonic()
    chosen = chosen_by(settings, find_task(task))
    source = freshened(find_model(store, model)) if settings.fresh else find_model(store, model)
    device = choose_device(settings.device)
    torch.set_num_threads(choose_threads(settings.threads))
    hidden = getattr(source.config, "hidden_size", 0)
    form, splits = read_splits(chosen, data, settings.documents)
    settings = settings.resolved(
        source.config.model_type, hidden, source.length, source.usual_length, mentions=has_mentions(splits)
    )
    splits["train"] = at_most(splits["train"], settings.train_documents)
    settings = with_heads(splits, settings)
    kind = choose_task_type(splits, source, settings)
    folder = store.benchmarks / chosen.name / (name or source.name)
    made_from = {"model": source.digest, "data": data_digest(splits)}
    if settings.search:
        settings = searched(folder, made_from, source, kind, settings, device, progress)
    adopt(folder, {"made_from": made_from, "settings": settings.shaping()})
    missing = [seed for seed in range(1, settings.seeds + 1) if not (folder / seed_name(seed) / RESULT).is_file()]
    clock = Clock(len(missing) * steps_of(len(kind.features("train")), settings), progress)
    for seed in missing:
        _make(folder, source, kind, settings, seed, device, clock)
        drop_others(folder, settings.keep, kind.scoring.selects)
    results = [read_result(folder / seed_name(seed)) for seed in range(1, settings.seeds + 1)]
    about = {
        "model": source.name if Path(source.where).is_dir() else source.where,
        "form": form,
        "trained_length": source.length,
        **kind.about(),
        "also_in_training": also_trained(splits),
        "left_out": listed(left_out(chosen, form, data)) or None,
    }
    manifest = write_manifest(folder, chosen.name, results, about, made_from, settings)
    return BenchmarkSummary(
        task=chosen.name,
        model=folder.name,
        path=folder,
        report=folder / "report.html",
        form=form,
        seeds=len(results),
        made=len(missing),
        mean=manifest.figures["mean"],
        deviation=manifest.figures["deviation"],
        heads={"type": "a head a type", "one": "one head for all types", None: None}[settings.heads],
        ceiling=about.get("ceiling", {}),
        also_in_training={split: count for split, count in about["also_in_training"].items() if count},
        misfit_lines=len(about.get("misfits", ())) or None,
        left_out=about["left_out"],
        models=drop_others(folder, settings.keep, kind.scoring.selects),
        device=", ".join(sorted({result.device for result in results})),
        seconds=round(time.monotonic() - started, 1),
    )


def _make(
    folder: Path,
    source: Source,
    kind: TaskType,
    settings: BenchmarkSettings,
    seed: int,
    device: torch.device,
    clock: Clock,
) -> None:
    """One seed, written whole or not at all."""
    started = time.monotonic()
    tuned = fine_tune(source, kind, settings, seed, device, clock)
    pad = int(source.tokenizer.pad_token_id or 0)
    dev = kind.judge("dev", predict(tuned.model, kind, kind.features("dev"), settings, pad))
    answers = kind.answers("test", predict(tuned.model, kind, kind.features("test"), settings, pad))
    result = SeedResult(
        seed=seed,
        best_epoch=tuned.best_epoch,
        curve=tuned.curve,
        dev=dev,
        test=kind.scoring.judge("test", answers),
        samples=kind.scoring.samples("test", answers, SAMPLES),
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        seconds=round(time.monotonic() - started, 1),
    )
    temporary = folder / f".{seed_name(seed)}{TEMPORARY}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        kind.scoring.write(temporary / PREDICTIONS, "test", answers)
        kind.scoring.counts("test", answers).write(temporary / COUNTS)
        write_json(temporary / RESULT, result.model_dump(mode="json"))
        if is_kept(folder, result, kind.scoring.selects, settings.keep):
            keep_model(temporary / MODEL, tuned.model, source, kind, settings, folder.parent.name, result)
        shutil.rmtree(folder / seed_name(seed), ignore_errors=True)
        temporary.rename(folder / seed_name(seed))
        sync_folder(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise storage_error(error, folder) from error
