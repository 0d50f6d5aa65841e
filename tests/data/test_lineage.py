"""What was made from a version: by its digest, by the digests it had before, by names; fine-tuned models too."""

import pytest

from data.files import value_digest, write_json
from data.lineage import BENCHMARK_PLAN, MODEL_FILES, artifacts_of_versions, forgotten_receipts, mark_forgotten
from data.manifest import Manifest
from training.benchmark import models
from training.benchmark.seeds import PLAN


def made(folder, made_from, figures=None, files=None):
    manifest = Manifest(
        kind="any", name=folder.name, made_from=made_from, settings={}, figures=figures or {}, files=files or {}
    )
    manifest.write(folder)
    return manifest.digest


def found(store, *names):
    return [path.relative_to(store.root).as_posix() for path in artifacts_of_versions(store, names)]


@pytest.fixture
def versions(store):
    """v0001 was rewritten once; v0002 never."""
    old = Manifest(kind="corpus", name="v0001", made_from={"files": "a"}, settings={}).digest
    made(store.corpus / "v0001", {"files": "b"}, {"former_digests": [old], "forgotten": {"f0001": 3}})
    made(store.corpus / "v0002", {"files": "c"})
    return store, old


def test_a_version_that_was_rewritten_is_found_by_its_former_digests(versions):
    store, old = versions
    made(store.runs / "r", {"corpus": old})
    made(store.runs / "new", {"corpus": Manifest.read(store.corpus / "v0001").digest})
    made(store.runs / "other", {"corpus": Manifest.read(store.corpus / "v0002").digest})
    assert found(store, "v0001") == ["runs/new", "runs/r"]


def test_benchmarks_of_a_model_are_found_by_its_weights_and_by_its_name(versions):
    store, old = versions
    files = {name: f"sha of {name}" for name in ("config.json", "model.safetensors", "tokenizer.json")}
    made(store.models / "m", {"corpus": old}, files={f"discriminator/{name}": sha for name, sha in files.items()})
    made(store.benchmarks / "pharma" / "a-copy", {"model": value_digest(files)})
    made(store.benchmarks / "pharma" / "by-name", {"model": "another"}, {"about": {"model": "m"}})
    made(store.benchmarks / "pharma" / "bert", {"model": "bert@1"}, {"about": {"model": "bert"}})
    files.pop("model.safetensors")
    write_json(
        store.benchmarks / "pharma" / "unfinished" / BENCHMARK_PLAN,
        {"made_from": {"model": f"fresh:{value_digest(files)}"}, "settings": {}},
    )
    assert found(store, "v0001") == [
        "models/m",
        "benchmarks/pharma/a-copy",
        "benchmarks/pharma/by-name",
        "benchmarks/pharma/unfinished",
    ]


def test_a_model_of_a_run_that_went_on_is_found_by_the_run_s_name(versions):
    store, _ = versions
    tokenizer = made(store.tokenizers / "t", {"corpus": Manifest.read(store.corpus / "v0001").digest})
    made(store.runs / "r", {"corpus": "of v0003", "tokenizer": tokenizer})
    made(store.models / "m", {"run": "what r was then"}, {"lineage": [{"name": "r", "corpus_digest": "of v0003"}]})
    assert found(store, "v0001") == ["tokenizers/t", "runs/r", "models/m"]
    assert found(store, "v0002") == []


def test_a_version_rewritten_before_digests_were_kept_is_found_by_the_marks_of_its_receipts(store):
    made(store.corpus / "v0001", {"files": "b"}, {"forgotten": {"f0001": 3}})
    made(store.models / "m", {"corpus": "lost"})
    made(store.models / "other", {"corpus": "another"})
    mark_forgotten(store.models / "m", "f0001")
    assert found(store, "v0001") == ["models/m"]


def test_marks_accumulate(store):
    made(store.models / "m", {})
    for receipt in ("f0002", "f0001", "f0002"):
        mark_forgotten(store.models / "m", receipt)
    assert forgotten_receipts(store.models / "m") == ["f0001", "f0002"]


def test_names_of_files_are_those_of_benchmarks():
    assert MODEL_FILES == models._SHAPING
    assert BENCHMARK_PLAN == PLAN
