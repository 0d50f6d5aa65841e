"""Prefect's engine with its output in a file of its run. Run as ``python -m flows.serving.engine`` by a worker.

A worker reads its engines' output through a pipe. When the worker is killed, the next line that an engine prints meets
a broken pipe, which ends it. With a file, a run outlives its worker.
"""

import os
import runpy
import time

from flows.serving.cancel_watch import CancelWatch
from flows.serving.loopback import answers
from flows.settings import load_settings

SERVER_PATIENCE = 600.0
"""Seconds; a server's first start takes minutes on a busy machine."""


def main() -> None:
    """Turn standard output and error to the run's ``engine.log``, then be the engine."""
    folder = load_settings().store.expanduser().absolute() / "serve" / "runs" / os.environ["PREFECT__FLOW_RUN_ID"]
    folder.mkdir(parents=True, exist_ok=True)
    log = os.open(folder / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)
    CancelWatch.begin(os.environ)
    _wait_for_server(os.environ.get("PREFECT_API_URL"))
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def _wait_for_server(url: str | None) -> None:
    """Wait for a server that is away just now: Prefect gives a run up whose first request meets nobody."""
    deadline = time.monotonic() + SERVER_PATIENCE
    while url and not answers(url) and time.monotonic() < deadline:
        time.sleep(1)


if __name__ == "__main__":
    main()
