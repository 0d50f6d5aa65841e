import shutil

import pytest
import torch

from data.errors import InputError
from training.electra.draws import Purpose, keep, row_keys, uniform
from training.electra.model import Electra, attention_bias, count_discriminator
from training.electra.names import from_transformers, to_config, to_transformers
from training.electra.presets import flops_per_token, model_shape

TINY = model_shape("tiny", 300)


def test_small_has_the_cards_parameters():
    assert count_discriminator(model_shape("small", 31_002)) == 13_610_497


def test_a_masked_only_head_costs_70_mflop_a_token():
    assert flops_per_token(model_shape("small", 31_002), 128, 19) == pytest.approx(70.2e6, rel=2e-3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A discriminator and a generator that transformers made and wrote."""
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("theirs")
    shared = None
    for part, kind in (("generator", "ElectraForMaskedLM"), ("discriminator", "ElectraForPreTraining")):
        settings = {k: v for k, v in to_config(TINY, part, pad=0).items() if k not in ("architectures", "dtype")}
        model = getattr(transformers, kind)(transformers.ElectraConfig(**settings))
        for parameter in model.parameters():  # biases and norms too, so that a swapped one shows
            torch.nn.init.normal_(parameter, std=0.1)
        shared = shared or model.electra.embeddings.state_dict()
        model.electra.embeddings.load_state_dict(shared)
        model.save_pretrained(folder / part)
    return folder


def test_logits_equal_transformers_from_a_checkpoint_that_it_made(folders):
    from transformers import ElectraForMaskedLM, ElectraForPreTraining

    ours = from_transformers(folders / "discriminator", folders / "generator")
    ids_BL = torch.randint(5, 300, (3, 24))
    ids_BL[1, 15:] = 0
    mask_BL = (ids_BL != 0).long()
    bias = attention_bias(ids_BL, 0)
    with torch.no_grad():
        theirs_BL = ElectraForPreTraining.from_pretrained(folders / "discriminator").eval()(ids_BL, mask_BL).logits
        theirs_BLV = ElectraForMaskedLM.from_pretrained(folders / "generator").eval()(ids_BL, mask_BL).logits
        real = mask_BL.bool()
        assert (ours.discriminate(ids_BL, bias) - theirs_BL)[real].abs().max() <= 1e-5
        everywhere = torch.arange(24).expand(3, -1)
        assert (ours.generate(ids_BL, everywhere, bias) - theirs_BLV)[real].abs().max() <= 1e-5


def test_names_go_there_and_back(folders):
    ours = from_transformers(folders / "discriminator", folders / "generator")
    assert ours.word_delta is None
    again = to_transformers(ours, "generator")
    import safetensors.torch

    theirs = safetensors.torch.load_file(folders / "generator" / "model.safetensors")
    assert again.keys() == theirs.keys()
    assert all(torch.equal(again[name], theirs[name]) for name in theirs)


def test_other_word_vectors_become_gdes_and_other_positions_are_refused(folders, tmp_path):
    import safetensors.torch

    shutil.copytree(folders, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "discriminator" / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    tensors["electra.embeddings.word_embeddings.weight"] += 0.5
    safetensors.torch.save_file(tensors, path, {"format": "pt"})
    ours = from_transformers(tmp_path / "discriminator", tmp_path / "generator")
    words = to_transformers(ours, "discriminator")["electra.embeddings.word_embeddings.weight"]
    assert torch.allclose(words, tensors["electra.embeddings.word_embeddings.weight"], atol=1e-6)
    tensors["electra.embeddings.position_embeddings.weight"] += 0.5
    safetensors.torch.save_file(tensors, path, {"format": "pt"})
    with pytest.raises(InputError, match="not trained together"):
        from_transformers(tmp_path / "discriminator", tmp_path / "generator")


def test_a_folder_of_another_kind_is_refused(folders, tmp_path):
    with pytest.raises(InputError, match=r"no tensor .*generator_predictions"):
        from_transformers(folders / "discriminator", folders / "discriminator")
    with pytest.raises(InputError, match="no such file"):
        from_transformers(tmp_path, tmp_path)


def test_weights_that_are_no_numbers_or_do_not_fit_are_refused_by_name(folders, tmp_path):
    import safetensors.torch

    shutil.copytree(folders, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "discriminator" / "model.safetensors"
    whole = path.read_bytes()
    tensors = safetensors.torch.load(whole)
    name = "electra.encoder.layer.1.output.dense.bias"
    safetensors.torch.save_file({**tensors, name: torch.full_like(tensors[name], torch.nan)}, path, {"format": "pt"})
    with pytest.raises(InputError, match=f"{name} holds numbers that are not finite"):
        from_transformers(tmp_path / "discriminator", tmp_path / "generator")
    safetensors.torch.save_file({**tensors, name: torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(InputError, match=r"discriminator\.layers\.1\.down\.bias is \(3,\), not \(128,\)"):
        from_transformers(tmp_path / "discriminator", tmp_path / "generator")
    path.write_bytes(whole[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: cannot be read"):
        from_transformers(tmp_path / "discriminator", tmp_path / "generator")


def test_initialising_depends_on_the_seed_alone():
    first, second, other = (Electra(TINY).initialise(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embeddings.word.weight"], other["embeddings.word.weight"])
    assert first["embeddings.word.weight"].abs().max() <= 0.04


def test_dropout_of_a_row_does_not_depend_on_its_neighbours():
    model = Electra(TINY).initialise(1)
    ids_BL = torch.randint(5, 300, (6, 20))
    keys_B = row_keys(7, Purpose.DROPOUT, 3, torch.arange(6))
    whole_BL = model.discriminate(ids_BL, None, keys_B)
    parts_BL = torch.cat([model.discriminate(ids_BL[part], None, keys_B[part]) for part in (slice(2), slice(2, 6))])
    assert torch.allclose(whole_BL, parts_BL, atol=1e-6)
    assert not torch.allclose(whole_BL, model.discriminate(ids_BL), atol=1e-3)


def test_dropout_keeps_nine_of_ten_and_sites_differ():
    keys_B = row_keys(1, Purpose.DROPOUT, 0, torch.arange(200))
    kept = keep(keys_B, 4_001, 0.1)
    assert kept.float().mean().item() == pytest.approx(0.9, abs=0.002)
    assert kept.float().mean(0).std().item() == pytest.approx((0.09 / 200) ** 0.5, rel=0.1)  # columns independent
    assert kept.float().mean(1).std().item() == pytest.approx((0.09 / 4001) ** 0.5, rel=0.2)  # rows too


def test_uniform_draws_are_uniform_and_inside():
    draws = uniform(row_keys(1, 2, 3, torch.arange(500)), 400)
    assert 0 < draws.min() < draws.max() < 1
    assert torch.histc(draws, 10, 0, 1).sub(20_000).abs().max() < 800  # six standard deviations


def test_gdes_sends_no_gradient_into_the_generators_words():
    model = Electra(TINY.model_copy(update={"gdes": True})).initialise(1)
    model.discriminate(torch.randint(5, 300, (2, 8))).sum().backward()
    assert model.embeddings.word.weight.grad is None
    assert model.word_delta is not None
    assert model.word_delta.grad is not None
