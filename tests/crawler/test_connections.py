"""A crawl of many hosts opens few files: idle connections are bounded over all hosts."""

import json
import resource
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from crawler.process.connections import FEWEST_IDLE, MOST_IDLE, BoundedPool, most_active, most_idle

HOSTS, FILES = 110, 128


class Transport:
    closed = False

    def loseConnection(self):  # noqa: N802 - Twisted's name
        self.closed = True


class Idle:
    state = "QUIESCENT"

    def __init__(self):
        self.transport = Transport()


def test_the_connection_that_is_idle_longest_is_closed_first():
    clock = Clock()
    pool = BoundedPool(clock, 3)
    connections = [Idle() for _ in range(20)]
    for number, connection in enumerate(connections):
        pool._putConnection(("http", f"h{number}.test", 80), connection)
    assert [one.transport.closed for one in connections] == [True] * 17 + [False] * 3
    assert len(clock.getDelayedCalls()) == 3
    pool.getConnection(("http", "h19.test", 80), None)
    pool._putConnection(("http", "h19.test", 80), connections[19])
    pool._putConnection(("http", "nuevo.test", 80), Idle())
    assert [one.transport.closed for one in connections[17:]] == [True, False, False]
    assert len(pool._key_of) <= 2 * 3


@pytest.mark.parametrize(
    ("limit", "most"), [(128, FEWEST_IDLE), (1_024, 448), (100_000, MOST_IDLE), (resource.RLIM_INFINITY, MOST_IDLE)]
)
def test_how_many_fit_into_the_limit_of_files(monkeypatch, limit, most):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert most_idle(64) == most


@pytest.mark.parametrize(
    ("limit", "active"), [(16, 1), (128, 48), (144, 64), (1_024, 64), (resource.RLIM_INFINITY, 64)]
)
def test_no_more_requests_at_once_than_the_limit_of_files_has_room_for(monkeypatch, caplog, limit, active):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert most_active(64) == active
    assert [record.message for record in caplog.records] == (
        [f"{active} requests at once, not 64: the limit of open files is {limit} (ulimit -n)"] if active < 64 else []
    )


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200 if self.path in ("/", "/robots.txt") else 404)
        body = b"" if self.path == "/robots.txt" else b"<html><body><p>Una nota sobre la salud.</p></body></html>"
        self.send_header("Content-Type", "text/html" if body else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A crawler closes idle connections."""


@pytest.mark.slow
def test_more_hosts_than_files(tmp_path):
    """As in Scrapy #1248 and #5259: each host keeps its connection, and at the limit nothing can be opened any more."""
    server = Server(("0.0.0.0", 0), Page)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    seeds = tmp_path / "seeds.tsv"
    hosts = "".join(f"http://127.0.0.{n}:{server.server_port}/\tP\tES\thospital\thost\n" for n in range(1, 1 + HOSTS))
    seeds.write_text(f"url\tname\tcountry\tcategory\tscope\n{hosts}")
    command = [Path(sys.executable).with_name("cowese"), "crawl", "--store", tmp_path / "store", "--seeds", seeds]
    command += ["--contact", "a@b.es", "--json", "--set", "crawl.delay_min=0", "--set", "crawl.delay_factor=0"]
    command += ["--set", 'crawl.allow_private=["127.0.0.0/8"]']
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),
    )
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["new"], summary["failed"], summary["finished"]) == (HOSTS, {}, True)
