"""Bounds the memory of parsed robots.txt files: those of the hosts asked last stay, others are parsed again in time."""

from crawler.frontier.frontier import Frontier
from crawler.frontier.hosts import Host
from crawler.permissions.robots import Robots

MOST_BYTES = 8 << 20
"""Bytes of files whose rules are held; parsed they take some 12 to 20 times as much. Files of 1 KB: of 8,000 hosts."""


class LoadedRules:
    """Unloads the rules that were used longest ago; their files stand in the crawl's state."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._held: dict[str, Robots] = {}
        """The one used last stands last."""
        self._bytes = 0

    def use(self, host: Host) -> bool:
        """Have a host's rules at hand; False where it has none, or they are lost and must be asked for again."""
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
