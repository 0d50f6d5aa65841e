"""A few cases of bench/faults.py: processes killed at a transition, requests late, cut, unanswered or refused."""

from pathlib import Path

import pytest
from faults.cases import every_case
from faults.ground import Ground
from faults.play import Played

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the runs' processes under /proc"),
]
CASES = {case.name: case for case in every_case()}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with Ground(tmp_path_factory.mktemp("faults")) as one:
        yield one


def test_there_are_more_than_two_hundred_cases():
    assert len(CASES) > 200


@pytest.mark.parametrize("name", ["engine request 3 lost", "build CANCELLED before worker-cpu"])
def test_a_run_ends_an_equal_one_completes_and_nothing_else_is_touched(ground, name):
    row = Played(ground, CASES[name]).row()
    assert row["bad"] == [], row


@pytest.mark.parametrize(
    ("name", "automation"),
    [
        ("build PENDING after worker-cpu", "cowese: end runs that never start"),
        ("build RUNNING after worker-cpu+engine", "cowese: end runs without a first heartbeat"),
    ],
)
def test_a_run_that_nothing_works_on_any_more_ends(ground, name, automation):
    ground.hasten(automation, 30)
    row = Played(ground, CASES[name]).row()
    ground.hasten(automation, 150)
    assert row["bad"] == [], row
    assert row["state"] == "CRASHED"


def test_an_outage_of_the_server_cancels_no_training(ground):
    row = Played(ground, CASES["engine request 45 cut for 20 s"]).row()
    assert row["bad"] == [], row
    assert set(row["training"].split()) == {"COMPLETED"}  # the equal run afterwards has one of its own
