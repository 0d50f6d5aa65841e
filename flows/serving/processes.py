"""Processes that outlive the shell that started them, and are found again by their pid file."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.files import write_text


@dataclass(frozen=True, slots=True)
class Daemon:
    """One detached process: ``<folder>/<name>.pid`` says which, ``<name>.log`` what it printed."""

    folder: Path
    name: str

    @property
    def log(self) -> Path:
        """Its output."""
        return self.folder / f"{self.name}.log"

    def start(self, command: Sequence[str], environment: Mapping[str, str], within: Path | None = None) -> None:
        """Start it in a session of its own: no terminal, no inherited pipe, signals as by default.

        ``within`` is its working folder, if not this process's; it is made where it is missing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if within is not None:
            within.mkdir(parents=True, exist_ok=True)
            command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(within), *command]  # posix_spawn knows no folder
        appended = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            command[0],
            list(command),
            dict(environment),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self.log), appended, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
        )
        write_text(self._pid_file, f"{pid} {_started_at(pid)}\n")

    @property
    def pid(self) -> int | None:
        """Its process id while it lives; a pid that another process has taken since does not count."""
        try:
            pid, _, started = self._pid_file.read_text(encoding="utf-8").strip().partition(" ")
        except FileNotFoundError:
            return None
        return int(pid) if started and _started_at(int(pid)) == started else None

    @property
    def started(self) -> bool:
        """Whether it was started and not stopped since; it may have died."""
        return self._pid_file.is_file()

    @property
    def died(self) -> bool:
        """Whether it was started, and ended without being stopped."""
        return self.started and self.pid is None

    def stop(self, patience: float = 40.0) -> bool:
        """End it with SIGTERM, after ``patience`` seconds its whole session with SIGKILL; say whether it lived."""
        pid = self.pid
        if pid is not None:
            os.killpg(pid, signal.SIGTERM)
            deadline = time.monotonic() + patience
            while self.pid is not None and time.monotonic() < deadline:
                time.sleep(0.1)
            if self.pid is not None:
                os.killpg(pid, signal.SIGKILL)
        self._pid_file.unlink(missing_ok=True)
        return pid is not None

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"


def _started_at(pid: int) -> str:
    """The kernel's start time of a live process (proc(5), field 22), empty where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]
