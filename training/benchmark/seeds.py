"""The folder of one model on one task: what its seeds have in common, what each left, the manifest over all.

plan.json        model, data and settings; another plan under the same name is refused
seed-1/          result.json, counts.parquet, predictions/
manifest.json    figures over the seeds: the last file written
report.html
"""

from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import file_digest, read_json, value_digest, write_json, write_text
from data.manifest import Manifest, code_version
from training.benchmark.datasets import Splits
from training.benchmark.report import report_page
from training.benchmark.scores import SeedResult, deviation, mean
from training.benchmark.settings import BenchmarkSettings

PLAN, RESULT, COUNTS, PREDICTIONS = "plan.json", "result.json", "counts.parquet", "predictions"
SAMPLES = 60
"""Predictions of a seed that are kept for the report."""


def read_result(folder: Path) -> SeedResult:
    """A finished seed."""
    return SeedResult.model_validate(read_json(folder / RESULT))


def seed_name(seed: int) -> str:
    """The folder of a seed."""
    return f"seed-{seed}"


def data_digest(splits: Splits) -> str:
    """Of what is learnt and scored, whatever files it came from."""
    return value_digest({split: [repr(item) for item in items] for split, items in splits.items()})


def adopt(folder: Path, plan: dict[str, Any]) -> None:
    """Begin a folder, or go on in one of the same plan.

    Raises:
        InputError: it holds results of another plan.
    """
    if not (folder / PLAN).is_file() or not any(folder.glob(f"seed-*/{RESULT}")):
        write_json(folder / PLAN, plan)
        return
    known = read_json(folder / PLAN)
    differences = [
        f"{key}: {known[part].get(key)} → {plan[part].get(key)}"
        for part in ("made_from", "settings")
        for key in sorted(known[part].keys() | plan[part].keys())
        if known[part].get(key) != plan[part].get(key)
    ]
    if differences:
        raise InputError(
            f"{folder}: results of another plan have this name ({'; '.join(differences)}). Choose another with --name."
        )


def write_manifest(
    folder: Path,
    task: str,
    results: list[SeedResult],
    about: dict[str, Any],
    made_from: dict[str, str],
    settings: BenchmarkSettings,
) -> Manifest:
    """The report, and the manifest over all seeds."""
    figures = [result.test.figures for result in results]
    manifest = Manifest(
        kind="benchmark",
        name=folder.name,
        made_from=made_from,
        settings=settings.shaping(),
        figures={
            "task": task,
            "seeds": len(results),
            "mean": mean(figures),
            "deviation": deviation(figures),
            "dev_mean": mean([result.dev.figures for result in results]),
            "devices": sorted({result.device for result in results}),
            "seconds": round(sum(result.seconds for result in results), 1),
            "about": about,
        },
        files={
            f"{seed_name(one.seed)}/{name}": file_digest(folder / seed_name(one.seed) / name)
            for one in results
            for name in (RESULT, COUNTS)
            if (folder / seed_name(one.seed) / name).is_file()
        },
        code=code_version(),
    )
    write_text(folder / "report.html", report_page(manifest, results))
    manifest.write(folder)
    return manifest
