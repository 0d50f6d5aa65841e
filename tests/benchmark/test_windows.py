"""Long texts in windows, learning rates by layer, what is chosen for a model."""

import random
import unicodedata

import numpy as np
import pytest
import torch
from benchmark_room import byte_level, note, tiny_model

from data.errors import InputError
from data.store import Store
from training.benchmark import iob_tags
from training.benchmark.finetune import hidden
from training.benchmark.layer_decay import depth_of, parameter_groups
from training.benchmark.models import find_model
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.windows import Frame, best_windows, windows_of
from training.benchmark.word_split import split_words
from training.benchmark.word_tags import pooled
from training.tokens.settings import TokenizerSettings
from training.tokens.stream import SPECIAL_TOKENS
from training.tokens.tokenizer import write_tokenizer

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("windows")
    return find_model(Store.open(folder / "store"), str(tiny_model(folder / "model")))


@pytest.mark.parametrize(("length", "overlap"), [(16, 0), (16, 7), (33, 8), (64, 16), (512, 128)])
def test_every_word_is_predicted_once_from_where_it_has_most_context(source, length, overlap):
    document = note("larga", random.Random(3), sentences=40)
    words = split_words(document.text)
    windows = windows_of(source.tokenizer, document.text, words, length=length, overlap=overlap)
    assert all(len(window.inputs["input_ids"]) <= length for window in windows)
    chosen = best_windows(windows)
    assert sorted(chosen) == list(range(len(words)))
    for word, (number, place) in chosen.items():
        token = windows[number].inputs["input_ids"][place]
        piece = source.tokenizer.convert_ids_to_tokens(token).removeprefix("##")
        assert document.text[slice(*words[word])].startswith(piece)
        assert windows[number].margin[word] == max(one.margin[word] for one in windows if word in one.margin)
    if len(windows) > 1:
        begins = [min(window.places) for window in windows]
        assert begins == sorted(set(begins))


def test_tags_sit_on_the_first_token_of_a_word(source):
    text = "No xyzxyz ya."
    words = split_words(text)
    (window,) = windows_of(source.tokenizer, text, words, length=64, overlap=0)
    labels = [label for (label,) in window.labelled([[0], [1], [0], [0]])["labels"]]
    tokens = source.tokenizer.convert_ids_to_tokens(window.inputs["input_ids"])
    assert [(token, label) for token, label in zip(tokens, labels, strict=True) if label != iob_tags.IGNORED] == [
        ("No", 0), ("x", 1), ("y", 0), (".", 0),
    ]  # fmt: skip
    assert labels[0] == labels[-1] == iob_tags.IGNORED


@pytest.mark.parametrize("kind", ["bytes", "decomposed text", "marks and line ends"])
def test_other_tokenizers_and_other_texts_lose_no_word(source, kind):
    text = note("x", random.Random(5), sentences=12).text
    tokenizer = byte_level([text] * 3) if kind == "bytes" else source.tokenizer
    if kind == "decomposed text":
        text = unicodedata.normalize("NFD", text)
    if kind == "marks and line ends":
        text = text.replace(" ", "\r\n", 5)
    words = split_words(text)
    windows = windows_of(tokenizer, text, words, length=40, overlap=10)
    assert len(windows) > 1
    assert sorted(best_windows(windows)) == list(range(len(words)))
    assert ("token_type_ids" in windows[0].inputs) == (kind != "bytes")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_tokenizer_without_case_and_accents_finds_the_places_in_the_text_as_it_stands(tmp_path, form):
    from transformers import AutoTokenizer

    pieces = [*"abcdefghijklmnopqrstuvwxyz.", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"), "nino"]
    settings = TokenizerSettings(lowercase=True, strip_accents=True)
    write_tokenizer(tmp_path, [*SPECIAL_TOKENS, *pieces], settings)
    (tmp_path / "config.json").write_text('{"model_type": "electra"}', encoding="utf-8")
    text = unicodedata.normalize(form, "El NIÑO tomó Ácido acetilsalicílico. La Niña, ibuprofeno: ÑÁÉ ü.")
    words = split_words(text)
    windows = windows_of(AutoTokenizer.from_pretrained(tmp_path), text, words, length=24, overlap=6)
    assert len(windows) > 1
    found = {}
    for word, (number, place) in best_windows(windows).items():
        piece = windows[number].inputs["input_ids"][place] - len(SPECIAL_TOKENS)
        found[text[slice(*words[word])]] = pieces[piece] if piece >= 0 else "[UNK]"
    shown = {unicodedata.normalize("NFC", word): piece for word, piece in found.items()}
    assert shown == {
        "El": "e", "NIÑO": "nino", "tomó": "t", "Ácido": "a", "acetilsalicílico": "a", ".": ".", "La": "l",
        "Niña": "n", ",": "[UNK]", "ibuprofeno": "i", ":": "[UNK]", "ÑÁÉ": "n", "ü": "u",
    }  # fmt: skip


def test_the_top_layer_learns_at_one_decay_of_the_head(source):
    model = source.load("AutoModelForTokenClassification", ("O", "B-X", "I-X"))
    names = {name: depth_of(name, 2) for name, _ in model.named_parameters()}
    assert {name.split(".")[0] for name, depth in names.items() if depth == 3} == {"classifier"}
    assert names["electra.encoder.layer.1.output.dense.weight"] == 2
    assert names["electra.embeddings.word_embeddings.weight"] == 0
    groups = parameter_groups(model.named_parameters(), layers=2, rate=1.0, decay=0.5, weight_decay=0.01)
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    by_name = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    assert by_name["classifier.weight"] == 1.0
    assert by_name["electra.encoder.layer.1.output.dense.weight"] == 0.5
    assert by_name["electra.encoder.layer.0.output.dense.weight"] == 0.25
    assert by_name["electra.embeddings.word_embeddings.weight"] == 0.125
    assert len(rates) == len(by_name)
    faster = parameter_groups(model.named_parameters(), layers=2, rate=1.0, decay=0.5, weight_decay=0.01, head=5.0)
    assert sorted({group["lr"] for group in faster}) == [0.125, 0.25, 0.5, 5.0]
    decayed = {name for name, parameter in model.named_parameters() for group in groups
               if group["weight_decay"] and any(parameter is one for one in group["params"])}  # fmt: skip
    assert not {name for name in decayed if "LayerNorm" in name or name.endswith("bias")}


@pytest.mark.parametrize(("name", "depth"), [
    ("bert.encoder.layer.11.attention.self.query.weight", 12),
    ("roberta.embeddings.position_embeddings.weight", 0),
    ("electra.embeddings_project.weight", 0),
    ("distilbert.transformer.layer.0.ffn.lin1.weight", 1),
    ("model.layers.3.mlp.weight", 4),
    ("bert.pooler.dense.weight", 13),
    ("classifier.bias", 13),
])  # fmt: skip
def test_depths_of_other_makes(name, depth):
    assert depth_of(name, 12) == depth


def test_windows_are_no_longer_than_what_was_trained(source, tmp_path):
    from transformers import AutoConfig, RobertaConfig

    assert source.length == 64
    config = AutoConfig.from_pretrained(source.where)
    for changes, length in (({"trained_length": 32}, 32), ({"trained_length": 512}, 64)):
        config.update(changes)
        folder = tmp_path / str(changes["trained_length"])
        tiny_model(folder)
        config.save_pretrained(folder)
        assert find_model(Store.open(tmp_path / "store"), str(folder)).length == length
    config.update({"trained_length": 64, "settled_length": 16})
    config.save_pretrained(folder)
    settled = find_model(Store.open(tmp_path / "store"), str(folder))
    assert (settled.length, settled.usual_length, source.usual_length) == (64, 16, 64)
    roberta = RobertaConfig(max_position_embeddings=514, pad_token_id=1)
    one = type(source)(source.where, "x", roberta, source.tokenizer, "")
    assert one.length == one.usual_length == 512


def test_defaults_follow_the_model():
    small = BenchmarkSettings().resolved("electra", 256, 512, 128)
    assert (small.learning_rate, small.layer_decay, small.length) == (3e-4, 0.8, 128)
    assert small.mask_share == 0.0
    narrow = BenchmarkSettings().resolved("electra", 128, 512, 128)
    assert (narrow.learning_rate, narrow.mask_share, narrow.batch, narrow.pooling) == (2e-3, 0.15, 8, "mean")
    assert (narrow.head_rate, small.head_rate) == (5.0, 1.0)
    other = BenchmarkSettings().resolved("electra", 128, 512, 128, mentions=False)
    assert (other.learning_rate, other.head_rate) == (1e-3, 1.0)
    assert (small.batch, small.pooling, small.transitions) == (32, "first", "valid")
    assert narrow.transitions == "learnt"
    assert BenchmarkSettings(mask_share=0).resolved("electra", 128, 512, 128).mask_share == 0.0
    base = BenchmarkSettings(length=256).resolved("electra", 768, 512, 128)
    assert (base.learning_rate, base.length) == (1e-4, 256)
    other = BenchmarkSettings(layer_decay=0.9).resolved("roberta", 768, 512, 512)
    assert (other.learning_rate, other.layer_decay) == (5e-5, 0.9)
    with pytest.raises(InputError, match=r"benchmark\.length=9999: windows of this model have 512 tokens at most"):
        BenchmarkSettings(length=9999).resolved("electra", 256, 512, 128)


def test_hidden_tokens_are_a_share_of_those_that_are_words(source):
    tokenizer = source.tokenizer
    words = [number for number in range(len(tokenizer)) if number not in tokenizer.all_special_ids]
    ids = [tokenizer.cls_token_id, *(words * 40)[:4_000], tokenizer.sep_token_id]
    feature = {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": list(range(len(ids)))}
    first, second = (hidden([feature], tokenizer, 0.2, np.random.default_rng(seed))[0] for seed in (1, 2))
    changed = [place for place, (old, new) in enumerate(zip(ids, first["input_ids"], strict=True)) if old != new]
    assert {first["input_ids"][place] for place in changed} == {tokenizer.mask_token_id}
    assert 0.17 < len(changed) / len(ids) < 0.23
    assert changed[0] > 0
    assert changed[-1] < len(ids) - 1
    assert first["input_ids"] != second["input_ids"]
    assert (first["labels"], feature["input_ids"]) == (feature["labels"], ids)


def test_a_tokenizer_without_a_mask_cannot_hide_tokens(source):
    class Maskless:
        mask_token_id = None

    with pytest.raises(InputError, match=r"benchmark\.mask_share"):
        hidden([{"input_ids": [1, 2]}], Maskless(), 0.2, np.random.default_rng(0))


@pytest.mark.parametrize("kind", ["wordpiece", "bytes"])
@pytest.mark.parametrize(("length", "overlap"), [(16, 5), (40, 10), (41, 0), (512, 128)])
def test_windows_are_those_of_the_library_where_it_gives_all(source, kind, length, overlap):
    text = note("x", random.Random(7), sentences=30).text
    tokenizer = byte_level([text] * 3) if kind == "bytes" else source.tokenizer
    theirs = tokenizer(text, truncation=True, max_length=length, stride=overlap, return_overflowing_tokens=True)
    ours = windows_of(tokenizer, text, split_words(text), length=length, overlap=overlap)
    assert [window.inputs["input_ids"] for window in ours] == theirs["input_ids"]
    assert all(set(window.inputs["attention_mask"]) == {1} for window in ours)


def test_the_pairs_of_a_tokenizer_are_framed_as_it_frames_them(source):
    for tokenizer in (source.tokenizer, byte_level(["No toma nada."] * 3)):
        frame = Frame.from_tokenizer(tokenizer, 2)
        asked, told = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("Toma?", "No toma nada."))
        whole = tokenizer("Toma?", "No toma nada.")
        assert frame.filled(asked, told) == {name: list(whole[name]) for name in frame.inputs}


def test_a_word_that_the_tokenizer_leaves_out_is_refused(source):
    class Deaf:
        """A tokenizer that loses the end of every text, as tokenizers 0.23.1 loses windows."""

        def __call__(self, *texts, **options):
            return source.tokenizer(*(text[:40] if len(text) > 40 else text for text in texts), **options)

    text = note("x", random.Random(7), sentences=12).text
    with pytest.raises(InputError, match="the tokenizer gives no token for"):
        windows_of(Deaf(), text, split_words(text), length=40, overlap=10)
    invisible = "El\u00ad paciente\u200b toma."
    assert windows_of(source.tokenizer, invisible, split_words(invisible), length=40, overlap=10)


def test_a_words_tokens_are_one_group_and_their_logits_one_mean(source):
    text = "Toma ibuprofenox, sí"
    words = split_words(text)
    (window,) = windows_of(source.tokenizer, text, words, length=64, overlap=0)
    size = len(window.inputs["input_ids"])
    spans = sorted(window.places.values())
    assert window.groups == [0] + [sum(first <= at for first in spans) for at in range(1, size - 1)] + [0]
    assert window.groups.count(2) > 1  # the word that the vocabulary does not have
    logits_LT = torch.randn(size, 3, generator=torch.Generator().manual_seed(3))
    means_LT = pooled(logits_LT[None], torch.tensor([window.groups]))[0]
    for group in range(1, max(window.groups) + 1):
        inside = torch.tensor(window.groups) == group
        assert torch.allclose(means_LT[inside], logits_LT[inside].mean(0), atol=1e-6)
