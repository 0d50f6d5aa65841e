"""Figures of a running crawl for the progress file, the display and Prometheus."""

import time
from collections import deque
from typing import Any

from crawler.process.round import Round

RATE_SPAN = 30.0
"""Seconds over which the rate of responses is measured."""


class Report:
    """Figures of a running round."""

    def __init__(self, current: Round) -> None:
        self._round = current
        self._started = time.monotonic()
        self._ticked = self._cpu_ticked = 0.0
        self._answers: deque[tuple[float, int]] = deque()
        self.beats = 0
        """Reports made."""
        self.longest_stall = 0.0
        """Longest time, in seconds, that the reactor was blocked."""
        self.longest_stall_cpu = 0.0
        """Most CPU seconds of this thread between two ticks: the part of a stall that is our own work."""

    def tick(self) -> None:
        """Called by the reactor at intervals; a late call shows a stall."""
        now, cpu = time.monotonic(), time.thread_time()
        if self._ticked:
            self.longest_stall = max(self.longest_stall, now - self._ticked)
            self.longest_stall_cpu = max(self.longest_stall_cpu, cpu - self._cpu_ticked)
        self._ticked, self._cpu_ticked = now, cpu

    def family(self, prefix: str) -> dict[str, int]:
        """The counters under a path, by what follows it."""
        counts = self._round.counts
        return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}

    def values(self) -> dict[str, Any]:
        """All figures for a display, as JSON; call it a few times a second, at most."""
        current = self._round
        answers = sum(self.family("crawl/answers/").values())
        pages = self.family("crawl/pages/")
        rate = self._rate(answers)
        queued = sum(host.queued for host in current.hosts if not host.left_out)
        self.beats += 1
        slowest, slowest_left = self._slowest()
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
            "longest_stall_cpu": round(self.longest_stall_cpu, 3),
            "counts": dict(sorted(current.counts.items())),
        }

    def _slowest(self) -> tuple[str | None, float]:
        """The host that will take longest, and its remaining seconds, by its pace and its page cap."""
        longest: tuple[float, str | None] = (0.0, None)
        for host in self._round.hosts:
            if host.left_out or host.queued <= 0:
                continue
            count = host.queued if host.page_cap is None else min(host.queued, max(host.page_cap - host.done, 0))
            seconds = count * self._round.figures.cycle_of(host.name)
            if seconds > longest[0]:
                longest = seconds, host.name
        return longest[1], longest[0]

    def _rate(self, answers: int) -> float:
        """The recent rate of responses, from their total at each report."""
        now = time.monotonic()
        self._answers.append((now, answers))
        while len(self._answers) > 2 and now - self._answers[0][0] > RATE_SPAN:  # noqa: PLR2004 - two make a span
            self._answers.popleft()
        since, before = self._answers[0]
        return (answers - before) / (now - since) if now > since else 0.0
