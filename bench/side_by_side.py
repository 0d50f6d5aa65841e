"""Two served stores and a user's own Prefect on one machine: `python bench/side_by_side.py [--minutes 4] [--every 20]`.

A day of schedules in minutes: both stores' schedules, and one of the user's own flow at the user's own server, come due
every 20 s. The stages of ours are shortened to a second; servers, workers, keepers and profiles are the real ones. One
user (one PREFECT_HOME) has all three. It checks that

- every scheduled run of each server that was due completed, and no server has heard of another's flow;
- the user's server and schedule go on, before, while and after ours are stopped, in either order;
- the user's profiles.toml is theirs again to the byte, and their database holds their flow alone.
"""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))

from faults.ground import Ground
from faults.processes import inherited_environment, three_ports, until
from prefect_api import PrefectApi

PROFILES = """# the user's own
active = "mine"

[profiles.mine]
PREFECT_API_URL = "http://127.0.0.1:{port}/api"
"""
THEIRS = """
import datetime
from prefect import flow

@flow
def theirs():
    return 1

if __name__ == "__main__":
    theirs.serve(name="theirs", interval=datetime.timedelta(seconds={seconds}))
"""
LATE = 60
"""Seconds that the last runs may need to end."""


class User:
    """A person with a Prefect server, a flow and a profile of their own."""

    def __init__(self, root, seconds):
        self.home, self.port = root / "prefect", three_ports()
        self.home.mkdir()
        (self.home / "profiles.toml").write_text(PROFILES.format(port=self.port))
        (root / "theirs.py").write_text(THEIRS.format(seconds=seconds))
        self.environment = {**inherited_environment(), "PREFECT_HOME": str(self.home), "PREFECT_PROFILE": "mine"}
        self.api = PrefectApi(f"http://127.0.0.1:{self.port}/api")
        self.log = (root / "user.log").open("ab")
        self.processes = []
        self._start("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        assert until(lambda: answers(self.api), 300, 1), "the user's server did not start"
        self._start(str(root / "theirs.py"))

    def _start(self, *command):
        self.processes.append(
            subprocess.Popen(
                [sys.executable, *command],
                env=self.environment,
                cwd=self.home,
                stdout=self.log,
                stderr=self.log,
                start_new_session=True,
            )
        )

    def stop(self):
        for one in reversed(self.processes):
            os.killpg(one.pid, signal.SIGTERM)
            one.wait(60)
        self.log.close()


def answers(api):
    try:
        return api("/admin/version")
    except OSError:
        return None


def scheduled(api, since):
    """States of the schedule's runs that were due from a moment on, but not in the last minute."""
    now = datetime.now(UTC)
    asked = {
        "flow_runs": {
            "expected_start_time": {
                "after_": since.isoformat(),
                "before_": (now - timedelta(seconds=LATE)).isoformat(),
            }
        }
    }
    return [run["state_type"] for run in api("/flow_runs/filter", asked) if run["auto_scheduled"]]


def flows(api):
    return sorted(one["name"] for one in api("/flows/filter", {}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--every", type=float, default=20.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="side-by-side-", ignore_cleanup_errors=True) as folder:
        play(Path(folder), chosen.minutes, chosen.every)


def play(root, minutes, every):
    user = User(root, every)
    try:
        profiles = (user.home / "profiles.toml").read_bytes()
        for name in ("a", "b"):
            (root / name).mkdir()
        first, second = Ground(root / "a", user.home), Ground(root / "b", user.home)
        first.__enter__()
        try:
            with second:
                since = datetime.now(UTC)
                for one in (first, second):
                    one.schedule(every)
                time.sleep(60 * minutes + LATE)
                told(user, since, a=first, b=second)
                half = datetime.now(UTC)
        finally:
            first.__exit__()
        assert (user.home / "profiles.toml").read_bytes() == profiles, (user.home / "profiles.toml").read_text()
        time.sleep(every + LATE)
        assert set(scheduled(user.api, half)) == {"COMPLETED"}
        with sqlite3.connect(user.home / "prefect.db") as database:
            assert [name for (name,) in database.execute("select name from flow")] == ["theirs"]
        print("ours stopped: profiles.toml is the user's to the byte, their schedule goes on, their database is theirs")
    finally:
        user.stop()


def told(user, since, **grounds):
    """Print and check what each server did."""
    servers = {"the user's": user.api, **{name: ground.api for name, ground in grounds.items()}}
    for name, api in servers.items():
        states = scheduled(api, since)
        print(
            f"{name}: {len(states)} scheduled runs were due, {states.count('COMPLETED')} completed; flows: {flows(api)}"
        )
        assert states, name
        assert set(states) == {"COMPLETED"}, states
    assert flows(user.api) == ["theirs"]
    assert all("theirs" not in flows(ground.api) for ground in grounds.values())


if __name__ == "__main__":
    main()
