"""One curve as an SVG image that needs no style sheet."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 36
TICKS = 4
MOST_POINTS = 500


def curve(points: Sequence[tuple[float, float]], what: str, over: str, phases: Mapping[int, str] | None = None) -> str:
    """Draw points (x rising, not empty); many are averaged in groups.

    ``phases`` are names by the x at which each begins, rising. Each phase has its own line, since figures jump between
    phases.
    """
    edges = [-math.inf, *list(phases or {})[1:], math.inf]
    parted = [[point for point in points if low < point[0] <= high] for low, high in pairwise(edges)]
    strokes = [_thinned(part, math.ceil(len(points) / MOST_POINTS)) for part in parted if part]
    thin = [point for stroke in strokes for point in stroke]
    high, low = max(value for _, value in thin), min(value for _, value in thin)
    spread = (high - low) or abs(high) or 1.0
    end = max(thin[-1][0], 1)

    def place(x: float, value: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * x / end,
            TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / spread),
        )

    parts = []
    for tick in range(TICKS + 1):
        value = low + spread * tick / TICKS
        y = place(0, value)[1]
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d9dee6"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>')
        x = place(end * tick / TICKS, low)[0]
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{end * tick / TICKS:,.0f}</text>')
    for x, name in ((place(begin, low)[0], name) for begin, name in (phases or {}).items() if begin <= end):
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#98a2b3" stroke-dasharray="4 3"/>')
        at, anchor = (x + 5, "start") if x < WIDTH / 2 else (WIDTH - RIGHT - 4, "end")
        parts.append(f'<text x="{at:.1f}" y="{TOP + 12}" text-anchor="{anchor}">{name}</text>')
    drawn = "".join("M" + "L".join("{:.1f} {:.1f}".format(*place(*point)) for point in stroke) for stroke in strokes)
    title = f'<text x="{LEFT}" y="20" fill="#1c2430" font-weight="600">{what} over {over}: {thin[-1][1]:.4g}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="#66707f"><rect width="100%" height="100%" fill="#fff"/>'
        f'{title}{"".join(parts)}<path d="{drawn}" fill="none" stroke="#0b6bcb" stroke-width="2"/></svg>\n'
    )


def _thinned(points: Sequence[tuple[float, float]], size: int) -> list[tuple[float, float]]:
    """The mean of each ``size`` points, at the last one's x."""
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
