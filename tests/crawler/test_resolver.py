"""Which addresses a connection may lead to: IPv4 and IPv6, after what a name server says at that moment."""

import http.server
import socket
import subprocess
import sys
import textwrap
import threading

import pytest
from crawler_web import html, rows
from twisted.python.failure import Failure

from crawler.permissions import resolver as module
from crawler.permissions.guard import networks
from crawler.permissions.resolver import DNS_LIFETIME, GuardedResolver
from crawler.process.run import crawl
from crawler.settings import CrawlSettings

CONNECT = """
import sys, time
from twisted.internet import reactor
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Factory, Protocol
from crawler.permissions.guard import networks
from crawler.permissions.resolver import GuardedResolver, system_addresses

port, names, allowed = int(sys.argv[1]), sys.argv[2].split(","), networks(sys.argv[3].split(",") if sys.argv[3] else [])
# The name server turns: a public address first, ours from then on; the system resolves what is not named here.
answers = {
    "rebind.example": iter([("192.0.66.1",), ("127.0.0.1",), ("127.0.0.1",)]),
    "six.example": iter([("::1",)]),
    "both.example": iter([("10.0.0.1", "fd00::1", "::1")]),
    "mapped.example": iter([("::ffff:127.0.0.1",)]),
    "local.example": iter([("fe80::1%eth0",)]),
}
def ask(name):
    if name == "silent.example":
        time.sleep(3)
    return next(answers[name]) if name in answers else system_addresses(name)
resolver = GuardedResolver(reactor, float(sys.argv[4]), allowed, ask=ask, lifetime=0)  # as after a TTL of 0
resolver.install_on_reactor()

def attempt(left):
    if not left:
        reactor.stop()
        return
    done = lambda word: (print(left[0], word, flush=True), attempt(left[1:]))
    if left[0] == "rebind.example:first":  # what a check before the request would have seen
        resolver.addresses("rebind.example").addCallback(lambda found: done(found[0]))
        return
    connected = HostnameEndpoint(reactor, left[0], port, timeout=5).connect(Factory.forProtocol(Protocol))
    connected.addCallbacks(lambda protocol: (protocol.transport.loseConnection(), done("connected")),
                           lambda failure: done(failure.type.__name__))

reactor.callWhenRunning(attempt, names)
reactor.run()
"""


class Inside:
    """A server on loopback that counts who connects."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.connections = 0
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                outer.connections += 1
                super().setup()

            def do_GET(self):
                outer.asked.append((self.headers["Host"], self.path))
                status, fields, body = html("/otra") if self.path in ("/", "/otra") else (404, {}, b"")
                self.send_response(status)
                for name, value in {**fields, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

        self.server = Server((address, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def attempts(self, names: list[str], allowed: str = "", timeout: float = 5.0) -> list[str]:
        words = [str(self.port), ",".join(names), allowed, str(timeout)]
        command = [sys.executable, "-c", textwrap.dedent(CONNECT), *words]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        return [line.split()[1] for line in told.splitlines()]


@pytest.fixture
def inside():
    server = Inside()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def inside6():
    try:
        server = Inside("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.mark.slow
def test_rebinding_is_caught_at_the_connection(inside):
    names = ["rebind.example:first", "rebind.example", "localhost", "127.0.0.1", "0x7f.1", "2130706433", "::1"]
    told = inside.attempts([*names, "mapped.example", "local.example"])
    assert told == ["192.0.66.1", *["DNSLookupError"] * 8]
    assert inside.connections == 0


@pytest.mark.slow
def test_an_allowed_network_is_reached(inside):
    assert inside.attempts(["localhost", "127.0.0.1", "mapped.example"], "127.0.0.0/8") == ["connected"] * 3
    assert inside.connections == 3


@pytest.mark.slow
def test_names_with_ipv6_addresses_alone_are_reached(inside6):
    """Where a name has private addresses beside an allowed one, that one alone is asked."""
    assert inside6.attempts(["six.example", "both.example", "::1"], "::1/128") == ["connected"] * 3
    assert inside6.connections == 3
    assert inside6.attempts(["six.example", "both.example", "::1"]) == ["DNSLookupError"] * 3
    assert inside6.connections == 3


@pytest.mark.slow
def test_a_host_that_is_an_ipv6_literal_is_crawled(inside6, store, tmp_path):
    seeds = tmp_path / "seeds.tsv"
    home = f"http://[::1]:{inside6.port}/"
    seeds.write_text(f"url\tname\tcountry\tcategory\tscope\n{home}\tx\tES\thospital\thost\n", encoding="utf-8")
    settings = CrawlSettings(seeds=seeds, contact="a@b.es", allow_private=("::1/128",), delay_min=0, delay_factor=0)
    summary = crawl(store, settings)
    assert summary.finished
    assert {path for _, path in inside6.asked} >= {"/robots.txt", "/", "/otra"}
    assert {host for host, _ in inside6.asked} == {f"[::1]:{inside6.port}"}
    assert rows(store)[f"{home}otra"].host == "::1"


@pytest.mark.slow
def test_a_name_server_that_says_nothing_is_waited_for_so_long_and_no_longer(inside):
    told = inside.attempts(["silent.example", "localhost"], "127.0.0.0/8", timeout=0.3)
    assert told == ["DNSLookupError", "connected"]


class Reactor:
    """Runs what is given to its pool at once; nothing times out."""

    def getThreadPool(self):  # noqa: N802 - Twisted's name
        return self

    def callInThreadWithCallback(self, done, call, *args):  # noqa: N802 - Twisted's name
        try:
            result = call(*args)
        except Exception:  # noqa: BLE001 - as a thread pool does
            done(False, Failure())
        else:
            done(True, result)

    def callFromThread(self, call, *args):  # noqa: N802 - Twisted's name
        call(*args)

    def callLater(self, _seconds, _call, *_args):  # noqa: N802 - Twisted's name
        return self

    def active(self):
        return False


def told(deferred):
    found = []
    deferred.addBoth(found.append)
    return found[0] if isinstance(found[0], tuple) else found[0].type.__name__


def test_an_address_is_forgotten_after_an_hour_and_a_failure_after_a_minute(monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    answers = {"a.es": ["8.8.8.8", "9.9.9.9"], "b.es": [OSError("no such name"), "8.8.4.4"]}
    asked = []

    def ask(name):
        asked.append(name)
        answer = answers[name].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return (answer,)

    resolver = GuardedResolver(Reactor(), 5, networks([]), ask=ask)
    assert [told(resolver.addresses("a.es")), told(resolver.addresses("b.es"))] == [("8.8.8.8",), "DNSLookupError"]
    now[0] += 59
    assert [told(resolver.addresses("a.es")), told(resolver.addresses("b.es"))] == [("8.8.8.8",), "DNSLookupError"]
    assert asked == ["a.es", "b.es"]
    now[0] += 2
    assert told(resolver.addresses("b.es")) == ("8.8.4.4",)
    now[0] += DNS_LIFETIME - 62
    assert told(resolver.addresses("a.es")) == ("8.8.8.8",)
    now[0] += 2
    assert told(resolver.addresses("a.es")) == ("9.9.9.9",)


def test_what_is_no_name_is_a_failed_lookup():
    resolver = GuardedResolver(Reactor(), 5)
    assert told(resolver.addresses("a" * 70 + ".es")) == "DNSLookupError"
    assert told(resolver.addresses("")) == "DNSLookupError"
