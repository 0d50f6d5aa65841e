"""How many CPU threads to train with: as many as help.

On a machine that others use too, threads that wait for one another can be many times slower than one alone, so a
short piece of the real work decides. The number is kept in the checkpoint, since sums depend on it in their last bits.
"""

import time

import torch

from training.electra.model import Layer
from training.electra.presets import EncoderShape

TRIALS = 3
ROUNDS = 4
PROBE = EncoderShape(layers=1, hidden=128, heads=2, feed_forward=512)


def choose_threads(wanted: int | None) -> int:
    """The number asked for, or the faster one of torch's choice and 1; takes about a third of a second."""
    if wanted is not None:
        return wanted
    most = torch.get_num_threads()
    if most == 1:
        return 1
    took = {count: min(_probe(count) for _ in range(TRIALS)) for count in (most, 1)}
    torch.set_num_threads(most)
    return min(took, key=lambda count: took[count])


def _probe(threads: int) -> float:
    """Seconds for a layer forward and backward, some times over."""
    torch.set_num_threads(threads)
    layer, x_BLH = Layer(PROBE, 0.0), torch.randn(16, 128, PROBE.hidden)
    layer(x_BLH, None, None, 0).sum().backward()
    started = time.perf_counter()
    for _ in range(ROUNDS):
        layer(x_BLH, None, None, 0).sum().backward()
    return time.perf_counter() - started
