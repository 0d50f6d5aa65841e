import json
import subprocess
import sys
import unicodedata

import pytest
import torch
from training_room import corpus, packed, quick

from data.errors import InputError
from data.manifest import Manifest
from data.model_card import check_card
from data.store import Store
from training.electra.model import attention_bias
from training.results.card import snippet
from training.results.evaluate import evaluate
from training.results.export import export
from training.runs.pretrain import pretrain
from training.runs.run import Trained
from training.settings import EvaluationSettings, PackSettings, TokenizerSettings
from training.tokens.pack import pack
from training.tokens.tokenizer import fit_tokenizer, load_tokenizer, write_tokenizer

pytestmark = pytest.mark.slow

pytest.importorskip("transformers")
SENTENCE = "El paciente presenta fiebre alta desde ayer."


def make(folder, *, gdes, begin="random"):
    store = Store.open(folder)
    run = pretrain(store, quick(gdes=gdes, initial_weights=begin), tokens=packed(store)).path
    evaluate(store, EvaluationSettings(), run=run)
    return store, run, export(store, run=run, name="salud")


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    return make(tmp_path_factory.mktemp("tied"), gdes=False)


@pytest.fixture(scope="module")
def gdes(tmp_path_factory):
    return make(tmp_path_factory.mktemp("gdes"), gdes=True)


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    return make(tmp_path_factory.mktemp("counts"), gdes=True, begin="counts")


@pytest.fixture(params=["tied", "gdes", "counts"])
def exported(request):
    return request.getfixturevalue(request.param)


def test_transformers_loads_both_with_the_same_logits(exported):
    from transformers import ElectraForMaskedLM, ElectraForPreTraining

    _, run, made = exported
    model = Trained(run).model
    ids_BL = torch.randint(5, model.shape.vocabulary, (4, 60))
    ids_BL[2, 33:] = 0
    mask_BL = (ids_BL != 0).long()
    real, bias = mask_BL.bool(), attention_bias(ids_BL, 0)
    with torch.no_grad():
        theirs, report = ElectraForPreTraining.from_pretrained(made.discriminator, output_loading_info=True)
        assert not any(report.values()), report
        theirs_BL = theirs.eval()(ids_BL, mask_BL).logits
        assert (theirs_BL - model.discriminate(ids_BL, bias))[real].abs().max() <= 1e-5
        theirs, report = ElectraForMaskedLM.from_pretrained(made.generator, output_loading_info=True)
        assert not any(report.values()), report
        theirs_BLV = theirs.eval()(ids_BL, mask_BL).logits
        ours_BLV = model.generate(ids_BL, torch.arange(60).expand(4, -1), bias)
        assert (theirs_BLV - ours_BLV)[real].abs().max() <= 1e-5
    config = json.loads((made.discriminator / "config.json").read_text())
    assert (config["trained_length"], config["settled_length"]) == (32, 32)
    assert config["hidden_dropout_prob"] == config["attention_probs_dropout_prob"] == 0.1
    assert made.parameters["generator"] == sum(p.numel() for p in theirs.parameters())


def test_the_tokenizer_comes_along(tied):
    from transformers import AutoTokenizer

    _, _, made = tied
    for folder in (made.discriminator, made.generator):
        tokens = AutoTokenizer.from_pretrained(folder)(SENTENCE).tokens()
        assert tokens[0] == "[CLS]"
        assert "paciente" in tokens


@pytest.mark.parametrize("kind", ["AutoTokenizer", "ElectraTokenizerFast"])
def test_transformers_reads_the_exported_tokenizer_as_we_do(tied, kind):
    import transformers

    _, run, made = tied
    ours = load_tokenizer(run / "tokenizer")
    for folder in (made.discriminator, made.generator):
        theirs = getattr(transformers, kind).from_pretrained(folder)
        for text in (SENTENCE, "La niña MÁS pequeña, de 3 años"):
            assert theirs(text)["input_ids"] == ours.encode(text).ids
        assert theirs("tos", "asma")["token_type_ids"][-1] == 1
    decomposed = unicodedata.normalize("NFD", "una úlcera gástrica")
    if kind == "AutoTokenizer":  # the other makes a normaliser of its own, without NFC; the card says so
        assert theirs(decomposed)["input_ids"] == ours.encode(decomposed).ids


def test_a_literal_mask_is_text_for_the_discriminator_alone(tied):
    from transformers import AutoTokenizer

    _, run, made = tied
    text, tokenizer = "dolor [MASK] leve", load_tokenizer(run / "tokenizer")
    assert AutoTokenizer.from_pretrained(made.discriminator)(text)["input_ids"] == tokenizer.encode(text).ids
    theirs = AutoTokenizer.from_pretrained(made.generator)
    assert theirs(text)["input_ids"].count(theirs.mask_token_id) == 1
    assert "`split_special_tokens` in" in (made.discriminator / "README.md").read_text()


def test_a_tokenizer_of_others_keeps_its_ids_in_the_export(tmp_path):
    import transformers

    store = Store.open(tmp_path / "store")
    source = corpus(tmp_path / "corpus")
    fitted = fit_tokenizer(store, TokenizerSettings(vocab_size=400), corpus=source).path
    vocabulary = (fitted / "vocab.txt").read_text(encoding="utf-8").split()
    turned = [*vocabulary[5:], *reversed(vocabulary[:5])]  # special tokens at the end, [PAD] last
    write_tokenizer(tmp_path / "foreign", turned)
    for file in ("vocab.txt", "tokenizer_config.json"):
        (tmp_path / "foreign" / file).unlink()  # as of a folder that has a tokenizer.json alone
    tokens = pack(store, PackSettings(), corpus=source, tokenizer=tmp_path / "foreign").path
    made = export(store, run=pretrain(store, quick(steps=2), tokens=tokens).path)
    for folder in (made.discriminator, made.generator):
        theirs = transformers.AutoTokenizer.from_pretrained(folder)
        assert transformers.AutoConfig.from_pretrained(folder).pad_token_id == theirs.pad_token_id == len(turned) - 1
        assert theirs(SENTENCE)["input_ids"] == load_tokenizer(tmp_path / "foreign").encode(SENTENCE).ids
        assert (folder / "vocab.txt").read_text(encoding="utf-8").split() == turned


@pytest.mark.parametrize("part", ["discriminator", "generator"])
def test_the_cards_snippet_runs(tied, part):
    _, _, made = tied
    card = (made.path / part / "README.md").read_text()
    program = snippet("salud", part)
    assert program in card
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=made.path.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    if part == "discriminator":
        assert lines[0].startswith("[CLS]")
        assert any(line.startswith("paciente") for line in lines)
    else:
        assert len(lines) == 5


def test_the_card_has_the_measured_figures_and_valid_yaml(exported):
    from huggingface_hub import ModelCard

    store, run, made = exported
    found = evaluate(store, EvaluationSettings(), run=run)
    card = ModelCard.load(made.discriminator / "README.md")
    assert card.data.language == "es"
    assert (card.data.pipeline_tag, card.data.license) == ("feature-extraction", None)
    licensed = export(store, run=run, name="licensed", licence="Our own 1.0")
    assert not licensed.reused
    for part in (licensed.discriminator, licensed.generator):
        metadata = check_card(part / "README.md")
        assert (metadata["license"], metadata["license_name"]) == ("other", "our-own-1.0")
    figures = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert figures == found.discriminator
    assert f"| accuracy | {found.discriminator['accuracy']:.4f} |" in card.text
    assert Manifest.read(run).made_from["corpus"] in card.text


def test_onnx_gives_the_same_logits(exported):
    onnxruntime = pytest.importorskip("onnxruntime")
    store, run, _ = exported
    made = export(store, run=run, name="portable", onnx=True)
    session = onnxruntime.InferenceSession(str(made.onnx))
    model = Trained(run).model
    for batch, length in ((1, 7), (5, 64)):
        ids_BL = torch.randint(5, model.shape.vocabulary, (batch, length))
        ids_BL[-1, length // 2 :] = 0
        mask_BL = (ids_BL != 0).long()
        types_BL = (torch.arange(length) > length // 3).long().expand(batch, -1).contiguous()
        given = {"input_ids": ids_BL, "attention_mask": mask_BL, "token_type_ids": types_BL}
        (logits_BL,) = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        with torch.no_grad():
            ours_BL = model.discriminate(ids_BL, attention_bias(ids_BL, 0), segments_BL=types_BL)
        assert (torch.from_numpy(logits_BL) - ours_BL)[mask_BL.bool()].abs().max() <= 1e-5


def test_an_export_is_made_once_and_anew_when_the_run_goes_on(exported):
    store, run, made = exported
    assert export(store, run=run, name="salud").reused
    left = made.path.with_name(".salud.part")
    left.mkdir()  # what a kill left
    (left / "half").touch()
    evaluate(store, EvaluationSettings(seed=77), run=run)
    again = export(store, run=run, name="salud")
    assert not again.reused
    assert sorted(path.name for path in made.path.iterdir()) == ["discriminator", "generator", "manifest.json"]


def test_no_run_is_a_clear_error(tied, tmp_path):
    with pytest.raises(InputError, match="cowese pretrain"):
        export(tied[0], run=tmp_path)


def test_the_card_says_what_the_text_was_decontaminated_against(tied, tmp_path):
    store = Store.open(tmp_path)
    source = corpus(tmp_path / "v0001")
    Manifest(
        kind="corpus",
        name="v0001",
        made_from={},
        settings={"publish": {"decontaminate": {"meddocan": "0" * 16, "pharmaconer": "f" * 16}}},
        figures={"dropped": {"decontaminated/pharmaconer": 1200}},
    ).write(source)
    tokenizer = fit_tokenizer(store, TokenizerSettings(vocab_size=300), corpus=source).path
    tokens = pack(store, PackSettings(), corpus=source, tokenizer=tokenizer).path
    made = export(store, run=pretrain(store, quick(steps=2), tokens=tokens).path)
    card = (made.discriminator / "README.md").read_text()
    assert "against meddocan (0 documents removed), pharmaconer (1,200 documents removed)" in card
    assert "**Not decontaminated**" in (tied[2].discriminator / "README.md").read_text()
