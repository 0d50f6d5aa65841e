"""Detached processes are found again and ended; the plugin completes a bare deployment name or says what to start."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest
from local_processes import SLEEPER, closed_port, wait_for
from prefect.settings import PREFECT_API_URL, PREFECT_PROFILES_PATH, temporary_settings
from typer.testing import CliRunner

from data.errors import StageError, StoreError
from data.store import Store
from flows.cli import app
from flows.serving import service
from flows.serving.environment import environment
from flows.serving.files import server, shown_file
from flows.serving.foreign import listens, who_listens
from flows.serving.loopback import answers
from flows.serving.parts import Remembered
from flows.serving.plugin import name_position, unknown
from flows.serving.processes import Daemon
from flows.serving.profile import overruling, use_profile
from flows.serving.settings import ServeSettings


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
        ("prefect deployment run --param max_pages=7 -p steps=2 --tag=a build-cowese", 8),
        ("prefect deployment run --id 7", None),
        ("prefect deployment inspect build-cowese", None),
        ("pytest deployment run build-cowese", None),
        ("prefect", None),
    ],
)
def test_the_name_of_a_deployment_is_found_among_options(line, position):
    assert name_position(line.split()) == position


def test_a_name_that_is_none_of_ours_gets_the_nearest():
    assert "Did you mean build-cowese?" in unknown("build-cowse")
    assert "Ours are build-cowese, corpus-to-model" in unknown("zzz")


def test_watching_shows_states_and_a_line_a_stage():
    from prefect.cli import flow_runs_watching
    from prefect.client.schemas.objects import Log
    from prefect.events import Event

    from flows.serving import quiet_watch

    def event(name):
        return Event(event=name, resource={"prefect.resource.id": "prefect.flow-run.1"})

    shown = [quiet_watch.is_shown(event(f"prefect.{name}")) for name in ("flow-run.Running", "flow-run.heartbeat")]
    assert shown == [True, False]
    assert not quiet_watch.is_shown(event("prefect.artifact.updated"))

    def log(name, message, level=20):
        return Log(name=name, message=message, level=level, timestamp="2026-12-01T03:00:00Z")

    assert quiet_watch.is_shown(log("prefect.task_runs", "clean: 7 of 9 new records kept"))
    assert not quiet_watch.is_shown(log("prefect.task_runs", "Finished in state Completed()"))
    assert quiet_watch.is_shown(log("prefect.task_runs", "Finished in state Failed('why')", 40))
    assert not quiet_watch.is_shown(log("prefect.flow_runs.worker", "Worker 'cowese-cpu' submitting flow run '1'"))
    assert quiet_watch.is_shown(log("prefect.flow_runs.runner", "Process exited with code 1", 40))
    # the one name of Prefect's command that we replace is there
    assert flow_runs_watching.FlowRunSubscriber is quiet_watch.FlowRunSubscriber


def test_another_program_is_told_apart_from_a_server():
    with socket.socket() as program:
        program.bind(("127.0.0.1", 0))
        port = program.getsockname()[1]
        assert not listens(port)
        program.listen()
        assert listens(port)
        threading.Thread(target=lambda: [program.accept()[0].close() for _ in range(2)], daemon=True).start()
        assert who_listens(port) == "another program"


@pytest.fixture
def shown_store(tmp_path):
    for name in ("corpus/v0001/report.html", "corpus/v0001/data/part.parquet", "serve/prefect.db", "serve/server.log"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "corpus" / "latest").symlink_to("v0001")
    (tmp_path.parent / "outside.html").write_text("secret")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/corpus/v0001/report.html", True),
        ("/corpus/latest/report.html", True),
        ("/serve/server.log", True),
        ("/corpus/v0001/data/part.parquet", False),
        ("/serve/prefect.db", False),
        ("/../outside.html", False),
        ("/corpus/../../outside.html", False),
        ("/corpus/%2e%2e/%2e%2e/outside.html", False),
        ("/corpus/.hidden/report.html", False),
        ("/", False),
    ],
)
def test_only_reports_cards_and_logs_are_shown(shown_store, path, shown):
    assert (shown_file(shown_store, path) is not None) == shown


def test_a_shown_file_comes_over_http(shown_store):
    with server(shown_store, 0) as files:
        threading.Thread(target=files.serve_forever, args=(0.05,), daemon=True).start()
        with urlopen(f"http://127.0.0.1:{files.server_port}/corpus/latest/report.html") as answer:
            assert answer.read() == b"corpus/v0001/report.html"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        files.shutdown()


def test_the_store_that_is_meant_is_the_one_the_profiles_server_serves(shown_store, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    with server(shown_store, 0) as files:
        threading.Thread(target=files.serve_forever, args=(0.05,), daemon=True).start()
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{files.server_port - 1}/api"}):
            told = CliRunner().invoke(app, ["serve", "--status", "--json"])
        files.shutdown()
    assert json.loads(told.stdout)["store"] == str(shown_store)
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{closed_port()}/api"}):
        nothing = CliRunner().invoke(app, ["serve", "--stop"])
    assert isinstance(nothing.exception, StageError)
    assert "names no server" in str(nothing.exception)
    assert not list(elsewhere.iterdir())


OTHERS = """# mine
active = "mine"

[profiles.mine]
PREFECT_API_URL = "http://mine.example/api"
"""
USE = "from pathlib import Path\nfrom flows.serving.profile import leave_profile, use_profile\n"
URL = "http://127.0.0.1:1/api"


def in_home(home, code):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    subprocess.run([sys.executable, "-c", USE + code], env={**inherited, "PREFECT_HOME": str(home)}, check=True)


@pytest.mark.slow
def test_the_profile_file_is_given_back_to_the_byte(tmp_path):
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(OTHERS)
    in_home(
        tmp_path,
        f"before = use_profile('{URL}', Path('{tmp_path}'))\n"
        "assert (before.active, before.name) == ('mine', 'cowese'), before\n"
        f"assert use_profile('{URL}', Path('{tmp_path}'), before) == before\n"
        f"text = Path('{profiles}').read_text()\n"
        "assert 'active = \"cowese\"' in text and 'mine.example' in text\n"
        f"leave_profile(before, '{URL}')\n",
    )
    assert profiles.read_text() == OTHERS
    assert [path.name for path in tmp_path.glob("profiles*")] == ["profiles.toml"]


@pytest.mark.slow
def test_served_otherwise_after_a_reboot_the_profile_follows_and_the_file_is_given_back(tmp_path):
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(OTHERS)
    other = URL.replace(":1/", ":2/")
    in_home(
        tmp_path,
        f"before = use_profile('{URL}', Path('{tmp_path}'))\n"
        f"again = use_profile('{other}', Path('{tmp_path}'), before, None, 'admin:secret')\n"
        f"text = Path('{profiles}').read_text()\n"
        f"assert '{other}' in text and '{URL}' not in text and 'admin:secret' in text, text\n"
        f"assert Path('{profiles}').stat().st_mode & 0o777 == 0o600\n"
        f"leave_profile(again, '{other}')\n",
    )
    assert profiles.read_text() == OTHERS


@pytest.mark.slow
def test_a_profile_of_the_user_with_our_name_stays(tmp_path):
    theirs = OTHERS.replace("mine]", "cowese]")
    (tmp_path / "profiles.toml").write_text(theirs)
    in_home(
        tmp_path,
        f"before = use_profile('{URL}', Path('{tmp_path}'))\n"
        "assert before.name == 'cowese-serve'\n"
        f"assert 'mine.example' in Path('{tmp_path}/profiles.toml').read_text()\n"
        f"leave_profile(before, '{URL}')\n",
    )
    assert (tmp_path / "profiles.toml").read_text() == theirs


@pytest.mark.slow
def test_a_file_that_was_changed_meanwhile_loses_our_profile_alone(tmp_path):
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(OTHERS)
    in_home(
        tmp_path,
        f"before = use_profile('{URL}', Path('{tmp_path}'))\n"
        f"with Path('{profiles}').open('a') as file: file.write('\\n[profiles.new]\\nPREFECT_API_URL = \"http://new/api\"\\n')\n"
        f"leave_profile(before, '{URL}')\n",
    )
    kept = tomllib.loads(profiles.read_text())
    assert kept["active"] == "mine"
    assert set(kept["profiles"]) == {"mine", "new"}


@pytest.mark.slow
@pytest.mark.parametrize("first", ["a", "b"])
def test_two_stores_stopped_in_either_order_leave_the_users_profile(tmp_path, first):
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(OTHERS)
    in_home(
        tmp_path,
        "from flows.serving import profile\n"
        "urls = {'a': 'http://127.0.0.1:1/api', 'b': 'http://127.0.0.1:2/api'}\n"
        "alive = set(urls.values())\n"
        "profile.answers = lambda url: url in alive\n"
        f"folders = {{name: Path('{tmp_path}') / name for name in urls}}\n"
        "before = {'a': use_profile(urls['a'], folders['a'])}\n"
        "before['b'] = use_profile(urls['b'], folders['b'], None, before['a'])\n"
        f"for name in sorted(urls, key=lambda name: name != '{first}'):\n"
        "    alive.remove(urls[name])\n"
        "    leave_profile(before[name], urls[name])\n"
        "    if alive: assert sum(url in profile._path().read_text() for url in alive) == 1\n",
    )
    kept = tomllib.loads(profiles.read_text())
    assert kept["active"] == "mine"
    assert set(kept["profiles"]) == {"mine"}


def test_of_the_users_prefect_nothing_is_passed_on(tmp_path, monkeypatch):
    theirs = "postgresql+asyncpg://me@db.example/prefect"
    for name in ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_PROFILE"):
        monkeypatch.setenv(name, theirs)
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        monkeypatch.setenv(name, "me:mine")  # their server's: ours would ask for it, and the keeper not know it
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    monkeypatch.setenv("NO_PROXY", "hospital.example")
    store = Store.open(tmp_path / "store")
    passed = environment(store, URL, "http://127.0.0.1:2", None)
    assert {theirs, "me:mine"}.isdisjoint(passed.values())
    assert passed["PREFECT_SERVER_DATABASE_CONNECTION_URL"].endswith(f"{store.root}/serve/prefect.db")
    assert passed["PREFECT_LOGGING_LEVEL"] == "DEBUG"
    assert passed["NO_PROXY"] == "hospital.example,127.0.0.1,localhost,::1"


def test_a_server_on_this_machine_is_asked_directly_whatever_the_proxy(monkeypatch):
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as here:
        threading.Thread(target=here.serve_forever, daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
        assert answers(f"http://127.0.0.1:{here.server_port}/api")
        here.shutdown()


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_each_of_the_three_ports_must_be_free(tmp_path, behind):
    store = Store.open(tmp_path / "store")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        threading.Thread(target=taken.serve_forever, args=(0.05,), daemon=True).start()
        port = taken.server_port
        with pytest.raises(StoreError, match=rf"port {port}: another program .*the two behind it"):
            service.serve(store, ServeSettings(port=port - behind), None)
        taken.shutdown()
    assert not service.runs(store)


def test_two_do_not_start_and_stop_at_once(tmp_path, monkeypatch):
    store = Store.open(tmp_path / "store")
    monkeypatch.setattr(service, "STOP_PATIENCE", 0.1)
    with store.exclusive("serve"), pytest.raises(StoreError, match="runs serve on this store"):
        service.stop(store)
    assert service.stop(store) == []


def test_a_profile_that_cannot_be_written_is_told_and_nothing_ends(tmp_path, caplog):
    (tmp_path / "file").touch()
    profiles = {PREFECT_PROFILES_PATH: tmp_path / "file" / "profiles.toml"}  # a folder that nobody can make
    store = Store.open(tmp_path / "store")
    with temporary_settings(profiles):
        assert service._profile(store, Remembered(port=4200), {}) is None
        shown = service.status(store, ServeSettings()).profile
    assert "no profile" in caplog.text
    assert "export PREFECT_API_URL=http://127.0.0.1:4200/api" in shown


def test_a_shell_that_names_another_server_is_told(tmp_path):
    with temporary_settings({PREFECT_PROFILES_PATH: tmp_path / "profiles.toml"}):
        ours = use_profile(URL, tmp_path)
        told = overruling({"PREFECT_API_URL": "https://prefect.example/api", "PREFECT_PROFILE": "mine"}, ours)
        assert told == ["PREFECT_API_URL: unset it in this shell", "PREFECT_PROFILE: unset it in this shell"]
        assert overruling({"PREFECT_API_URL": URL, "PREFECT_PROFILE": ours.name, "HOME": "/"}, ours) == []


def test_nothing_answers_on_a_closed_port():
    assert not answers(f"http://127.0.0.1:{closed_port()}/api")


@pytest.mark.slow
def test_without_a_server_the_command_says_what_to_start(tmp_path):
    url = f"http://127.0.0.1:{closed_port()}/api"
    environment = {"PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": url, "PREFECT_PLUGINS_ENABLED": "true"}

    def run(name):
        return subprocess.run(
            [f"{sys.prefix}/bin/prefect", "deployment", "run", name],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = run("build-cowese")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        f"error: no Prefect server answers at {url}, so nothing would run build-cowese.",
        "Start one with `cowese serve`, then run this again.",
    ]
    done = run("build-cowse")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2] == "error: no deployment build-cowse. Did you mean build-cowese?"
