"""Living processes and free ports of this machine, an environment of their own, and waiting."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def inherited_environment() -> dict[str, str]:
    """This environment without what it says of Prefect and of cowese."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "COWESE_"))}


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int | None) -> None:
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def processes_of(text: str) -> list[tuple[int, str]]:
    """Living processes with a text in their environment, with their commands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found += [(int(entry.name), command)] if command else []
        except OSError:
            continue
    return found


def until(condition: Callable[[], Any], limit: float, pause: float = 0.1) -> Any:
    """Wait for a condition; what it gave last."""
    deadline = time.monotonic() + limit
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found


def three_ports() -> int:
    """A port that is free, as are the two after it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        try:
            for more in (1, 2):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + more))
        except OSError:
            continue
        return int(port)
