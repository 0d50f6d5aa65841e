"""What is served for a store: its processes with their commands, and what must be remembered of them.

Nothing here loads Prefect: the keeper and the doctor look at the same processes every half minute.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.errors import CoweseError, InputError
from data.files import read_json, write_json
from data.store import Store
from flows.serving.processes import Daemon
from flows.serving.settings import ServeSettings

POOLS = {"cpu": None, "gpu": 1}
"""Work pools of type process, with the number of runs at a time (None: no limit)."""
SERVER = "server"
KEEPER = "keeper"
DEPLOYMENTS = ("build-cowese", "corpus-to-model", "pretrain-biomedtra", "benchmark")
"""Deployments of prefect.yaml; each bears the name of its flow."""
SCHEDULED = "build-cowese"
"""The deployment with the monthly schedule."""


class ProfileBefore(BaseModel):
    """The user's profile file before ours became active."""

    model_config = ConfigDict(frozen=True)

    active: str | None
    name: str
    """Our profile's name in it."""
    backup: Path | None
    """A copy of the file; None where there was none."""
    written: str
    """Digest of the file as we left it."""


class Remembered(BaseModel):
    """What a later ``cowese serve``, ``--status`` or ``--stop`` must know."""

    port: int
    config: Path | None = None
    password_file: Path | None = None
    profile: ProfileBefore | None = None
    beside: list[str] = []
    """Names of the processes beside the server."""

    @classmethod
    def read(cls, store: Store) -> "Remembered | None":
        """From the store; None where it was never served."""
        try:
            return cls.model_validate(read_json(serve_folder(store) / "serving.json"))
        except (CoweseError, ValueError):
            return None

    def write(self, store: Store) -> None:
        """Into the store."""
        write_json(serve_folder(store) / "serving.json", self.model_dump(mode="json"))

    @property
    def api_url(self) -> str:
        """Where the server's API is."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def password(self) -> str | None:
        """What the server asks for; None where it asks for nothing.

        Raises:
            InputError: the file cannot be read.
        """
        return read_password(self.password_file)


def read_password(file: Path | None) -> str | None:
    """The one line of a password file; None where none is set.

    Raises:
        InputError: the file cannot be read, or is empty.
    """
    if file is None:
        return None
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the password cannot be read ({error}).") from error
    if not password:
        raise InputError(f"{file}: empty. Write the password into it, or delete it and `cowese serve` makes one.")
    return password


def serve_folder(store: Store) -> Path:
    """Where logs, process ids and Prefect's database are."""
    return store.root / "serve"


def start(store: Store, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Start a process of the store.

    Prefect reads ``.env``, ``prefect.toml`` and ``pyproject.toml`` of its working folder: its server and workers get
    one of ours, where no such file of the user lies. All others stay where `cowese serve` was called.
    """
    is_prefects = name == SERVER or name in map(worker_of, POOLS)
    daemon_of(store, name).start(command, environment, serve_folder(store) / "prefect" if is_prefects else None)


def daemon_of(store: Store, name: str) -> Daemon:
    """A process of the store by its name."""
    return Daemon(serve_folder(store), name)


def worker_of(pool: str) -> str:
    """The name of a pool's worker."""
    return f"worker-{pool}"


def ports(port: int) -> Mapping[str, int]:
    """The port of each process that listens: the server's and the two behind it."""
    return {SERVER: port, "files": port + 1, "page": port + 2}


def server_command(port: int) -> list[str]:
    """Prefect's server on this machine alone."""
    return _prefect("server", "start", "--host", "127.0.0.1", "--port", str(port))


def commands_beside(store: Store, settings: ServeSettings, *, keeper: bool = True) -> Mapping[str, list[str]]:
    """Everything beside the server, by the name of its log, in the order of its start."""
    files = [sys.executable, "-m", "flows.serving.files", str(store.root), str(ports(settings.port)["files"])]
    if settings.password_file is not None:
        files.append(str(settings.password_file.absolute()))
    page = [sys.executable, "-m", "flows.serving.page", str(store.root), str(ports(settings.port)["page"])]
    workers = {
        worker_of(pool): _prefect("worker", "start", "--pool", pool, "--type", "process", "--name", f"cowese-{pool}")
        for pool in settings.pools
    }
    own = {name: list(command) for name, command in settings.beside.items()}
    last = {KEEPER: [sys.executable, "-m", "flows.serving.keeper", str(store.root)]} if keeper else {}
    return {"files": files, "page": page, **own, **workers, **last}


def names_in_order_of_end(store: Store) -> list[str]:
    """What runs for a store: the keeper first, since it would start the others again; the server last."""
    remembered = Remembered.read(store)
    beside = remembered.beside if remembered else [worker_of(pool) for pool in POOLS]
    return [*sorted(beside, key=lambda name: name != KEEPER), SERVER]


def _prefect(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *arguments]
