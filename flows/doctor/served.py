"""What is served: port, server, workers, schedule, runs, alerts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.error import HTTPError

from data.store import Store
from flows.doctor.finding import Finding, bad, ok, warning
from flows.serving.api import Api
from flows.serving.foreign import listens, who_listens
from flows.serving.keeper import KeeperState
from flows.serving.parts import (
    KEEPER,
    POOLS,
    SCHEDULED,
    SERVER,
    Remembered,
    daemon_of,
    names_in_order_of_end,
    serve_folder,
    worker_of,
)
from flows.serving.settings import ServeSettings
from flows.serving.troubles import LOOKED_AT, runs_in
from flows.stages.call_files import CallFolder

SERVE = "`cowese serve` starts it."
MOST_DATABASE = 4e9
"""Bytes of Prefect's SQLite file from which its page is slow."""
PENDING, CANCELLING, SILENT = timedelta(minutes=6), timedelta(minutes=3), 120.0
"""How long a run may be in a state, and its stage say nothing, before it counts as stuck."""
NOT_FOUND = 404


def port(store: Store, settings: ServeSettings) -> Finding:
    """Who has the port that we want."""
    if daemon_of(store, SERVER).pid is not None:
        served = Remembered.read(store)
        return ok("port", f"{served.port if served else settings.port}, ours")
    if listens(settings.port):
        remedy = "Stop it, or choose another port: setting serve.port."
        return bad("port", f"{settings.port}: {who_listens(settings.port)} listens there", remedy)
    return ok("port", f"{settings.port}, free")


def processes(store: Store) -> Iterator[Finding]:
    """The processes of the store's serving."""
    for name in reversed(names_in_order_of_end(store)):
        daemon = daemon_of(store, name)
        if daemon.pid is not None:
            yield ok(name, f"runs (process {daemon.pid})")
        elif daemon.died:
            yield bad(name, f"died; {daemon.log} has its last lines", SERVE)
        else:
            yield warning(name, "stopped", SERVE)


def server(store: Store, api: Api, installed: str) -> Iterator[Finding]:
    """Whether the server answers, in which version, and how large its database is."""
    try:
        running = api.get("/admin/version")
    except HTTPError as error:
        yield bad("api", f"{api.url}: {error}", "If the password changed: `cowese serve --stop`, then `cowese serve`.")
        return
    except (OSError, ValueError) as error:
        log = daemon_of(store, SERVER).log
        yield bad("api", f"{api.url} does not answer ({error})", f"{log} says why; `cowese serve` starts it again.")
        return
    if running != installed:
        remedy = "`cowese serve --stop`, then `cowese serve`."
        yield warning("api", f"{api.url}: Prefect {running} runs, {installed} is installed", remedy)
    else:
        yield ok("api", f"{api.url}: Prefect {running}")
    database = serve_folder(store) / "prefect.db"
    if database.is_file() and database.stat().st_size > MOST_DATABASE:
        remedy = "Lower the setting serve.keep_days, or back up and delete the file while nothing is served."
        yield warning("database", f"{database}: {database.stat().st_size / 1e9:.1f} GB", remedy)


def pools(api: Api, settings: ServeSettings) -> Iterator[Finding]:
    """Every pool: paused or not, and who takes its runs."""
    for name in POOLS:
        try:
            pool = api.get(f"/work_pools/{name}")
        except HTTPError as error:
            if error.code != NOT_FOUND:
                raise
            yield bad(f"pool {name}", "the server does not know it", "`cowese serve` creates it.")
            continue
        workers = api.post(f"/work_pools/{name}/workers/filter", {})
        online = [one["name"] for one in workers if one["status"] == "ONLINE"]
        if pool["is_paused"]:
            yield warning(f"pool {name}", "paused: its runs wait", f"prefect work-pool resume {name}")
        elif online:
            yield ok(f"pool {name}", f"worker {', '.join(online)}")
        elif name in settings.pools:
            yield bad(f"pool {name}", "no worker: its runs wait", f"`cowese serve` starts {worker_of(name)}.")
        else:
            yield warning(
                f"pool {name}", "no worker: its runs wait", "Start its worker on the machine that should have one."
            )


def schedule(api: Api) -> Iterator[Finding]:
    """Whether the monthly run will come, and how the last one ended."""
    try:
        deployment = api.get(f"/deployments/name/{SCHEDULED}/{SCHEDULED}")
    except HTTPError as error:
        if error.code != NOT_FOUND:
            raise
        yield bad("schedule", f"the server knows no deployment {SCHEDULED}", "`cowese serve` creates it.")
        return
    active = [one for one in deployment["schedules"] if one["active"]]
    if not deployment["schedules"]:
        remedy = f"prefect deployment schedule create {SCHEDULED}/{SCHEDULED} --cron '0 3 1 * *'"
        yield warning("schedule", "none: no run starts by itself", remedy)
    elif not active:
        first = deployment["schedules"][0]["id"]
        remedy = f"prefect deployment schedule resume {SCHEDULED}/{SCHEDULED} {first}"
        yield warning("schedule", "switched off: no run starts by itself", remedy)
    elif deployment["paused"]:
        yield warning("schedule", f"{SCHEDULED} is paused", "Resume it on Prefect's page.")
    else:
        yield ok("schedule", _next_run(api, deployment, active))
    yield from _last_run(api, deployment)


def _next_run(api: Api, deployment: dict[str, Any], active: list[dict[str, Any]]) -> str:
    wanted = {"deployment_id": {"any_": [deployment["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
    asked = {"flow_runs": wanted, "sort": "EXPECTED_START_TIME_ASC", "limit": 1}
    ahead = api.post("/flow_runs/filter", asked)
    when = active[0]["schedule"]
    rule = when.get("cron") or when.get("rrule") or f"every {when.get('interval')} s"
    zone = when.get("timezone") or "UTC"
    return f"{rule} ({zone})" + (f", next {ahead[0]['expected_start_time'][:16]} UTC" if ahead else "")


def _last_run(api: Api, deployment: dict[str, Any]) -> Iterator[Finding]:
    ended = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}}
    wanted = {"deployment_id": {"any_": [deployment["id"]]}, "state": ended}
    runs = api.post("/flow_runs/filter", {"flow_runs": wanted, "sort": "END_TIME_DESC", "limit": 1})
    if not runs:
        return
    run = runs[0]
    words = f"{run['name']}, {run['end_time'][:16]} UTC: {run['state_name']}"
    if run["state_type"] in ("FAILED", "CRASHED"):
        message = (run["state"] or {}).get("message") or "no message"
        yield bad("last run", f"{words}: {message}", "Remove the cause and run it again: it goes on.")
    else:
        yield ok("last run", words)


def stuck_runs(store: Store, api: Api, late_minutes: float) -> Iterator[Finding]:
    """Runs that wait for what will not come."""
    now = datetime.now(UTC)
    runs = runs_in(api, ("SCHEDULED", "PENDING", "RUNNING", "CANCELLING"))
    stuck = [(run, why) for run in runs if (why := _stuck(store, run, now, late_minutes)) is not None]
    for run, why in stuck:
        waits = run["state_type"] == "SCHEDULED"
        remedy = "Its pool's line says why." if waits else f"prefect flow-run cancel {run['id']}, then run it again."
        yield bad(f"run {run['name']}", why, remedy)
    if not stuck:
        running = [run["name"] for run in runs if run["state_type"] == "RUNNING"]
        more = f" (the latest {LOOKED_AT} of them)" if len(runs) == LOOKED_AT else ""
        yield ok("runs", f"none is stuck; running: {', '.join(running) or 'none'}{more}")


def _stuck(store: Store, run: dict[str, Any], now: datetime, late_minutes: float) -> str | None:
    since = now - datetime.fromisoformat(run["state"]["timestamp"])
    state = run["state_type"]
    if state == "SCHEDULED":
        late = now - datetime.fromisoformat(run["expected_start_time"])
        return f"due for {_minutes(late)} and not started" if late > timedelta(minutes=late_minutes) else None
    if state == "PENDING":
        return f"Pending for {_minutes(since)}: no engine started it" if since > PENDING else None
    if state == "CANCELLING":
        return f"Cancelling for {_minutes(since)}" if since > CANCELLING else None
    beats = [
        told["beat"]
        for file in (serve_folder(store) / "runs" / run["id"]).glob("*/progress.json")
        if "beat" in (told := CallFolder(file.parent).read_progress())
    ]
    silent = time.time() - max(beats) if beats else 0.0
    # between two stages an engine is silent too, for seconds; one that waits for another run has no stage at all
    return f"Running, but its stage has said nothing for {silent / 60:.0f} min" if silent > SILENT else None


def _minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"


def automations(api: Api) -> Finding:
    """What ends runs that nothing stands behind."""
    ours = [one for one in api.post("/automations/filter", {}) if one["name"].startswith("cowese: ")]
    off = [one["name"] for one in ours if not one["enabled"]]
    if not ours:
        return bad("automations", "none of ours: a run whose engine died stays Running", "`cowese serve` creates them.")
    if off:
        return warning("automations", f"switched off: {', '.join(off)}", "Switch them on on Prefect's page.")
    return ok("automations", f"{len(ours)} on")


def alerts(store: Store, settings: ServeSettings) -> Finding:
    """Whether somebody would be told."""
    channels = settings.alerts.channels
    if not channels:
        return warning(
            "alerts", "nobody is told when a run fails", "Set serve.alerts.webhook or serve.alerts.email_to."
        )
    state = KeeperState.read(store)
    if state is not None and state.undelivered:
        first = state.undelivered[0]
        problems = "; ".join(f"{channel}: {problem}" for channel, problem in first.problems.items())
        remedy = "Mend the settings under [serve.alerts]; the alerts are tried again."
        return bad("alerts", f"{len(state.undelivered)} could not be sent: {problems}", remedy)
    if not store.is_busy(KEEPER):  # in a process of its own, or in `cowese serve --foreground`
        return bad("alerts", f"{', '.join(channels)}; but the keeper does not run", SERVE)
    return ok("alerts", ", ".join(channels))
