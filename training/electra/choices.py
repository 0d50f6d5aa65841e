"""What a user may choose between, and the original's numbers where it has some."""

from typing import Literal

Masking = Literal["without_replacement", "original"]
Sampling = Literal["gumbel", "inverse"]
Objective = Literal["mlm", "rtd", "both"]
Begin = Literal["counts", "random"]
Begun = Literal["counts", "random", "model"]
"""What a run began from; "model": another one's weights."""

MASK_SHARE = 0.15
SHOWN_SHARE = 0.15
"""Of the chosen positions, those that the generator sees as they are; it sees the others as [MASK]."""
DISCRIMINATOR_WEIGHT = 50.0
"""Of the discriminator's loss beside the generator's."""
