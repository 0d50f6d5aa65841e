"""A child process that must not outlive its parent, however the parent ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, number: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send this process a signal when its parent's thread that started it ends (Linux: prctl(2)).

    ``parent`` is the process that started this one, as it saw itself: where it is gone already, this process ends now.
    Elsewhere than on Linux only that check is made.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        sys.exit(1)
