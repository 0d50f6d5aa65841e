"""Something that is being made for a reader who waits: an index, a comparison."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data.errors import CoweseError


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
