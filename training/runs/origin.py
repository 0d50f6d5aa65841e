"""What a run begins from: an earlier run, an exported model, a Hugging Face ELECTRA folder or a name on the hub."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from data.errors import InputError
from data.files import file_digest, read_json, value_digest
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store
from training.electra.carry import carry_over, is_same
from training.electra.choices import Objective
from training.electra.model import Electra
from training.electra.names import from_transformers
from training.electra.presets import EncoderShape, ModelShape
from training.runs import checkpoint, hub_model
from training.runs.pretrain_settings import Plan
from training.runs.run import TOKENIZER_FOLDER, Trained, compare_shapes, shape_of
from training.tokens.correspondence import pieces_of
from training.tokens.stream import TokenStream
from training.tokens.vocab_file import VOCABULARY, open_tokenizer

LATEST = "latest"
GENERATION = 7_919
"""Added to the seed for each ancestor, so that a run that goes on meets other masks and another order of rows."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """A model that another run begins from."""

    name: str
    digest: str
    """Of its weights."""
    model: Electra
    tokenizer: Path
    lineage: list[dict[str, Any]]
    """Itself, then what it began from: name, digest, and what is known of steps, tokens and corpus."""
    moments: dict[str, Tensor] = field(default_factory=dict)
    """Adam's, of a run of ours."""
    objective: str = ""
    """What it was trained for last, of a run of ours."""
    has_generator: bool = True
    """False: it came without one, and that of ``model`` is fresh."""
    trained: int = 0
    """Tokens of the longest rows that it was trained on, and of those whose positions had time to learn."""
    settled: int = 0

    @property
    def recorded(self) -> dict[str, Any]:
        """What the manifest of a run that begins from it tells."""
        return {"lineage": self.lineage, "trained_before": self.trained, "settled_before": self.settled}

    def give(self, model: Electra, stream: TokenStream, tokenizer: Path, objective: Objective) -> dict[str, Tensor]:
        """Put its weights into a model, whose tokenizer may be another; return Adam's moments where they fit.

        They fit where tokenizer and generator's shape are the same and ``objective``, that of the first phase, is what
        it was trained for last. Where a run begins with ``mlm``, its encoder begins as the generator (`carry_over`).
        """
        own = self.model.shape
        kept = model.shape.generator == own.generator
        if not kept:
            said = "; ".join(compare_shapes(own, own.model_copy(update={"generator": model.shape.generator})))
            log.warning("--from %s: its generator has another shape (%s); the preset's begins fresh.", self.name, said)
        pieces = pieces_of(tokenizer, self.tokenizer)
        counts_V = torch.from_numpy(stream.counts().single_V.astype(np.float32))
        pieces += [()] * (len(counts_V) - len(pieces))
        # after mlm the generator is the encoder's copy already
        fills = objective == "mlm" and self.objective != "mlm" and self.has_generator
        carry_over(self.model, model, pieces, counts_V, fills=fills)
        fit = kept and objective == self.objective and is_same(pieces, own.vocabulary)
        return self.moments if fit else {}

    def refuse_another_shape(self, shape: ModelShape) -> None:
        """Refuse a model of another shape, which cannot take its weights; a generator of another begins fresh.

        Raises:
            InputError: says what differs.
        """
        if different := unlike(self.model.shape.model_copy(update={"generator": shape.generator}), shape):
            raise InputError(
                f"--from {self.name}: its model has another shape: {'; '.join(different)}. "
                "Give the --preset and the pretrain.gdes that it has."
            )


def unlike(before: ModelShape, now: ModelShape) -> list[str]:
    """What keeps weights from being taken over; the tokenizer may be another, and new parts begin fresh."""
    gdes = now.gdes if not before.gdes else before.gdes
    alike = before.model_copy(update={"vocabulary": now.vocabulary, "encoder_head": now.encoder_head, "gdes": gdes})
    return compare_shapes(alike, now)


def find_origin(
    store: Store, named: str, plan: Plan, inputs: Mapping[str, str], *, run: str | None = None
) -> Path | str | None:
    """The folder of a run or of a model, or a name of the hub; None: ``latest``, and there is none yet.

    ``latest`` is the newest finished run of the plan's shape on another corpus. Runs of one step do not count: its rate
    is 0. A run that was cut off goes on with what ``latest`` was to it: an unfinished run with that name (the default
    one where ``run`` is None), these settings, and the digests of ``inputs``.
    """
    if named == LATEST:
        cut_off = _cut_off(store, plan, inputs, run)
        return _latest(store, plan, inputs.get("corpus")) if cut_off is None else _origin_of(store, cut_off)
    for folder in (store.runs / named, store.models / named, Path(named)):
        if (
            (folder / MANIFEST_NAME).is_file()
            or (folder / "config.json").is_file()
            or (folder / "discriminator").is_dir()
        ):
            return folder
    if Path(named).exists():
        raise InputError(f"{named}: neither a run nor a model (no manifest.json, no config.json).")
    return named


def tokenizer_of(origin: Path) -> Path:
    """Where an origin's tokenizer lies (``open_tokenizer``)."""
    for folder in (origin / TOKENIZER_FOLDER, origin / "discriminator", origin):
        if (folder / "tokenizer.json").is_file():
            return folder
    for folder in (origin / "discriminator", origin):
        if (folder / VOCABULARY).is_file():
            return folder
    raise InputError(
        f"{origin}: no tokenizer in it, neither tokenizer.json nor {VOCABULARY}. "
        "Save the tokenizer that it was trained with into this folder."
    )


def fetched(origin: Path | str) -> Path:
    """A folder on this machine; the hub is asked for a name.

    Raises:
        InputError: the hub does not know it or cannot be asked.
    """
    return origin if isinstance(origin, Path) else hub_model.download(origin)


def open_origin(origin: Path | str, plan: Plan) -> Origin:
    """Read the weights.

    Raises:
        InputError: it is no ELECTRA, or lacks files.
        StageError, StoreError: a run without a whole checkpoint.
    """
    folder = fetched(origin)
    if (folder / MANIFEST_NAME).is_file() and Manifest.read(folder).kind == "run":
        return _of_run(folder)
    discriminator = folder / "discriminator" if (folder / "discriminator").is_dir() else folder
    generator = _generator_beside(origin, discriminator)
    if generator is None:
        log.warning("%s: no generator beside it; one of the preset's size begins fresh.", discriminator)
    model = from_transformers(discriminator, generator, lacking=_fresh_generator(plan))
    tokenizer = tokenizer_of(discriminator)
    open_tokenizer(tokenizer)  # one that cannot be read is refused before a run's folder is made
    files = [one / "config.json" for one in (discriminator, generator) if one]
    files += [found for one in (discriminator, generator) if one for found in sorted(one.glob("*model.*"))]
    digest = value_digest([file_digest(file) for file in files])
    name = origin if isinstance(origin, str) else _name(folder)
    config = read_json(discriminator / "config.json")
    return Origin(
        name=name,
        digest=digest,
        model=model,
        tokenizer=tokenizer,
        lineage=_lineage_recorded(discriminator) or [{"name": name, "digest": digest}],
        has_generator=generator is not None,
        trained=config.get("trained_length", model.shape.positions),
        settled=config.get("settled_length", model.shape.positions),
    )


def _lineage_recorded(discriminator: Path) -> list[dict[str, Any]]:
    """Of the runs behind a model that `cowese export` wrote."""
    manifest = discriminator.parent / MANIFEST_NAME
    return Manifest.read(manifest.parent).figures.get("lineage", []) if manifest.is_file() else []


def lineage_of(trained: Trained) -> list[dict[str, Any]]:
    """A run as an ancestor, and what it began from itself; newest first."""
    figures, made = trained.manifest.figures, trained.manifest.made_from
    entry = {
        "name": trained.manifest.name,
        "digest": value_digest(checkpoint.file_digests(checkpoint.checkpoint_folder(trained.path, trained.step))),
        "steps": trained.step,
        "tokens_seen": figures.get("tokens_seen"),
        "corpus": trained.tokens.name.partition("+")[0],
        "corpus_digest": made.get("corpus"),
    }
    return [entry, *figures.get("lineage", [])]


def _of_run(run: Path) -> Origin:
    trained = Trained(run)
    lineage = lineage_of(trained)
    folder = checkpoint.checkpoint_folder(run, trained.step)
    return Origin(
        name=trained.manifest.name,
        digest=lineage[0]["digest"],
        model=trained.model,
        tokenizer=tokenizer_of(run),
        lineage=lineage,
        moments=checkpoint.load(folder).optimizer,
        objective=trained.stage.objective,
        trained=trained.length,
        settled=trained.settled_length,
    )


def _latest(store: Store, plan: Plan, corpus: str | None) -> Path | None:
    found = None
    for folder, manifest in _runs(store):
        same_corpus = corpus is not None and manifest.made_from.get("corpus") == corpus
        trained = manifest.files and manifest.settings["steps"] > 1
        if trained and not same_corpus and not unlike(shape_of(manifest), plan.shape(shape_of(manifest).vocabulary)):
            found = folder
    return found


def _cut_off(store: Store, plan: Plan, inputs: Mapping[str, str], run: str | None) -> Manifest | None:
    """The newest unfinished run that was begun from ``latest`` with these inputs and settings."""
    found = None
    for _, manifest in _runs(store):
        figures = manifest.figures
        seed = plan.seed + GENERATION * len(figures.get("lineage", []))
        settings = plan.model_copy(update={"seed": seed}).recorded
        if (
            not manifest.files
            and figures.get("from_latest")
            and manifest.name == (run or f"{plan.preset}-{manifest.digest[:8]}")
            and inputs.items() <= manifest.made_from.items()
            and {**manifest.settings, "begin": None} == {**settings, "begin": None}
            and ("lineage" not in figures or (store.runs / figures["lineage"][0]["name"] / MANIFEST_NAME).is_file())
        ):
            found = manifest
    return found


def _origin_of(store: Store, run: Manifest) -> Path | None:
    lineage = run.figures.get("lineage")
    return store.runs / lineage[0]["name"] if lineage else None


def _runs(store: Store) -> Iterator[tuple[Path, Manifest]]:
    """Folder and manifest of all runs, those written last at the end."""
    for path in sorted(
        store.runs.glob(f"*/{MANIFEST_NAME}"), key=lambda path: (path.stat().st_mtime, path.parent.name)
    ):
        manifest = Manifest.read(path.parent)
        if manifest.kind == "run":
            yield path.parent, manifest


def _name(folder: Path) -> str:
    full = folder.resolve()
    return full.parent.name if full.name in ("discriminator", "generator") else full.name


def _generator_beside(origin: Path | str, discriminator: Path) -> Path | None:
    if isinstance(origin, str):
        return hub_model.download_generator(origin)
    beside = discriminator.parent / hub_model.generator_name(discriminator.name)
    return beside if beside != discriminator and (beside / "config.json").is_file() else None


def _fresh_generator(plan: Plan) -> EncoderShape:
    return plan.shape(8).generator
