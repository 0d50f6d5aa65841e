"""Ends runs that nothing works on any more, where the server's automations have not done so.

An automation hears of a run by its events. A server that is killed loses those of its last seconds, and then no
automation ever ends the run. So the keeper looks at the runs' states themselves, a little later than automations act.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.serving.api import Api
from flows.serving.parts import POOLS
from flows.serving.troubles import runs_in

HEARTBEAT = "prefect.flow-run.heartbeat"
LATER = 10.0
"""Seconds that the automations have, and events need to be stored."""

log = logging.getLogger("cowese.keeper")


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a run may be in a state without a sign of life, and what it becomes then."""

    seconds: int
    state: str
    message: str


ZOMBIE_SECONDS = 75
"""A run silent for so long is marked Crashed: two and a half heartbeats, to be seen within 90 s of its death."""
PENDING_SECONDS = 150
"""A run that is Pending for longer has lost its worker: an engine takes a minute to start on a busy machine. One that
starts later still runs all the same."""
CANCELLING_SECONDS = 60
"""An engine that is told to cancel takes Prefect's 30 s of grace at most."""
LIMITS = {
    "RUNNING": Limit(
        ZOMBIE_SECONDS,
        "CRASHED",
        f"No heartbeat for {ZOMBIE_SECONDS} s. Run it again: it goes on from what was finished.",
    ),
    "PENDING": Limit(
        PENDING_SECONDS, "CRASHED", f"Pending for {PENDING_SECONDS} s: no worker started it. Run it again."
    ),
    "CANCELLING": Limit(
        CANCELLING_SECONDS, "CANCELLED", f"Cancelling for {CANCELLING_SECONDS} s without an answer of its engine."
    ),
}
"""By the type of a state."""


@dataclass
class OverdueRuns:
    """Looks at the runs again and again; knows for how long the server has answered."""

    _answers_since: float | None = None

    def forget(self) -> None:
        """The server was away: engines and automations have their time once more."""
        self._answers_since = None

    def end(self, api: Api, now: datetime) -> list[str]:
        """End those that are overdue; their ids.

        Raises:
            OSError: the server does not answer.
        """
        moment = time.monotonic()
        self._answers_since = self._answers_since or moment
        ended = []
        for run in runs_in(api, tuple(LIMITS)):
            limit = LIMITS[run["state_type"]]
            patience = limit.seconds + LATER
            silent = now - datetime.fromisoformat(run["state"]["timestamp"])
            if silent < timedelta(seconds=patience) or moment - self._answers_since < ZOMBIE_SECONDS + LATER:
                continue
            if run["state_type"] == "RUNNING" and not _is_dead(api, run, now - timedelta(seconds=patience)):
                continue
            state = {"type": limit.state, "message": limit.message}
            answer = api.post(f"/flow_runs/{run['id']}/set_state", {"state": state})
            log.warning("ended %s, %s since %s: %s", run["id"], run["state_type"], silent, answer["status"])
            ended.append(str(run["id"]))
        return ended


def _is_dead(api: Api, run: Mapping[str, Any], since: datetime) -> bool:
    """Whether a run sent no heartbeat; one outside our pools may never send any."""
    if run["work_pool_name"] not in POOLS:
        return False
    asked = {
        "filter": {
            "occurred": {"since": since.isoformat()},
            "event": {"name": [HEARTBEAT]},
            "resource": {"id": [f"prefect.flow-run.{run['id']}"]},
        },
        "limit": 1,
    }
    return not api.post("/events/filter", asked)["events"]
