"""What the flows make of ``begin``, over a settings file that names a model to go on from."""

import shutil
from types import SimpleNamespace

import pytest
from training_room import corpus

from data.manifest import Manifest
from data.store import Store
from flows import deployments
from flows.chain import run_in_this_process
from flows.commands.options import read_settings

pytestmark = pytest.mark.slow

CONFIG = """
[tokenizer]
vocab_size = 300
[pretrain]
preset = "tiny"
steps = 4
batch = 4
length = 32
long_share = 0
threads = 1
tensorboard = false
initial_model = "latest"
[evaluate]
max_tokens = 500
"""


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A store with two corpus versions, and its settings."""
    folder = tmp_path_factory.mktemp("begin")
    store = Store.open(folder / "store")
    for name, seed in (("v0001", 3), ("v0002", 8)):
        shutil.copytree(corpus(folder / name, seed=seed, documents=120), store.corpus / name)
        Manifest(kind="corpus", name=name, made_from={"pages": name}, settings={}).write(store.corpus / name)
    (folder / "cowese.toml").write_text(CONFIG, encoding="utf-8")
    return store, {"store": store.root, "config": folder / "cowese.toml"}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """The flows without Prefect: plain functions."""
    monkeypatch.setattr(deployments, "StageTasks", lambda _: run_in_this_process)
    monkeypatch.setattr(deployments, "pretrain_biomedtra", deployments.pretrain_biomedtra.fn)


@pytest.mark.parametrize(
    ("begin", "weights", "model", "begun"),
    [
        (None, None, "latest", "model"),
        ("latest", None, "latest", "model"),
        ("v-2026-10", None, "v-2026-10", "model"),
        ("counts", "counts", "", "counts"),
        ("random", "random", "", "random"),
    ],
)
def test_begin_overrides_a_model_of_the_settings(months, begin, weights, model, begun):
    chosen = deployments._settings(**months[1], **deployments._begin(begin)).pretrain
    assert (chosen.initial_weights, chosen.initial_model, chosen.plan.begin) == (weights, model, begun)


def newest(store: Store) -> Manifest:
    """The run made last."""
    path = max(store.runs.glob("*/manifest.json"), key=lambda path: path.stat().st_mtime_ns)
    return Manifest.read(path.parent)


def test_corpus_to_model_begins_as_it_is_told(months, monkeypatch):
    store, about = months
    corpus_to_model = deployments.corpus_to_model.fn
    corpus_to_model(corpus="v0001", begin="latest", **about)  # a schedule needs no first time
    first = newest(store)
    assert "lineage" not in first.figures
    corpus_to_model(corpus="v0002", begin="latest", **about)
    second = newest(store)
    assert [one["name"] for one in second.figures["lineage"]] == [first.name]
    assert second.made_from["tokenizer"] == first.made_from["tokenizer"]
    for begin in ("counts", "random"):
        model = corpus_to_model(corpus="v0002", begin=begin, **about)
        made = newest(store)
        assert made.settings.get("begin", "random") == begin
        assert "lineage" not in made.figures
        assert made.made_from["tokenizer"] != first.made_from["tokenizer"]
        assert (store.models / model / "discriminator").is_dir()
    built = SimpleNamespace(publish=SimpleNamespace(version="v0002"))
    monkeypatch.setattr(deployments, "build_corpus", lambda *_, **__: built)
    assert deployments.build_cowese.fn(pretrain=True, begin=first.name, steps=5, **about) == "v0002"
    named = newest(store)
    assert [one["name"] for one in named.figures["lineage"]] == [first.name]
    assert named.settings["steps"] == 5


def test_a_command_takes_the_model_of_the_settings_away(months):
    chosen = read_settings(months[1]["config"], None, ["pretrain.initial_model="]).pretrain
    assert chosen.plan.begin == "random"
    assert read_settings(months[1]["config"], None, None).pretrain.plan.begin == "model"
