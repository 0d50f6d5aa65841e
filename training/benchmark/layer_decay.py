"""ELECTRA's layer-wise learning rates: the head learns at the full rate, each layer at ``decay`` times the one above.

Of n layers the top one has decay¹, the bottom one decayⁿ, the embeddings (and their projection) decayⁿ⁺¹. The original
code gives the top layer decay², as if a layer stood between it and the head (google-research/electra,
model/optimization.py: depth n + 2 for the head and i + 1 for layer i).
"""

import re
from collections.abc import Iterable
from typing import Any

from torch import nn

_LAYER = re.compile(r"\.(?:layers?|h|blocks?)\.(\d+)\.")


def depth_of(name: str, layers: int) -> int:
    """0 for the embeddings, 1 to n for the layers from the bottom, n + 1 for the head."""
    match = _LAYER.search(name)
    if match:
        return int(match[1]) + 1
    return 0 if "embedding" in name else layers + 1


def parameter_groups(
    named: Iterable[tuple[str, nn.Parameter]],
    *,
    layers: int,
    rate: float,
    decay: float,
    weight_decay: float,
    head: float = 1.0,
) -> list[dict[str, Any]]:
    """Groups for torch's optimisers by depth; norms and biases (vectors) have no weight decay.

    The head learns at ``head`` times the rate.
    """
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in named:
        groups.setdefault((depth_of(name, layers), parameter.dim() > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": rate * (head if depth > layers else decay ** (layers + 1 - depth)),
            "weight_decay": weight_decay if is_matrix else 0.0,
        }
        for (depth, is_matrix), parameters in sorted(groups.items(), key=lambda group: group[0])
    ]
