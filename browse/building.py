"""Something that is being made for a reader who waits: an index, a comparison."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from data.errors import CoweseError

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds that a reader waits for a page before one comes that says how far it is."""


@dataclass
class Building:
    """How far it is. Its thread ends with the server."""

    done: int = 0
    total: int | None = None
    problem: str | None = None
    waits: bool = False
    """For another to end, before it begins."""
    _thread: threading.Thread | None = None

    def __call__(self, stage: str, done: int, total: int | None, counts: Mapping[str, float | str]) -> None:
        """Hear of progress."""
        del stage, counts
        self.done, self.total = done, total

    def wait(self, seconds: float) -> None:
        """Wait a little: what is quick needs no page that says how far it is."""
        if self._thread is not None:
            self._thread.join(seconds)

    @property
    def is_running(self) -> bool:
        """Whether it is being made."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, make: Callable[[], object]) -> None:
        """Make it, aside; an error that a person can mend is kept in ``problem``."""
        self._thread = threading.Thread(target=self._run, args=(make,), daemon=True)
        self._thread.start()

    def _run(self, make: Callable[[], object]) -> None:
        try:
            make()
        except CoweseError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            raise


class Remembered(Generic[T]):
    """What was computed for readers, by what it follows from; the latest few."""

    def __init__(self, most: int = 50) -> None:
        self._most = most
        self._values: dict[object, T] = {}
        self._building: dict[object, Building] = {}
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T | Building:
        """The value of a key, or how far it is; a failure is told once."""
        with self._lock:
            if key in self._values:
                return self._values[key]
            state = self._building.get(key)
            if state is None:
                state = self._building[key] = Building()
                state.start(lambda: self._keep(key, make()))
        state.wait(PATIENCE)
        with self._lock:
            if not state.is_running:
                self._building.pop(key, None)
            return self._values.get(key, state)

    def _keep(self, key: object, value: T) -> None:
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                del self._values[next(iter(self._values))]
