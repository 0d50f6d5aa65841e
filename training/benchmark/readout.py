"""A tag from all layers of a network instead of the last alone: the head reads them side by side.

A short pretraining leaves the last layer far from what a word is; the embeddings and the layers between still say it.
Devlin et al. 2019 (5.3) compare such readings with frozen layers. transformers has no class for it: the kept model is
one of its own, whose head is the part for the last layer, and ``head.safetensors`` beside it holds the whole head.
B windows, L tokens, T tags.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from data.errors import InputError

HEAD = "head.safetensors"
INIT_STD = 0.02
"""Of transformers' fresh heads."""


class AllLayers(nn.Module):
    """A tagger of transformers whose head reads the embeddings and every layer."""

    def __init__(self, inner: Any, weight: Tensor | None = None, bias: Tensor | None = None) -> None:
        super().__init__()
        if not isinstance(getattr(inner, "classifier", None), nn.Linear):
            raise InputError(
                f"benchmark.readout=all: {type(inner).__name__} has no head of one linear layer. Set it to last."
            )
        self.inner = inner
        width, layers = inner.config.hidden_size, inner.config.num_hidden_layers + 1
        head = nn.Linear(width * layers, inner.config.num_labels)
        nn.init.normal_(head.weight, std=INIT_STD)
        nn.init.zeros_(head.bias)
        if weight is not None and bias is not None:
            head.weight.data, head.bias.data = weight, bias
        inner.classifier = head.to(next(inner.parameters()).device)

    def forward(self, **inputs: Tensor) -> Any:
        """``logits`` (B, L, T)."""
        layers = self.inner.base_model(**inputs, output_hidden_states=True).hidden_states
        state_BLH = torch.cat(layers, -1)
        dropout = getattr(self.inner, "dropout", None)
        return SimpleNamespace(logits=self.inner.classifier(dropout(state_BLH) if dropout else state_BLH))

    def save_pretrained(self, folder: Path) -> None:
        """As transformers writes a tagger, and the whole head beside it."""
        head = self.inner.classifier
        width = self.inner.config.hidden_size
        last = nn.Linear(width, head.out_features)
        last.weight.data, last.bias.data = head.weight.data[:, -width:].contiguous(), head.bias.data
        self.inner.classifier = last
        self.inner.save_pretrained(folder)
        self.inner.classifier = head
        tensors = {"weight": head.weight.detach().cpu().contiguous(), "bias": head.bias.detach().cpu()}
        safetensors.torch.save_file(tensors, folder / HEAD)


def with_head(model: Any, folder: Path) -> Any:
    """A kept model with the head that stands beside it, where there is one."""
    if not (folder / HEAD).is_file():
        return model
    tensors = safetensors.torch.load_file(folder / HEAD)
    return AllLayers(model, tensors["weight"], tensors["bias"])
