"""Keeps what is served alive, ends what nothing works on, tells the operator what went wrong, and keeps logs small.

Run as ``python -m flows.serving.keeper STORE``, in the environment of the served processes; `cowese serve` does. With
``--alone`` it looks at the runs of the server in ``PREFECT_API_URL``, which something else starts, as in
docker-compose.yml. It asks Prefect's server over plain HTTP, so that it needs little memory. SIGTERM ends it after the
step in hand.
"""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from data.errors import CoweseError, InputError, StoreError
from data.files import read_json, write_json
from data.store import Store
from flows.serving.alerts import Alert, send
from flows.serving.api import Api, password_in
from flows.serving.overdue import OverdueRuns
from flows.serving.parts import (
    KEEPER,
    SERVER,
    Remembered,
    commands_beside,
    daemon_of,
    names_in_order_of_end,
    serve_folder,
    server_command,
    start,
)
from flows.serving.retention import delete_old_runs, rotate
from flows.serving.settings import ServeSettings
from flows.serving.troubles import failed_runs, late_runs

SERVER_PATIENCE = 600.0
"""Seconds that the server may be silent before the operator is told; its first start takes minutes."""
WRITTEN_EVERY = timedelta(minutes=10)
"""The time of the last look is written that often where nothing else is new."""
OVERLAP = timedelta(hours=1)
"""Failed runs are looked for that much further back than the last look: an end may be told late."""
TOLD_DAYS, UNDELIVERED_DAYS = 60, 3
"""How long it is remembered that something was told; how long an alert is tried again."""
RETENTION_EVERY = 3600.0
"""Seconds between two looks at logs and old runs."""
MOST_PAUSE = 3600.0
"""Longest pause in seconds before a process that dies again and again is started once more."""

_NO_ANSWER = (OSError, ValueError, LookupError, TypeError, AttributeError, CoweseError)
"""What is raised where a server is away, or where something else answers in its place, with JSON of another shape."""

log = logging.getLogger("cowese.keeper")


class Undelivered(BaseModel):
    """An alert that did not reach everyone."""

    alert: Alert
    channels: list[str]
    since: datetime
    problems: dict[str, str] = {}


class KeeperState(BaseModel):
    """What the keeper remembers from one start to the next (``serve/keeper.json``)."""

    since: datetime
    """The first look; what failed before is history."""
    looked_at: datetime
    told: dict[str, datetime] = {}
    """When each trouble was told, by its key."""
    undelivered: list[Undelivered] = []

    @classmethod
    def read(cls, store: Store) -> "KeeperState | None":
        """From the store; None where no keeper ever looked, or the file is damaged."""
        try:
            return cls.model_validate(read_json(serve_folder(store) / "keeper.json"))
        except (CoweseError, ValueError):
            return None

    def write(self, store: Store) -> None:
        """Into the store."""
        write_json(serve_folder(store) / "keeper.json", self.model_dump(mode="json"))


@dataclass(frozen=True)
class Server:
    """The Prefect server whose runs are looked at."""

    api_url: str
    password: str | None
    page: str | None = None
    """Where a browser finds it, if not where the API is."""

    @classmethod
    def remembered(cls, store: Store) -> "Server | None":
        """The one that `cowese serve` started; None where it is stopped or never was.

        Raises:
            InputError: its password's file cannot be read.
        """
        served = Remembered.read(store)
        if served is None or not daemon_of(store, SERVER).started:
            return None
        return cls(served.api_url, served.password)

    @classmethod
    def named(cls, environment: Mapping[str, str]) -> "Server":
        """The one that Prefect's own variables name.

        Raises:
            InputError: they name none.
        """
        url = environment.get("PREFECT_API_URL")
        if not url:
            raise InputError("PREFECT_API_URL names no server to keep. Set it, as http://prefect-api:4200/api.")
        return cls(url, password_in(environment.get("PREFECT_API_AUTH_STRING")), environment.get("PREFECT_UI_URL"))


@dataclass
class Keeper:
    """Looks at the processes and runs of one store, again and again."""

    store: Store
    environment: Mapping[str, str]
    """What processes are started with."""
    ending: threading.Event
    server: Server | None = None
    """A server of another's making. It and its workers are not started here."""
    _silent_since: float | None = None
    _told: set[str] = field(default_factory=set)
    """By this process: where the store cannot be written, nothing is told twice all the same."""
    _overdue: OverdueRuns = field(default_factory=OverdueRuns)
    _pauses: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By process: when it may be started again, and the pause after that."""
    _next_retention: float = 0.0

    def look(self, settings: ServeSettings, now: datetime) -> None:
        """Start what died, end what is overdue, tell what is new, send what could not be sent, keep logs small."""
        before = KeeperState.read(self.store)
        state = before or KeeperState(since=now, looked_at=now)
        alerts = self._restarted(settings) if settings.restart and self.server is None else []
        if not self.ending.is_set():
            alerts += self._troubles(settings, state, now)
        told = {key: when for key, when in state.told.items() if now - when < timedelta(days=TOLD_DAYS)}
        new = {alert.key: alert for alert in alerts if alert.key not in told and alert.key not in self._told}
        self._told |= new.keys()
        for alert in new.values():
            log.warning("%s: %s", alert.subject, " ".join(alert.text.split()))
        channels = settings.alerts.channels
        waiting = [Undelivered(alert=alert, channels=channels, since=now) for alert in new.values()]
        undelivered = self._deliver([*state.undelivered, *waiting], settings, now)
        if new or undelivered != state.undelivered or before is None or now - state.looked_at > WRITTEN_EVERY:
            told |= dict.fromkeys(new, now)
            KeeperState(since=state.since, looked_at=now, told=told, undelivered=undelivered).write(self.store)
        if time.monotonic() >= self._next_retention:
            self._next_retention = time.monotonic() + RETENTION_EVERY
            self._retain(settings, now)

    def is_idle(self) -> bool:
        """Whether everything was stopped, so that there is nothing to keep."""
        if self.server:
            return False
        names = [name for name in names_in_order_of_end(self.store) if name != KEEPER]
        return not any(daemon_of(self.store, name).started for name in names)

    def _restarted(self, settings: ServeSettings) -> list[Alert]:
        """Start what died; one alert each."""
        remembered = Remembered.read(self.store)
        if remembered is None:
            return []
        known = commands_beside(self.store, settings.model_copy(update={"port": remembered.port}), keeper=False)
        commands = {SERVER: server_command(remembered.port), **known}
        alerts = []
        for name, command in commands.items():
            if self.ending.is_set() or not daemon_of(self.store, name).died or not self._may_start(name):
                continue
            try:
                with self.store.exclusive("serve"):
                    if daemon_of(self.store, name).died:
                        start(self.store, name, command, self.environment)
            except StoreError:  # `cowese serve` is at work and starts it itself
                continue
            moment = datetime.now(UTC)
            alerts.append(
                self._alert(
                    "restarted",
                    f"restarted {name} {moment:%Y-%m-%dT%H:%M:%S}",
                    f"{name} had died and was started again",
                    f"{daemon_of(self.store, name).log} has its last lines.",
                )
            )
        return alerts

    def _may_start(self, name: str) -> bool:
        """Whether a dead process may be started now: at once the first time, later after ever longer pauses."""
        now = time.monotonic()
        after, pause = self._pauses.get(name, (0.0, 0.0))
        if now < after:
            return False
        if now - after > MOST_PAUSE:  # it lived for long
            pause = 0.0
        pause = min(max(2 * pause, 30.0), MOST_PAUSE)
        self._pauses[name] = (now + pause, pause)
        return True

    def _troubles(self, settings: ServeSettings, state: KeeperState, now: datetime) -> list[Alert]:
        """What Prefect's server says of the runs, or that it says nothing; those that are overdue are ended."""
        server = self.server
        try:
            server = server or Server.remembered(self.store)
            if server is None:
                return []
            api = Api(server.api_url, server.password, server.page)
            self._overdue.end(api, now)
            found = [
                *failed_runs(api, settings.alerts, max(state.since, state.looked_at - OVERLAP)),
                *late_runs(api, settings.alerts, now),
            ]
        except _NO_ANSWER as error:
            return self._silent(server, error, now)
        self._silent_since = None
        return [alert.model_copy(update={"store": str(self.store.root)}) for alert in found]

    def _silent(self, server: Server | None, error: Exception, now: datetime) -> list[Alert]:
        self._overdue.forget()
        self._silent_since = self._silent_since or time.monotonic()
        silent = time.monotonic() - self._silent_since
        log.info("no answer from the server for %d s: %s", silent, error)
        if silent < SERVER_PATIENCE:
            return []
        return [
            self._alert(
                "server",
                f"server {now - timedelta(seconds=silent):%Y-%m-%dT%H}",
                "Prefect's server does not answer",
                f"{server.api_url if server else 'its password'}: {error}. `cowese doctor` looks for the cause.",
            )
        ]

    def _alert(self, kind: str, key: str, subject: str, text: str) -> Alert:
        return Alert(kind=kind, key=key, subject=subject, text=text, store=str(self.store.root))

    def _deliver(self, waiting: Iterable[Undelivered], settings: ServeSettings, now: datetime) -> list[Undelivered]:
        """Send what waits, by a channel until it fails; what did not reach everyone and is not too old."""
        left: list[Undelivered] = []
        failed: dict[str, str] = {}
        for one in waiting:
            channels = [name for name in one.channels if name in settings.alerts.channels]
            if self.ending.is_set() or not channels:
                left += [one] if channels else []
                continue
            new = send(one.alert, settings.alerts, [name for name in channels if name not in failed])
            for channel, problem in new.items():
                log.warning("alert %r could not be sent by %s: %s", one.alert.subject, channel, problem)
            failed |= new
            problems = {name: failed[name] for name in channels if name in failed}
            if problems and now - one.since < timedelta(days=UNDELIVERED_DAYS):
                left.append(one.model_copy(update={"channels": list(problems), "problems": problems}))
        return left

    def _retain(self, settings: ServeSettings, now: datetime) -> None:
        folder = serve_folder(self.store)
        for file in folder.glob("*.log"):
            if rotate(file, settings.log_megabytes * 1e6):
                log.info("rotated %s", file)
        deleted = delete_old_runs(folder / "runs", now.timestamp(), settings.keep_days)
        if deleted:
            log.info("deleted the logs of %d runs older than %.0f days", len(deleted), settings.keep_days)


def keep(store: Store, environment: Mapping[str, str], config: Path | None, server: Server | None = None) -> None:
    """Look until SIGTERM, SIGINT or until everything was stopped. Settings are read again at each look."""
    from flows.settings import load_settings  # noqa: PLC0415 - flows.settings imports this package's settings

    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    keeper = Keeper(store, environment, ending, server)
    settings = load_settings(config).serve
    with store.exclusive(KEEPER):
        while not ending.is_set():
            try:
                settings = load_settings(config).serve
            except Exception as error:  # noqa: BLE001 - also what an upgrade of the code in this moment may raise
                log.warning("the settings before remain in force: %s", error)
            try:
                keeper.look(settings, datetime.now(UTC))
            except Exception:  # a keeper that ends keeps nothing
                log.exception("this look was cut short")
            if keeper.is_idle():
                return
            ending.wait(settings.look_seconds)


def main() -> None:
    """Keep the store that is named."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m flows.serving.keeper", description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--alone", action="store_true", help="look at the server in PREFECT_API_URL, start nothing")
    given = parser.parse_args()
    config = os.environ.get("COWESE_CONFIG")
    try:
        server = Server.named(os.environ) if given.alone else None
        keep(Store.open(given.store), os.environ, Path(config) if config else None, server)
    except CoweseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
