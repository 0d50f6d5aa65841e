"""An engine ends its run when that was cancelled and its worker does nothing: the worker died, or was cut off.

Cancelling is the worker's business. It learns of it by a WebSocket, which an outage of the server can end for good, and
a run outlives its worker. Then the run is marked Cancelled at last, while its training would go on for days.
"""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from types import FrameType

from flows.serving.api import Api, password_in

LOOK_SECONDS = 5.0
"""Time between two looks at the run's state."""
PATIENCE = 15.0
"""Seconds for the worker to end the run; a stage takes up to 25 more to save, the server's patience is 60."""
CANCELLED = ("CANCELLING", "CANCELLED")
MESSAGE = "Cancelled; its worker did nothing, so the run ended itself."

log = logging.getLogger("cowese.engine")


class CancelWatch:
    """Looks at the state of this process's run and sends this process SIGTERM when the run was cancelled."""

    def __init__(self, api: Api, run: str) -> None:
        self._api, self._run = api, run
        self._asked = threading.Event()

    @classmethod
    def begin(cls, environment: Mapping[str, str]) -> "CancelWatch | None":
        """Watch from a thread; None where no server is named. Call it in the main thread."""
        url = environment.get("PREFECT_API_URL")
        if not url:
            return None
        password = password_in(environment.get("PREFECT_API_AUTH_STRING"))
        watch = cls(Api(url, password), environment["PREFECT__FLOW_RUN_ID"])
        # Prefect's engine has a handler of its own while the flow runs; it calls this one when it has ended the run.
        signal.signal(signal.SIGTERM, watch.ended)
        threading.Thread(target=watch.look, daemon=True).start()
        return watch

    def look(self) -> None:
        """Look again and again until the run was cancelled for ``PATIENCE`` seconds."""
        since: float | None = None
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                state = self._api.get(f"/flow_runs/{self._run}")["state"]["type"]
            except (OSError, ValueError, TypeError, KeyError):  # the server is away, or the run was deleted
                continue
            if state not in CANCELLED:
                since = None
                continue
            since = since or time.monotonic()
            if time.monotonic() - since >= PATIENCE:
                log.warning("the run is cancelled and its worker does nothing: ending it.")
                self._asked.set()
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def ended(self, number: int, frame: FrameType | None) -> None:
        """The engine has ended the run as Crashed, as it does at any SIGTERM: say what it was, and go."""
        del frame
        if self._asked.is_set():
            state = {"type": "CANCELLED", "name": "Cancelled", "message": MESSAGE}
            with contextlib.suppress(OSError, ValueError):
                self._api.post(f"/flow_runs/{self._run}/set_state", {"state": state, "force": True})
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
