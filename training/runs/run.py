"""A run's folder as its readers see it: what it was made from, its model, its tokens."""

from functools import cached_property
from pathlib import Path
from typing import Any

from data.errors import InputError, StageError
from data.files import write_bytes
from data.manifest import Manifest
from training.electra.choices import Objective
from training.electra.model import Electra
from training.electra.phases import Stage
from training.electra.presets import ModelShape
from training.electra.weights import refuse_misfit
from training.runs import checkpoint
from training.runs.pretrain_settings import Plan
from training.tokens.stream import TokenStream

TOKENIZER_FOLDER = "tokenizer"
TOKENIZER_FILES = ("vocab.txt", "tokenizer_config.json", "tokenizer.json")
"""The last one makes a folder a tokenizer, and is written last."""


def open_tokens(tokens: Path, split: str) -> TokenStream:
    """Open a split of packed tokens.

    Raises:
        InputError: there is no such folder or split.
    """
    if not (tokens / "manifest.json").is_file():
        raise InputError(f"{tokens}: no packed tokens there. `cowese pack` makes them.")
    return TokenStream.open(tokens, split)


def made_from(tokens: Path, stream: TokenStream) -> dict[str, str]:
    """What shapes a run beside its settings: the tokens' digest, and those of the corpus and tokenizer under them."""
    return {"tokens": stream.digest, **Manifest.read(tokens).made_from}


def adopt_tokenizer(run: Path, tokens: Path) -> None:
    """Copy the tokenizer that packed the tokens into the run's folder, so that an export needs nothing else."""
    manifest = Manifest.read(tokens)
    recorded = {**manifest.settings, **manifest.figures}.get("tokenizer_path", "")  # among the settings once
    source = (tokens / recorded).resolve()
    for file in TOKENIZER_FILES:
        if recorded and (source / file).is_file():
            write_bytes(run / TOKENIZER_FOLDER / file, (source / file).read_bytes())


def shape_of(manifest: Manifest) -> ModelShape:
    """The run's model as its manifest records it; a preset may have changed since.

    Runs made before the shape was recorded have that of their preset today.
    """
    recorded = manifest.figures.get("shape")
    if recorded is not None:
        return ModelShape.model_validate(recorded)
    return Plan.model_validate(manifest.settings).shape(manifest.figures["vocabulary"])


def compare(before: Manifest, now: Manifest) -> list[str]:
    """What differs between two runs, each as ``name: before → now``."""
    return _differences(before.made_from, now.made_from) + _differences(before.settings, now.settings)


def compare_shapes(before: ModelShape, now: ModelShape) -> list[str]:
    """What differs between two models, each as ``name: before → now``."""
    old, new = (shape.model_dump() for shape in (before, now))
    encoders = ("discriminator", "generator")
    inner = [f"{part}.{difference}" for part in encoders for difference in _differences(old.pop(part), new.pop(part))]
    return _differences(old, new) + inner


def _differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [
        f"{name}: {_short(old.get(name))} → {_short(new.get(name))}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _short(value: Any) -> str:
    return str(value)[:16]


def _saved(run: Path, step: int | None) -> checkpoint.Snapshot:
    if step is None:
        newest = checkpoint.load_newest(run)
        if newest is None:
            raise StageError(f"{run}: no checkpoint yet. `cowese pretrain` writes them.")
        return newest
    folder = checkpoint.checkpoint_folder(run, step)
    if not folder.is_dir():
        listed = ", ".join(f"{checkpoint.step_of(one):,}" for one in checkpoint.checkpoints(run)) or "none"
        raise InputError(f"{run}: no checkpoint of step {step:,}; there is: {listed}.")
    return checkpoint.load(folder)


class Trained:
    """A run's newest checkpoint, or that of a step, opened to be evaluated or exported.

    Raises:
        InputError: no such run, no checkpoint of that step; it does not fit the manifest.
        StageError: no checkpoint yet.
        StoreError, StageError: it is damaged.
    """

    def __init__(self, run: Path, step: int | None = None) -> None:
        if not (run / "manifest.json").is_file():
            raise InputError(f"{run}: no run there. `cowese pretrain` makes one.")
        self.path = run
        self.manifest = Manifest.read(run)
        if self.manifest.kind != "run":
            raise InputError(f"{run}: a {self.manifest.kind}, not a run. `cowese pretrain` makes one.")
        self.plan = Plan.model_validate(self.manifest.settings)
        saved = _saved(run, step)
        self.step = saved.step
        self.tokens_seen: float | None = saved.state.get("tokens_seen")
        """Tokens of its steps; None where the checkpoint does not say."""
        self.model = Electra(shape_of(self.manifest))
        folder = checkpoint.checkpoint_folder(run, saved.step)
        remedy = "The run's manifest describes another model: bring back the manifest that was written with it."
        refuse_misfit(self.model.state_dict(), saved.model, folder, remedy)
        self.model.load_state_dict(saved.model)
        self.model.eval()

    @property
    def stage(self) -> Stage:
        """The phase of the checkpoint's step."""
        return self.plan.stage_at(max(self.step - 1, 0))

    @cached_property
    def published(self) -> Electra:
        """The model as it is evaluated and exported.

        In a phase in which the encoder fills masked tokens by a head of its own, the encoder is what has learnt to, and
        stands in the generator's place.
        """
        fills = self.model.shape.encoder_head and self.stage.objective == "mlm"
        return self.model.with_encoder_as_generator() if fills else self.model

    @property
    def objectives(self) -> set[Objective]:
        """What its steps so far were for."""
        return {stage.objective for stage in self.plan.stages if stage.begin < self.step}

    @property
    def length(self) -> int:
        """Positions that were trained so far: the tokens of a row at the checkpoint's step."""
        before: int = self.manifest.figures.get("trained_before", 0)
        return min(max(self.stage.length, before), self.model.shape.positions)

    @property
    def settled_length(self) -> int:
        """Tokens of the longest rows whose positions had time to learn (``Plan.settled_length``)."""
        here = self.plan.settled_length(self.step)
        before: int = self.manifest.figures.get("settled_before", 0)
        return min(max(here, before), self.model.shape.positions)

    @property
    def tokens(self) -> Path:
        """The folder of the tokens that it was trained on."""
        folder: str = self.manifest.figures["tokens_folder"]
        return (self.path / folder).resolve()
