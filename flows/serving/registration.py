"""What the Prefect server must know: work pools, the deployments of prefect.yaml, and when a run is a zombie.

Registering again leaves what an operator set: schedules, limits, pauses, parameters and job variables. Only what the
code decides is updated: a deployment's entry point, its folder, the schema of its parameters, and a worker's command.
"""

import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker
from yaml import safe_load

from data.errors import StageError
from flows.serving.environment import HEARTBEAT_SECONDS
from flows.serving.overdue import CANCELLING_SECONDS, HEARTBEAT, LIMITS, PENDING_SECONDS, ZOMBIE_SECONDS, Limit
from flows.serving.parts import POOLS

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of our packages: a checkout, or site-packages where a wheel was installed."""
DESCRIPTION = PROJECT / "flows" / "prefect.yaml"
"""The deployments; inside the package, so that a wheel has it."""
PATIENCE = 120.0
"""Seconds for which a busy server is asked again."""
ENGINE_MODULE = "-m flows.serving.engine"
ENGINE = f"{shlex.quote(sys.executable)} {ENGINE_MODULE}"
"""Named in full: a worker starts it at once, without a process between that copies the code. A worker splits
the line as a shell does, so a path with spaces needs quotes."""
_FOLDER_STEP = "prefect.deployments.steps.set_working_directory"
_FROM_HERE = [{_FOLDER_STEP: {"directory": str(PROJECT)}}]
"""Where an engine finds the entry point."""
_WORDS = {"entrypoint": "entry point", "parameter_openapi_schema": "parameter schema", "pull_steps": "folder"}
EVERY_RUN = "prefect.flow-run.*"
ENDS = ("Completed", "Failed", "Cancelled", "Crashed")


def register(environment: Mapping[str, str]) -> list[str]:
    """Create pools, deployments and the automation at the server that ``environment`` names; say what was changed.

    What exists keeps all that an operator can set. Nothing is said where nothing was changed. A server that answers
    503, since its SQLite file is locked, is asked again for ``PATIENCE`` seconds.

    Raises:
        StageError: Prefect refused; its last words are in the message.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _register(environment)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                words = " ".join(str(error).split())
                raise StageError(f"Prefect's server refused: {words} Run `cowese serve` again.") from error
        time.sleep(1)


def _register(environment: Mapping[str, str]) -> list[str]:
    changed: list[str] = []
    server: dict[Any, Any] = {PREFECT_API_URL: environment["PREFECT_API_URL"]}
    if "PREFECT_API_AUTH_STRING" in environment:
        server[PREFECT_API_AUTH_STRING] = environment["PREFECT_API_AUTH_STRING"]
    with temporary_settings(server), get_client(sync_client=True) as client:
        for pool, limit in POOLS.items():
            changed += _register_pool(client, pool, limit)
        changed += clear_zombies(client)
        for described in _described():
            deployment = _known(client, described["name"])
            if deployment is None:
                changed += _create_deployment(client, described)
            else:
                changed += _update_deployment(client, deployment, described["entrypoint"])
    return changed


def _register_pool(client: SyncPrefectClient, name: str, limit: int | None) -> list[str]:
    """Create a pool, or give an existing one our worker's command where it has an older one of ours, or none."""
    try:
        pool = client.read_work_pool(name)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        template["variables"]["properties"]["command"]["default"] = ENGINE
        client.create_work_pool(
            WorkPoolCreate(name=name, type="process", base_job_template=template, concurrency_limit=limit)
        )
        return [f"created pool {name}"]
    template = pool.base_job_template or ProcessWorker.get_default_base_job_template()
    command = template["variables"]["properties"]["command"]
    current = command.get("default")
    if current == ENGINE or (current and not current.endswith(ENGINE_MODULE)):
        return []
    command["default"] = ENGINE
    client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))
    return [f"pool {name}: command of its workers"]


def _described() -> list[dict[str, Any]]:
    """The deployments of prefect.yaml."""
    deployments: list[dict[str, Any]] = safe_load(DESCRIPTION.read_text(encoding="utf-8"))["deployments"]
    return deployments


def _known(client: SyncPrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return client.read_deployment_by_name(f"{name}/{name}")
    except ObjectNotFound:
        return None


def _create_deployment(client: SyncPrefectClient, described: Mapping[str, Any]) -> list[str]:
    """Create a deployment as `prefect deploy` does, whose start takes longer than all of this."""
    flow = _flow(described["entrypoint"])
    schedules = [
        DeploymentScheduleCreate(
            schedule=CronSchedule(cron=one["cron"], timezone=one["timezone"]), active=one["active"], slug=one["slug"]
        )
        for one in described.get("schedules", ())
    ]
    client.create_deployment(
        flow_id=client.create_flow_from_name(flow.name),
        name=described["name"],
        description=described["description"],
        entrypoint=described["entrypoint"],
        pull_steps=_FROM_HERE,
        parameters=described["parameters"],
        parameter_openapi_schema=parameter_schema(flow).model_dump(),
        enforce_parameter_schema=described["enforce_parameter_schema"],
        tags=described["tags"],
        work_pool_name=described["work_pool"]["name"],
        schedules=schedules,
    )
    return [f"created deployment {described['name']}"]


def _flow(entrypoint: str) -> Flow[..., Any]:
    flow: Flow[..., Any] = load_flow_from_entrypoint(f"{PROJECT}/{entrypoint}", use_placeholder_flow=False)
    return flow


def _update_deployment(client: SyncPrefectClient, deployment: DeploymentResponse, entrypoint: str) -> list[str]:
    """Update what the code decides, where it differs; everything else of the deployment stays.

    Raises:
        StageError: a parameter that was saved with the deployment no longer exists.
    """
    schema = parameter_schema(_flow(entrypoint))
    steps: list[dict[str, Any]] = deployment.pull_steps or []
    operators_own = bool(steps) and not _is_folder_only(steps)  # such as a clone of a repository
    decided: dict[str, Any] = {
        "entrypoint": entrypoint,
        "parameter_openapi_schema": schema.model_dump(),
        "pull_steps": steps if operators_own else _FROM_HERE,
    }
    known = {
        "entrypoint": deployment.entrypoint,
        "parameter_openapi_schema": deployment.parameter_openapi_schema,
        "pull_steps": steps,
    }
    if decided == known:
        return []
    gone = sorted(set(deployment.parameters) - set(schema.properties))
    if gone:
        raise StageError(
            f"deployment {deployment.name}: this version knows no parameter {', '.join(gone)}, which is saved with it. "
            "Remove it on Prefect's page (Deployments, Edit), then run `cowese serve` again."
        )
    client.update_deployment(deployment.id, DeploymentUpdate(**decided))
    what = ", ".join(_WORDS[name] for name in decided if decided[name] != known[name])
    return [f"deployment {deployment.name}: {what}"]


def _is_folder_only(steps: Sequence[Mapping[str, Any]]) -> bool:
    return [list(step) for step in steps] == [[_FOLDER_STEP]]


def clear_zombies(client: SyncPrefectClient) -> list[str]:
    """Have the server end runs that nothing stands behind any more, so that a limit-1 pool is free again.

    One that an operator switched off stays off.
    """
    changed: list[str] = []
    for automation in _automations():
        known = client.read_automations_by_name(automation.name)
        if not known:
            client.create_automation(automation)
            changed.append(f"created automation {automation.name}")
        elif known[0].description != automation.description:
            # only then: an update forgets the runs that were already silent, and they would stay Running for ever
            client.update_automation(known[0].id, automation.model_copy(update={"enabled": known[0].enabled}))
            changed.append(f"automation {automation.name}: when it ends a run")
    return changed


def _automations() -> list[AutomationCore]:
    ends = {f"prefect.flow-run.{end}" for end in ENDS}
    return [
        _ended_when_silent(
            "cowese: clear zombie runs",
            f"Marks a flow run Crashed that has sent no heartbeat for {ZOMBIE_SECONDS} s "
            f"(it sends one every {HEARTBEAT_SECONDS} s).",
            after={HEARTBEAT},
            expect={HEARTBEAT, *ends},
            limit=LIMITS["RUNNING"],
        ),
        _ended_when_silent(
            "cowese: end runs without a first heartbeat",
            f"Marks a run of the pools {' and '.join(POOLS)} Crashed that is Running and has sent no heartbeat within "
            f"{ZOMBIE_SECONDS} s: its worker and its engine died at once.",
            after={"prefect.flow-run.Running"},
            expect={HEARTBEAT, "prefect.flow-run.Cancelling", *ends},
            limit=LIMITS["RUNNING"],
            related={"prefect.resource.role": "work-pool", "prefect.resource.name": list(POOLS)},
        ),
        _ended_when_silent(
            "cowese: end runs that never start",
            f"Marks a flow run Crashed that has been Pending for {PENDING_SECONDS} s: its worker died.",
            after={"prefect.flow-run.Pending"},
            expect={"prefect.flow-run.Running", "prefect.flow-run.Scheduled", "prefect.flow-run.Cancelling", *ends},
            limit=LIMITS["PENDING"],
        ),
        _ended_when_silent(
            "cowese: end runs that do not cancel",
            f"Marks a flow run Cancelled that has been Cancelling for {CANCELLING_SECONDS} s.",
            after={"prefect.flow-run.Cancelling"},
            expect=ends,
            limit=LIMITS["CANCELLING"],
        ),
    ]


def _ended_when_silent(
    name: str,
    description: str,
    *,
    after: set[str],
    expect: set[str],
    limit: Limit,
    related: dict[str, str | list[str]] | None = None,
) -> AutomationCore:
    """End a run that sends none of the events ``expect`` within its limit of one of ``after``.

    ``related`` is what another resource of these events must be; without it every run of the server is meant.
    """
    return AutomationCore(
        name=name,
        description=description,
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match=ResourceSpecification({"prefect.resource.id": EVERY_RUN}),
            match_related=ResourceSpecification(related or {}),
            for_each={"prefect.resource.id"},
            after=after,
            expect=expect,
            threshold=1,
            within=timedelta(seconds=limit.seconds),
        ),
        actions=[ChangeFlowRunState(state=StateType(limit.state), message=limit.message)],
    )
