"""``prefect deployment run … --watch`` shows states of the run and one log line a stage.

The stock command prints every event of the run and its tasks, hundreds in a day.
"""

from logging import INFO

import prefect.cli.flow_runs_watching as stock
from prefect.client.schemas.objects import Log
from prefect.events import Event
from prefect.events.subscribers import FlowRunSubscriber

STATES = ("Scheduled", "Pending", "Running", "Completed", "Failed", "Crashed", "Cancelling", "Cancelled", "Paused")
_SHOWN = {f"prefect.flow-run.{state}" for state in STATES}
_MACHINERY = ("prefect.flow_runs.worker", "prefect.flow_runs.runner")
"""Loggers of what starts a run."""
_PREFECTS_OWN = (
    "Finished in state Completed(",
    "Beginning flow run ",
    "Running 1 deployment pull step",
    "Executing deployment step: ",
    "Deployment step ",
    "All deployment steps ",
)
"""Prefect logs these for each task and run; the states and our line of the stage say more."""


class QuietSubscriber(FlowRunSubscriber):
    """The events and logs of a run that a person wants to see."""

    async def __anext__(self) -> Log | Event:
        """The next of them."""
        while True:
            item = await super().__anext__()
            if is_shown(item):
                return item


def is_shown(item: Log | Event) -> bool:
    """Whether an event is a state of the run, a log line one of ours or a warning."""
    if isinstance(item, Log):
        return item.level > INFO or not (item.name in _MACHINERY or item.message.startswith(_PREFECTS_OWN))
    return item.event in _SHOWN


def watch_quietly() -> None:
    """Have the stock command take our subscriber; where its module has changed, it stays as it is."""
    if getattr(stock, "FlowRunSubscriber", None) is FlowRunSubscriber:
        stock.FlowRunSubscriber = QuietSubscriber  # type: ignore[attr-defined]
