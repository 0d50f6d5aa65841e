"""A head that reads all layers: what it sees, and that it comes back from a folder."""

import pytest
import torch
from benchmark_room import tiny_model

from data.errors import InputError
from training.benchmark.models import load_source
from training.benchmark.readout import AllLayers, with_head
from training.benchmark.tagging import Tagging

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return load_source(tiny_model(tmp_path_factory.mktemp("readout") / "model"))


def test_a_head_of_all_layers_sees_them_and_comes_back(source, tmp_path):
    model = source.load(Tagging.auto, ("O", "B-X", "I-X"), 0.0)
    width, layers = source.config.hidden_size, source.config.num_hidden_layers
    plain = source.load(Tagging.auto, ("O", "B-X", "I-X"), 0.0).eval()
    wide = AllLayers(model).eval()
    assert wide.inner.classifier.weight.shape == (3, width * (layers + 1))
    ids_BL = torch.arange(5, 17)[None]
    with torch.no_grad():
        wide.inner.classifier.weight[:, :-width] = 0
        wide.inner.classifier.weight[:, -width:] = plain.classifier.weight
        wide.inner.classifier.bias.copy_(plain.classifier.bias)
        assert torch.allclose(wide(input_ids=ids_BL).logits, plain(input_ids=ids_BL).logits, atol=1e-6)
        torch.nn.init.normal_(wide.inner.classifier.weight)
        logits = wide(input_ids=ids_BL).logits
        wide.save_pretrained(tmp_path)
        source.tokenizer.save_pretrained(tmp_path)
        again = with_head(load_source(tmp_path).load(Tagging.auto, ()), tmp_path).eval()
        assert torch.equal(again(input_ids=ids_BL).logits, logits)
    assert with_head(plain, tmp_path / "elsewhere") is plain


def test_a_model_without_such_a_head_is_named(source):
    with pytest.raises(InputError, match=r"benchmark\.readout=all: ElectraForPreTraining has no head"):
        AllLayers(source.load("AutoModelForPreTraining", ()))
