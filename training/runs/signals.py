"""Signals to a run: SIGTERM and SIGINT ask to stop, SIGUSR1 to save; the step in hand is finished first."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from data.errors import StageError


class Asked:
    """What signals asked for since the last step."""

    stop = False
    save = False
    error: Callable[[str], BaseException] = StageError


@contextlib.contextmanager
def signals() -> Iterator[Asked]:
    """SIGTERM and SIGINT ask to stop, SIGUSR1 to save; only the main thread can listen."""
    asked = Asked()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def listen(number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGUSR1:
            asked.save = True
            return
        if number == signal.SIGINT:
            if asked.stop:
                raise KeyboardInterrupt
            asked.error = KeyboardInterrupt
        asked.stop = True

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
    before = {number: signal.signal(number, listen) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
