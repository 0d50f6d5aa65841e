"""A served store with shortened stages and a fault proxy before its Prefect server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

from prefect_api import PrefectApi

from data.store import Store
from faults import short_stages
from faults.processes import inherited_environment, kill, lives, processes_of, three_ports, until
from faults.proxy import FaultProxy
from flows.serving.overdue import CANCELLING_SECONDS, PENDING_SECONDS, ZOMBIE_SECONDS
from flows.serving.parts import KEEPER, SERVER, commands_beside, daemon_of, server_command
from flows.settings import load_settings

BIN = Path(sys.executable).parent
TESTS = Path(__file__).resolve().parents[1]
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
BUILD, TRAIN = "build-cowese", "pretrain-biomedtra"
SETTINGS = """
store = "{store}"
[serve]
port = {port}
pools = []
restart = false
look_seconds = 2
[serve.beside]
worker-cpu = {cpu}
worker-gpu = {gpu}
"""
OPERATORS = {
    "parameters": {"revisit": "all"},
    "tags": ["cowese", "mine"],
    "description": "as the operator put it",
    "concurrency_limit": 50,
}
"""What the operator of this store changed; it must stay."""
HASTENED = {
    "cowese: clear zombie runs": (ZOMBIE_SECONDS, 45),
    "cowese: end runs without a first heartbeat": (ZOMBIE_SECONDS, 45),
    "cowese: end runs that never start": (PENDING_SECONDS, 30),
    "cowese: end runs that do not cancel": (CANCELLING_SECONDS, 40),
}
"""Automations, with their seconds and fewer; an engine sends a heartbeat every 30 s and is cancelled within 30 s."""


class Ground:
    """Start it once, play many cases on it."""

    def __init__(self, root: Path, prefect_home: Path | None = None) -> None:
        self.root, self.store = root, root / "store"
        self.profiles = (prefect_home or root / "prefect") / "profiles.toml"
        self.elsewhere, self.home, self.temporary = root / "elsewhere", root / "home", root / "tmp"
        for folder in (self.elsewhere, self.home, self.temporary):
            folder.mkdir()
        self.port = three_ports()
        self.proxy = FaultProxy(self.port)
        self.config = root / "cowese.toml"
        self.environment = {
            **inherited_environment(),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PREFECT_HOME": str(self.profiles.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.api = PrefectApi(f"http://127.0.0.1:{self.port}/api")
        self.hastened = False

    def __enter__(self) -> Self:
        self.proxy.__enter__()
        short_stages.prepare(self.store)
        workers = {pool: json.dumps(self._worker(pool)) for pool in ("cpu", "gpu")}
        self.config.write_text(SETTINGS.format(store=self.store, port=self.port, **workers))
        try:
            self.serve()
            self._settle()
            environ = Path(f"/proc/{self.pid(KEEPER)}/environ").read_text().split("\0")
            self._served_environment = dict(line.split("=", 1) for line in environ if line)
            self._settings = load_settings(self.config).serve
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stop = [BIN / "cowese", "serve", "--config", self.config, "--stop"]
        subprocess.run(stop, env=self.environment, cwd=self.elsewhere, check=False)
        self.proxy.__exit__()

    def _worker(self, pool: str) -> list[str]:
        """The product's worker, by way of the proxy."""
        start = ["worker", "start", "--pool", pool, "--type", "process", "--name", f"cowese-{pool}"]
        url = f"PREFECT_API_URL={self.proxy.url(f'worker-{pool}')}"
        return ["/usr/bin/env", url, sys.executable, "-m", "prefect", *start]

    def _settle(self) -> None:
        """Shorten the stages of both deployments, as an operator's job variables, and set what must stay."""
        for name, lane in ((BUILD, "engine"), (TRAIN, "training")):
            deployment = self.api(f"/deployments/name/{name}/{name}")
            variables = {
                "command": f"{sys.executable} -m faults.short_engine",
                "env": {
                    "PYTHONPATH": str(TESTS),
                    "FAULTS_API_URL": self.proxy.url(lane),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
            }
            self.api.patch(f"/deployments/{deployment['id']}", {"job_variables": variables})
        deployment = self.api(f"/deployments/name/{BUILD}/{BUILD}")
        self.api.patch(f"/deployments/{deployment['id']}", OPERATORS)
        schedule = deployment["schedules"][0]["id"]
        self.api.patch(
            f"/deployments/{deployment['id']}/schedules/{schedule}",
            {"active": True, "schedule": {"cron": "30 4 2 * *", "timezone": "Europe/Madrid"}},
        )
        self.api.patch("/work_pools/cpu", {"concurrency_limit": 9})

    def schedule(self, seconds: float) -> None:
        """Have the schedule run every so often."""
        deployment = self.api(f"/deployments/name/{BUILD}/{BUILD}")
        interval = {"interval": seconds, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
        changed = {"active": True, "schedule": interval}
        self.api.patch(f"/deployments/{deployment['id']}/schedules/{deployment['schedules'][0]['id']}", changed)

    def hasten(self, automation: str, seconds: float) -> None:
        """Have one of our automations act after fewer seconds, as an operator may set it."""
        (one,) = [one for one in self.api("/automations/filter", {}) if one["name"] == automation]
        changed = {name: one[name] for name in ("name", "description", "enabled", "actions")}
        trigger = {**one["trigger"], "within": seconds}
        self.api(f"/automations/{one['id']}", {**changed, "trigger": trigger}, "PUT")

    def hasten_all(self) -> None:
        """Have the automations act soon, so that a case waits for less."""
        for automation, (_, seconds) in HASTENED.items():
            self.hasten(automation, seconds)
        self.hastened = True

    def spared(self, message: str) -> float:
        """Seconds by which a run would have ended later without that, by the message of its last state."""
        return next(
            (whole - now for whole, now in HASTENED.values() if self.hastened and f" for {whole} s" in message), 0.0
        )

    def serve(self) -> None:
        """`cowese serve`, as a person or a service manager calls it."""
        done = subprocess.run(
            [BIN / "cowese", "serve", "--config", self.config],
            env=self.environment,
            cwd=self.elsewhere,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def pid(self, name: str) -> int | None:
        """A served process by its name, while it lives."""
        try:
            pid = int((self.store / "serve" / f"{name}.pid").read_text().split()[0])
        except FileNotFoundError:
            return None
        return pid if lives(pid) else None

    def kill(self, names: Iterable[str], run: str | None) -> None:
        """Kill served processes and, as ``engine`` and ``stage``, those of a run; all of them as ``everything``."""
        for name in names:
            if name == "everything":
                for one in ("keeper", "worker-cpu", "worker-gpu", "files", "page", "server"):
                    kill(self.pid(one))
                for pid, _ in processes_of(f"COWESE_STORE={self.store}"):
                    kill(pid)
            elif name in ("engine", "stage"):
                part = "faults.short_engine" if name == "engine" else "flows.stages.child"
                for pid, command in processes_of(run or "no run"):
                    if part in command:
                        kill(pid)
            else:
                kill(self.pid(name))

    def end(self, name: str) -> None:
        """Ask a served process to end, as a service manager does."""
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            until(lambda: not lives(pid), 60)

    def revive(self, *, whole: bool) -> None:
        """Start what died: by `cowese serve` after a reboot, else as the keeper does, without its growing pauses."""
        if whole:
            self.serve()
            return
        commands = {SERVER: server_command(self.port), **commands_beside(Store.named(self.store), self._settings)}
        for name, command in commands.items():
            daemon = daemon_of(Store.named(self.store), name)
            if daemon.died:
                daemon.start(command, self._served_environment)
                if name == SERVER:
                    until(lambda: self.ask("/admin/version"), 300, 0.5)

    def runs(self, deployment: str) -> list[dict[str, Any]] | None:
        """The newest runs of a deployment; None while the server is away."""
        asked = {
            "deployments": {"name": {"any_": [deployment]}},
            "sort": "EXPECTED_START_TIME_DESC",
            "limit": 10,
        }
        return self.ask("/flow_runs/filter", asked)

    def ask(self, path: str, body: Any = None) -> Any:
        """What the server answers; None while it is away."""
        try:
            return self.api(path, body)
        except (URLError, OSError, ValueError):
            return None

    def operators(self) -> str | None:
        """All that an operator can set, as text; None while the server is away."""
        pools, deployments, automations = (
            self.ask(path, {}) for path in ("/work_pools/filter", "/deployments/filter", "/automations/filter")
        )
        if pools is None or deployments is None or automations is None:
            return None
        kept = {
            "pools": [_of(pool, "name", "is_paused", "concurrency_limit", "base_job_template") for pool in pools],
            "deployments": [
                _of(
                    one,
                    "name",
                    "paused",
                    "parameters",
                    "job_variables",
                    "tags",
                    "description",
                    "concurrency_limit",
                    "entrypoint",
                    "work_pool_name",
                )
                | {"schedules": [_of(it, "id", "slug", "active", "schedule") for it in one["schedules"]]}
                for one in deployments
            ],
            "automations": [_of(one, "name", "enabled", "trigger", "actions") for one in automations],
        }
        return json.dumps(_ordered(kept), sort_keys=True, indent=1)

    def outside(self) -> list[str]:
        """Files of this ground that are neither in the store nor our profile."""
        ours = (self.store, self.profiles, self.config)
        return sorted(
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if path.is_file() and not any(path == one or one in path.parents for one in ours)
        )


def _of(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: record.get(name) for name in names}


def _ordered(value: Any) -> Any:
    """The same with every list in order: the server keeps some as sets."""
    if isinstance(value, dict):
        return {name: _ordered(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted((_ordered(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value
