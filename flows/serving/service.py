"""Start, stop and look at the server and the workers of one store."""

import os
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import StageError, StoreError
from data.progress import Progress, quiet
from data.store import Store
from flows.serving.plugin import answers
from flows.serving.processes import Daemon
from flows.serving.profile import use_profile
from flows.serving.registration import HEARTBEAT_SECONDS, POOLS, register

STARTUP_SECONDS = 120
"""The first start makes the database; Prefect's own 20 s failed on a loaded machine."""


class Serving(BaseModel):
    """What runs and where."""

    model_config = ConfigDict(frozen=True)

    dashboard: str
    server: str
    workers: dict[str, str]
    logs: Path


def serve(store: Store, port: int, progress: Progress = quiet) -> Serving:
    """Start what does not run yet: server, pools, deployments, workers, profile. Harmless a second time.

    Raises:
        StoreError: another program listens on the port.
        StageError: the server did not come up.
    """
    api_url = f"http://127.0.0.1:{port}/api"
    server, workers = _daemons(store)
    environment = _environment(store, api_url)
    steps = 3 + len(workers)
    if server.pid is None:
        if _listens(port):
            raise StoreError(
                f"port {port}: another program listens there, not a server of {store.root}. "
                "Stop it, or choose another with `cowese serve --port`."
            )
        progress("serve", 0, steps, {"starting": "server"})
        server.start(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            environment,
        )
        _wait_until_healthy(server, api_url)
    elif not answers(api_url):
        raise StoreError(f"{store.root}: its server runs but not on port {port}. `cowese serve --stop` first.")
    progress("serve", 1, steps, {"registering": "pools and deployments"})
    register(environment)
    for done, (pool, worker) in enumerate(workers.items(), start=2):
        progress("serve", done, steps, {"starting": f"worker of {pool}"})
        if worker.pid is None:
            worker.start(
                [
                    sys.executable,
                    "-m",
                    "prefect",
                    "worker",
                    "start",
                    "--pool",
                    pool,
                    "--type",
                    "process",
                    "--name",
                    f"cowese-{pool}",
                ],
                environment,
            )
    use_profile(api_url)
    progress("serve", steps, steps, {"profile": "cowese"})
    return status(store, port)


def stop(store: Store) -> list[str]:
    """End workers, then the server; return the names of those that ran."""
    server, workers = _daemons(store)
    return [daemon.name for daemon in (*workers.values(), server) if daemon.stop()]


def status(store: Store, port: int) -> Serving:
    """Say what runs."""
    server, workers = _daemons(store)
    api_url = f"http://127.0.0.1:{port}/api"
    return Serving(
        dashboard=f"http://127.0.0.1:{port}",
        server=_state(server) + (", healthy" if server.pid and answers(api_url) else ""),
        workers={pool: _state(worker) for pool, worker in workers.items()},
        logs=server.folder,
    )


def _state(daemon: Daemon) -> str:
    return f"runs (process {daemon.pid})" if daemon.pid else "stopped"


def _daemons(store: Store) -> tuple[Daemon, dict[str, Daemon]]:
    folder = store.root / "serve"
    return Daemon(folder, "server"), {pool: Daemon(folder, f"worker-{pool}") for pool in POOLS}


def _environment(store: Store, api_url: str) -> Mapping[str, str]:
    return {
        **os.environ,
        "COWESE_STORE": str(store.root),
        "PREFECT_API_URL": api_url,
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{store.root / 'serve' / 'prefect.db'}",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_PLUGINS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until_healthy(server: Daemon, api_url: str) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not answers(api_url):
        if server.pid is None or time.monotonic() > deadline:
            raise StageError(f"{server.log}: the Prefect server did not come up. Its log says why.")
        time.sleep(0.5)
