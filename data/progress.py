"""How a stage reports its progress. ``flows`` decides who shows it: a terminal, a Prefect page or a log."""

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """A stage calls it at most a few times a second; it must return quickly."""

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """``done`` of ``total`` units (None: unknown yet) are finished in ``stage``; names of counters are paths."""


def no_progress(stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
    """Show nothing."""
