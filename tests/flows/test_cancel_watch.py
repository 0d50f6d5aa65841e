"""A run whose worker is gone ends itself when it is cancelled, also where the server was away in between."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local_processes import closed_port, wait_for

ENGINE = """
import os, threading
from flows.serving import cancel_watch
cancel_watch.LOOK_SECONDS, cancel_watch.PATIENCE = 0.1, 0.5
cancel_watch.CancelWatch.begin(os.environ)
print("watching", flush=True)
threading.Event().wait(300)  # the stage
"""


class Prefect(BaseHTTPRequestHandler):
    """Answers for one run."""

    state = "RUNNING"
    asked = 0

    def answer(self, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        type(self).asked += 1
        self.answer({"state": {"type": self.state}})

    def do_POST(self):
        self.set_to.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({})

    def log_message(self, *_):
        pass


@pytest.fixture
def engine():
    """The port at which a server is looked for, and the process that looks."""
    port = closed_port()
    named = {
        **os.environ,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT__FLOW_RUN_ID": "7",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    with subprocess.Popen([sys.executable, "-c", ENGINE], env=named, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "watching\n"
            yield port, process
        finally:
            process.kill()


def test_a_run_that_is_cancelled_after_an_outage_ends_itself_and_says_so(engine):
    port, process = engine
    answers = type("Answers", (Prefect,), {"set_to": []})
    for _ in range(2):  # away, back, away, back
        with ThreadingHTTPServer(("127.0.0.1", port), answers) as server:
            before = answers.asked
            threading.Thread(target=server.serve_forever, daemon=True).start()
            assert wait_for(lambda before=before: answers.asked > before + 2, 60)
            server.shutdown()
        assert process.poll() is None
    answers.state = "CANCELLING"
    with ThreadingHTTPServer(("127.0.0.1", port), answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert process.wait(60) == -signal.SIGTERM
        server.shutdown()
    (told,) = answers.set_to
    assert told["force"]
    assert told["state"]["type"] == "CANCELLED"
