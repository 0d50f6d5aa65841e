"""An LRU cache of parsed robots.txt rules, with bounded memory; evicted rules are parsed again when needed."""

from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import Host
from crawler.permissions.robots import Robots

MOST_BYTES = 8 << 20
"""Bytes of the files whose rules are in memory. Parsed rules take 12 to 20 times as much; enough for 8,000 hosts with
files of 1 KB."""


class LoadedRules:
    """Unloads the least recently used rules; their files are in the crawl's state."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._held: dict[str, Robots] = {}
        """In order of last use."""
        self._bytes = 0

    def use(self, host: Host) -> bool:
        """Load a host's rules; False if there are none, or they are lost and must be fetched again."""
        robots = host.robots
        if robots is None:
            return False
        if not robots.is_loaded:
            kept = self._frontier.kept_robots(host.name)
            if kept is None:
                return False
            robots.load(kept[2])
        self._forget(host.name)
        self._held[host.name] = robots
        self._bytes += robots.size
        while self._bytes > MOST_BYTES and len(self._held) > 1:
            oldest = next(iter(self._held))
            self._held[oldest].unload()
            self._forget(oldest)
        return True

    def _forget(self, name: str) -> None:
        robots = self._held.pop(name, None)
        self._bytes -= robots.size if robots is not None else 0
