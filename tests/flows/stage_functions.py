"""Functions that stages run. The process of a stage must be able to import what it runs."""

import os
import signal
import subprocess
import sys
import time

from data.errors import InputError


def doubled(number, *, progress):
    for done in range(number + 1):
        progress("double", done, number, {"made": 2 * done})
    return 2 * number


def refused(*, progress):
    raise InputError("seeds.tsv: no such file.")


def sleeping(seconds, *, progress):
    progress("sleep", 0, 1, {"pid": os.getpid()})
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.05)


def ended(code, *, progress):
    os._exit(code)


def killed(*, progress):
    os.kill(os.getpid(), signal.SIGKILL)


def with_a_helper(folder, *, progress):
    """Leaves a process behind, as a pool does whose owner is killed."""
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (folder / "helper").write_text(str(helper.pid))
    os.kill(os.getpid(), signal.SIGKILL)
