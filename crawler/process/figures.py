"""What each host gave and took, kept for the operator: answers, bytes, how long one takes, refusals of traps."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.frontier.frontier import Frontier

WEIGHT = 0.2
"""Of the newest answer in a host's mean times."""


@dataclass(slots=True)
class HostFigures:
    """Of one host, since they were written last; the means over all answers."""

    answers: int = 0
    octets: int = 0
    latency: float = 0.0
    """Seconds from a request to its answer, a moving mean."""
    cycle: float = 0.0
    """Seconds from a request to the next, rest included, a moving mean."""


class Figures:
    """Collects figures in memory and adds them to the state now and then; a kill loses the last seconds of them."""

    def __init__(self, frontier: Frontier, traps_of: Callable[[str], Mapping[str, int]]) -> None:
        self._frontier = frontier
        self._traps_of = traps_of
        self._hosts: dict[str, HostFigures] = {}
        self._changed: set[str] = set()

    def answered(self, host: str, octets: int) -> None:
        """An answer came."""
        figures = self._hosts.setdefault(host, HostFigures())
        figures.answers += 1
        figures.octets += octets
        self._changed.add(host)

    def rested(self, host: str, latency: float, delay: float) -> None:
        """A request and the rest after it took so long."""
        figures = self._hosts.setdefault(host, HostFigures())
        if figures.cycle == 0.0:
            figures.latency, figures.cycle = latency, latency + delay
        else:
            figures.latency += WEIGHT * (latency - figures.latency)
            figures.cycle += WEIGHT * (latency + delay - figures.cycle)

    def cycle_of(self, host: str) -> float:
        """Seconds from a request to the next, 0 where nothing is known."""
        figures = self._hosts.get(host)
        return figures.cycle if figures is not None else 0.0

    def write(self, now: float) -> None:
        """Add what came since the last time to the state.

        Raises:
            StoreError: the state cannot be written.
        """
        rows: list[dict[str, Any]] = []
        for host in sorted(self._changed):
            figures = self._hosts[host]
            traps = self._traps_of(host)
            rows.append(
                {
                    "host": host,
                    "answers": figures.answers,
                    "octets": figures.octets,
                    "latency": round(figures.latency, 3),
                    "cycle": round(figures.cycle, 3),
                    "last_at": now,
                    "traps": json.dumps(dict(traps)) if traps else None,
                }
            )
            figures.answers = figures.octets = 0
        self._changed.clear()
        if rows:
            self._frontier.add_figures(rows)
