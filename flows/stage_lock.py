"""A stage that keeps others out of itself, in whichever process it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

from data.store import Store

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class StageLocked(Generic[P, R]):
    """A stage's function that keeps others out of the same stage on the same store while it runs."""

    store: Store
    stage: str
    patience: float
    """Seconds to wait for another process to finish it."""
    function: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it.

        Raises:
            StoreError: another process holds the stage for longer than ``patience``.
        """
        with self.store.exclusive(self.stage, self.patience):
            return self.function(*args, **kwargs)
