"""What a store holds, what in it is up to date, and the command that mends what is not."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cleaning.recipe import recipe_digest
from data.errors import InputError
from data.manifest import Manifest
from data.store import Store
from flows.settings import Settings


class Part(BaseModel):
    """One kind of thing in the store."""

    model_config = ConfigDict(frozen=True)

    name: str
    holds: str
    state: str
    """``up to date``, ``missing`` or what is stale."""
    mend: str | None = None
    """The command that brings it up to date."""


class Status(BaseModel):
    """The store at a glance."""

    model_config = ConfigDict(frozen=True)

    store: Path
    parts: list[Part]


def status(store: Store, settings: Settings) -> Status:
    """Look at a store; reads names and manifests only."""
    version = _newest(store.corpus, "corpus")
    tokenizer = _newest(store.tokenizers, "tokenizer")
    tokens = _newest(store.tokens, "tokens")
    return Status(
        store=store.root,
        parts=[
            _pages(store),
            _documents(store, recipe_digest(settings.clean)),
            _corpus(store, version, recipe_digest(settings.clean)),
            _made("tokenizer", tokenizer, version, "corpus", "cowese tokenizer"),
            _made("tokens", tokens, tokenizer, "tokenizer", "cowese pack"),
            _folders("runs", store.runs, "cowese pretrain"),
            _folders("models", store.models, "cowese export"),
        ],
    )


def _pages(store: Store) -> Part:
    files = sorted(store.warc.glob("*/*.warc.gz"))
    rounds = {path.parent.name for path in files}
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    torn = list(store.warc.glob("*/*.open"))
    holds = f"{len(rounds)} rounds, {len(files)} WARC files, {megabytes:,.1f} MB"
    if torn:
        return Part(name="pages", holds=holds, state="a round is unfinished", mend="cowese crawl")
    return Part(
        name="pages", holds=holds, state="up to date" if files else "missing", mend=None if files else "cowese crawl"
    )


def _documents(store: Store, recipe: str) -> Part:
    segments = list(store.warc.glob("*/*.warc.gz"))
    done = list((store.documents / recipe).glob("*.dropped.parquet"))
    holds = f"{len(done)} of {len(segments)} WARC files cleaned with these settings"
    behind = len(done) < len(segments) or not done
    return Part(
        name="documents",
        holds=holds,
        state="behind" if behind else "up to date",
        mend="cowese clean" if behind else None,
    )


def _corpus(store: Store, version: Manifest | None, recipe: str) -> Part:
    if version is None:
        return Part(name="corpus", holds="no version", state="missing", mend="cowese publish")
    holds = f"{version.name}: {version.figures['documents']:,} documents, {version.figures['words']:,} words"
    documents = max((path.stat().st_mtime for path in (store.documents / recipe).glob("*.parquet")), default=0.0)
    cut = (store.corpus / version.name / "manifest.json").stat().st_mtime
    stale = documents > cut
    return Part(
        name="corpus",
        holds=holds,
        state="behind its documents" if stale else "up to date",
        mend="cowese publish" if stale else None,
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
    return Part(
        name=name,
        holds=", ".join(names) or "none",
        state="present" if names else "missing",
        mend=None if names else command,
    )


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
