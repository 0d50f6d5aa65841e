"""What the Prefect server must know: work pools, the deployments of prefect.yaml, and when a run is a zombie."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from data.errors import StageError

PROJECT = Path(__file__).resolve().parents[2]
"""Where prefect.yaml lies."""
POOLS = {"cpu": None, "gpu": 1}
"""Work pools of type process, with the number of runs at a time (None: no limit)."""
HEARTBEAT_SECONDS = 30
"""How often a flow run says that it lives; Prefect's own least value."""
ZOMBIE_SECONDS = 90
"""A run silent for so long is marked Crashed, so that a limit-1 pool is free again."""

_ZOMBIE_NAME = "cowese: clear zombie runs"
_ZOMBIES = {
    "name": _ZOMBIE_NAME,
    "description": f"Marks a flow run Crashed that has sent no heartbeat for {ZOMBIE_SECONDS} s.",
    "enabled": True,
    "trigger": {
        "type": "event",
        "posture": "Proactive",
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "for_each": ["prefect.resource.id"],
        "after": ["prefect.flow-run.heartbeat"],
        "expect": [
            "prefect.flow-run.heartbeat",
            "prefect.flow-run.Completed",
            "prefect.flow-run.Failed",
            "prefect.flow-run.Cancelled",
            "prefect.flow-run.Crashed",
        ],
        "threshold": 1,
        "within": ZOMBIE_SECONDS,
    },
    "actions": [
        {
            "type": "change-flow-run-state",
            "state": "CRASHED",
            "message": f"No heartbeat for {ZOMBIE_SECONDS} s. Run it again: it goes on from what was finished.",
        }
    ],
}


def register(environment: Mapping[str, str]) -> None:
    """Create or update pools, deployments and the automation, at the server that ``environment`` names.

    Raises:
        StageError: Prefect refused; its last words are in the message.
    """
    for pool, limit in POOLS.items():
        _prefect(environment, "work-pool", "create", pool, "--type", "process", "--overwrite")
        if limit is not None:
            _prefect(environment, "work-pool", "set-concurrency-limit", pool, str(limit))
    _prefect(environment, "--no-prompt", "deploy", "--all", "--prefect-file", str(PROJECT / "prefect.yaml"))
    if _ZOMBIE_NAME not in _prefect(environment, "automation", "ls"):
        _prefect(environment, "automation", "create", "--from-json", json.dumps(_ZOMBIES))


def _prefect(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        env={**environment, "COLUMNS": "200"},
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise StageError(f"prefect {arguments[0]} {arguments[1]} failed: {' '.join(words[-2:]) or done.returncode}.")
    return done.stdout
