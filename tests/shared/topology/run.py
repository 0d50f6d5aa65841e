"""The topology of docker-compose.yml run for real, without Docker; a machine is lost on the way.

python tests/shared/topology/run.py [--folder DIR] [--keep]

PostgreSQL and Redis are Debian's; everything else runs by the commands and settings of docker-compose.yml: Prefect's
API and services apart, two workers of the cpu pool, one of the gpu pool, a Dask scheduler with two workers. Then
`build-cowese` with pretrain=true on the demo web. The worker that runs it is killed with all its processes while it
crawls; the server notices, the keeper tells the operator, and the same run, submitted again, goes on by the other
worker to a corpus version and a model. Exit code 0: it all came out so. Where PostgreSQL or Redis is not installed: a
word, and 0.
"""

import argparse
import base64
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from alert_receivers import Receivers
from demo_web.server import DemoWeb
from prefect_api import PrefectApi

from topology.processes import Processes, TopologyError, postgres_tools, start_postgres, start_redis, tail
from topology.services import Compose

SETTINGS = """\
[crawl]
seeds = "{seeds}"
proxy = "{proxy}"
# 2 s in which the machine can be lost
delay_min = 0.1
[tokenizer]
vocab_size = 2000
[pretrain]
preset = "tiny"
steps = 20
"""
SOON = 240
"""Seconds for a run to be taken up, to ask for pages, and to be marked when it was lost (75 s of silence and more)."""
PATIENCE = 600
"""Seconds for a run to end on a machine that does other things too; a third of them at a load of 20 on two cores."""
LIMIT = 1500
"""Seconds for all of it, whatever happens: three times what was seen on the busiest machine."""


class Api(PrefectApi):
    """The API of the topology's server."""

    def __init__(self, compose: Compose) -> None:
        password = base64.b64encode(f"admin:{compose.secrets['PREFECT_PASSWORD']}".encode()).decode()
        super().__init__(f"http://127.0.0.1:{compose.ports['4200']}/api", Authorization=f"Basic {password}")

    def run(self, identity: str) -> Any:
        """A run as it is now."""
        return self(f"/flow_runs/{identity}")

    def wait(self, identity: str, states: set[str], seconds: float) -> Any:
        """Wait until a run is in one of some states.

        Raises:
            TopologyError: it is not, in time.
        """
        deadline = time.monotonic() + seconds
        while (run := self.run(identity))["state_type"] not in states:
            if time.monotonic() > deadline:
                raise TopologyError(f"run {run['name']} is {run['state_name']} after {seconds} s")
            time.sleep(0.5)
        return run


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="For stores and logs.  [a temporary one]")
    parser.add_argument("--keep", action="store_true", help="Leave the folder.")
    given = parser.parse_args()
    tools, redis = postgres_tools(), shutil.which("redis-server")
    if tools is None or redis is None:
        print("skipped: PostgreSQL or Redis is not installed (apt-get install postgresql redis-server)")
        return 0
    folder = given.folder or Path(tempfile.mkdtemp(prefix="topology-"))
    folder.mkdir(parents=True, exist_ok=True)
    passwords = {name: secrets.token_hex(16) for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "PREFECT_PASSWORD")}
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, ended)
    signal.alarm(LIMIT)
    try:
        with (
            DemoWeb() as web,
            Receivers() as operator,
            Processes(Compose(folder.absolute(), passwords, settings_for(operator))) as processes,
        ):
            try:
                start_postgres(processes, tools)
                start_redis(processes, redis)
                told("PostgreSQL and Redis answer")
                start_prefect(processes)
                lose_a_machine(processes, web, operator)
                check(processes)
            finally:
                signal.alarm(0)  # nothing may cut off the ending of the processes
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told with the ends of all logs
        words = error if isinstance(error, TopologyError) else "".join(traceback.format_exception(error))
        ends = "".join(f"\n--- {log.name}\n{tail(log, 8)}" for log in sorted(folder.glob("*.log")))
        print(f"{ends}\nfailed: {words}\nlogs: {folder}", file=sys.stderr)
        return 1
    if not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def settings_for(operator: Receivers) -> dict[str, str]:
    """What .env has beside the passwords."""
    return {
        "COWESE_ENGINE__DASK": "tcp://dask-scheduler:8786",
        "COWESE_SERVE__ALERTS__WEBHOOK": operator.webhook,
        "COWESE_SERVE__ALERTS__ABOUT": "all",
    }


def too_long(*_: object) -> None:
    """What the alarm does."""
    raise TopologyError(f"not finished after {LIMIT} s")


def ended(*_: object) -> None:
    """What SIGTERM does: the first one ends everything in order, more of them change nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise TopologyError("ended by SIGTERM")


STARTED = time.monotonic()


def told(words: str) -> None:
    """One line with the seconds so far."""
    print(f"{time.monotonic() - STARTED:6.1f} s  {words}", flush=True)


def start_prefect(processes: Processes) -> None:
    """API, services, pools and deployments, workers, Dask."""
    processes.once("prefect-migrate")
    told("the database is made")
    processes.up("services", "prefect-services")
    processes.up("api", "prefect-api")
    told("API and services run apart")
    processes.once("prefect-register")
    told("pools, deployments and the automation are registered")
    processes.up("keeper", "keeper")
    processes.up("dask-scheduler", "dask-scheduler")
    for name, service in (("cpu-1", "worker-cpu"), ("cpu-2", "worker-cpu"), ("gpu-1", "worker-gpu")):
        processes.up(name, service)
    for name in ("dask-1", "dask-2"):
        processes.up(name, "dask-worker")
    told(f"workers run: {', '.join(name for name in processes.running if '-' in name)}")


def lose_a_machine(processes: Processes, web: DemoWeb, operator: Receivers) -> None:
    """Submit, kill the worker that runs it with all its processes, submit again, wait for the end."""
    api, folder = Api(processes.compose), processes.compose.folder
    config = folder / "cowese.toml"
    config.write_text(SETTINGS.format(seeds=web.write_seeds(folder / "seeds.tsv"), proxy=web.proxy), encoding="utf-8")
    parameters = {"config": str(config), "pretrain": True}
    first = api.submit("build-cowese", parameters)
    api.wait(first, {"RUNNING"}, SOON)
    wait_for(lambda: len(web.log) > 5, "the crawl asks for pages", SOON)
    pid = int(api.run(first)["infrastructure_pid"].rpartition(":")[2])
    (lost,) = (name for name, one in processes.running.items() if is_descendant(pid, one.pid))
    processes.kill(lost)
    told(f"{lost} crawls, {len(web.log)} pages so far: killed with all its processes")
    second = api.submit("build-cowese", parameters)
    crashed = api.wait(first, {"CRASHED"}, SOON)
    told(f"the server marked the run {crashed['state_name']}: {crashed['state']['message']}")
    wait_for(lambda: operator.posted, "the operator is told of the lost run", SOON)
    told(f"the operator is told: {operator.posted[0]['subject']}")
    ended = api.wait(second, {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}, PATIENCE)
    told(f"the same, submitted again, is {ended['state_name']}")
    if ended["state_type"] != "COMPLETED":
        raise TopologyError(
            f"{ended['state']['message']}\n{tail(processes.log('cpu-1'))}\n{tail(processes.log('cpu-2'))}"
        )


def is_descendant(pid: int, ancestor: int) -> bool:
    """Whether a process was started by another or by one that it started."""
    import psutil

    return ancestor in {one.pid for one in psutil.Process(pid).parents()}


def wait_for(condition: Any, what: str, seconds: float) -> None:
    """Wait for something to come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TopologyError(f"{what}: not in {seconds} s")
        time.sleep(0.1)


def check(processes: Processes) -> None:
    """What must be there now."""
    import redis
    import sqlalchemy as sa
    from distributed import Client

    compose = processes.compose
    store = compose.folder / "store"
    environment = compose.service("worker-cpu").environment
    engine = sa.create_engine(environment["COWESE_CRAWL__DSN"])
    with engine.connect() as connection:
        known = connection.execute(sa.text("SELECT count(*) FROM urls")).scalar()
    engine.dispose()
    pool = Api(compose)("/flow_runs/filter", {"work_pools": {"name": {"any_": ["gpu"]}}})
    with redis.Redis(port=compose.ports["6379"], password=compose.secrets["REDIS_PASSWORD"]) as client:
        keys = [
            client.execute_command("DBSIZE"),
            client.execute_command("SELECT", 1) and client.execute_command("DBSIZE"),
        ]
    with Client(environment["COWESE_ENGINE__DASK"], set_as_default=False) as dask:
        tasks = sum(topic.startswith("cowese-") for topic in dask.get_events())
    found = {
        "URLs in PostgreSQL, none in SQLite": known if not (store / "crawl" / "state.sqlite3").exists() else 0,
        "corpus version": manifest(store / "corpus" / "latest").get("figures", {}).get("documents", 0),
        "model": len(list((store / "models").glob("*/discriminator/model.safetensors"))),
        "runs of the gpu pool, completed": sum(run["state_type"] == "COMPLETED" for run in pool),
        "keys of events and leases in Redis": keys[0],
        "keys of the docket in Redis": keys[1],
        "maps on Dask": tasks,
    }
    for what, count in found.items():
        told(f"{what}: {count}")
    missing = [what for what, count in found.items() if not count]
    if missing:
        raise TopologyError(f"not there: {', '.join(missing)}")


def manifest(folder: Path) -> Any:
    """The manifest of a finished folder, empty where there is none."""
    path = folder / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


if __name__ == "__main__":
    sys.exit(main())
