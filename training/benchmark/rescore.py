"""``cowese benchmark --rescore``: the figures of the test split again, from the predictions that are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.files import write_json
from data.manifest import MANIFEST_NAME, Manifest
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark.datasets import read_splits
from training.benchmark.scores import SeedResult
from training.benchmark.scoring import Scoring
from training.benchmark.seeds import (
    COUNTS,
    PREDICTIONS,
    RESULT,
    SAMPLES,
    data_digest,
    read_result,
    seed_name,
    write_manifest,
)
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.split_assignment import at_most
from training.benchmark.task_type_choice import chosen_by, scoring_of
from training.benchmark.tasks import find_task


class RescoreSummary(BaseModel):
    """What was scored again."""

    model_config = ConfigDict(frozen=True)

    task: str
    models: list[str]
    seeds: int
    changed: list[str]
    """Model, seed, figure, before and after of each mean that is another now."""


def rescore(
    store: Store, *, task: str, data: Path, name: str | None = None, progress: Progress = no_progress
) -> RescoreSummary:
    """Score every seed of a task's models again, or those of the model called ``name``.

    Figures of the development split and curves stay: their predictions are not kept.

    Raises:
        InputError: no such results, or they were made from other data; a prediction is missing.
    """
    chosen = find_task(task)
    folders = [path.parent for path in sorted((store.benchmarks / chosen.name).glob(f"*/{MANIFEST_NAME}"))]
    folders = [folder for folder in folders if name in (None, folder.name)]
    if not folders:
        wanted = f" of {name}" if name else ""
        raise InputError(f"{store.benchmarks / chosen.name}: no finished benchmark{wanted} in it.")
    changed: list[str] = []
    seeds = 0
    for number, folder in enumerate(folders):
        progress("rescore", number, len(folders), {"model": folder.name})
        manifest = Manifest.read(folder)
        settings = BenchmarkSettings.model_validate(manifest.settings)
        splits = read_splits(chosen_by(settings, chosen), data, settings.documents)[1]
        splits["train"] = at_most(splits["train"], settings.train_documents)
        if data_digest(splits) != manifest.made_from["data"]:
            raise InputError(f"{data}: not the data of {folder.name} on {chosen.name}: its digest is another.")
        scoring = scoring_of(splits, settings)
        results = []
        for seed in range(1, manifest.figures["seeds"] + 1):
            before = read_result(folder / seed_name(seed))
            results.append(_rescored(folder / seed_name(seed), before, scoring))
            changed += _differences(f"{folder.name} seed {seed}", before, results[-1])
        about = {**manifest.figures["about"], **scoring.about()}
        write_manifest(folder, chosen.name, results, about, manifest.made_from, settings)
        seeds += len(results)
    return RescoreSummary(task=chosen.name, models=[one.name for one in folders], seeds=seeds, changed=changed)


def _rescored(folder: Path, before: SeedResult, scoring: Scoring) -> SeedResult:
    answers = scoring.read(folder / PREDICTIONS, "test")
    scored = {"test": scoring.judge("test", answers), "samples": scoring.samples("test", answers, SAMPLES)}
    result = before.model_copy(update=scored)
    scoring.counts("test", answers).write(folder / COUNTS)
    write_json(folder / RESULT, result.model_dump(mode="json"))
    return result


def _differences(where: str, before: SeedResult, after: SeedResult) -> list[str]:
    old = before.test.figures
    return [
        f"{where} {figure}: {old.get(figure, float('nan')):.4f} → {value:.4f}"
        for figure, value in after.test.figures.items()
        if old.get(figure) != value
    ]
