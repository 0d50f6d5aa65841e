"""Lineage: which artifacts were made from which, by the digests in their manifests, and by names beside them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.files import read_json, value_digest, write_json
from data.manifest import MANIFEST_NAME, Manifest
from data.store import Store

MARK = "forgotten.json"
"""File beside the manifest of an artifact that was made from texts forgotten later; it lists the receipts."""
FORMER_DIGESTS = "former_digests"
"""Figure of a rewritten version: the digests it had before, oldest first. Models made from it record those."""
MODEL_FILES = ("config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json", "tokenizer_config.json")
"""Files whose digest names the model of a benchmark (``training.benchmark.models.folder_digest``)."""
BENCHMARK_PLAN = "plan.json"
"""What a benchmark writes first: an interrupted one has no manifest yet, and keeps models all the same."""
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def artifacts_of_versions(store: Store, versions: Iterable[str]) -> list[Path]:
    """The folders of all artifacts that were made from these versions, as they are or as they were before a rewriting.

    Raises:
        InputError: the manifest of a version is missing or damaged.
    """
    digests: set[str] = set()
    unrecorded: set[str] = set()
    for version in versions:
        manifest = Manifest.read(store.corpus / version)
        digests |= {*version_digests(manifest)}
        rewritten = manifest.figures.get("forgotten", {})
        if len(manifest.figures.get(FORMER_DIGESTS, [])) < len(rewritten):  # rewritten before former digests were kept
            unrecorded |= rewritten.keys()
    marked = [folder for folder in _folders(store) if unrecorded.intersection(forgotten_receipts(folder))]
    return artifacts_made_from(store, digests, marked)


def version_digests(manifest: Manifest) -> list[str]:
    """The digest of a version and those that it had before it was rewritten."""
    return [manifest.digest, *manifest.figures.get(FORMER_DIGESTS, [])]


def artifacts_made_from(store: Store, digests: Iterable[str], also: Iterable[Path] = ()) -> list[Path]:
    """The folders of artifacts that depend on these digests at any remove, and ``also`` with what depends on them.

    Tokenizers come first, then tokens, runs, models and benchmarks, which may keep fine-tuned models.
    """
    manifests = {folder: _manifest(folder) for folder in _folders(store)}
    known, names = set(digests), set[str]()
    found: set[Path] = set()
    more = {folder for folder in also if folder in manifests}
    while True:
        found |= more
        for folder in more:
            known |= {*_digests(manifests[folder])}
            names |= {folder.name} if folder.parent in (store.runs, store.models) else set()
        more = {
            folder
            for folder, manifest in manifests.items()
            if folder not in found
            and (known.intersection(_strings(manifest)) or names.intersection(_named_sources(manifest)))
        }
        if not more:
            return [folder for folder in manifests if folder in found]


def mark_forgotten(folder: Path, receipt: str) -> None:
    """Note in a folder that texts it was made from have been forgotten."""
    write_json(folder / MARK, sorted({*forgotten_receipts(folder), receipt}))


def forgotten_receipts(folder: Path) -> list[str]:
    """The receipts of forgotten texts that a folder was made from."""
    try:
        return [str(one) for one in read_json(folder / MARK)]
    except InputError:
        return []


def _folders(store: Store) -> list[Path]:
    kinds = (store.tokenizers, store.tokens, store.runs, store.models)
    found = [path.parent for kind in kinds for path in sorted(kind.glob(f"*/{MANIFEST_NAME}"))]
    benchmarks = (path for name in (MANIFEST_NAME, BENCHMARK_PLAN) for path in store.benchmarks.glob(f"*/*/{name}"))
    return [*found, *sorted({path.parent for path in benchmarks})]


def _manifest(folder: Path) -> Any:
    for name in (MANIFEST_NAME, BENCHMARK_PLAN):
        try:
            return read_json(folder / name)
        except InputError:
            continue
    return {}


def _digests(value: Any) -> Iterator[str]:
    """The digests by which others may record an artifact: its manifest's, and those of the models in it."""
    try:
        manifest = Manifest.model_validate(value)
    except ValueError:
        return
    yield manifest.digest
    for part in sorted({path.rpartition("/")[0] for path in manifest.files}):
        files = {name: digest for name in MODEL_FILES if (digest := manifest.files.get(f"{part}/{name}".lstrip("/")))}
        if "config.json" in files:
            yield value_digest(files)
            yield f"fresh:{value_digest({name: files[name] for name in files if name not in _WEIGHTS})}"


def _named_sources(manifest: Any) -> Iterator[str]:
    """The names of runs and models that a manifest gives as its sources.

    A run that goes on after an export has another digest than the model records; its name stays.
    """
    figures = manifest.get("figures") if isinstance(manifest, Mapping) else None
    if not isinstance(figures, Mapping):
        return
    lineage, about = figures.get("lineage"), figures.get("about")
    for entry in lineage if isinstance(lineage, list) else ():
        if isinstance(entry, Mapping):
            yield str(entry.get("name"))
    if isinstance(about, Mapping):
        yield str(about.get("model"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)
