"""Figures of each host for the operator: responses, bytes, latency, refusals of traps."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.frontier.frontier import Frontier

WEIGHT = 0.2
"""Weight of the newest response in a host's moving means."""


@dataclass(slots=True)
class HostFigures:
    """Counts of one host since the last write; means over all responses."""

    answers: int = 0
    octets: int = 0
    latency: float = 0.0
    """Seconds from a request to its response, a moving mean."""
    cycle: float = 0.0
    """Seconds from a request to the next, rest included, a moving mean."""


class Figures:
    """Collects figures in memory and adds them to the state at intervals; a kill loses the last seconds."""

    def __init__(self, frontier: Frontier, traps_of: Callable[[str], Mapping[str, int]]) -> None:
        self._frontier = frontier
        self._traps_of = traps_of
        self._hosts: dict[str, HostFigures] = {}
        self._changed: set[str] = set()

    def answered(self, host: str, octets: int) -> None:
        """Count a response."""
        figures = self._hosts.setdefault(host, HostFigures())
        figures.answers += 1
        figures.octets += octets
        self._changed.add(host)

    def rested(self, host: str, latency: float, delay: float) -> None:
        """Take in the latency of a request and the delay after it."""
        figures = self._hosts.setdefault(host, HostFigures())
        if figures.cycle == 0.0:
            figures.latency, figures.cycle = latency, latency + delay
        else:
            figures.latency += WEIGHT * (latency - figures.latency)
            figures.cycle += WEIGHT * (latency + delay - figures.cycle)

    def cycle_of(self, host: str) -> float:
        """Seconds from a request to the next; 0 if unknown."""
        figures = self._hosts.get(host)
        return figures.cycle if figures is not None else 0.0

    def write(self, now: float) -> None:
        """Add the counts since the last write to the state.

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
