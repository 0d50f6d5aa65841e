"""What a store holds, what in it is up to date, and the command that mends what is not."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.corpus.status import CorpusStatus, corpus_status
from data.errors import InputError
from data.manifest import Manifest
from data.store import Store
from flows.settings import Settings


class Part(BaseModel):
    """One kind of thing that training makes."""

    model_config = ConfigDict(frozen=True)

    name: str
    holds: str
    state: str
    """``up to date``, ``missing`` or what it is behind."""
    mend: str | None = None
    """The command that brings it up to date."""


class Status(BaseModel):
    """The store at a glance."""

    model_config = ConfigDict(frozen=True)

    corpus: CorpusStatus
    model: list[Part]


def status(store: Store, settings: Settings) -> Status:
    """Look at a store; reads names and manifests only."""
    version = _newest(store.corpus, "corpus")
    tokenizer = _newest(store.tokenizers, "tokenizer")
    tokens = _newest(store.tokens, "tokens")
    return Status(
        corpus=corpus_status(store, settings.clean, settings.publish),
        model=[
            _made("tokenizer", tokenizer, version, "corpus", "cowese tokenizer"),
            _made("tokens", tokens, tokenizer, "tokenizer", "cowese pack"),
            _folders("runs", store.runs, "cowese pretrain"),
            _folders("models", store.models, "cowese export"),
        ],
    )


def _made(name: str, made: Manifest | None, source: Manifest | None, input_name: str, command: str) -> Part:
    if made is None:
        return Part(name=name, holds="none", state="missing", mend=command)
    fresh = source is None or made.made_from.get(input_name) == source.digest
    return Part(
        name=name,
        holds=made.name,
        state="up to date" if fresh else f"made from an earlier {input_name}",
        mend=None if fresh else command,
    )


def _folders(name: str, folder: Path, command: str) -> Part:
    names = sorted(path.name for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    state, mend = ("present", None) if names else ("missing", command)
    return Part(name=name, holds=", ".join(names) or "none", state=state, mend=mend)


def _newest(folder: Path, kind: str) -> Manifest | None:
    """The manifest of the youngest finished thing of a kind."""
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
