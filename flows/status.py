"""The state of a store: what it holds, what is stale, and the command that updates it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.status import CorpusStatus, corpus_status
from data.errors import InputError
from data.lineage import forgotten_receipts
from data.manifest import Manifest
from data.store import Store
from flows.forgetting.plan import Plan
from flows.forgetting.receipt import receipts
from flows.settings import Settings

_COMMANDS = {
    "tokenizer": "cowese tokenizer",
    "tokens": "cowese pack",
    "run": "cowese pretrain",
    "model": "cowese export",
}
"""Artifacts of training in order, with the command that makes each."""


class Part(BaseModel):
    """One kind of artifact of training."""

    model_config = ConfigDict(frozen=True)

    name: str
    holds: str
    state: str
    """``up to date``, ``missing``, ``not finished``, or what has changed, or will change, since it was made."""
    mend: str | None = None
    """The command that brings it up to date."""


class Status(BaseModel):
    """The store at a glance."""

    model_config = ConfigDict(frozen=True)

    corpus: CorpusStatus
    model: list[Part]
    forgotten: int = 0
    """Receipts of what was forgotten."""
    forgetting: bool = False
    """A forgetting was interrupted; `cowese forget --yes` continues it."""


def status(store: Store, settings: Settings) -> Status:
    """The state of a store, from names and manifests only.

    The commands of all stale artifacts, in order, bring everything up to date.
    """
    newest = {"corpus": _newest(store.corpus, "corpus")}
    newest |= {name: _newest(folder, name) for name, folder in _folders(store).items()}
    marks = {name: _marks(folder, newest[name]) for name, folder in _folders(store).items()}
    corpus = corpus_status(store, settings.clean, settings.publish, settings.rights)
    stale = {"corpus"} if corpus.segments and corpus.stale else set()  # without pages the corpus came from elsewhere
    model = []
    for name, command in _COMMANDS.items():
        model.append(_part(name, newest, stale, command, marks[name]))
        if newest[name] is not None and model[-1].mend:
            stale.add(name)  # what is missing may have come from elsewhere
    return Status(
        corpus=corpus, model=model, forgotten=len(receipts(store)), forgetting=Plan.unfinished(store) is not None
    )


def _folders(store: Store) -> dict[str, Path]:
    """The folder of each kind of artifact."""
    return {"tokenizer": store.tokenizers, "tokens": store.tokens, "run": store.runs, "model": store.models}


def _marks(folder: Path, made: Manifest | None) -> list[str]:
    """The receipts of forgotten texts that the newest artifact of a kind was made from."""
    return forgotten_receipts(folder / made.name) if made is not None else []


def _part(
    name: str, newest: Mapping[str, Manifest | None], stale: set[str], command: str, marks: Sequence[str]
) -> Part:
    """Compare the newest artifact of a kind with the newest of its inputs, transitively."""
    made = newest[name]
    if made is None:
        return Part(name=name, holds="none", state="missing", mend=command)
    if marks:
        state = f"made from texts that were forgotten since ({', '.join(marks)})"
        return Part(name=name, holds=made.name, state=state, mend=command)
    if name == "run" and not made.files:
        return Part(name=name, holds=made.name, state="not finished; the same command goes on", mend=command)
    behind = [
        source
        for source, digest in made.made_from.items()
        if (known := newest.get(source)) is not None and known.digest != digest
    ]
    if behind:
        state = f"made from an earlier {', '.join(sorted(behind))}"
        return Part(name=name, holds=made.name, state=state, mend=command)
    before = [source for source in newest if source in stale and source in made.made_from]
    if before:
        return Part(name=name, holds=made.name, state=f"to be made again after the {before[-1]}", mend=command)
    return Part(name=name, holds=made.name, state="up to date")


def _newest(folder: Path, kind: str) -> Manifest | None:
    """The manifest of the newest finished artifact of a kind."""
    found = []
    for path in folder.glob("*/manifest.json"):
        if path.parent.is_symlink() or path.parent.name.startswith("."):
            continue
        try:
            manifest = Manifest.read(path.parent)
        except InputError:
            continue
        if manifest.kind == kind:
            found.append((path.stat().st_mtime_ns, manifest.name, manifest))
    return max(found, key=lambda one: one[:2])[2] if found else None
