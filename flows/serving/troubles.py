"""What is wrong with the runs of our deployments, as Prefect's server knows them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.serving.alerts import Alert
from flows.serving.api import Api
from flows.serving.parts import DEPLOYMENTS
from flows.serving.settings import AlertSettings

LOOKED_AT = 200
"""The server gives no more in one answer."""
ENDED_BADLY = ("FAILED", "CRASHED")


def failed_runs(api: Api, settings: AlertSettings, since: datetime) -> Iterator[Alert]:
    """Runs that ended badly after ``since``: those of the schedule, or all that no other run started.

    Raises:
        OSError: the server does not answer.
    """
    for run in _runs(api, states=ENDED_BADLY, end_time={"after_": since.isoformat()}):
        started_by_schedule = run["auto_scheduled"] or "auto-scheduled" in run["tags"]
        if run["parent_task_run_id"] is not None or not (started_by_schedule or settings.about == "all"):
            continue
        message = (run["state"] or {}).get("message") or "no message"
        yield Alert(
            kind="failed",
            key=f"failed {run['id']} {run['run_count']}",
            subject=f"{_described(api, run)} ended as {run['state_name']}",
            text=f"{message}\nRun it again after the cause is removed: it goes on from what was finished. "
            "`cowese doctor` looks for the cause.",
            run=run["id"],
            url=run_page(api, run),
        )


def late_runs(api: Api, settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """Runs that should have started ``late_minutes`` ago and wait still.

    Raises:
        OSError: the server does not answer.
    """
    before = now - timedelta(minutes=settings.late_minutes)
    for run in _runs(api, states=("SCHEDULED",), expected_start_time={"before_": before.isoformat()}):
        child = run["parent_task_run_id"] is not None  # its parent waits for it, perhaps one of the schedule
        if not (child or run["auto_scheduled"] or settings.about == "all"):
            continue
        due = datetime.fromisoformat(run["expected_start_time"]).astimezone(UTC)
        yield Alert(
            kind="late",
            key=f"late {run['id']} {run['expected_start_time']}",
            subject=f"{_described(api, run)} did not start",
            text=f"It was due at {due:%Y-%m-%d %H:%M} UTC and waits in the pool {run['work_pool_name']}: no worker, a "
            "paused pool, or its limit of runs is reached. `cowese doctor` says which.",
            run=run["id"],
            url=run_page(api, run),
        )


def runs_in(api: Api, states: tuple[str, ...]) -> list[dict[str, Any]]:
    """Runs of our deployments in some states, by Prefect's types.

    Raises:
        OSError: the server does not answer.
    """
    return _runs(api, states=states)


def run_page(api: Api, run: Mapping[str, Any]) -> str:
    """A run's page in the browser."""
    return f"{api.page}/runs/flow-run/{run['id']}"


def _described(api: Api, run: Mapping[str, Any]) -> str:
    """A run with its deployment's name: Prefect makes up the run's own."""
    deployment = api.get(f"/deployments/{run['deployment_id']}")["name"] if run["deployment_id"] else "flow run"
    return f"{deployment} ({run['name']})"


def _runs(api: Api, *, states: tuple[str, ...], **times: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.post(
        "/flow_runs/filter",
        {
            "flow_runs": {"state": {"type": {"any_": list(states)}}, **times},
            "deployments": {"name": {"any_": list(DEPLOYMENTS)}},  # not by their tag, which an operator may change
            "sort": "EXPECTED_START_TIME_DESC",
            "limit": LOOKED_AT,
        },
    )
    return found
