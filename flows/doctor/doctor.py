"""All that the doctor looks at, in order."""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version

from data.errors import CoweseError
from data.store import Store
from flows.doctor import disk, machine, served
from flows.doctor.finding import Finding, bad, ok
from flows.serving.api import Api
from flows.serving.parts import Remembered
from flows.settings import Settings


def examine(store: Store, settings: Settings) -> Iterator[Finding]:
    """Look at the installation, the machine, the store and what is served; nothing is changed."""
    yield from machine.versions()
    yield from _store(store)
    yield machine.gpu()
    yield machine.proxy(settings.crawl.proxy)
    remembered = Remembered.read(store)
    if remembered is None:
        yield served.port(store, settings.serve)
        yield ok("serve", "this store is not served; `cowese serve` starts a server, workers and the schedule")
        return
    yield served.port(store, settings.serve.model_copy(update={"port": remembered.port}))
    yield from served.processes(store)
    yield served.alerts(store, settings.serve)
    try:
        api = Api(remembered.api_url, remembered.password)
    except CoweseError as error:
        yield bad("api", str(error), "Restore the file, or `cowese serve --stop` and `cowese serve` with another.")
        return
    findings = list(served.server(store, api, version("prefect")))
    yield from findings
    if findings[0].state == "bad":
        return
    for look in (
        lambda: served.pools(api, settings.serve),
        lambda: served.schedule(api),
        lambda: served.stuck_runs(store, api, settings.serve.alerts.late_minutes),
        lambda: [served.automations(api)],
    ):
        yield from _answered(look)


def _store(store: Store) -> Iterator[Finding]:
    if not store.root.is_dir():
        yield machine.clock(None)
        yield ok("store", f"{store.root} is not there yet; `cowese build` makes it")
        return
    yield machine.clock(disk.newest_write(store))
    yield from disk.room(store)


def _answered(look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What a look at the server finds; a server that ends meanwhile is a finding too."""
    try:
        yield from look()
    except (OSError, ValueError) as error:
        yield bad("api", f"the server's answer failed ({error})", "Run `cowese doctor` again.")
