"""Beside the server: alerts reach a web server and a mail server, what died is started again, logs stay small."""

import base64
import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from alert_receivers import Receivers
from local_processes import SLEEPER, closed_port, wait_for

from data.errors import InputError
from data.store import Store
from flows.serving import alerts, api
from flows.serving import keeper as keeping
from flows.serving.alerts import Alert, send
from flows.serving.keeper import Keeper, KeeperState, Server, Undelivered
from flows.serving.parts import KEEPER, SERVER, Remembered, daemon_of, names_in_order_of_end, serve_folder
from flows.serving.processes import Daemon
from flows.serving.retention import DAY, delete_old_runs, rotate
from flows.serving.settings import AlertSettings, ServeSettings
from flows.settings import load_settings

ALERT = Alert(kind="failed", key="k", subject="build-cowese (calm-año) ended as Failed", text="the reason", store="/s")
NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)


@pytest.fixture
def receivers():
    with Receivers() as them:
        yield them


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


def settings_for(receivers, **more):
    return AlertSettings(webhook=receivers.webhook, email_to=("op@example.org",), smtp=receivers.smtp, **more)


def test_an_alert_comes_by_webhook_and_by_mail(receivers, tmp_path):
    (tmp_path / "secret").write_text("geheim\n")
    settings = settings_for(receivers, smtp_user="me", smtp_password_file=tmp_path / "secret")
    assert send(ALERT, settings, settings.channels) == {}
    (posted,), (mailed,) = receivers.posted, receivers.mailed
    assert posted["source"] == "cowese"
    assert posted["text"] == f"{ALERT.subject}\nthe reason"  # what chat services show
    assert mailed["Subject"] == f"[cowese] {ALERT.subject}"
    assert mailed["To"] == "op@example.org"
    assert "the reason" in mailed.get_content()
    assert receivers.logins == [("me", "geheim")]


def test_what_cannot_be_sent_says_why(receivers):
    receivers.refuse = True
    settings = settings_for(receivers)
    problems = send(ALERT, settings, settings.channels)
    assert "503" in problems["webhook"]
    assert "not now" in problems["e-mail"]
    gone = AlertSettings(webhook=f"http://127.0.0.1:{closed_port()}/")
    assert "refused" in send(ALERT, gone, gone.channels)["webhook"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('webhook = "chat.example.org"', "serve.alerts.webhook"),
        ('email_to = ["nobody"]', "an e-mail address has an @"),
        ('smtp_user = "me"', "set smtp_user and smtp_password_file together"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(tmp_path, line, said):
    file = tmp_path / "cowese.toml"
    file.write_text(f"[serve.alerts]\n{line}\n")
    with pytest.raises(InputError, match=said):
        load_settings(file)


def test_an_alert_that_was_refused_is_sent_at_a_later_look_and_once(receivers, store):
    keeper = Keeper(store, os.environ, threading.Event())
    settings = ServeSettings(alerts=settings_for(receivers))
    waiting = Undelivered(alert=ALERT, channels=["webhook", "e-mail"], since=NOW)
    KeeperState(since=NOW, looked_at=NOW, undelivered=[waiting]).write(store)
    receivers.refuse = True
    keeper.look(settings, NOW + timedelta(minutes=1))
    (left,) = KeeperState.read(store).undelivered
    assert "503" in left.problems["webhook"]
    receivers.refuse = False
    for minute in (2, 3):
        keeper.look(settings, NOW + timedelta(minutes=minute))
    assert KeeperState.read(store).undelivered == []
    assert len(receivers.posted) == len(receivers.mailed) == 1


def test_a_channel_that_fails_is_not_tried_for_the_next_alert_of_the_same_look(receivers, store):
    settings = ServeSettings(alerts=settings_for(receivers))
    others = [ALERT.model_copy(update={"key": key}) for key in ("a", "b", "c")]
    waiting = [Undelivered(alert=one, channels=["webhook"], since=NOW) for one in others]
    KeeperState(since=NOW, looked_at=NOW, undelivered=waiting).write(store)
    receivers.refuse = True
    Keeper(store, os.environ, threading.Event()).look(settings, NOW + timedelta(minutes=1))
    assert [one.problems.keys() for one in KeeperState.read(store).undelivered] == [{"webhook"}] * 3
    assert receivers.asked == 1


def test_a_receiver_that_never_ends_its_answer_does_not_stop_the_keeper(monkeypatch):
    monkeypatch.setattr(alerts, "PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as dripping:
        done = threading.Event()

        def drip():
            answer, _ = dripping.accept()
            with answer, contextlib.suppress(OSError):
                answer.sendall(b"HTTP/1.1 200 OK\r\n")
                while not done.wait(0.1):
                    answer.sendall(b"X-Still: here\r\n")

        threading.Thread(target=drip, daemon=True).start()
        settings = AlertSettings(webhook=f"http://127.0.0.1:{dripping.getsockname()[1]}/")
        assert "not done after 1 s" in send(ALERT, settings, settings.channels)["webhook"]
        done.set()


def test_an_alert_that_nobody_takes_for_days_is_given_up(receivers, store):
    receivers.refuse = True
    waiting = Undelivered(alert=ALERT, channels=["webhook"], since=NOW)
    KeeperState(since=NOW, looked_at=NOW, undelivered=[waiting]).write(store)
    Keeper(store, os.environ, threading.Event()).look(
        ServeSettings(alerts=settings_for(receivers)), NOW + timedelta(days=4)
    )
    assert KeeperState.read(store).undelivered == []


def test_what_died_is_started_again_and_told_what_was_stopped_is_not(receivers, store):
    settings = ServeSettings(pools=(), beside={"proxy": tuple(SLEEPER)}, alerts=settings_for(receivers))
    Remembered(port=closed_port(), beside=["files", "proxy", KEEPER]).write(store)
    proxy, files = daemon_of(store, "proxy"), daemon_of(store, "files")
    for daemon in (proxy, files):
        daemon.start(SLEEPER, os.environ)
    try:
        first = proxy.pid
        os.kill(first, signal.SIGKILL)
        assert wait_for(lambda: proxy.died, 60)
        files.stop()
        keeper = Keeper(store, os.environ, threading.Event())
        keeper.look(settings, NOW)
        assert proxy.pid not in {None, first}
        assert files.pid is None
        assert [one["subject"] for one in receivers.posted] == ["proxy had died and was started again"]
        os.kill(proxy.pid, signal.SIGKILL)
        assert wait_for(lambda: proxy.died, 60)
        keeper.look(settings, NOW)  # it dies again and again: pauses come between
        assert proxy.died
        assert not keeper.is_idle()
    finally:
        proxy.stop()
    assert keeper.is_idle()


def test_the_keeper_ends_first_and_the_server_last(store):
    Remembered(port=1, beside=["files", "worker-cpu", KEEPER]).write(store)
    assert names_in_order_of_end(store) == [KEEPER, "files", "worker-cpu", SERVER]


@pytest.mark.slow
def test_the_keepers_process_ends_at_sigterm_and_where_nothing_is_served(store, tmp_path):
    command = [sys.executable, "-m", "flows.serving.keeper", str(store.root)]
    nothing = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert nothing.returncode == 0, nothing.stderr
    daemon_of(store, SERVER).start(SLEEPER, os.environ)
    keeper = daemon_of(store, KEEPER)
    try:
        keeper.start(command, os.environ)
        assert wait_for((serve_folder(store) / "keeper.json").exists, 60)
        assert keeper.stop(60)
        assert "Traceback" not in keeper.log.read_text()
    finally:
        daemon_of(store, SERVER).stop()


def test_a_keeper_of_anothers_server_starts_nothing_of_ours(store):
    """As after `cowese serve` in the same store, whose processes lie in another container or are long gone."""
    Remembered(port=closed_port(), beside=["worker-cpu", KEEPER]).write(store)
    for name in (SERVER, "worker-cpu"):
        gone = daemon_of(store, name)
        gone.start(SLEEPER, os.environ)
        os.kill(gone.pid, signal.SIGKILL)
        assert wait_for(lambda gone=gone: gone.died, 60)
    server = Server("http://127.0.0.1:9/api", None)
    Keeper(store, os.environ, threading.Event(), server).look(ServeSettings(pools=("cpu",)), NOW)
    assert [daemon_of(store, name).pid for name in (SERVER, "worker-cpu")] == [None, None]


def run_of(identity, state, *, scheduled, parent=None):
    return {
        "id": identity,
        "name": identity,
        "deployment_id": "d",
        "auto_scheduled": scheduled,
        "tags": [],
        "parent_task_run_id": parent,
        "run_count": 1,
        "state_name": state,
        "state": {"message": f"why {identity}"},
        "expected_start_time": (NOW - timedelta(hours=2)).isoformat(),
        "work_pool_name": "cpu",
        "start_time": None,
    }


FAILED = [
    run_of("monthly", "Failed", scheduled=True),
    run_of("by-hand", "Failed", scheduled=False),
    run_of("child", "Failed", scheduled=False, parent="t"),
]
LATE = [run_of("next-month", "Scheduled", scheduled=True), run_of("asked-for", "Scheduled", scheduled=False)]


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("scheduled", ["monthly", "next-month"]),
        ("all", ["asked-for", "by-hand", "monthly", "next-month"]),
    ],
)
def test_which_runs_an_operator_hears_of(receivers, store, about, told):
    class Stub(BaseHTTPRequestHandler):
        def answer(self, body):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self):
            self.answer({"name": "build-cowese"})

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["flow_runs"]
            states = asked["state"]["type"]["any_"]
            failed, late = "end_time" in asked, "expected_start_time" in asked
            self.answer(FAILED if failed and "FAILED" in states else LATE if late and "SCHEDULED" in states else [])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept = Server(f"http://127.0.0.1:{server.server_port}/api", None, "https://prefect.example.org")
        keeper = Keeper(store, os.environ, threading.Event(), kept)
        for minute in range(2):  # a second look tells nothing twice
            settings = ServeSettings(alerts=settings_for(receivers, about=about))
            keeper.look(settings, NOW + timedelta(minutes=minute))
        server.shutdown()
    assert sorted(one["run"] for one in receivers.posted) == told
    assert len(receivers.mailed) == len(told)
    assert {one["url"] for one in receivers.posted} == {
        f"https://prefect.example.org/runs/flow-run/{run}" for run in told
    }
    monthly = next(one for one in receivers.posted if one["run"] == "monthly")
    assert "build-cowese (monthly) ended as Failed\nwhy monthly" in monthly["text"]


ODD_ANSWERS = [
    b"no HTTP at all\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[",
    b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"detail":"x"}',
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
    b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n["a"]',
    b"HTTP/1.1 200 OK\r\nX-Still: here",
]


@pytest.mark.parametrize("answer", ODD_ANSWERS)
def test_whatever_answers_in_place_of_the_server_the_operator_is_told(receivers, store, monkeypatch, answer):
    monkeypatch.setattr(keeping, "SERVER_PATIENCE", 0.0)
    monkeypatch.setattr(api, "PATIENCE", 1.0)
    monkeypatch.setattr(api, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answered():
            with contextlib.suppress(OSError):
                while True:
                    asked, _ = odd.accept()
                    asked.recv(65_536)
                    asked.sendall(answer)
                    if not answer.endswith(b"here"):  # else the connection stays open, and nothing more comes
                        asked.close()

        threading.Thread(target=answered, daemon=True).start()
        server = Server(f"http://127.0.0.1:{odd.getsockname()[1]}/api", None)
        keeper = Keeper(store, os.environ, threading.Event(), server)
        keeper.look(ServeSettings(alerts=settings_for(receivers)), NOW)
    assert [one["subject"] for one in receivers.posted] == ["Prefect's server does not answer"]


@pytest.mark.slow
def test_a_keeper_of_anothers_server_stays_and_asks_it(store, tmp_path):
    command = [sys.executable, "-m", "flows.serving.keeper", "--alone", str(store.root)]
    nameless = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=nameless)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "PREFECT_API_URL names no server" in refused.stderr
    asked = []

    class Stub(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        named = {
            **os.environ,
            "PREFECT_API_URL": f"http://127.0.0.1:{server.server_port}/api",
            "PREFECT_API_AUTH_STRING": "admin:secret",
            "COWESE_SERVE__LOOK_SECONDS": "0.1",
        }
        keeper = daemon_of(store, KEEPER)
        try:
            keeper.start(command, named)
            assert wait_for(lambda: len(asked) > 12, 60)  # it looks again and again, though nothing is served here
        finally:
            assert keeper.stop(60)
            server.shutdown()
    assert {path for path, _ in asked} == {"/api/flow_runs/filter"}
    assert {given for _, given in asked} == {f"Basic {base64.b64encode(b'admin:secret').decode()}"}
    assert "Traceback" not in keeper.log.read_text()


def test_a_log_is_rotated_under_a_process_that_goes_on_writing(tmp_path):
    writer = Daemon(tmp_path, "writer")
    talker = "import sys\nfor line in sys.stdin: print(line.strip(), flush=True)"
    with writer.log.open("ab") as log:
        child = subprocess.Popen([sys.executable, "-c", talker], stdin=subprocess.PIPE, stdout=log, text=True)
        try:
            for number in range(5):
                child.stdin.write(f"{number}" * 1000 + "\n")
                child.stdin.flush()
                assert wait_for(lambda: writer.log.stat().st_size > 1000, 60)
                assert rotate(writer.log, 1000)
                assert writer.log.stat().st_size == 0
        finally:
            child.stdin.close()
            child.wait(60)
    assert not rotate(writer.log, 1000)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["writer.log", "writer.log.1.gz", "writer.log.2.gz", "writer.log.3.gz"]
    assert gzip.decompress((tmp_path / "writer.log.1.gz").read_bytes()).startswith(b"4444")
    assert gzip.decompress((tmp_path / "writer.log.3.gz").read_bytes()).startswith(b"2222")


def test_logs_of_old_runs_go_those_of_a_running_one_stay(tmp_path):
    now = 1_000 * DAY
    for name, age in (("old", 91), ("running", 1), ("long", 91)):
        folder = tmp_path / name / "crawl"
        folder.mkdir(parents=True)
        (folder / "log.txt").write_text("x")
        for path in (folder / "log.txt", folder, tmp_path / name):
            os.utime(path, (now - age * DAY, now - age * DAY))
    (tmp_path / "long" / "crawl" / "progress.json").write_text("{}")
    os.utime(tmp_path / "long" / "crawl" / "progress.json", (now, now))
    assert delete_old_runs(tmp_path, now, 90) == ["old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long", "running"]


def test_a_state_file_that_is_damaged_is_begun_anew(store):
    serve_folder(store).mkdir(exist_ok=True)
    (serve_folder(store) / "keeper.json").write_text('{"looked_at": 7')
    assert KeeperState.read(store) is None
    Keeper(store, os.environ, threading.Event()).look(ServeSettings(), NOW)
    assert json.loads((serve_folder(store) / "keeper.json").read_text())["told"] == {}
