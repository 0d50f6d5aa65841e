"""The parent watchdog: a child process ends when its parent ends, in whatever way."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to signal this process when the thread that started it ends (Linux: prctl(2)).

    ``parent`` is the pid that the parent passed on. The parent may end before ``prctl`` takes effect, and then no
    signal would ever come: so the pid is checked afterwards, and a process without its parent ends at once. Other
    systems make that check alone.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        sys.exit(1)
