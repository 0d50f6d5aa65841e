"""Parsed robots.txt files take bounded memory over all hosts, and nobody is asked what its rules forbid."""

import pytest

from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import Host
from crawler.permissions.robots import Robots
from crawler.process import loaded_rules
from crawler.process.loaded_rules import LoadedRules

NOW = 1_000_000.0


@pytest.fixture
def frontier():
    made = Frontier("sqlite://")
    yield made
    made.close()


def host_with(frontier, name, lines=40):
    body = b"User-agent: *\n" + b"".join(b"Disallow: /%d-%s/\n" % (n, name.encode()) for n in range(lines))
    frontier.keep_robots(name, 200, NOW, body)
    return Host(name, robots=Robots.read(200, body, NOW))


def test_few_rules_are_held_and_all_are_heeded(frontier, monkeypatch):
    """StormCrawler #265: a cache of rules without bound, in a crawl that meets many hosts."""
    monkeypatch.setattr(loaded_rules, "MOST_BYTES", 4_000)
    rules = LoadedRules(frontier)
    hosts = [host_with(frontier, f"h{n}.test") for n in range(30)]
    for _ in range(3):
        for host in hosts:
            assert rules.use(host)
            assert host.robots.refusal(f"http://{host.name}/7-{host.name}/x") == "robots/disallowed"
            assert host.robots.allows(f"http://{host.name}/otra")
    held = [host for host in hosts if host.robots.is_loaded]
    assert held == hosts[-len(held) :]
    assert 1 <= len(held) <= 5


def test_what_is_not_at_hand_allows_nothing(frontier):
    robots = host_with(frontier, "a.test").robots
    robots.unload()
    assert robots.refusal("http://a.test/otra") == "robots/unreachable"


def test_a_file_that_is_lost_is_asked_for_again(frontier):
    host = host_with(frontier, "a.test")
    host.name = "b.test"
    host.robots.unload()
    assert not LoadedRules(frontier).use(host)
    assert not LoadedRules(frontier).use(Host("c.test"))


def test_a_host_without_rules_takes_no_room(frontier):
    rules = LoadedRules(frontier)
    host = Host("a.test", robots=Robots.read(404, b"x" * 1_000, NOW))
    assert rules.use(host)
    host.robots.unload()
    assert host.robots.is_loaded
    assert host.robots.allows("http://a.test/")
    assert host.robots.size == 0
