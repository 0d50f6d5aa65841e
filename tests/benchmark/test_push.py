"""Models pushed through huggingface_hub to a stand-in of the hub, and the metadata of their cards."""

import pytest
from benchmark_room import tiny_model
from hub_stand_in import TOKEN, stand_in
from huggingface_hub import ModelCard, ModelCardData
from typer.testing import CliRunner

from data.errors import InputError, StageError
from data.files import write_text
from data.model_card import check_card, licence_fields
from data.store import Store
from flows.cli import app
from training.results.push_model import push_model

pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
CARD = "---\nlanguage: es\nlibrary_name: transformers\npipeline_tag: token-classification\n{}---\n# Modelo\n"


@pytest.fixture
def hub(monkeypatch):
    with stand_in(monkeypatch) as server:
        yield server


@pytest.fixture
def store(tmp_path):
    """A fine-tuned model, and an exported one of two parts."""
    opened = Store.open(tmp_path / "store")
    for folder in (
        opened.benchmarks / "Notas" / "salud" / "seed-1" / "model",
        opened.models / "salud" / "discriminator",
        opened.models / "salud" / "generator",
    ):
        tiny_model(folder)
        write_text(folder / "README.md", CARD.format("license: mit\n"))
    seed = opened.benchmarks / "Notas" / "salud" / "seed-1"
    write_text(
        seed / "result.json",
        '{"seed": 1, "best_epoch": 1, "curve": [], "dev": {"figures": {"exact_f1": 0.5}}, "test": {"figures": {}}, '
        '"samples": [], "device": "cpu", "seconds": 1}',
    )
    return opened


@pytest.mark.slow
def test_a_fine_tuned_model_is_pushed_whole_and_only_once(store, hub):
    model = store.benchmarks / "Notas" / "salud" / "seed-1" / "model"
    done = push_model(store, "yo/notas", model="Notas/salud", endpoint=hub.address, token=TOKEN)
    assert set(hub.files) == {path.name for path in model.iterdir()}
    assert (done.pipeline, done.licence, done.files) == ("token-classification", "mit", len(hub.files))
    assert done.commit == hub.commits[-1]
    sent = len(hub.uploads)
    write_text(model / "README.md", CARD.format("license: apache-2.0\n"))
    hub.files["model.onnx"] = "0" * 40
    push_model(store, "yo/notas", model=str(model), endpoint=hub.address, token=TOKEN)
    assert len(hub.uploads) == sent
    assert "model.onnx" not in hub.files


@pytest.mark.slow
@pytest.mark.parametrize(("named", "part"), [("salud", "discriminator"), ("salud/generator", "generator")])
def test_the_parts_of_an_exported_model(store, hub, monkeypatch, named, part):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
    arguments = ["push", "yo/salud", "--model", named, "--store", str(store.root), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exception is None, done.exception
    assert f"/{part}" in done.stdout
    assert "model.safetensors" in hub.files


@pytest.mark.slow
def test_a_model_that_cannot_be_pushed_says_why(store, hub):
    def told(error, model="Notas/salud", repository="yo/notas", **others):
        with pytest.raises(error) as caught:
            push_model(store, repository, model=model, **{"endpoint": hub.address, "token": TOKEN, **others})
        return str(caught.value)

    assert "no fine-tuned model" in told(InputError, "Notas/otra")
    assert "refuses yo/notas (401)" in told(StageError, token="hf_" + "y" * 34)
    assert "Write OWNER/NAME" in told(InputError, repository="no//es")
    assert "cannot be reached" in told(StageError, endpoint="http://127.0.0.1:9")
    card = store.benchmarks / "Notas" / "salud" / "seed-1" / "model" / "README.md"
    write_text(card, CARD.format("license: propia\n"))
    assert "license 'propia' is not one of the hub's" in told(InputError)
    write_text(card, CARD.format("model-index:\n- name: x\n  results:\n  - task: {type: a}\n    metrics: []\n"))
    assert "not valid metadata of a model card" in told(InputError)
    card.unlink()
    assert "no model card" in told(InputError)
    assert hub.commits == []


@pytest.mark.parametrize(("licence", "fields"), [
    (None, {}), ("cc-by-4.0", {"license": "cc-by-4.0"}), ("Apache-2.0", {"license": "apache-2.0"}),
    ("Nuestra 1.0", {"license": "other", "license_name": "nuestra-1.0"}),
])  # fmt: skip
def test_licences_are_the_hubs_or_other(tmp_path, licence, fields):
    assert licence_fields(licence) == fields
    card = tmp_path / "README.md"
    data = ModelCardData(language="es", **fields)
    write_text(card, f"---\n{data.to_yaml()}\n---\n# M\n")
    assert {name: value for name, value in check_card(card).items() if name.startswith("license")} == fields
    assert ModelCard.load(card).data.license == fields.get("license")
