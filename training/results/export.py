"""``cowese export``: a run's newest checkpoint as Hugging Face folders with their cards.

models/<name>/discriminator/   config.json, model.safetensors, the tokenizer's files, README.md
              generator/       the same for fill-mask
              manifest.json
"""

import shutil
from pathlib import Path

import safetensors.torch
from pydantic import BaseModel, ConfigDict

from data.errors import InputError
from data.files import (
    TEMPORARY,
    file_digest,
    read_json,
    storage_error,
    sync_folder,
    write_bytes,
    write_json,
    write_text,
)
from data.manifest import MANIFEST_NAME, Manifest, code_version
from data.progress import Progress, no_progress
from data.store import Store
from training.benchmark.card import with_section
from training.benchmark.table import section_of
from training.electra.model import Electra
from training.electra.names import to_config, to_transformers
from training.results.card import model_card
from training.results.evaluate import newest_evaluation
from training.results.onnx_export import export_onnx
from training.runs.origin import lineage_of
from training.runs.run import TOKENIZER_FOLDER, Trained
from training.tokens.tokenizer import hub_config, load_tokenizer, special_of

PARTS = ("discriminator", "generator")
CARD_FORM = "3"
"""Raised where cards or ONNX files are written otherwise, so that older exports are made again."""


class ExportSummary(BaseModel):
    """Two models for Hugging Face's transformers."""

    model_config = ConfigDict(frozen=True)

    path: Path
    discriminator: Path
    generator: Path
    step: int
    parameters: dict[str, int]
    onnx: Path | None
    reused: bool


def export(
    store: Store,
    *,
    run: Path,
    name: str | None = None,
    step: int | None = None,
    onnx: bool = False,
    licence: str | None = None,
    progress: Progress = no_progress,
) -> ExportSummary:
    """Write ``store/models/<name>``, whole or not at all.

    The default name is the run's, with the step where one is given. ``licence`` goes into the cards.

    Raises:
        InputError: no such run, or no (such) checkpoint in it; ``onnx`` asked for without its packages.
        StoreError: a checkpoint is damaged; the folder cannot be written.
    """
    trained = Trained(run, step)
    folder = store.models / (name or (run.name if step is None else f"{run.name}-{step}"))
    evaluation = newest_evaluation(run, step=step)
    measured = file_digest(evaluation.path) if evaluation else ""
    made_from = {"run": trained.manifest.digest, "step": str(trained.step), "evaluation": measured, "onnx": str(onnx)}
    made_from |= {"licence": licence or "none", "card": CARD_FORM}
    if (folder / MANIFEST_NAME).is_file() and Manifest.read(folder).made_from == made_from:
        return _summary(folder, trained, onnx=onnx, reused=True)
    temporary = folder.with_name(f".{folder.name}{TEMPORARY}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        for number, part in enumerate(PARTS):
            progress("export", number, len(PARTS), {"part": part})
            _write_part(temporary / part, trained, part)
            card = model_card(folder.name, part, trained, evaluation, licence)
            said = section_of(store, temporary / part) if part == "discriminator" else None
            card = with_section(card, said, folder.name) if said else card
            write_text(temporary / part / "README.md", card)
        if onnx:
            export_onnx(trained.published, temporary / "discriminator" / "model.onnx")
        files = {str(path.relative_to(temporary)): file_digest(path) for path in sorted(temporary.rglob("*.*"))}
        Manifest(
            kind="model",
            name=folder.name,
            made_from=made_from,
            settings=trained.manifest.settings,
            figures={**(evaluation.discriminator if evaluation else {}), "lineage": lineage_of(trained)},
            files=files,
            code=code_version(),
        ).write(temporary)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise storage_error(error, folder) from error
    return _summary(folder, trained, onnx=onnx, reused=False)


def _write_part(folder: Path, trained: Trained, part: str) -> None:
    source = trained.path / TOKENIZER_FOLDER
    if not (source / "tokenizer.json").is_file():
        raise InputError(f"{source}: the run lost its tokenizer. Copy the files of its tokenizer there.")
    tokenizer = load_tokenizer(source)
    tensors = to_transformers(trained.published, part)
    write_bytes(folder / "model.safetensors", safetensors.torch.save(tensors, metadata={"format": "pt"}))
    pad = special_of(tokenizer, source).pad
    lengths = {"trained_length": trained.length, "settled_length": trained.settled_length}
    write_json(folder / "config.json", {**to_config(trained.published.shape, part, pad=pad), **lengths})
    write_bytes(folder / "tokenizer.json", (source / "tokenizer.json").read_bytes())
    entries = tokenizer.get_vocab()
    write_text(folder / "vocab.txt", "".join(f"{piece}\n" for piece in sorted(entries, key=lambda one: entries[one])))
    given = source / "tokenizer_config.json"
    config = {**hub_config(tokenizer), **(read_json(given) if given.is_file() else {})}
    # a literal [MASK] in a text is text, as it was in training; only the one who fills masks must be able to write one
    write_json(folder / "tokenizer_config.json", {**config, "split_special_tokens": part == "discriminator"})


def count_parameters(model: Electra, part: str) -> int:
    """Parameters of a part as transformers loads it, tied ones once."""
    return sum(tensor.numel() for tensor in to_transformers(model, part).values())


def _summary(folder: Path, trained: Trained, *, onnx: bool, reused: bool) -> ExportSummary:
    return ExportSummary(
        path=folder,
        discriminator=folder / "discriminator",
        generator=folder / "generator",
        step=trained.step,
        parameters={part: count_parameters(trained.published, part) for part in PARTS},
        onnx=folder / "discriminator" / "model.onnx" if onnx else None,
        reused=reused,
    )
