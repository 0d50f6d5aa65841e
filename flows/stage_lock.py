"""A stage function that holds its stage lock in the process in which it runs.

The lock belongs to the process that works. Taken by the parent instead, it would be lost when the parent dies while its
child still writes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

from data.store import Store

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class StageLocked(Generic[P, R]):
    """A stage's function that holds the stage lock of its store while it runs."""

    store: Store
    stage: str
    patience: float
    """Seconds to wait for another process that holds the lock."""
    function: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function.

        Raises:
            StoreError: another process holds the lock for longer than ``patience``.
        """
        with self.store.exclusive(self.stage, self.patience):
            return self.function(*args, **kwargs)
