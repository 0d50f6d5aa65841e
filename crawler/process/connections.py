"""Idle connections, bounded over all hosts: Twisted bounds those of one host, and a crawl has thousands of hosts."""

import resource
from collections.abc import Hashable
from typing import Any

from twisted.internet.interfaces import IReactorTime
from twisted.web.client import HTTPConnectionPool

MOST_IDLE = 1_000
"""Connections that are kept for the next request of their host, for each of http and https."""
FEWEST_IDLE = 8
RESERVED = 64
"""Files and pipes of the process beside its connections: state, WARC, logs, imports, threads that resolve names."""


def raise_file_limit() -> None:
    """Let this process open as many files as its hard limit allows; many systems give 1,024 at first."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_idle(concurrency: int) -> int:
    """How many idle connections leave room for those in use, of two pools within the process's limit of files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = (limit - RESERVED - concurrency) // 2 if limit != resource.RLIM_INFINITY else MOST_IDLE
    return max(FEWEST_IDLE, min(MOST_IDLE, room))


class BoundedPool(HTTPConnectionPool):
    """Closes the connection that has been idle longest when there are too many."""

    def __init__(self, reactor: IReactorTime, most: int) -> None:
        super().__init__(reactor)  # type: ignore[no-untyped-call]
        self._most = most
        self._key_of: dict[Any, Hashable] = {}

    def _putConnection(self, key: Hashable, connection: Any) -> None:  # noqa: N802 - Twisted's name
        super()._putConnection(key, connection)  # type: ignore[no-untyped-call]
        if connection in self._timeouts:
            self._key_of[connection] = key
        while len(self._timeouts) > self._most:
            oldest = next(iter(self._timeouts))  # in the order in which they became idle
            self._timeouts[oldest].cancel()
            self._removeConnection(self._key_of[oldest], oldest)  # type: ignore[no-untyped-call]
        if len(self._key_of) > 2 * self._most:
            self._key_of = {one: self._key_of[one] for one in self._timeouts}
