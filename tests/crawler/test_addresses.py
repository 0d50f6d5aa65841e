"""Hosts that share an IP address: so many requests at a time go there, and none of its hosts is forgotten."""

import http.server
import random
import threading
import time
from collections import Counter

import pytest
from crawler_web import host_rows, html

from crawler.frontier.address_limiter import AddressLimiter
from crawler.frontier.hosts import HostQueue
from crawler.process.run import crawl
from crawler.settings import CrawlSettings

SPELLINGS = ("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0177.1", "017700000001")
"""Eight hosts at one address, as resolvers read them."""
APART = "127.0.0.2"


def queue(most, hosts):
    found = HostQueue(CrawlSettings(max_per_address=most))
    for host in hosts:
        found.add(host, 1_000)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_no_address_is_asked_more_than_it_may_and_no_host_starves(seed):
    """Answers come in any order; some hosts lose their work, some move to another address."""
    draw = random.Random(seed)
    most, names = draw.randint(1, 4), [f"h{number}" for number in range(30)]
    address = {name: f"10.0.0.{draw.randint(1, 5)}" for name in names}
    hosts, asked = queue(most, names), Counter()
    flying = {}
    for _ in range(5_000):
        host = hosts.next_ready()
        if host is not None and hosts.claim_address(host, address[host.name]):
            flying[host.name] = host
            asked[host.name] += 1
        elif host is not None:
            hosts.release(host, 0.0)
        assert max(Counter(address[name] for name in flying).values(), default=0) <= most
        if flying and (host is None or draw.random() < 0.3):
            hosts.release(flying.pop(draw.choice(list(flying))), 0.0)
        one = draw.choice(names)
        if draw.random() < 0.01 and one not in flying:
            address[one] = f"10.0.0.{draw.randint(1, 5)}"
        if draw.random() < 0.01 and sum(host.left_out for host in hosts) < 20:
            hosts.leave_out(hosts[one])
    assert min(asked[host.name] for host in hosts if not host.left_out) > 0
    for host in flying.values():
        hosts.release(host, 0.0)
    assert hosts.next_ready() is not None, "hosts with work wait for nobody"


def test_a_host_that_no_longer_wants_its_turn_passes_it_on():
    shared = AddressLimiter(1)
    assert shared.acquire_at("a", "10.0.0.1")
    assert not shared.acquire_at("b", "10.0.0.1")
    assert not shared.acquire_at("c", "10.0.0.1")
    assert not shared.acquire("b")
    assert not shared.acquire("c")
    assert shared.release("a") == ["b"]
    assert shared.skip("b") == ["c"]
    assert shared.acquire("c")
    assert not shared.acquire("a")
    assert shared.release("c") == ["a"]
    assert shared.release("a") == []


class Shared:
    """One server on all addresses of loopback that counts what is in flight at each."""

    def __init__(self) -> None:
        self.flying: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.asked: list[str] = []
        outer, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                here = self.request.getsockname()[0]
                with lock:
                    outer.asked.append(f"{self.headers['Host'].partition(':')[0]}{self.path}")
                    outer.flying[here] += 1
                    outer.most[here] = max(outer.most[here], outer.flying[here])
                time.sleep(0.1)
                links = [f"/{number}" for number in range(4)] if self.path == "/" else []
                status, fields, body = html(*links) if "." not in self.path else (404, {}, b"")
                with lock:
                    outer.flying[here] -= 1
                self.send_response(status)
                for name, value in {**fields, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 100

        self.server = Server(("0.0.0.0", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture
def shared():
    server = Shared()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.mark.slow
def test_a_server_of_many_hosts_is_asked_as_one(shared, store, tmp_path):
    seeds = tmp_path / "seeds.tsv"
    lines = [f"http://{host}:{shared.port}/\tx\tES\thospital\thost" for host in (*SPELLINGS, APART)]
    seeds.write_text("url\tname\tcountry\tcategory\tscope\n" + "\n".join(lines) + "\n", encoding="utf-8")
    settings = CrawlSettings(
        seeds=seeds,
        contact="a@b.es",
        allow_private=("127.0.0.0/8",),
        delay_min=0,
        delay_factor=0,
        max_per_address=2,
    )
    summary = crawl(store, settings)
    assert summary.finished
    assert summary.new == 5 * 9
    assert summary.failed == {}
    assert shared.most["127.0.0.1"] == 2
    assert shared.most[APART] == 1
    assert set(Counter(shared.asked).values()) == {1}
    assert all(row.failures == 0 and row.rest_until is None for row in host_rows(store).values())
