"""Wilson's interval for a share that a sample shows (Wilson 1927)."""

from math import sqrt

Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""


def wilson(hits: int, of: int, z: float = Z) -> tuple[float, float]:
    """Between which shares the true one lies with 95 %; 0 and 1 where nothing was seen.

    >>> tuple(round(one, 3) for one in wilson(1, 84))
    (0.002, 0.064)
    """
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = share + square / (2 * of)
    spread = z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return max((middle - spread) / (1 + square / of), 0.0), min((middle + spread) / (1 + square / of), 1.0)
