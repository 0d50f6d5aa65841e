"""The whole of `cowese serve`, once: two equal runs, the first one's engine killed, nothing left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from alert_receivers import Receivers
from demo_web.server import DemoWeb
from faults.processes import inherited_environment, processes_of, three_ports
from local_processes import closed_port, wait_for
from prefect_api import PrefectApi

from flows.serving.api import Api, basic_auth
from flows.serving.overdue import HEARTBEAT, LATER, PENDING_SECONDS, ZOMBIE_SECONDS, OverdueRuns

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the run's processes under /proc"),
]

BIN = Path(sys.executable).parent
SETTINGS = """
store = "{store}"
[crawl]
seeds = "{seeds}"
proxy = "{proxy}"
max_pages = 40
delay_min = 0.1
[engine]
workers = 1
[serve]
look_seconds = 1
[serve.alerts]
webhook = "{webhook}"
about = "all"
"""


class Served:
    """A served store; commands run in another folder, as a user's would."""

    def __init__(self, root, web, receivers):
        self.receivers = receivers
        self.store, self.elsewhere = root / "store", root / "elsewhere"
        self.elsewhere.mkdir()
        self.theirs = root / "theirs.db"
        (self.elsewhere / ".env").write_text("PREFECT_SERVER_API_AUTH_STRING=admin:theirs\n")
        (self.elsewhere / "prefect.toml").write_text('[server.api]\nbase_path = "/theirs"\n')
        self.environment = {
            **inherited_environment(),
            "PREFECT_HOME": str(root / "prefect"),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{self.theirs}",
        }
        about = {
            "store": self.store,
            "seeds": web.write_seeds(root / "seeds.tsv"),
            "proxy": web.proxy,
            "webhook": receivers.webhook,
        }
        self.config = root / "cowese.toml"
        self.config.write_text(SETTINGS.format(**about))
        self.port = three_ports()
        self.foreground_log = root / "journal"

    def run(self, *command, check=True, **variables):
        done = subprocess.run(
            [BIN / command[0], *map(str, command[1:])],
            cwd=self.elsewhere,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def serve(self, *more, check=True, **variables):
        serve = ("cowese", "serve", "--config", self.config, "--port", self.port)
        return self.run(*serve, *more, check=check, **variables)

    def start_in_foreground(self):
        """As a service manager does: the command stays, its output goes to a journal."""
        command = [BIN / "cowese", "serve", "--config", self.config, "--port", str(self.port), "--foreground"]
        with self.foreground_log.open("ab") as log:
            self.foreground = subprocess.Popen(
                command, cwd=self.elsewhere, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        ready = f"serving {self.store}"
        assert wait_for(lambda: ready in self.foreground_log.read_text(), 600), self.foreground_log.read_text()

    @property
    def api(self):
        secret = self.store.parent / "password"
        password = secret.read_text().strip() if secret.exists() else None
        return PrefectApi(f"http://127.0.0.1:{self.port}/api", **basic_auth(password))

    def scheduled_since(self, moment):
        """Runs of the schedule that were due after a moment and completed."""
        asked = {
            "flow_runs": {
                "expected_start_time": {"after_": moment.isoformat()},
                "state": {"type": {"any_": ["COMPLETED"]}},
            }
        }
        return [run for run in self.api("/flow_runs/filter", asked) if run["auto_scheduled"]]

    def submit(self):
        return re.search(r"UUID: (\S+)", self.run("prefect", "deployment", "run", "build-cowese").stdout)[1]

    def submit_again(self):
        """The same as Prefect's page does it, which costs no start of a command."""
        return PrefectApi(f"http://127.0.0.1:{self.port}/api").submit("build-cowese")

    def doctor(self):
        done = self.run("cowese", "doctor", "--json", check=False)  # neither store nor settings are named
        return {one["name"]: one for one in json.loads(done.stdout)}

    def alerts(self, kind):
        return [one for one in self.receivers.posted if one["kind"] == kind]

    @property
    def runs(self):
        return any((self.store / "serve").glob("*.pid"))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with DemoWeb() as web, Receivers() as receivers:
        one = Served(tmp_path_factory.mktemp("served"), web, receivers)
        one.serve()
        yield one
        if one.runs:
            one.serve("--stop")
        assert not one.theirs.exists()


def test_an_equal_run_takes_over_from_one_whose_engine_was_killed(served):
    first = served.submit()
    served.submit_again()
    crawling = served.store / "serve" / "runs" / first / "crawl" / "progress.json"
    assert wait_for(crawling.exists, 120)
    engine = next(pid for pid, command in processes_of(first) if "serving.engine" in command)
    os.kill(engine, signal.SIGKILL)
    watched = served.run("cowese", "watch", first, check=False)
    assert watched.returncode == 1
    assert "Crashed" in watched.stdout
    assert wait_for(lambda: not processes_of(first), 60)
    watched = served.run("cowese", "watch")  # the one that was submitted last
    assert "publish: " in watched.stderr
    assert wait_for(lambda: served.alerts("failed"), 60)
    assert [one["run"] for one in served.alerts("failed")] == [first]
    assert "build-cowese" in served.alerts("failed")[0]["subject"]
    assert json.loads((served.store / "corpus" / "latest" / "manifest.json").read_text())["name"] == "v0001"


def test_an_equal_run_goes_on_where_the_one_that_it_waits_for_is_deleted(served):
    deployment = served.api("/deployments/name/build-cowese/build-cowese")["id"]
    never = served.api(f"/deployments/{deployment}/create_flow_run", {"state": {"type": "PENDING"}})
    waiting = served.submit_again()

    def logged(words):
        lines = served.api("/logs/filter", {"logs": {"flow_run_id": {"any_": [waiting]}}, "limit": 200})
        return any(words in line["message"] for line in lines)

    assert wait_for(lambda: logged(f"{never['name']} does the same already"), 240)
    served.api(f"/flow_runs/{never['id']}", method="DELETE")
    assert "publish: " in served.run("cowese", "watch", waiting).stderr
    assert logged(f"{never['name']} was deleted: going on in its place")


def test_a_second_start_is_harmless_and_another_port_is_refused(served):
    before = json.loads(served.serve("--status", "--json").stdout)
    assert "healthy" in before["server"]
    again = json.loads(served.run("cowese", "serve", "--store", served.store, "--json").stdout)
    assert (again["server"], again["workers"]) == (before["server"], before["workers"])
    unnamed = json.loads(served.run("cowese", "serve", "--status", "--json").stdout)
    assert unnamed == before
    assert unnamed["store"] == str(served.store)
    refused = served.run("cowese", "serve", "--store", served.elsewhere / "another", "--port", served.port, check=False)
    assert refused.returncode == 1
    assert f"port {served.port}: the server of the store {served.store} listens there" in refused.stderr


@pytest.mark.parametrize(
    ("variable", "proxy"), [("http_proxy", "http://127.0.0.1:{}"), ("ALL_PROXY", "socks5://127.0.0.1:{}")]
)
def test_prefects_own_commands_and_ours_reach_it_behind_a_proxy_that_is_dead(served, variable, proxy):
    behind = {variable: proxy.format(closed_port())}
    assert "cpu" in served.run("prefect", "work-pool", "ls", **behind).stdout
    assert "healthy" in served.serve("--status", **behind).stdout


def test_what_an_operator_set_survives_another_start(served):
    api = PrefectApi(f"http://127.0.0.1:{served.port}/api")
    deployment = api("/deployments/name/build-cowese/build-cowese")
    schedule = deployment["schedules"][0]
    assert (schedule["slug"], schedule["active"]) == ("monthly", False)
    api.patch(f"/deployments/{deployment['id']}/schedules/{schedule['id']}", {"active": True})
    edited = {"parameters": {"max_pages": 7}, "job_variables": {"env": {"A": "b"}}, "paused": True, "tags": ["mine"]}
    api.patch(f"/deployments/{deployment['id']}", edited)
    api.patch("/work_pools/gpu", {"is_paused": True, "concurrency_limit": 3})
    again = json.loads(served.serve("--json").stdout)
    assert again["changed"] == []
    kept = api("/deployments/name/build-cowese/build-cowese")
    assert {name: kept[name] for name in edited} == edited
    assert [(one["id"], one["active"]) for one in kept["schedules"]] == [(schedule["id"], True)]
    pool = api("/work_pools/gpu")
    assert (pool["is_paused"], pool["concurrency_limit"]) == (True, 3)
    # an older version had another place and another schema: those are brought up to date, the rest stays
    older = {"pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": "/gone"}}]}
    older["parameter_openapi_schema"] = {"type": "object", "properties": {}}
    api.patch(f"/deployments/{deployment['id']}", older)
    again = json.loads(served.serve("--json").stdout)
    assert again["changed"] == ["deployment build-cowese: parameter schema, folder"]
    kept = api("/deployments/name/build-cowese/build-cowese")
    assert "max_pages" in kept["parameter_openapi_schema"]["properties"]
    assert kept["pull_steps"] == deployment["pull_steps"]
    assert {name: kept[name] for name in edited} == edited


def test_the_doctor_says_what_is_wrong_and_what_died_is_started_again(served):
    api = PrefectApi(f"http://127.0.0.1:{served.port}/api")
    found = served.doctor()  # as the operator of the test before left it
    assert found["pool gpu"]["state"] == found["schedule"]["state"] == "warning"
    assert found["schedule"]["what"] == "build-cowese is paused"
    deployment = api("/deployments/name/build-cowese/build-cowese")
    api.patch(f"/deployments/{deployment['id']}", {"paused": False, "parameters": {}})
    api.patch("/work_pools/gpu", {"is_paused": False})
    worker = served.store / "serve" / "worker-gpu.pid"
    before = worker.read_text()
    os.kill(int(before.split()[0]), signal.SIGKILL)
    assert wait_for(lambda: worker.read_text() != before, 120)
    assert wait_for(lambda: served.alerts("restarted"), 60)
    api.patch("/work_pools/cpu", {"is_paused": True})
    late = api.submit("build-cowese", due=datetime.now(UTC) - timedelta(hours=1))  # its time never changes after this
    assert wait_for(lambda: late in [one["run"] for one in served.alerts("late")], 120)
    found = served.doctor()
    assert {name: one for name, one in found.items() if one["state"] == "bad" and not name.startswith("run ")} == {}
    assert found["alerts"]["what"] == "webhook"
    assert found["schedule"]["what"].startswith("0 3 1 * * (Europe/Madrid)")
    assert [one["state"] for name, one in found.items() if name.startswith("run ")] == ["bad"]
    api(f"/flow_runs/{late}/set_state", {"state": {"type": "CANCELLED"}, "force": True})
    api.patch("/work_pools/cpu", {"is_paused": False})


def test_bad_parameters_are_refused_before_anything_runs(served):
    refused = served.run("prefect", "deployment", "run", "build-cowese", "--param", "max_pages=0", check=False)
    assert refused.returncode == 1
    assert "max_pages" in refused.stdout + refused.stderr


def test_the_keeper_ends_runs_whose_events_were_lost_and_no_others(served):
    deployment = served.api("/deployments/name/build-cowese/build-cowese")["id"]

    def create(state):
        return served.api(f"/deployments/{deployment}/create_flow_run", {"state": {"type": state}})

    lives, dead, pending, cancelling = (create(state) for state in ("RUNNING", "RUNNING", "PENDING", "CANCELLING"))
    time.sleep(2)  # the heartbeat must come more than a second after the last of them
    resource = {"prefect.resource.id": f"prefect.flow-run.{lives['id']}"}
    beat = {"event": HEARTBEAT, "resource": resource, "id": str(uuid4()), "occurred": datetime.now(UTC).isoformat()}
    served.api("/events", [beat])
    asked = {"filter": {"event": {"name": [HEARTBEAT]}, "resource": {"id": list(resource.values())}}}
    assert wait_for(lambda: served.api("/events/filter", asked)["events"], 60)
    api = Api(f"http://127.0.0.1:{served.port}/api")
    began = datetime.fromisoformat(cancelling["state"]["timestamp"])  # the last of them
    overdue = OverdueRuns()
    assert overdue.end(api, began + timedelta(hours=1)) == []  # it has not seen the server for long
    overdue = OverdueRuns(-1000.0)
    ended = overdue.end(api, began + timedelta(seconds=ZOMBIE_SECONDS + LATER + 1))
    assert set(ended) == {dead["id"], cancelling["id"]}
    ended = overdue.end(api, began + timedelta(seconds=PENDING_SECONDS + LATER + 60))
    assert set(ended) == {pending["id"], lives["id"]}  # by then its heartbeat is long past
    states = [served.api(f"/flow_runs/{run['id']}")["state_type"] for run in (dead, pending, cancelling)]
    assert states == ["CRASHED", "CRASHED", "CANCELLED"]


def test_after_a_reboot_the_next_scheduled_run_happens(served):
    schedule_every(served, 30)
    for pid, _ in processes_of(f"COWESE_STORE={served.store}"):
        os.kill(pid, signal.SIGKILL)
    down = datetime.now(UTC)
    assert wait_for(lambda: not processes_of(f"COWESE_STORE={served.store}"), 60)
    secret = served.store.parent / "password"
    config = served.config.read_text()
    served.config.write_text(config.replace("[serve]\n", f'[serve]\npassword_file = "{secret}"\npools = ["cpu"]\n'))
    served.start_in_foreground()  # as the systemd unit does
    assert secret.stat().st_mode & 0o777 == 0o600
    assert wait_for(lambda: served.scheduled_since(down), 300), served.foreground_log.read_text()
    schedule_every(served, None)


def schedule_every(served, seconds):
    """Set the operator's schedule to an interval, or switch it off."""
    deployment = served.api("/deployments/name/build-cowese/build-cowese")
    changed = {"active": False}
    if seconds:
        anchor = datetime.now(UTC).isoformat()
        changed = {"active": True, "schedule": {"interval": seconds, "anchor_date": anchor, "timezone": "UTC"}}
    served.api.patch(f"/deployments/{deployment['id']}/schedules/{deployment['schedules'][0]['id']}", changed)


def test_with_a_password_nothing_answers_without_it(served):
    with pytest.raises(HTTPError, match="401"):
        PrefectApi(f"http://127.0.0.1:{served.port}/api")("/admin/version")
    found = served.doctor()
    assert found["api"]["state"] == found["pool cpu"]["state"] == "ok"
    # its worker is elsewhere; the server believes in the one that was killed until its heartbeats are missed
    assert wait_for(lambda: served.doctor()["pool gpu"]["state"] == "warning", 300)
    assert "Completed" in served.run("cowese", "watch", served.submit()).stdout
    config = served.config.read_text()
    served.config.write_text(config.replace("password_file", "# password_file"))
    refused = served.serve(check=False)
    assert "it is served with a password, not with none" in refused.stderr
    served.config.write_text(config)


def test_a_service_manager_ends_all_of_it_and_the_profile_is_put_back(served):
    profiles = Path(served.environment["PREFECT_HOME"]) / "profiles.toml"
    assert 'active = "cowese"' in profiles.read_text()
    served.foreground.terminate()
    assert served.foreground.wait(240) == 0, served.foreground_log.read_text()
    assert not profiles.exists()  # there was none before
    assert not (served.elsewhere / "store").exists()
    assert "nothing ran" in served.serve("--stop").stdout
    assert wait_for(lambda: not processes_of(str(served.store)), 30), processes_of(str(served.store))
