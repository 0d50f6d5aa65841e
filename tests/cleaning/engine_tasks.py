"""Tasks for the tests of engines; this module imports little, since every process that runs one imports it."""

import os
import signal
from pathlib import Path


def double(number: int, report) -> int:
    """Report the number, give twice as much."""
    report([number])
    return 2 * number


def end_the_first_time(mark: Path, report) -> int:
    """Kill the process that runs this, once."""
    report([1])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def end(number: int, report) -> None:
    """Kill the process that runs this."""
    os.kill(os.getpid(), signal.SIGKILL)
