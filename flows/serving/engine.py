"""Prefect's engine with its output in a file of its run. Run as ``python -m flows.serving.engine`` by a worker.

A worker reads its engines' output through a pipe. When the worker is killed, the next line that an engine prints meets
a broken pipe, which ends it. With a file, a run outlives its worker.
"""

import os
import runpy

from flows.settings import load_settings


def main() -> None:
    """Turn standard output and error to the run's ``engine.log``, then be the engine."""
    folder = load_settings().store.expanduser().absolute() / "serve" / "runs" / os.environ["PREFECT__FLOW_RUN_ID"]
    folder.mkdir(parents=True, exist_ok=True)
    log = os.open(folder / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
