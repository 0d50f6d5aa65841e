"""Start, stop and look at the server, the workers and what stands beside them, for one store."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict

from data.errors import CoweseError, StageError, StoreError
from data.files import read_json, write_json
from data.progress import Progress, quiet
from data.store import Store
from flows.serving.environment import STARTUP_SECONDS, environment
from flows.serving.foreign import listens, served_root, who_listens
from flows.serving.loopback import answers
from flows.serving.processes import Daemon
from flows.serving.profile import FALLBACK, NAME, ProfileBefore, leave_profile, use_profile
from flows.serving.registration import POOLS, register
from flows.serving.settings import ServeSettings


class Serving(BaseModel):
    """What runs and where."""

    model_config = ConfigDict(frozen=True)

    store: Path
    dashboard: str
    server: str
    workers: dict[str, str]
    beside: dict[str, str]
    """Files and the corpus's page for the browser, and the commands of the settings."""
    logs: Path
    settings: Path | None
    """The settings file that every run of a deployment reads."""
    profile: str
    """Prefect's active profile, and how to go back."""
    changed: list[str] = []
    """What registering changed at the server; nothing where all was as it should be."""


class Remembered(BaseModel):
    """What a later ``cowese serve``, ``--status`` or ``--stop`` must know."""

    port: int
    config: Path | None = None
    profile: ProfileBefore | None = None
    beside: list[str] = []

    @classmethod
    def read(cls, store: Store) -> "Remembered | None":
        """From the store; None where it was never served."""
        try:
            return cls.model_validate(read_json(_folder(store) / "serving.json"))
        except (CoweseError, ValueError):
            return None

    def write(self, store: Store) -> None:
        """Into the store."""
        write_json(_folder(store) / "serving.json", self.model_dump(mode="json"))


def serve(store: Store, settings: ServeSettings, config: Path | None, progress: Progress = quiet) -> Serving:
    """Start what does not run yet: server, pools, deployments, workers, profile. Harmless a second time.

    ``config`` is the settings file that runs of the deployments read.

    Raises:
        StoreError: something else listens on the port; its name is in the message.
        StageError: the server did not come up.
    """
    port, server = settings.port, _daemon(store, "server")
    api_url = f"http://127.0.0.1:{port}/api"
    before = Remembered.read(store)
    inherited = environment(store, api_url, f"http://127.0.0.1:{port + 1}", config)
    commands = _commands(store, settings)
    steps = 3 + len(commands)
    progress("serve", 0, steps, {"starting": "server"})
    if server.pid is None:
        _refuse_taken(port, store)
        server.start(_prefect("server", "start", "--host", "127.0.0.1", "--port", str(port)), inherited)
    elif before is not None and (before.port, before.config) != (port, config):
        raise StoreError(
            f"{store.root}: it is served on port {before.port} with {before.config or 'no settings file'}, not on "
            f"port {port} with {config or 'none'}. `cowese serve --stop` first."
        )
    remembered = Remembered(port=port, config=config, profile=before.profile if before else None, beside=list(commands))
    remembered.write(store)  # before waiting: a server that comes up late is found by --status and --stop
    _wait_until_healthy(server, api_url)
    profile = use_profile(api_url, _folder(store), before.profile if before else None, _profile_of_another(store))
    remembered.model_copy(update={"profile": profile}).write(store)
    progress("serve", 1, steps, {"registering": "pools and deployments"})
    changed = register(inherited)
    for done, (name, command) in enumerate(commands.items(), start=2):
        progress("serve", done, steps, {"starting": name})
        daemon = _daemon(store, name)
        if daemon.pid is None:
            daemon.start(command, inherited)
    progress("serve", steps, steps, {"profile": profile.name})
    return status(store, settings).model_copy(update={"changed": changed})


def served_settings(store: Store) -> Path | None:
    """The settings file with which a store is served, or was the last time."""
    remembered = Remembered.read(store)
    return remembered.config if remembered and remembered.config and remembered.config.is_file() else None


def running_port(store: Store) -> int | None:
    """The port of the server that runs for a store; None where none does."""
    remembered = Remembered.read(store)
    return remembered.port if remembered and _daemon(store, "server").pid else None


def runs(store: Store) -> bool:
    """Whether anything of a store's serving runs."""
    return any(_daemon(store, name).pid for name in _names(store))


def _profile_of_another(store: Store) -> ProfileBefore | None:
    """What another store remembers of the user's profile, where the active profile leads to its server."""
    another = served_elsewhere()
    remembered = Remembered.read(another) if another is not None and another.root != store.root else None
    return remembered.profile if remembered else None


def served_elsewhere() -> Store | None:
    """The store that the server of Prefect's active profile serves, None where none answers or it serves no store."""
    url = urlsplit(PREFECT_API_URL.value() or "")
    root = served_root(url.port) if url.port and url.hostname in ("127.0.0.1", "localhost") else None
    return Store.named(root) if root else None


def stop(store: Store) -> list[str]:
    """End workers, what stands beside, then the server; return the names of those that ran."""
    remembered = Remembered.read(store)
    ended = [name for name in _names(store) if _daemon(store, name).stop()]
    if remembered and remembered.profile:
        leave_profile(remembered.profile, f"http://127.0.0.1:{remembered.port}/api")
        remembered.model_copy(update={"profile": None}).write(store)
    return ended


def status(store: Store, settings: ServeSettings) -> Serving:
    """Say what runs."""
    remembered = Remembered.read(store) or Remembered(port=settings.port)
    server = _daemon(store, "server")
    address = f"http://127.0.0.1:{remembered.port}"
    healthy = server.pid is not None and answers(f"{address}/api")
    workers = {pool: _worker(pool) for pool in POOLS}
    beside = [name for name in remembered.beside if name not in workers.values()]
    profile = remembered.profile
    back = (profile and profile.active) or FALLBACK
    return Serving(
        store=store.root,
        dashboard=address,
        server=_state(server) + (", healthy" if healthy else ""),
        workers={pool: _state(_daemon(store, name)) for pool, name in workers.items()},
        beside={name: _state(_daemon(store, name)) for name in beside},
        logs=_folder(store),
        settings=remembered.config,
        profile=f"{profile.name if profile else NAME}; `cowese serve --stop` or `prefect profile use {back}` goes back",
    )


def _names(store: Store) -> list[str]:
    """What runs for a store, the server last."""
    remembered = Remembered.read(store)
    return [*(remembered.beside if remembered else [_worker(pool) for pool in POOLS]), "server"]


def _commands(store: Store, settings: ServeSettings) -> Mapping[str, list[str]]:
    """Everything beside the server, by the name of its log."""
    files = [sys.executable, "-m", "flows.serving.files", str(store.root), str(settings.port + 1)]
    workers = {
        _worker(pool): _prefect("worker", "start", "--pool", pool, "--type", "process", "--name", f"cowese-{pool}")
        for pool in POOLS
    }
    page = [sys.executable, "-m", "flows.serving.page", str(store.root), str(settings.port + 2)]
    return {
        "files": files,
        "page": page,
        **{name: list(command) for name, command in settings.beside.items()},
        **workers,
    }


def _prefect(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]


def _worker(pool: str) -> str:
    return f"worker-{pool}"


def _folder(store: Store) -> Path:
    return store.root / "serve"


def _daemon(store: Store, name: str) -> Daemon:
    return Daemon(_folder(store), name)


def _state(daemon: Daemon) -> str:
    return f"runs (process {daemon.pid})" if daemon.pid else "stopped"


def _refuse_taken(port: int, store: Store) -> None:
    """Refuse a port that is not ours to take."""
    if listens(port):
        raise StoreError(
            f"port {port}: {who_listens(port)} listens there, not a server of {store.root}. "
            "Stop it, or choose another with `cowese serve --port`."
        )


def _wait_until_healthy(server: Daemon, api_url: str) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not answers(api_url):
        if server.pid is None or time.monotonic() > deadline:
            raise StageError(f"{server.log}: the Prefect server did not come up. Its log says why.")
        time.sleep(0.5)
