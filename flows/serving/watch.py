"""A run as Prefect's server knows it: its state, and how far each of its stages is."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterName,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterParentTaskRunId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort, FlowRunSort
from prefect.settings import PREFECT_API_URL

from data.errors import InputError, StageError
from flows.prefect_pages.progress import KEY_SUFFIX
from flows.serving.loopback import answers
from flows.serving.parts import DEPLOYMENTS

POLL = 1.0
"""Seconds between two looks."""
PATIENCE = 60.0
"""Seconds that the server may be away."""
MOST_STAGES = 50
MOST_RUNS = 200
"""The server gives no more in one answer."""


@dataclass(frozen=True, slots=True)
class StageSeen:
    """A stage as its progress artifact shows it."""

    name: str
    percent: float
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A run at one moment."""

    name: str
    state: str
    message: str
    ended: bool
    completed: bool
    stages: tuple[StageSeen, ...]


def watch(run: str | None) -> Iterator[Seen]:
    """Look at a run, known by its name or id (default: that submitted last), until it has ended.

    Raises:
        InputError: there is no such run.
        StageError: no server answers.
    """
    url = PREFECT_API_URL.value()
    if url is None or not answers(url):
        raise StageError(f"no Prefect server answers{' at ' + url if url else ''}. Start one with `cowese serve`.")
    with get_client(sync_client=True) as client:
        found = find_run(client, run)
        away_since = None
        while True:
            try:
                seen = look(client, found.id)
            except httpx.HTTPError as error:
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > PATIENCE:
                    raise StageError(f"{url}: the server no longer answers ({error}).") from error
            else:
                away_since = None
                yield seen
                if seen.ended:
                    return
            time.sleep(POLL)


def find_run(client: SyncPrefectClient, run: str | None) -> FlowRun:
    """The run of that name or id; without one, that of our deployments that was submitted last, whatever its state.

    Raises:
        InputError: there is none.
    """
    if run is None:
        wanted = FlowRunFilter(parent_task_run_id=FlowRunFilterParentTaskRunId(is_null_=True))
    else:
        try:
            wanted = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run)]))
        except ValueError:
            wanted = FlowRunFilter(name=FlowRunFilterName(any_=[run]))
    ours = DeploymentFilter(name=DeploymentFilterName(any_=list(DEPLOYMENTS))) if run is None else None
    found = client.read_flow_runs(
        flow_run_filter=wanted,
        deployment_filter=ours,
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=MOST_RUNS,
    )
    now = datetime.now(UTC)
    submitted = [one for one in found if run or not _is_ahead(one, now)]
    if not submitted:
        raise InputError(
            f"{run or 'no run'}: the server knows no such run. `prefect flow-run ls` lists them."
            if run
            else "no run yet. Start one: prefect deployment run build-cowese"
        )
    return max(submitted, key=_submitted_at)


def _is_ahead(run: FlowRun, now: datetime) -> bool:
    """Whether the schedule made the run for a time to come."""
    return run.auto_scheduled and run.expected_start_time is not None and run.expected_start_time > now


def _submitted_at(run: FlowRun) -> float:
    """When somebody submitted a run, or the schedule's time came: the scheduler makes its runs months before."""
    moment = run.expected_start_time if run.auto_scheduled else run.created
    return moment.timestamp() if moment else 0.0


def look(client: SyncPrefectClient, run_id: UUID) -> Seen:
    """A run now, with the stages of the runs that it started."""
    run = client.read_flow_run(run_id)
    assert run.state is not None
    children = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run_id]))
    )
    artifacts = client.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run_id, *(child.id for child in children)]),
            type=ArtifactFilterType(any_=["progress"]),
        ),
        sort=ArtifactSort.CREATED_DESC,
        limit=MOST_STAGES,
    )
    stages = [
        StageSeen((one.key or "").removesuffix(KEY_SUFFIX), float(one.data or 0.0), one.description or "")  # type: ignore[arg-type]
        for one in reversed(artifacts)
    ]
    latest = {stage.name: stage for stage in stages}
    return Seen(
        name=run.name,
        state=run.state.name or run.state.type.value,
        message=run.state.message or "",
        ended=run.state.is_final(),
        completed=run.state.is_completed(),
        stages=tuple(latest.values()),
    )
