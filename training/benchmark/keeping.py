"""The fine-tuned models that stay: a Hugging Face folder a seed, in ``seed-<n>/model``."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import write_text
from data.store import Store
from training.benchmark.decoding import Decoding
from training.benchmark.kept_card import kept_card
from training.benchmark.models import Source
from training.benchmark.onnx_file import ONNX, export_onnx
from training.benchmark.readout import AllLayers
from training.benchmark.scores import SeedResult
from training.benchmark.seeds import RESULT, read_result
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.tagging import Tagging
from training.benchmark.task_type import TaskType
from training.benchmark.transitions import STEPS

MODEL = "model"
_SELECTS = ("exact_f1", "micro_f1", "macro_f1", "pearson", "f1")
"""What each kind is chosen by; none has the figure of one before its own."""


def keep_model(
    folder: Path, model: Any, source: Source, kind: TaskType, settings: BenchmarkSettings, task: str, result: SeedResult
) -> None:
    """Write weights (safetensors), tokenizer, how to decode, and a card; ONNX too where it is asked for."""
    assert settings.length is not None
    steps = kind.steps if isinstance(kind, Tagging) else None
    if hasattr(model, STEPS):
        delattr(model, STEPS)  # no weight of the network: they stand with what decoding needs
    model.save_pretrained(folder)
    source.tokenizer.save_pretrained(folder)
    decoding = Decoding(
        kind=kind.name,
        task=task,
        length=settings.length,
        overlap=settings.overlap,
        pooling=settings.pooling if settings.pooling and kind.name == "tagging" else "first",
        readout="all" if isinstance(model, AllLayers) else "last",
        steps=None if steps is None else steps.tolist(),
        threshold=getattr(kind, "threshold", None),
    )
    decoding.write(folder)
    heads = kind.heads if isinstance(kind, Tagging) else None
    write_text(folder / "README.md", kept_card(source, settings, decoding, result, heads))
    if settings.onnx:
        export_onnx(model, source.tokenizer, folder / ONNX)


def is_kept(folder: Path, result: SeedResult, selects: str, keep: str) -> bool:
    """Whether the model of a seed that was just made stays; of equal seeds the first is the best."""
    if keep != "best":
        return keep == "all"
    others = (read_result(path.parent) for path in folder.glob(f"seed-*/{RESULT}"))
    return all(_rank(result, selects) > _rank(other, selects) for other in others if other.seed != result.seed)


def drop_others(folder: Path, keep: str, selects: str) -> list[Path]:
    """Under ``best`` delete the models of all seeds but the best that has one; give the folders that stay."""
    kept = sorted(path for path in folder.glob(f"seed-*/{MODEL}") if (path.parent / RESULT).is_file())
    if keep == "best" and len(kept) > 1:
        best = max(kept, key=lambda path: _rank(read_result(path.parent), selects))
        for path in kept:
            if path != best:
                shutil.rmtree(path)
        return [best]
    return kept


def find_kept(store: Store, named: str) -> Path:
    """A fine-tuned model's folder: a folder, or TASK/MODEL in the store, of which the best kept seed is taken.

    Raises:
        InputError: there is none; names those that there are.
    """
    if (Path(named) / "config.json").is_file():
        return Path(named)
    folder = store.benchmarks / named if named.count("/") == 1 else None
    kept = _kept_in(folder) if folder else []
    if kept:
        return kept[0]
    known = sorted(
        {f"{path.parents[2].name}/{path.parents[1].name}" for path in store.benchmarks.glob(f"*/*/*/{MODEL}")}
    )
    there = f"Kept in this store: {', '.join(known)}." if known else "`cowese benchmark` keeps one a run (--keep)."
    raise InputError(f"{named}: no fine-tuned model. Name its folder, or TASK/MODEL of the store. {there}")


def _kept_in(folder: Path) -> Sequence[Path]:
    """The kept models of a run, the best on the development split first."""
    found = [
        (read_result(path.parent), path) for path in folder.glob(f"seed-*/{MODEL}") if (path / "config.json").is_file()
    ]

    def rank(pair: tuple[SeedResult, Path]) -> tuple[float, int]:
        figures = pair[0].dev.figures
        selects = next((name for name in _SELECTS if name in figures), next(iter(figures)))
        return _rank(pair[0], selects)

    return [path for _, path in sorted(found, key=rank, reverse=True)]


def _rank(result: SeedResult, selects: str) -> tuple[float, int]:
    return result.dev.figures[selects], -result.seed
