"""Processes that stand for containers: each in a session of its own, watched by its health check, killed whole."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from topology.services import MARK, ROOT, Compose, Service

NOBODY = "nobody"


class TopologyError(Exception):
    """Something did not come up, or ended; the message names its log."""


def postgres_tools() -> Path | None:
    """The folder of PostgreSQL's own programs: the newest of Debian's, which are not on the PATH; else by the PATH."""
    for folder in sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: float(one.parent.name), reverse=True
    ):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


@dataclass
class Processes:
    """What runs, by name; all of it ends with the block."""

    compose: Compose
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for name in reversed(list(self.running)):
                self.stop(name)
        finally:
            for process in self.left():
                process.kill()

    def left(self) -> list[psutil.Process]:
        """Everything that lives and was started here, however far down and whoever its parent is by now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == str(self.compose.folder) and process.pid != os.getpid():
                    found.append(process)
        return found

    def log(self, name: str) -> Path:
        """What a process printed."""
        return self.compose.folder / f"{name}.log"

    def once(self, name: str) -> None:
        """Run a service that does its work and ends.

        Raises:
            TopologyError: it failed.
        """
        service = self.compose.service(name)
        with self.log(name).open("wb") as log:
            done = subprocess.run(
                service.command, env=service.environment, stdout=log, stderr=log, cwd=ROOT, check=False
            )
        if done.returncode:
            raise TopologyError(f"{name} ended with code {done.returncode}\n{tail(self.log(name))}")

    def up(self, name: str, service: str, seconds: float = 120) -> None:
        """Start a service under a name and wait until its health check says that it is well."""
        described = self.compose.service(service)
        self.start(name, described.command, described.environment)
        if described.check:
            self.wait(name, described, seconds)

    def start(
        self, name: str, command: list[str], environment: dict[str, str], user: str | None = None, cwd: Path = ROOT
    ) -> None:
        """Start a process; its output goes to a file."""
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
                user=user,
                start_new_session=True,
            )

    def wait(self, name: str, service: Service, seconds: float) -> None:
        """Ask until it is well.

        Raises:
            TopologyError: it ended, or was not well in time.
        """
        assert service.check is not None
        deadline = time.monotonic() + seconds
        while subprocess.run(service.check, env=service.environment, capture_output=True, check=False).returncode:
            if self.running[name].poll() is not None or time.monotonic() > deadline:
                raise TopologyError(f"{name} is not well\n{tail(self.log(name))}")
            time.sleep(0.3)

    def kill(self, name: str) -> None:
        """End a process and all its descendants at once, as when its machine goes."""
        root = self.running.pop(name)
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in [psutil.Process(root.pid), *psutil.Process(root.pid).children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        root.wait()

    def stop(self, name: str, patience: float = 15) -> None:
        """Ask a process to end, then end what is left of it."""
        process = self.running[name]
        if process.poll() is None:
            process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                del self.running[name]
                return
            self.kill(name)
            return
        del self.running[name]


def start_postgres(processes: Processes, tools: Path) -> None:
    """Make a cluster with the password and the second database that docker-compose.yml asks for, and start it."""
    compose = processes.compose
    password = compose.secrets["POSTGRES_PASSWORD"]
    folder = compose.folder / "postgres"
    folder.mkdir()
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = NOBODY
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        compose.folder.chmod(0o755)
    given = folder / "password"
    given.write_text(password)
    given.chmod(0o644)
    made = subprocess.run(
        [
            *(tools / "initdb", "-D", folder / "data", "-U", "cowese", "-A", "scram-sha-256"),
            *("--pwfile", given, "--no-sync", "-E", "UTF8", "--no-locale"),
        ],
        check=False,
        capture_output=True,
        text=True,
        env=compose.inherited(),
        user=user,
        cwd=folder,
    )
    if made.returncode:
        raise TopologyError(f"initdb ended with code {made.returncode}\n{made.stderr}")
    port = str(compose.ports["5432"])
    command = [str(tools / "postgres"), "-D", str(folder / "data"), "-p", port, "-k", str(folder), "-h", "127.0.0.1"]
    processes.start("postgres", command, compose.inherited(), user, folder)
    psql = [
        str(tools / "psql"),
        "-h",
        "127.0.0.1",
        "-p",
        port,
        "-U",
        "cowese",
        "-d",
        "postgres",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    environment = {**compose.inherited(), "PGPASSWORD": password}
    ready = Service([], environment, [*psql, "-c", "SELECT 1"])
    processes.wait("postgres", ready, 60)
    second = compose.config()["configs"]["crawl-database"]["content"]
    for statement in ("CREATE DATABASE prefect", second):
        subprocess.run([*psql, "-c", statement], env=environment, check=True, capture_output=True)


def start_redis(processes: Processes, server: str) -> None:
    """Start Redis with its password."""
    compose = processes.compose
    folder = compose.folder / "redis"
    folder.mkdir()
    password, port = compose.secrets["REDIS_PASSWORD"], str(compose.ports["6379"])
    command = [server, "--port", port, "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
    processes.start("redis", [*command, "--requirepass", password], compose.inherited())
    asked = ["redis-cli", "-h", "127.0.0.1", "-p", port, "ping"]
    processes.wait("redis", Service([], {**compose.inherited(), "REDISCLI_AUTH": password}, asked), 30)
