"""How a stage tells what it does; who shows it (a terminal, a Prefect page, a log) is decided in flows."""

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Called by a stage now and then, at most a few times a second; must return quickly."""

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """``done`` of ``total`` units (None: unknown yet) are finished in ``stage``; counters are named as paths."""


def no_progress(stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
    """Show nothing."""
