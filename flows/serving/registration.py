"""What the Prefect server must know: work pools, the deployments of prefect.yaml, and when a run is a zombie."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from prefect.automations import AutomationCore, EventTrigger, Posture
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.events import ResourceSpecification
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.workers.process import ProcessWorker

from data.errors import StageError
from flows.serving.environment import HEARTBEAT_SECONDS

PROJECT = Path(__file__).resolve().parents[2]
"""Where prefect.yaml lies."""
POOLS = {"cpu": None, "gpu": 1}
"""Work pools of type process, with the number of runs at a time (None: no limit)."""
ZOMBIE_SECONDS = 75
"""A run silent for so long is marked Crashed: two and a half heartbeats, to be seen within 90 s of its death."""
PREFECT = [sys.executable, "-m", "prefect"]
ENGINE = f"{sys.executable} -m flows.serving.engine"
"""Said outright: a worker starts it at once, without a process between that prepares a copy of the code."""
EVERY_RUN = "prefect.flow-run.*"
ENDS = ("Completed", "Failed", "Cancelled", "Crashed")


def register(environment: Mapping[str, str]) -> None:
    """Create or update pools, deployments and the automation, at the server that ``environment`` names.

    Raises:
        StageError: Prefect refused; its last words are in the message.
    """
    with temporary_settings({PREFECT_API_URL: environment["PREFECT_API_URL"]}), get_client(sync_client=True) as client:
        for pool, limit in POOLS.items():
            template = ProcessWorker.get_default_base_job_template()
            template["variables"]["properties"]["command"]["default"] = ENGINE
            client.create_work_pool(
                WorkPoolCreate(name=pool, type="process", base_job_template=template, concurrency_limit=limit),
                overwrite=True,
            )
        clear_zombies(client)
    _deploy(environment)


def clear_zombies(client: SyncPrefectClient) -> None:
    """Have the server mark runs Crashed that have gone silent, so that a limit-1 pool is free again."""
    automation = AutomationCore(
        name="cowese: clear zombie runs",
        description=f"Marks a flow run Crashed that has sent no heartbeat for {ZOMBIE_SECONDS} s "
        f"(it sends one every {HEARTBEAT_SECONDS} s).",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match=ResourceSpecification({"prefect.resource.id": EVERY_RUN}),
            for_each={"prefect.resource.id"},
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{end}" for end in ENDS)},
            threshold=1,
            within=timedelta(seconds=ZOMBIE_SECONDS),
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"No heartbeat for {ZOMBIE_SECONDS} s. Run it again: it goes on from what was finished.",
            )
        ],
    )
    known = client.read_automations_by_name(automation.name)
    if known:
        client.update_automation(known[0].id, automation)
    else:
        client.create_automation(automation)


def _deploy(environment: Mapping[str, str]) -> None:
    """Register prefect.yaml; the profile that happens to be active must not choose another pool."""
    done = subprocess.run(
        [*PREFECT, "--no-prompt", "deploy", "--all", "--prefect-file", str(PROJECT / "prefect.yaml")],
        env={**environment, "COLUMNS": "200"},
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise StageError(f"prefect deploy failed: {' '.join(words[-2:]) or done.returncode}.")
