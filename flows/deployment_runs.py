"""Runs of deployments from inside a flow: start one and wait for it, or wait for an identical run."""

import contextlib
import inspect
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import deployment, flow_run
from prefect.states import Cancelling
from pydantic_core import to_jsonable_python

from data.errors import StageError
from flows.serving.overdue import PENDING_SECONDS

R = TypeVar("R")

POLL = 2.0
"""Seconds between two polls of a run."""
LATEST_RUNS = 100
"""The latest runs of a deployment that are searched for an identical one."""
SILENT_SECONDS = 60.0
"""Seconds between two log lines while the server does not answer."""
STARTS = 2
"""Times that a run which we wait for is started, where its engine was killed or never began."""
SERVER_ERROR = 500


def is_deployed() -> bool:
    """Whether this flow run came from a deployment, so that there are a server and workers."""
    return deployment.get_id() is not None


def wait_for_identical_run(flow: Flow[..., Any]) -> bool:
    """Wait for an older run with the same parameters that had not ended when this one was submitted.

    True: it did the work. False: there is none, or it was cancelled or killed.

    Raises:
        StageError: it failed.
    """
    if not is_deployed():
        return False
    with get_client(sync_client=True) as client:
        own = patiently(lambda: client.read_flow_run(UUID(flow_run.get_id())))
        identical = patiently(lambda: _older_identical_run(client, own, flow))
        if identical is None:
            return False
        get_run_logger().info("%s does the same already: waiting for it instead of starting a second.", identical.name)
        name, identical = identical.name, _wait_for_end(client, identical.id)
    if identical is None:
        get_run_logger().warning("%s was deleted: going on in its place.", name)
        return False
    assert identical.state is not None
    if identical.state.is_failed():
        raise StageError(f"{identical.name}, which did the same, failed: {identical.state.message}")
    if not identical.state.is_completed():
        get_run_logger().warning("%s ended as %s: going on in its place.", identical.name, identical.state.name)
    return identical.state.is_completed()


def run_deployment_and_wait(name: str, flow: Flow[..., Any], parameters: Mapping[str, Any]) -> FlowRun:
    """Run a deployment and wait for it; if an identical run is active, wait for that one instead.

    If this run is cancelled, it cancels the run that it started. It waits for a server that does not answer. Where the
    one that was found running is cancelled or killed, a run of our own takes its place. One of our own that was killed,
    or never began since its worker died, is started once more: it goes on from what was finished.

    Raises:
        StageError: the run failed, crashed, was cancelled or deleted.
    """
    given = {key: value for key, value in to_jsonable_python(dict(parameters)).items() if value is not None}
    with get_client(sync_client=True) as client:
        deployed = patiently(lambda: client.read_deployment_by_name(name))
        active = [run for run in patiently(lambda: _runs(client, deployed.id)) if _is_active(run)]
        same = next(
            (run for run in active if _with_defaults(flow, run.parameters) == _with_defaults(flow, given)), None
        )
        if same is not None:
            get_run_logger().info("%s: waiting for %s", name, same.name)
            ended = _wait_for_end(client, same.id)
            if (
                ended is not None
                and ended.state is not None
                and (ended.state.is_completed() or ended.state.is_failed())
            ):
                return _completed(name, same, ended)
            get_run_logger().warning("%s was cancelled or killed: going on in its place.", same.name)
        for start in range(1, STARTS + 1):
            started, ended = _run_once(client, name, given, start)
            if start == STARTS or not _was_lost(ended):
                break
            get_run_logger().warning("%s was killed or never began: starting it once more.", started.name)
        return _completed(name, started, ended)


def _run_once(
    client: SyncPrefectClient, name: str, given: Mapping[str, Any], start: int
) -> tuple[FlowRun, FlowRun | None]:
    """Start a run of a deployment and wait until it has ended, as ``_wait_for_end`` tells it."""
    key = f"{flow_run.get_id()} {flow_run.get_run_count()} {start} {name}"  # asked twice, the server creates one run
    started = patiently(lambda: run_deployment(name, parameters=dict(given), timeout=0, idempotency_key=key))
    assert isinstance(started, FlowRun)
    get_run_logger().info("%s: started %s", name, started.name)
    try:
        return started, _wait_for_end(client, started.id)
    except Exception:
        raise  # an error here must not cancel the training
    except BaseException:  # cancelled, or ended by a signal: a service that is stopped cancels no training
        _cancel_with_us(client, started)
        raise


def _completed(name: str, started: FlowRun, ended: FlowRun | None) -> FlowRun:
    """The run that ended, if it completed.

    Raises:
        StageError: it did not.
    """
    if ended is None:
        raise StageError(f"{name}: {started.name} was deleted. Run it again.")
    assert ended.state is not None
    if not ended.state.is_completed():
        message = ended.state.message or "no message"
        hint = "" if "un it again" in message else " Run it again: it goes on from what was finished."
        raise StageError(f"{name}: {ended.name} ended as {ended.state.name}: {message}{hint}")
    return ended


def _cancel_with_us(client: SyncPrefectClient, started: FlowRun) -> None:
    """Cancel the run that we started, if somebody cancelled this very run."""
    with contextlib.suppress(httpx.HTTPError):  # the server is away, so no one can have cancelled us
        state = client.read_flow_run(UUID(flow_run.get_id())).state
        if state is not None and (state.is_cancelling() or state.is_cancelled()):
            client.set_flow_run_state(started.id, Cancelling())


def _older_identical_run(client: SyncPrefectClient, own: FlowRun, flow: Flow[..., Any]) -> FlowRun | None:
    assert own.deployment_id is not None
    assert own.created is not None
    wanted = _with_defaults(flow, own.parameters)
    for run in _runs(client, own.deployment_id):
        assert run.created is not None
        older = (run.created, str(run.id)) < (own.created, str(own.id))
        overlapped = _is_active(run) or (
            run.state is not None
            and run.state.is_completed()
            and run.end_time is not None
            and run.end_time > own.created
        )
        if older and overlapped and _with_defaults(flow, run.parameters) == wanted:
            return run
    return None


def _runs(client: SyncPrefectClient, deployment_id: UUID) -> list[FlowRun]:
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id])),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=LATEST_RUNS,
    )


def _is_active(run: FlowRun) -> bool:
    return run.state is not None and not _never_started(run) and (run.state.is_pending() or run.state.is_running())


def _never_started(run: FlowRun) -> bool:
    """Whether a run has been Pending for too long to have an engine."""
    state = run.state
    if state is None or not state.is_pending():
        return False
    return (datetime.now(UTC) - state.timestamp).total_seconds() > PENDING_SECONDS


def _was_lost(run: FlowRun | None) -> bool:
    """Whether a run's engine was killed, or never began."""
    return run is not None and run.state is not None and (run.state.is_crashed() or run.state.is_pending())


def _with_defaults(flow: Flow[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON, with the flow's defaults."""
    defaults = {name: one.default for name, one in inspect.signature(flow.fn).parameters.items()}
    filled: dict[str, Any] = to_jsonable_python({**defaults, **given})
    return filled


def _wait_for_end(client: SyncPrefectClient, run_id: UUID) -> FlowRun | None:
    """The run when it has ended, or is Pending for too long to start; None where it was deleted."""
    while True:
        try:
            run = patiently(lambda: client.read_flow_run(run_id))
        except ObjectNotFound:
            return None
        if _never_started(run) or (run.state is not None and run.state.is_final()):
            return run
        time.sleep(POLL)


def patiently(ask: Callable[[], R]) -> R:
    """What the server answers; it is asked again for as long as it is away."""
    began = time.monotonic()
    told = 0.0
    while True:
        try:
            return ask()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code < SERVER_ERROR:
                raise
            now = time.monotonic()
            if now - told >= SILENT_SECONDS:
                told = now
                get_run_logger().warning("no answer from the server for %d s: waiting for it.", now - began)
        time.sleep(POLL)
