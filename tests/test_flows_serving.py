"""Detached processes are found again and ended; the plugin completes a bare deployment name or says what to start."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from flows.serving.plugin import answers, bare_name_position
from flows.serving.processes import Daemon

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_daemon_is_found_again_by_another_object_and_ended(tmp_path):
    Daemon(tmp_path, "sleeper").start(SLEEPER, os.environ)
    again = Daemon(tmp_path, "sleeper")
    pid = again.pid
    assert pid is not None
    assert os.getsid(pid) == pid  # a session of its own: the shell's Ctrl-C does not reach it
    assert wait_for(lambda: again.log.read_text() == "up\n")
    assert again.stop()
    assert again.pid is None
    assert not again.stop()


def test_a_killed_daemon_does_not_count_as_running(tmp_path):
    daemon = Daemon(tmp_path, "sleeper")
    daemon.start(SLEEPER, os.environ)
    os.kill(daemon.pid, signal.SIGKILL)
    assert wait_for(lambda: daemon.pid is None)


def test_a_pid_that_another_process_took_does_not_count(tmp_path):
    daemon = Daemon(tmp_path, "sleeper")
    (tmp_path / "sleeper.pid").write_text(f"{os.getpid()} 1\n")
    assert daemon.pid is None


@pytest.mark.parametrize(
    ("line", "position"),
    [
        ("/usr/bin/prefect deployment run build-cowese --watch", 3),
        ("prefect deployment run --watch build-cowese", 4),
        ("prefect deployment run build-cowese/build-cowese", None),
        ("prefect deployment run another", None),
        ("prefect deployment inspect build-cowese", None),
        ("pytest deployment run build-cowese", None),
        ("prefect", None),
    ],
)
def test_only_a_bare_name_of_ours_is_completed(line, position):
    assert bare_name_position(line.split()) == position


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nothing_answers_on_a_closed_port():
    assert not answers(f"http://127.0.0.1:{closed_port()}/api")


def test_without_a_server_the_command_says_what_to_start(tmp_path):
    url = f"http://127.0.0.1:{closed_port()}/api"
    done = subprocess.run(
        [f"{sys.prefix}/bin/prefect", "deployment", "run", "build-cowese"],
        env={**os.environ, "PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": url, "PREFECT_PLUGINS_ENABLED": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        f"error: no Prefect server answers at {url}, so nothing would run build-cowese.",
        "Start one with `cowese serve`, then run this again.",
    ]
