"""Cut a run of a deployment off anywhere and see what becomes of it: `python bench/kill_matrix.py [--only PATTERN …]`.

For each stage (crawl, clean, publish, pretrain) and each way to cut it off (worker, engine, child or server killed with
SIGKILL or ended with SIGTERM, the run cancelled): submit a run on the demo web, strike while the stage runs, then ask

- how long it took until the run's state was final, and which it was;
- whether a process of the run is left (by the run's id in its environment);
- whether the same run, submitted again, completes; for pretrain, from which step it went on.

A killed worker or server is started again by `cowese serve`, as a person would do it, ten seconds later. Everything
lies in a temporary folder, Prefect's home and server included. Prints the table of docs/measurements.md.
"""

import argparse
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1] / "tests" / "shared")  # not bench/, whose training.py hides the package

from demo_web.server import DemoWeb  # noqa: E402 - found there
from faults.processes import inherited_environment, processes_of, three_ports, until  # noqa: E402

BIN = Path(sys.executable).parent
STAGES = ("crawl", "clean", "publish", "pretrain")
BLOWS = (
    "engine KILL",
    "engine TERM",
    "child KILL",
    "child TERM",
    "cancelled",
    "worker KILL",
    "worker TERM",
    "worker+engine KILL",
    "server KILL",
    "server TERM",
)
RESTART_AFTER = 10.0
"""Seconds until a person sees that worker or server is gone."""
SETTINGS = """
store = "{store}"
[crawl]
seeds = "{seeds}"
proxy = "http://127.0.0.1:{web}"
delay_min = 0.3
interval_min = 0.00001
interval_initial = 0.00001
interval_max = 0.00001
[pretrain]
preset = "tiny"
steps = {steps}
batch = 8
save_every = 10
log_every = 5
threads = 1
[serve]
port = {port}
[serve.beside]
demo-web = ["{python}", "{server}", "{web}", "2"]
"""


class Place:
    """A served store of its own."""

    def __init__(self, root: Path, steps: int) -> None:
        self.root, self.store, self.steps = root, root / "store", steps
        port, web = three_ports(), three_ports()
        with DemoWeb() as small:
            seeds = small.write_seeds(root / "seeds.tsv")
        self.config = root / "cowese.toml"
        server = Path(__file__).parents[1] / "tests" / "shared" / "demo_web" / "server.py"
        about = {"store": self.store, "seeds": seeds, "web": web, "port": port, "steps": steps, "server": server}
        self.config.write_text(SETTINGS.format(**about, python=sys.executable))
        self.environment = {**inherited_environment(), "PREFECT_HOME": str(root / "prefect"), "DO_NOT_TRACK": "1"}
        os.environ.update(self.environment, PREFECT_API_URL=f"http://127.0.0.1:{port}/api")

    def call(self, *command: str) -> str:
        """Run a command of ours or Prefect's."""
        done = subprocess.run(
            [BIN / command[0], *command[1:]],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def serve(self) -> None:
        self.call("cowese", "serve", "--config", str(self.config))

    def stop(self) -> None:
        self.call("cowese", "serve", "--config", str(self.config), "--stop")

    def submit(self, deployment: str, **parameters: object) -> str:
        """Submit a run, give its id."""
        given = [f"--param={name}={json.dumps(value)}" for name, value in parameters.items()]
        printed = self.call("prefect", "deployment", "run", deployment, *given)
        return re.search(r"UUID: ([0-9a-f-]{36})", printed)[1]

    def cancel(self, run: str) -> None:
        """As `prefect flow-run cancel` does it, without the seconds that its start takes."""
        from prefect.client.orchestration import get_client
        from prefect.states import Cancelling

        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, Cancelling())

    def state(self, run: str) -> tuple[str, str]:
        """The run's state and message; ("?", …) while the server is away."""
        from prefect.client.orchestration import get_client

        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(run).state
        except Exception as error:  # noqa: BLE001 - the server may be dead, dying or not yet up
            return "?", str(error)
        return state.type.value, state.message or ""

    def wait_final(self, run: str, limit: float) -> tuple[str, str]:
        """Wait for the end of a run."""
        deadline = time.monotonic() + limit
        state = self.state(run)
        while state[0] not in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") and time.monotonic() < deadline:
            time.sleep(0.5)
            state = self.state(run)
        return state

    def pid(self, daemon: str) -> int:
        return int((self.store / "serve" / f"{daemon}.pid").read_text().split()[0])


def reach(place: Place, stage: str, run: str) -> None:
    """Wait until the stage is at work."""
    folder = place.store / "serve" / "runs" / run / stage
    assert until((folder / "call.pickle").exists, 240), f"{stage} of {run} did not begin: {place.state(run)}"
    if stage == "pretrain":
        assert until(lambda: read(folder / "progress.json").get("done", 0) >= 15, 240), "no step was made"
    else:
        time.sleep(1.0)


def read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def strike(place: Place, blow: str, stage: str, run: str) -> None:
    """Cut the run off."""
    victim, _, name = blow.partition(" ")
    pool = "gpu" if stage == "pretrain" else "cpu"
    if blow == "cancelled":
        place.cancel(run)
        return
    for one in victim.split("+"):
        if one in ("worker", "server"):
            pid = place.pid(f"worker-{pool}" if one == "worker" else "server")
        else:
            wanted = "serving.engine" if one == "engine" else "flows.stages.child"
            pid = next((pid for pid, command in processes_of(run) if wanted in command), None)
            assert pid is not None, f"no {one}: {processes_of(run)}"
        os.kill(pid, getattr(signal, f"SIG{name}"))


def scenario(place: Place, stage: str, blow: str, number: int) -> dict[str, str]:
    """Strike once, look, run again."""
    deployment = "pretrain-biomedtra" if stage == "pretrain" else "build-cowese"
    parameters = {"steps": place.steps + number} if stage == "pretrain" else {}
    run = place.submit(deployment, **parameters)
    reach(place, stage, run)
    struck = time.monotonic()
    strike(place, blow, stage, run)
    if blow.startswith(("worker", "server")):
        time.sleep(RESTART_AFTER)
        place.serve()
    state, message = place.wait_final(run, 300)
    seconds = time.monotonic() - struck
    gone = until(lambda: not processes_of(run), 90)
    left = "" if gone else "; ".join(command for _, command in processes_of(run))
    again = place.submit(deployment, **parameters)
    second, why = place.wait_final(again, 400)
    log = place.store / "serve" / "runs" / again / "pretrain" / "progress.json"
    row = {
        "stage": stage,
        "cut off": blow,
        "state": state.capitalize(),
        "after": f"{seconds:.0f} s",
        "orphans": left or "none",
        "run again": second.capitalize() + ("" if second == "COMPLETED" else f": {why}"),
        "message": message,
        "resumed": str(resumed(place, again)) if stage == "pretrain" and log.exists() else "",
    }
    print(json.dumps(row), flush=True)
    return row


def resumed(place: Place, run: str) -> int | None:
    """The step at which a run of pretraining went on, from what its process returned."""
    from flows.stages.call_files import CallFolder

    outcome = CallFolder(place.store / "serve" / "runs" / run / "pretrain").read_outcome()
    return outcome.value.resumed_at if outcome and outcome.value else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=["*"], nargs="+", help="patterns over 'STAGE BLOW', as 'pretrain engine*'")
    parser.add_argument("--steps", type=int, default=40, help="optimiser steps of a pretraining")
    chosen = parser.parse_args()
    every = [(stage, blow) for stage in STAGES for blow in BLOWS]
    wanted = [one for only in chosen.only for one in every if fnmatch.fnmatch(" ".join(one), only)]
    with tempfile.TemporaryDirectory(prefix="kill-matrix-") as folder:
        place = Place(Path(folder), chosen.steps)
        place.serve()
        try:
            first = place.submit("build-cowese")
            assert place.wait_final(first, 400)[0] == "COMPLETED", place.state(first)
            if any(stage == "pretrain" for stage, _ in wanted):
                place.call("cowese", "tokenizer", "--store", str(place.store))
                place.call("cowese", "pack", "--store", str(place.store))
            rows = [scenario(place, stage, blow, number) for number, (stage, blow) in enumerate(wanted)]
        finally:
            place.stop()
    print(table(rows))
    if any(row["orphans"] != "none" or row["run again"] != "Completed" for row in rows):
        sys.exit("a run left processes, or did not complete when it was submitted again: see its row above")


def table(rows: list[dict[str, str]]) -> str:
    """State and seconds by blow and stage, and the step from which pretraining went on."""
    found = {(row["cut off"], row["stage"]): f"{row['state']}, {row['after']}" for row in rows}
    resumed = {row["cut off"]: row["resumed"] for row in rows if row["resumed"]}
    lines = [f"| cut off | {' | '.join(STAGES)} | went on from step |", "|" + "---|" * (len(STAGES) + 2)]
    for blow in BLOWS:
        cells = [found.get((blow, stage), "") for stage in STAGES]
        if any(cells):
            lines.append(f"| {blow} | {' | '.join(cells)} | {resumed.get(blow, '')} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
