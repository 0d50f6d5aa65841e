"""Runs that begin from another model: ours, an exported one, transformers', with its tokenizer or another."""

import itertools
import json
import logging
import os
import shutil
import signal

import numpy as np
import pytest
import torch
from hub_stand_in import stand_in
from training_room import corpus, packed, quick
from typer.testing import CliRunner

from data.errors import InputError, StageError
from data.files import write_json
from data.manifest import Manifest
from data.store import Store
from flows.cli import app
from flows.model_chain import prepare_tokens
from flows.settings import load_settings
from training.electra.carry import carry_over, is_same
from training.electra.model import Electra
from training.electra.phases import Phase
from training.results.export import export
from training.runs import checkpoint
from training.runs.kept_tokenizer import tokenizer_for
from training.runs.loop import Loop
from training.runs.metrics import read_metrics
from training.runs.origin import Origin
from training.runs.pretrain import pretrain
from training.runs.run import Trained
from training.settings import PackSettings, TokenizerSettings
from training.tokens.correspondence import pieces_of
from training.tokens.pack import pack
from training.tokens.stream import TokenStream
from training.tokens.tokenizer import fit_tokenizer, load_tokenizer, write_tokenizer
from training.tokens.vocab_file import open_tokenizer

pytestmark = pytest.mark.slow

STEPS = 60


def learning(**given: object):
    return quick(**{"steps": STEPS, "learning_rate": 2e-3, "warmup": 5, "dropout": 0.0, "save_every": 20, **given})


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A store with two corpora of one kind, packed with one tokenizer, and a run on the first; and an own tokenizer."""
    store = Store.open(tmp_path_factory.mktemp("months") / "store")
    first = packed(store, "enero", seed=3)
    tokenizer = (first / Manifest.read(first).figures["tokenizer_path"]).resolve()
    source = corpus(store.root / "corpora" / "febrero", seed=8)
    second = pack(store, PackSettings(), corpus=source, tokenizer=tokenizer).path
    run = pretrain(store, learning(), tokens=first, name="uno").path
    return store, first, second, source, run


def first_nats(run) -> float:
    lines = read_metrics(run)[:5]
    return sum(line["hidden_loss"] for line in lines) / len(lines)


def test_a_run_goes_on_where_another_ended(months):
    store, _, second, _, run = months
    before = Trained(run)
    settings = learning(initial_model="uno", log_every=1)
    found = pretrain(store, settings, tokens=second, name="dos")
    fresh = pretrain(store, learning(), tokens=second, name="dos-fresh")
    assert first_nats(found.path) < first_nats(fresh.path) - 0.5
    manifest = Manifest.read(found.path)
    assert manifest.settings["begin"] == "model"
    (ancestor,) = manifest.figures["lineage"]
    assert ancestor["name"] == "uno"
    assert ancestor["steps"] == STEPS
    assert ancestor["corpus"] == "enero"
    assert manifest.made_from["begin"] == ancestor["digest"]
    assert manifest.settings["seed"] != before.plan.seed


MINI = (
    Phase(objective="mlm", share=0.8, mask_share=0.3, shown_share=0.0),
    Phase(objective="rtd", share=0.2, learning_rate=4e-3, mask_share=0.3, shown_share=0.0),
)


def test_after_a_phase_of_rtd_the_encoder_begins_as_the_generator(months):
    store, first, second, _, _ = months
    about = {"preset": "mini", "phase": MINI, "batch": 8, "beta2": 0.99, "warmup": 10}
    ended = pretrain(store, learning(**about, steps=200), tokens=first, name="mini").path
    filled = [line["hidden_loss"] for line in read_metrics(ended)[150:160]]
    settings = learning(**about, initial_model="mini", steps=21, save_every=1, keep=99)
    found = pretrain(store, settings, tokens=second, name="mini-2").path
    fresh = pretrain(store, learning(**about, steps=21), tokens=second, name="mini-counts").path
    assert first_nats(found) < sum(filled) / len(filled) + 0.25
    assert first_nats(found) < first_nats(fresh) - 0.3
    begun, before = (checkpoint.load(checkpoint.checkpoint_folder(at, step)) for at, step in ((found, 1), (ended, 200)))
    for name, tensor in begun.model.items():  # the first update has the rate 0
        source = name.replace("discriminator.", "generator.", 1)
        assert torch.equal(tensor, before.model[source]), name
    assert int(begun.optimizer["updates"]) == 1  # moments of rtd fit no mlm


def test_the_filling_head_and_vectors_of_a_generator_fit_an_encoder_with_a_head_of_its_own():
    shape = quick(preset="mini").plan.shape(30).model_copy(update={"gdes": True})
    source = Electra(shape).initialise(1)
    torch.nn.init.normal_(source.word_delta)
    narrow = shape.generator.model_copy(update={"hidden": 64, "heads": 1})
    target = Electra(shape.model_copy(update={"generator": narrow, "encoder_head": True})).initialise(2)
    kept = {name: one.clone() for name, one in target.state_dict().items() if name.startswith("generator")}
    carry_over(source, target, [(at,) for at in range(30)], torch.ones(30), fills=True)
    given, taken = source.state_dict(), target.state_dict()
    assert all(torch.equal(taken[name], kept[name]) for name in kept)
    assert torch.equal(taken["encoder_head.bias"], given["generator_head.bias"])
    assert torch.equal(taken["discriminator.layers.3.up.weight"], given["generator.layers.3.up.weight"])
    assert not taken["word_delta"].any()
    assert torch.equal(taken["discriminator_head.out.weight"], given["discriminator_head.out.weight"])


def test_the_rate_has_no_jump_and_adam_remembers(months):
    store, _, second, _, run = months
    ended = read_metrics(run)[-1]["learning_rate"]
    peak = learning().plan.learning_rate
    found = pretrain(
        store, learning(initial_model="uno", steps=21, warmup=10, save_every=1, keep=99), tokens=second, name="warm"
    )
    rates = [ended, *(line["learning_rate"] for line in read_metrics(found.path))]
    assert rates[1] == 0.0
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) <= peak / 10 * 1.01
    begun, before = (
        checkpoint.load(checkpoint.checkpoint_folder(at, step)) for at, step in ((found.path, 1), (run, STEPS))
    )
    name = "embeddings.word.weight"  # the first update has the rate 0: the weights are those of the other run
    assert torch.equal(begun.model[name], before.model[name])
    assert int(begun.optimizer["updates"]) == int(before.optimizer["updates"]) + 1
    moved = begun.optimizer[f"square.{name}"] / before.optimizer[f"square.{name}"].clamp(min=1e-30)
    assert moved[before.optimizer[f"square.{name}"] > 1e-12].min() > 0.9


def test_a_run_that_goes_on_resumes_bitwise(months):
    store, _, second, _, _ = months
    whole = pretrain(store, learning(initial_model="uno", steps=41, keep=99), tokens=second, name="whole")
    cut = store.runs / "cut"
    shutil.copytree(whole.path, cut)
    shutil.rmtree(checkpoint.checkpoint_folder(cut, 41))
    shutil.rmtree(checkpoint.checkpoint_folder(cut, 40))
    again = pretrain(store, learning(initial_model="uno", steps=41, keep=99), tokens=second, name="cut")
    assert again.resumed_at == 20
    weights = [checkpoint.load(checkpoint.checkpoint_folder(at, 41)).model for at in (whole.path, cut)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_run_made_otherwise_is_refused(months):
    store, _, second, _, _ = months
    pretrain(store, learning(initial_model="uno", steps=21), tokens=second, name="named")
    with pytest.raises(InputError, match="begin: "):
        pretrain(store, learning(steps=21), tokens=second, name="named")


def test_latest_is_the_newest_of_the_shape_on_another_corpus(months, caplog):
    store, first, second, _, _ = months
    lone = Store.open(store.root / "lone")
    with caplog.at_level(logging.WARNING):
        none = pretrain(lone, learning(initial_model="latest", steps=21), tokens=first, name="enero")
    assert "no finished run of the preset tiny on another corpus" in caplog.text
    assert "lineage" not in Manifest.read(none.path).figures
    month = pretrain(lone, learning(initial_model="latest", steps=21), tokens=second)
    assert [one["name"] for one in Manifest.read(month.path).figures["lineage"]] == ["enero"]
    again = pretrain(lone, learning(initial_model="latest", steps=21), tokens=second)
    assert again.reused
    assert again.path == month.path
    pretrain(lone, learning(initial_model="latest", steps=21, seed=2), tokens=first, name="marzo")
    assert [one["name"] for one in Manifest.read(lone.runs / "marzo").figures["lineage"]] == [month.path.name, "enero"]


def test_another_tokenizer_takes_the_vectors_by_token(months):
    store, _, _, source, run = months
    other = fit_tokenizer(store, TokenizerSettings(vocab_size=250), corpus=source, name="short").path
    tokens = pack(store, PackSettings(), corpus=source, tokenizer=other).path
    found = pretrain(store, learning(initial_model="uno", steps=21, save_every=1, keep=99), tokens=tokens, name="short")
    fresh = pretrain(store, learning(steps=21), tokens=tokens, name="short-fresh")
    assert first_nats(found.path) < first_nats(fresh.path) - 0.3
    old, new = (load_tokenizer(at).get_vocab() for at in (run / "tokenizer", other))
    before = checkpoint.load_newest(run).model["embeddings.word.weight"]
    begun = checkpoint.load(checkpoint.checkpoint_folder(found.path, 1)).model["embeddings.word.weight"]
    common = old.keys() & new.keys()
    assert len(common) > 100
    assert any(old[token] != new[token] for token in common)
    assert all(torch.equal(begun[new[token]], before[old[token]]) for token in common)


def test_pieces_spell_what_the_other_tokenizer_lacks(tmp_path):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    write_tokenizer(tmp_path / "old", [*special, "fie", "##bre", "##b", "dolor", "a"])
    write_tokenizer(tmp_path / "new", [*special, "dolor", "fiebre", "##bre", "##bb", "fiebrón", "a"])
    assert pieces_of(tmp_path / "new", tmp_path / "old")[5:] == [(8,), (5, 6), (6,), (7, 7), (), (9,)]
    lower = TokenizerSettings(lowercase=True)
    write_tokenizer(tmp_path / "low", [*special, "dolor"], lower)
    write_tokenizer(tmp_path / "cased", [*special, "Dolor", "DOLOR"])
    assert pieces_of(tmp_path / "cased", tmp_path / "low")[5:] == [(5,), (5,)]
    assert is_same(pieces_of(tmp_path / "old", tmp_path / "old"), 10)


def test_new_tokens_begin_as_their_pieces_and_frequency():
    shape = quick().plan.shape(8)
    source = Electra(shape).initialise(1)
    torch.nn.init.normal_(source.generator_head.bias)
    target = Electra(shape.model_copy(update={"vocabulary": 4})).initialise(2)
    kept = target.embeddings.word.weight[3].clone()
    carry_over(source, target, [(5,), (6, 7), (4,), ()], torch.tensor([50.0, 10.0, 40.0, 10.0]))
    words, before = target.embeddings.word.weight, source.embeddings.word.weight
    assert torch.equal(words[0], before[5])
    mean = before[[6, 7]].mean(0)
    assert torch.cosine_similarity(words[1], mean, 0).item() == pytest.approx(1, abs=1e-5)
    assert words[1].norm().item() == pytest.approx(before[[6, 7]].norm(dim=1).mean().item(), rel=1e-4)
    assert torch.equal(words[3], kept)
    bias = target.generator_head.bias
    assert torch.equal(bias[[0, 2]], source.generator_head.bias[[5, 4]])
    assert bias[1] == bias[3]
    for name, tensor in target.state_dict().items():
        if tensor.shape == source.state_dict()[name].shape:
            assert torch.equal(tensor, source.state_dict()[name]), name


@pytest.mark.parametrize("part", ["both", "discriminator alone"])
def test_an_exported_model_is_gone_on_with(months, part, tmp_path, caplog):
    store, _, second, _, run = months
    exported = export(store, run=run, name="salud").path
    where = "salud"
    if part != "both":
        shutil.copytree(exported / "discriminator", tmp_path / "sola")
        where = str(tmp_path / "sola")
    with caplog.at_level(logging.WARNING):
        found = pretrain(
            store, learning(initial_model=where, steps=21, save_every=1, keep=99), tokens=second, name=f"of {part}"
        )
    begun = checkpoint.load(checkpoint.checkpoint_folder(found.path, 1)).model
    before = checkpoint.load_newest(run).model
    kept = [name for name in before if part == "both" or not name.startswith("generator")]
    assert all(torch.equal(begun[name], before[name]) for name in kept)
    assert ("no generator beside it" in caplog.text) == (part != "both")
    lineage = [one["name"] for one in Manifest.read(found.path).figures["lineage"]]
    assert lineage == (["uno"] if part == "both" else ["sola"])


def config_of(run):
    """The discriminator's shape as transformers' configuration names it."""
    shape = Trained(run).model.shape
    return {
        "vocab_size": shape.vocabulary,
        "embedding_size": shape.embedding,
        "hidden_size": shape.discriminator.hidden,
        "num_hidden_layers": shape.discriminator.layers,
        "num_attention_heads": shape.discriminator.heads,
        "intermediate_size": shape.discriminator.feed_forward,
    }


def test_a_model_of_transformers_is_gone_on_with(months, tmp_path):
    transformers = pytest.importorskip("transformers")
    store, _, second, _, run = months
    about = config_of(run)
    folder = tmp_path / "theirs"
    model = transformers.ElectraForPreTraining(transformers.ElectraConfig(**about))
    model.save_pretrained(folder)
    for file in (run / "tokenizer").iterdir():
        shutil.copy(file, folder)
    found = pretrain(
        store, learning(initial_model=str(folder), steps=21, save_every=1, keep=99), tokens=second, name="theirs"
    )
    begun = checkpoint.load(checkpoint.checkpoint_folder(found.path, 1)).model
    assert torch.equal(begun["embeddings.word.weight"], model.electra.embeddings.word_embeddings.weight)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with stand_in(monkeypatch) as server:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
        files = server.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", files)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        yield server


def test_a_discriminator_of_the_hub_without_a_generator_gets_a_fresh_one(months, hub, caplog):
    store, _, second, _, run = months
    exported = export(store, run=run, name="solo").path
    hub.models["yo/salud-discriminator"] = exported / "discriminator"
    settings = learning(initial_model="yo/salud-discriminator", steps=21, save_every=1, keep=99)
    with caplog.at_level(logging.WARNING):
        found = pretrain(store, settings, tokens=second, name="of-hub").path
    assert "no generator beside it" in caplog.text
    begun, before = (checkpoint.load(checkpoint.checkpoint_folder(at, step)) for at, step in ((found, 1), (run, STEPS)))
    layer = "layers.0.qkv.weight"
    assert torch.equal(begun.model[f"discriminator.{layer}"], before.model[f"discriminator.{layer}"])
    assert not torch.equal(begun.model[f"generator.{layer}"], before.model[f"generator.{layer}"])
    hub.models["yo/salud-generator"] = exported / "generator"
    both = pretrain(store, settings, tokens=second, name="of-hub-both").path
    begun = checkpoint.load(checkpoint.checkpoint_folder(both, 1))
    assert torch.equal(begun.model[f"generator.{layer}"], before.model[f"generator.{layer}"])
    hub.models["yo/otra-discriminator"] = exported / "discriminator"
    hub.broken.add("yo/otra-generator")
    with pytest.raises(InputError, match="does not say whether it has a generator yo/otra-generator"):
        pretrain(store, learning(initial_model="yo/otra-discriminator"), tokens=second, name="refused")


def test_a_generator_of_another_shape_is_made_anew(months, tmp_path, caplog):
    transformers = pytest.importorskip("transformers")
    store, _, second, _, run = months
    about = config_of(run)
    theirs = transformers.ElectraForPreTraining(transformers.ElectraConfig(**about))
    generator = transformers.ElectraForMaskedLM(transformers.ElectraConfig(**about))  # as google's small: as wide
    generator.electra.embeddings.load_state_dict(theirs.electra.embeddings.state_dict())
    theirs.save_pretrained(tmp_path / "discriminator")
    generator.save_pretrained(tmp_path / "generator")
    for file in (run / "tokenizer").iterdir():
        shutil.copy(file, tmp_path / "discriminator")
    settings = learning(initial_model=str(tmp_path / "discriminator"), steps=21, save_every=1, keep=99)
    with caplog.at_level(logging.WARNING):
        found = pretrain(store, settings, tokens=second, name="narrow").path
    assert "its generator has another shape (generator.feed_forward: 512 → 256; generator.heads: 2 → 1; " in caplog.text
    assert "the preset's begins fresh" in caplog.text
    begun = checkpoint.load(checkpoint.checkpoint_folder(found, 1)).model
    assert torch.equal(begun["embeddings.word.weight"], theirs.electra.embeddings.word_embeddings.weight)
    assert begun["generator.layers.0.out.weight"].shape == (64, 64)
    # of a run too, whose moments then do not fit
    shape = Trained(run).model.shape
    for wide in (True, False):
        old = shape.model_copy(update={"generator": shape.discriminator}) if wide else shape
        moments, tokenizer = {"updates": torch.ones(())}, run / "tokenizer"
        origin = Origin("r", "", Electra(old), tokenizer, [], moments=moments, objective="both")
        taken = origin.give(Electra(shape), TokenStream.open(second, "train"), tokenizer, "both")
        assert taken == ({} if wide else moments)


def test_a_vocabulary_alone_is_a_tokenizer(months, tmp_path):
    transformers = pytest.importorskip("transformers")
    store, _, _, source, run = months
    folder = shutil.copytree(export(store, run=run, name="antiguo").discriminator, tmp_path / "antiguo")
    (folder / "tokenizer.json").unlink()
    for config in ({"do_lower_case": False}, {}):
        write_json(folder / "tokenizer_config.json", config)
        opened, theirs = open_tokenizer(folder), transformers.AutoTokenizer.from_pretrained(folder)
        for text in ("La niña presenta FIEBRE alta, dolor torácico.", "¿Migraña?\n90 años"):
            assert opened.encode(text).ids == theirs(text)["input_ids"]
    kept, again = (
        tokenizer_for(store, TokenizerSettings(), learning(initial_model=str(folder)), corpus=source) for _ in range(2)
    )
    assert kept.path == again.path
    tokens = pack(store, PackSettings(), corpus=source, tokenizer=kept.path).path
    found = pretrain(store, learning(initial_model=str(folder), steps=21), tokens=tokens, name="old-folder")
    assert "lineage" in Manifest.read(found.path).figures
    for lacking, says in (("[MASK]\n", r"no \[MASK\]"), (None, r"neither tokenizer\.json nor vocab\.txt. Save the")):
        path = folder / "vocab.txt"
        if lacking is None:
            path.unlink()
        else:
            path.write_text(path.read_text(encoding="utf-8").replace(lacking, ""), encoding="utf-8")
        with pytest.raises(InputError, match=says):
            pretrain(store, learning(initial_model=str(folder)), tokens=tokens, name="refused")
        assert not (store.runs / "refused").exists()


def cut_short(monkeypatch, *arguments, **given):
    """A run that a signal stops after 5 steps."""
    one_step = Loop._one_step

    def signalled(loop: Loop) -> None:
        one_step(loop)
        if loop.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Loop, "_one_step", signalled)
    with pytest.raises(StageError, match="stopped at step 5"):
        pretrain(*arguments, **given)
    monkeypatch.undo()


def test_a_run_that_was_cut_off_goes_on_from_what_was_latest_then(months, monkeypatch):
    store, first, second, source, _ = months
    lone = Store.open(store.root / "between")
    settings = learning(initial_model="latest", steps=21)
    cut_short(monkeypatch, lone, settings, tokens=first)
    other = learning(steps=21, seed=5)
    pretrain(lone, other, tokens=second, name="entre")
    begun = pretrain(lone, settings, tokens=first)
    assert begun.resumed_at == 5
    assert "lineage" not in Manifest.read(begun.path).figures
    # the same of a run that had an origin; its tokenizer too is that of then
    cut_short(monkeypatch, lone, settings, tokens=second)
    pretrain(lone, other, tokens=first, name="luego")
    kept = tokenizer_for(lone, TokenizerSettings(), settings, corpus=source)
    assert kept.path.name.startswith(begun.path.name)
    month = pretrain(lone, settings, tokens=second)
    assert month.resumed_at == 5
    assert [one["name"] for one in Manifest.read(month.path).figures["lineage"]] == [begun.path.name]
    # under another name, and with other settings, it is a run of its own
    named = pretrain(lone, settings, tokens=second, name="propio")
    assert [one["name"] for one in Manifest.read(named.path).figures["lineage"]] == ["luego"]


def test_a_run_of_one_step_is_nobodys_latest(months):
    store, first, second, _, _ = months
    lone = Store.open(store.root / "one-step")
    pretrain(lone, learning(steps=21), tokens=first, name="largo")
    pretrain(lone, learning(steps=1, warmup=0), tokens=first, name="corto")
    month = pretrain(lone, learning(initial_model="latest", steps=21), tokens=second)
    assert [one["name"] for one in Manifest.read(month.path).figures["lineage"]] == ["largo"]


def test_a_finished_run_that_is_to_be_longer_is_told_the_way(months):
    store, first, _, _, _ = months
    with pytest.raises(InputError, match=rf"steps: {STEPS} → 99.* go on from it, --from uno --name NEW"):
        pretrain(store, learning(steps=99), tokens=first, name="uno")
    with pytest.raises(InputError, match="made with something else") as caught:
        pretrain(store, learning(seed=4), tokens=first, name="uno")
    assert "--from" not in str(caught.value)


def test_the_command_goes_on_from_a_run(months):
    store, _, second, _, _ = months
    arguments = ["pretrain", "--from", "uno", "--preset", "tiny", "--steps", "4", "--tokens", second, "--name", "shell"]
    small = ("batch=4", "length=32", "long_share=0", "threads=1", "tensorboard=false")
    options = [part for one in small for part in ("--set", f"pretrain.{one}")]
    done = CliRunner().invoke(app, [str(one) for one in (*arguments, *options, "--store", store.root, "--json")])
    assert done.exception is None, done.exception
    assert json.loads(done.stdout)["steps"] == 4
    assert Manifest.read(store.runs / "shell").figures["lineage"][0]["name"] == "uno"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"initial_model": "uno", "preset": "mini"}, r"--from uno: its model has another shape: .*Give the --preset"),
        (
            {"initial_model": "nobody/has-this"},
            r"--from nobody/has-this: no run or model of this store, no folder",
        ),
        ({"initial_model": "no such/name/at all"}, r"--from no such/name/at all: no run or model of this store"),
        ({"initial_model": "corpora"}, r"neither a run nor a model"),
    ],
)
def test_what_cannot_be_gone_on_with_is_named(months, changes, says, monkeypatch):
    store, _, second, _, _ = months
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(store.root)
    with pytest.raises(InputError, match=says):
        pretrain(store, learning(**changes), tokens=second, name="refused")
    assert not (store.runs / "refused").exists()


def test_the_tokenizer_is_kept_of_what_is_gone_on_with(months):
    store, first, _, source, run = months
    tokenizer = (first / Manifest.read(first).figures["tokenizer_path"]).resolve()
    kept = tokenizer_for(store, TokenizerSettings(vocab_size=300), learning(initial_model="uno"), corpus=source)
    assert kept.path.resolve() == tokenizer
    lone = Store.open(store.root / "alone")
    shutil.copytree(run, lone.runs / "uno")
    adopted = tokenizer_for(lone, TokenizerSettings(vocab_size=300), learning(initial_model="latest"), corpus=source)
    assert load_tokenizer(adopted.path).get_vocab() == load_tokenizer(tokenizer).get_vocab()
    assert pack(lone, PackSettings(), corpus=source, tokenizer=adopted.path).tokens["train"] > 1000
    fitted = tokenizer_for(lone, TokenizerSettings(vocab_size=300), learning(), corpus=source)
    assert len(load_tokenizer(fitted.path).get_vocab()) <= 300


def test_the_chain_keeps_the_tokenizer_when_it_goes_on(months, monkeypatch):
    store, first, _, source, _ = months
    version = store.corpus / "v0007"
    shutil.copytree(source, version)
    Manifest(kind="corpus", name="v0007", made_from={}, settings={}).write(version)
    flags = {
        "store": store.root,
        "pretrain.initial_model": "uno",
        "pretrain.preset": "tiny",
        "tokenizer.vocab_size": 300,
    }
    built = prepare_tokens(load_settings(None, flags), corpus="v0007")
    tokenizer = (first / Manifest.read(first).figures["tokenizer_path"]).resolve()
    assert built.tokenizer.path.resolve() == tokenizer
    assert np.memmap(built.pack.path / "train.tokens", np.uint16, "r").max() >= 300


def test_the_card_tells_the_lineage(months):
    store, _, second, _, _ = months
    run = pretrain(store, learning(initial_model="uno", steps=21), tokens=second, name="tercero").path
    card = (export(store, run=run).discriminator / "README.md").read_text()
    (line,) = [line for line in card.splitlines() if line.startswith("| began from |")]
    assert f"uno ({STEPS} steps, " in line
    assert "on enero, digest " in line
