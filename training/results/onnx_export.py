"""The discriminator as ONNX: ids, attention mask and token types in, one logit a token out. B batch, L length."""

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from data.errors import InputError
from training.electra.model import Electra

OPSET = 20
"""Has Gelu as one operator."""


class _Discriminator(nn.Module):
    def __init__(self, model: Electra) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        lowest = torch.finfo(torch.float32).min
        bias_B11L = (1.0 - attention_mask.to(torch.float32))[:, None, None] * lowest
        return self.model.discriminate(input_ids, bias_B11L, segments_BL=token_type_ids)


def export_onnx(model: Electra, path: Path) -> None:
    """Write one self-contained file; batch and length stay free.

    Raises:
        InputError: the packages of the extra ``onnx`` are not installed.
    """
    try:
        import onnxscript  # noqa: F401, PLC0415 - torch's exporter needs it; an extra
    except ImportError as error:
        raise InputError("ONNX export needs more packages: pip install 'cowese[onnx]'.") from error
    ids_BL = torch.randint(5, model.shape.vocabulary, (2, 16))
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=model.shape.positions)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            _Discriminator(model).eval(),
            (ids_BL, torch.ones_like(ids_BL), torch.zeros_like(ids_BL)),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["input_ids", "attention_mask", "token_type_ids"],
            output_names=["logits"],
            dynamic_shapes=tuple({0: batch, 1: length} for _ in range(3)),
        )
    assert program is not None
    program.save(str(path), external_data=False)
