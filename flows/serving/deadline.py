"""A bound on the time of something that asks over a network."""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def within(seconds: float, work: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a thread of its own, for a socket's timeout begins again with each byte that comes.

    Raises:
        TimeoutError: it has not ended in time; the thread is left to itself.
    """
    results: list[Result] = []
    errors: list[Exception] = []

    def call() -> None:
        try:
            results.append(work(*arguments))
        except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"not done after {seconds:.0f} s")
    return results[0]
