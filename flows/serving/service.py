"""Start, stop and look at the server, the workers and what stands beside them, for one store."""

import logging
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict

from data.errors import StageError, StoreError
from data.files import atomic_file
from data.progress import Progress, no_progress
from data.store import Store
from flows.serving.environment import STARTUP_SECONDS, environment
from flows.serving.foreign import listens, served_root, who_listens
from flows.serving.loopback import answers
from flows.serving.parts import (
    KEEPER,
    SERVER,
    ProfileBefore,
    Remembered,
    commands_beside,
    daemon_of,
    names_in_order_of_end,
    ports,
    read_password,
    serve_folder,
    server_command,
    start,
    worker_of,
)
from flows.serving.processes import Daemon
from flows.serving.profile import FALLBACK, leave_profile, overruling, use_profile
from flows.serving.registration import register
from flows.serving.settings import ServeSettings

STOP_PATIENCE = 300.0
log = logging.getLogger("cowese.serve")


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
    overruled: list[str] = []
    """Variables of this shell that count for `prefect` in place of our profile, with the remedy."""


def serve(
    store: Store, settings: ServeSettings, config: Path | None, progress: Progress = no_progress, *, keeper: bool = True
) -> Serving:
    """Start what does not run yet: server, pools, deployments, workers, profile. Harmless a second time.

    ``config`` is the settings file that runs of the deployments read. Without ``keeper`` nothing starts again what dies
    and nobody is told: the caller does that itself, or another `cowese serve --foreground` does it already.

    Raises:
        StoreError: something else listens on the port; its name is in the message.
        StageError: the server did not come up.
    """
    before = Remembered.read(store)
    commands = commands_beside(store, settings, keeper=keeper and not _is_kept_in_foreground(store))
    password_file = settings.password_file.absolute() if settings.password_file else None
    remembered = Remembered(
        port=settings.port,
        config=config,
        password_file=password_file,
        profile=before.profile if before else None,
        beside=list(commands),
    )
    server, steps = daemon_of(store, SERVER), 3 + len(commands)
    progress("serve", 0, steps, {"starting": SERVER})
    if server.pid is not None:
        _refuse_another_way(store, before, remembered)
    for name, port in ports(settings.port).items():
        if daemon_of(store, name).pid is None:
            _refuse_taken(port, settings.port, store)
    inherited = served_environment(store, settings, config)
    if server.pid is None:
        start(store, SERVER, server_command(settings.port), inherited)
    remembered.write(store)  # before waiting: a server that comes up late is found by --status and --stop
    _wait_until_healthy(server, remembered.api_url)
    profile = _profile(store, remembered, inherited)
    remembered.model_copy(update={"profile": profile}).write(store)
    progress("serve", 1, steps, {"registering": "pools and deployments"})
    changed = register(inherited)
    for done, (name, command) in enumerate(commands.items(), start=2):
        progress("serve", done, steps, {"starting": name})
        if daemon_of(store, name).pid is None:
            start(store, name, command, inherited)
    progress("serve", steps, steps, {"profile": profile.name if profile else "none"})
    return status(store, settings).model_copy(update={"changed": changed})


def served_environment(store: Store, settings: ServeSettings, config: Path | None) -> Mapping[str, str]:
    """What server, workers and their runs inherit; makes the password if its file is named and missing."""
    file = settings.password_file
    if file is not None and not file.is_file():
        with atomic_file(file) as temporary:
            os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
            temporary.write_text(f"{secrets.token_urlsafe(18)}\n", encoding="utf-8")
    return environment(
        store,
        f"http://127.0.0.1:{settings.port}/api",
        f"http://127.0.0.1:{ports(settings.port)['files']}",
        config,
        password=read_password(file),
        keep_days=settings.keep_days,
    )


def served_settings(store: Store) -> Path | None:
    """The settings file with which a store is served, or was the last time."""
    remembered = Remembered.read(store)
    return remembered.config if remembered and remembered.config and remembered.config.is_file() else None


def running_port(store: Store) -> int | None:
    """The port of the server that runs for a store; None where none does."""
    remembered = Remembered.read(store)
    return remembered.port if remembered and daemon_of(store, SERVER).pid else None


def runs(store: Store) -> bool:
    """Whether anything of a store's serving runs."""
    return any(daemon_of(store, name).pid for name in names_in_order_of_end(store))


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
    """End workers, what stands beside, then the server; return the names of those that ran.

    Raises:
        StoreError: another process starts or stops them, and is not done after five minutes.
    """
    with store.exclusive("serve", STOP_PATIENCE):  # else a keeper starts again what it takes for dead
        remembered = Remembered.read(store)
        ended = [name for name in names_in_order_of_end(store) if daemon_of(store, name).stop()]
        if remembered and remembered.profile:
            leave_profile(remembered.profile, remembered.api_url)
            remembered.model_copy(update={"profile": None}).write(store)
    return ended


def status(store: Store, settings: ServeSettings) -> Serving:
    """Say what runs."""
    remembered = Remembered.read(store) or Remembered(port=settings.port)
    server = daemon_of(store, SERVER)
    address = f"http://127.0.0.1:{remembered.port}"
    healthy = server.pid is not None and answers(f"{address}/api")
    workers = {pool: worker_of(pool) for pool in settings.pools}
    beside = [name for name in remembered.beside if name not in workers.values()]
    profile = remembered.profile
    back = (profile and profile.active) or FALLBACK
    return Serving(
        store=store.root,
        dashboard=address,
        server=_state(server) + (", healthy" if healthy else ""),
        workers={pool: _state(daemon_of(store, name)) for pool, name in workers.items()},
        beside={name: _state(daemon_of(store, name)) for name in beside},
        logs=serve_folder(store),
        settings=remembered.config,
        profile=f"{profile.name}; `cowese serve --stop` or `prefect profile use {back}` goes back"
        if profile
        else f"none of ours; in a shell: export PREFECT_API_URL={remembered.api_url} PREFECT_PLUGINS_ENABLED=true",
        overruled=overruling(os.environ, profile) if healthy else [],
    )


def _profile(store: Store, remembered: Remembered, inherited: Mapping[str, str]) -> ProfileBefore | None:
    """Our profile, made the user's active one; None where the user's file cannot be written."""
    try:
        return use_profile(
            remembered.api_url,
            serve_folder(store),
            remembered.profile,
            _profile_of_another(store),
            inherited.get("PREFECT_API_AUTH_STRING"),
        )
    except OSError as error:  # an account without a home, as of a service
        log.warning("no profile of Prefect could be written: %s", error)
        return None


def _is_kept_in_foreground(store: Store) -> bool:
    """Whether a `cowese serve --foreground` keeps the store: then a second keeper could not start."""
    return daemon_of(store, KEEPER).pid is None and store.is_busy(KEEPER)


def _state(daemon: Daemon) -> str:
    return f"runs (process {daemon.pid})" if daemon.pid else "stopped"


def _refuse_taken(port: int, first: int, store: Store) -> None:
    """Refuse a port that is not ours to take."""
    if listens(port):
        raise StoreError(
            f"port {port}: {who_listens(port)} listens there, not a server of {store.root}. Stop it, or choose others "
            f"with `cowese serve --port`, which takes a port and the two behind it (now {first} to {first + 2})."
        )


def _refuse_another_way(store: Store, before: Remembered | None, asked: Remembered) -> None:
    """Refuse to serve a store otherwise than it is served already."""
    if before is None:
        return
    if (before.port, before.config) != (asked.port, asked.config):
        raise StoreError(
            f"{store.root}: it is served on port {before.port} with {before.config or 'no settings file'}, not on "
            f"port {asked.port} with {asked.config or 'none'}. `cowese serve --stop` first."
        )
    if before.password_file != asked.password_file:
        raise StoreError(
            f"{store.root}: it is served with {'a' if before.password_file else 'no'} password, not with "
            f"{'that of ' + str(asked.password_file) if asked.password_file else 'none'}. `cowese serve --stop` first."
        )


def _wait_until_healthy(server: Daemon, api_url: str) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while not answers(api_url):
        if server.pid is None or time.monotonic() > deadline:
            raise StageError(f"{server.log}: the Prefect server did not come up. Its log says why.")
        time.sleep(0.5)
