"""How the crawl goes, in figures: for the progress file, the display and Prometheus."""

import time
from typing import Any

from crawler.process.round import Round


class Report:
    """Figures of a running round."""

    def __init__(self, current: Round) -> None:
        self._round = current
        self._started = time.monotonic()
        self._ticked = 0.0
        self.beats = 0
        """Reports made."""
        self.longest_stall = 0.0
        """Longest time in seconds for which nothing else could run."""

    def tick(self) -> None:
        """Called by the reactor every so often: what is late was held up."""
        now = time.monotonic()
        if self._ticked:
            self.longest_stall = max(self.longest_stall, now - self._ticked)
        self._ticked = now

    def family(self, prefix: str) -> dict[str, int]:
        """The counters under a path, by what follows it."""
        counts = self._round.counts
        return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}

    def values(self) -> dict[str, Any]:
        """Everything a display wants, as JSON; call it a few times a second at most."""
        current = self._round
        answers = sum(self.family("crawl/answers/").values())
        pages = self.family("crawl/pages/")
        rate = current.rate(answers)
        queued = current.queued()
        self.beats += 1
        slowest, slowest_left = current.slowest()
        at_this_rate = queued / rate if rate > 0 else None
        left = None if at_this_rate is None else max(at_this_rate, slowest_left)
        return {
            "round": current.number,
            "seconds": round(time.monotonic() - self._started, 1),
            "queued": queued,
            "hosts": current.hosts.counts(),
            "answers": answers,
            "answers_a_second": round(rate, 1),
            "seconds_left": round(left) if left is not None else None,
            "slowest_host": slowest,
            "slowest_seconds_left": round(slowest_left),
            "share_unchanged": round(pages.get("not_modified", 0) / max(sum(pages.values()), 1), 4),
            "longest_stall": round(self.longest_stall, 3),
            "counts": dict(sorted(current.counts.items())),
        }
