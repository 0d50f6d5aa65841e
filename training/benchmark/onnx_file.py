"""A fine-tuned model as ONNX: every input that its network takes, logits out; batch and length stay free."""

import copy
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from data.errors import InputError
from training.benchmark.windows import INPUTS

ONNX = "model.onnx"
OPSET = 20
"""Has Gelu as one operator."""


class _Logits(nn.Module):
    """The model with its inputs by position, as the exporter calls it."""

    def __init__(self, model: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs: Tensor) -> Tensor:
        logits: Tensor = self.model(**dict(zip(self.names, inputs, strict=True))).logits
        return logits


def export_onnx(model: Any, tokenizer: Any, path: Path) -> None:
    """Write one self-contained file of a tagger or classifier.

    Raises:
        InputError: the packages of the extra ``onnx`` are not installed, or the model answers questions.
    """
    try:
        import onnxscript  # noqa: F401, PLC0415 - torch's exporter needs it; an extra
    except ImportError as error:
        raise InputError("ONNX export needs more packages: pip install 'cowese[onnx]'.") from error
    if "QuestionAnswering" in type(model).__name__:
        raise InputError("--onnx: taggers and classifiers only, not models that answer questions.")
    names = tuple(name for name in INPUTS if name in tokenizer("a"))
    here = copy.deepcopy(model).cpu().eval()
    ids_BL = torch.full((2, 16), int(tokenizer("a")["input_ids"][0]))
    inputs = {
        "input_ids": ids_BL,
        "attention_mask": torch.ones_like(ids_BL),
        "token_type_ids": torch.zeros_like(ids_BL),
    }
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=tokenizer.model_max_length)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        program = torch.onnx.export(
            _Logits(here, names),
            tuple(inputs[name] for name in names),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=list(names),
            output_names=["logits"],
            dynamic_shapes=(tuple({0: batch, 1: length} for _ in names),),
        )
    assert program is not None
    program.save(str(path), external_data=False)
