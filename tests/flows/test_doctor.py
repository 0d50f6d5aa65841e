"""`cowese doctor` where nothing is served, where what was served died, and each look at the machine."""

import json
import os
import shutil
import signal
import socket
import time

import pytest
from local_processes import SLEEPER, closed_port, wait_for
from typer.testing import CliRunner

from data.errors import InputError
from data.store import Store
from flows.cli import app
from flows.doctor import disk, machine
from flows.serving.parts import KEEPER, SERVER, Remembered, daemon_of, serve_folder


def findings_of(*options):
    told = CliRunner().invoke(app, ["doctor", "--json", *map(str, options)])
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    found = {one["name"]: one for one in json.loads(told.stdout)}
    assert told.exit_code == (1 if any(one["state"] == "bad" for one in found.values()) else 0)
    return found


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


def test_a_store_that_is_not_served_is_well(store):
    found = findings_of("--store", store.root, "--set", f"serve.port={closed_port()}")
    assert found["serve"]["state"] == found["port"]["state"] == found["versions"]["state"] == "ok"
    assert not [one for one in found.values() if one["state"] != "ok" and one["remedy"] is None]


def test_what_is_not_there_is_not_made(tmp_path):
    findings_of("--store", tmp_path / "none", "--set", f"serve.port={closed_port()}")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_port_that_another_program_has_is_bad(store):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = findings_of("--store", store.root, "--set", f"serve.port={taken.getsockname()[1]}")
    assert found["port"]["state"] == "bad"
    assert "another program" in found["port"]["what"]


def test_what_died_is_bad_and_what_was_stopped_a_warning(store):
    Remembered(port=closed_port(), beside=["worker-cpu", KEEPER]).write(store)
    server, worker = daemon_of(store, SERVER), daemon_of(store, "worker-cpu")
    for daemon in (server, worker):
        daemon.start(SLEEPER, os.environ)
    worker.stop()
    os.kill(server.pid, signal.SIGKILL)
    assert wait_for(lambda: server.died, 60)
    found = findings_of("--store", store.root)
    assert found["server"]["state"] == "bad"
    assert str(server.log) in found["server"]["what"]
    assert found["worker-cpu"]["state"] == "warning"
    assert found["api"]["state"] == "bad"
    assert found["alerts"]["state"] == "warning"


def test_alerts_are_well_where_a_keeper_runs_in_the_foreground(store):
    serve_folder(store).mkdir()
    Remembered(port=closed_port()).write(store)
    webhook = ("--store", store.root, "--set", "serve.alerts.webhook=http://127.0.0.1:1/")
    assert findings_of(*webhook)["alerts"]["state"] == "bad"
    with store.exclusive(KEEPER):
        assert findings_of(*webhook)["alerts"]["state"] == "ok"
    assert findings_of(*webhook)["alerts"]["state"] == "bad"


def test_a_test_alert_needs_a_channel_that_works(store):
    refused = CliRunner().invoke(app, ["doctor", "--alert", "--store", str(store.root)])
    assert isinstance(refused.exception, InputError)
    assert "no channel is set" in str(refused.exception)
    nobody = f"serve.alerts.webhook=http://127.0.0.1:{closed_port()}/"
    refused = CliRunner().invoke(app, ["doctor", "--alert", "--store", str(store.root), "--set", nobody])
    assert "could not be sent by webhook" in str(refused.exception)


@pytest.mark.parametrize(("share", "state"), [(0, "ok"), (1, "warning")])
def test_the_disk_is_held_against_the_largest_round(store, share, state):
    free = shutil.disk_usage(store.root).free
    if free < 2 * disk.SPARE:
        pytest.skip("this disk is full")
    folder = store.warc / "round-0001"
    folder.mkdir(parents=True)
    with (folder / "part.warc.gz").open("wb") as file:
        file.truncate(int(share * free))  # sparse: it takes no room
    (found,) = disk.room(store)
    assert found.state == state, found


def test_a_store_from_the_future_is_a_clock_that_is_wrong():
    assert machine.clock(time.time() + 7200).state == "bad"
    assert machine.clock(time.time()).state in {"ok", "warning"}


def test_a_proxy_that_does_not_answer_is_bad(monkeypatch):
    for name in machine.PROXIES:
        monkeypatch.delenv(name, raising=False)
    assert machine.proxy(None).state == "ok"
    assert machine.proxy(f"http://127.0.0.1:{closed_port()}").state == "bad"
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        assert machine.proxy(f"http://127.0.0.1:{proxy.getsockname()[1]}").state == "ok"
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert machine.proxy(None).state == "warning"


SMI = """#!/bin/sh
echo "{line}"
"""


@pytest.mark.parametrize(
    ("line", "cuda", "state"),
    [
        ("NVIDIA H200, 580.65.06, 143771", "13.0", "ok"),
        ("NVIDIA H200, 570.10.01, 143771", "13.0", "bad"),
        ("NVIDIA H200, 570.10.01, 143771", "12.8", "ok"),
        ("NVIDIA H200, 580.65.06, 143771", None, "warning"),
        ("", "13.0", "ok"),
    ],
)
def test_the_driver_is_held_against_torchs_cuda(tmp_path, monkeypatch, line, cuda, state):
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI.format(line=line))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(machine, "torch_cuda", lambda: cuda)
    assert machine.gpu().state == state


def test_torchs_cuda_is_read_without_torch():
    import torch

    assert machine.torch_cuda() == torch.version.cuda
